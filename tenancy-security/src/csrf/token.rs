use std::fmt;
use std::sync::Arc;

use aws_lc_rs::constant_time::verify_slices_are_equal;
use aws_lc_rs::{hmac, rand};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use tenancy_core::TenantId;

/// Keeps the purpose of the derived key apart from every other use of the secret.
const PURPOSE: &[u8] = b"tenancy csrf 1";

const TAG_BYTES: usize = 32;

/// Makes the tokens of one installation.
#[derive(Clone)]
pub struct CsrfKey(Arc<hmac::Key>);

impl CsrfKey {
    /// The key derived from the installation's secret; every node with the same secret accepts the
    /// same tokens.
    pub fn new(secret: &[u8]) -> Self {
        let secret = hmac::Key::new(hmac::HMAC_SHA256, secret);
        let derived = hmac::sign(&secret, PURPOSE);
        Self(Arc::new(hmac::Key::new(
            hmac::HMAC_SHA256,
            derived.as_ref(),
        )))
    }

    /// The token of a session with a tenant, or with the platform: what
    /// [`SessionOf`](super::SessionOf) will say of it, for pages that answer a sign-in.
    pub fn token(&self, tenant: Option<TenantId>, session: &[u8]) -> CsrfToken {
        CsrfToken {
            key: self.clone(),
            tenant,
            session: session.into(),
        }
    }
}

impl fmt::Debug for CsrfKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CsrfKey").finish_non_exhaustive()
    }
}

/// What the forms and scripts of a session's pages send along; in the extensions of its requests.
///
/// A page that shows one must not be kept by shared caches.
#[derive(Clone)]
pub struct CsrfToken {
    key: CsrfKey,
    tenant: Option<TenantId>,
    session: Box<[u8]>,
}

impl CsrfToken {
    /// The token in a form of its own each time, so that the length of a compressed page does not
    /// tell of it (BREACH). Put it into `X-CSRF-Token` or a hidden field `_csrf`; it has no character
    /// that HTML would have to escape.
    ///
    /// # Panics
    /// When the operating system gives no random numbers.
    pub fn masked(&self) -> String {
        let mut mask = [0; TAG_BYTES];
        rand::fill(&mut mask).expect("the operating system gives random numbers");
        let mut masked = [0; 2 * TAG_BYTES];
        masked[..TAG_BYTES].copy_from_slice(&mask);
        let tag = self.tag();
        for (place, byte) in masked[TAG_BYTES..].iter_mut().enumerate() {
            *byte = mask[place] ^ tag.as_ref()[place];
        }
        URL_SAFE_NO_PAD.encode(masked)
    }

    /// Whether a text is this token in any of its forms, in the same time for each that is not.
    pub(super) fn matches(&self, text: &[u8]) -> bool {
        let mut masked = [0; 2 * TAG_BYTES];
        let length = URL_SAFE_NO_PAD.decode_slice(text, &mut masked);
        if length != Ok(masked.len()) {
            return false;
        }
        let (mask, sent) = masked.split_at_mut(TAG_BYTES);
        for (place, byte) in sent.iter_mut().enumerate() {
            *byte ^= mask[place];
        }
        verify_slices_are_equal(sent, self.tag().as_ref()).is_ok()
    }

    fn tag(&self) -> hmac::Tag {
        let mut context = hmac::Context::with_key(&self.key.0);
        match &self.tenant {
            Some(tenant) => {
                context.update(&[1]);
                context.update(tenant.as_uuid().as_bytes());
            }
            None => context.update(&[0]),
        }
        context.update(&self.session);
        context.sign()
    }
}

impl fmt::Debug for CsrfToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CsrfToken").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_changed_bit_is_noticed() {
        let key = CsrfKey::new(b"secret");
        let token = key.token(Some(TenantId::generate()), b"session");
        let masked = URL_SAFE_NO_PAD.decode(token.masked()).unwrap();
        for bit in 0..masked.len() * 8 {
            let mut changed = masked.clone();
            changed[bit / 8] ^= 1 << (bit % 8);
            let text = URL_SAFE_NO_PAD.encode(changed);
            assert!(!token.matches(text.as_bytes()), "bit {bit}");
        }
        for text in [
            "",
            "AAAA",
            &token.masked()[1..],
            &format!("{}A", token.masked()),
        ] {
            assert!(!token.matches(text.as_bytes()), "{text:?}");
        }
        assert!(token.matches(token.masked().as_bytes()));
    }

    #[test]
    fn a_token_is_one_secrets_one_sessions_and_one_tenants() {
        let (acme, bolt) = (TenantId::generate(), TenantId::generate());
        let key = CsrfKey::new(b"secret");
        let token = key.token(Some(acme), b"session");
        let check = |other: CsrfToken, expected: bool| {
            assert_eq!(
                other.matches(token.masked().as_bytes()),
                expected,
                "{other:?}"
            );
        };
        check(CsrfKey::new(b"secret").token(Some(acme), b"session"), true);
        check(CsrfKey::new(b"other").token(Some(acme), b"session"), false);
        check(key.token(Some(bolt), b"session"), false);
        check(key.token(None, b"session"), false);
        check(key.token(Some(acme), b"sessio"), false);
    }
}
