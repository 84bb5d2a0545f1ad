//! Signed paging cursors, that only the list which made them accepts.
//!
//! A cursor carries the position where the next page of a list begins. It is readable and not
//! secret; it is bound to the tenant and to the list (its route, filters and order), so that it
//! cannot be forged, changed, or taken to another tenant or list.
//!
//! ```
//! use tenancy_core::TenantId;
//! use tenancy_core::cursor::CursorKey;
//!
//! let key = CursorKey::new(b"the server's secret");
//! let (acme, other) = (TenantId::generate(), TenantId::generate());
//! let cursor = key.seal(acme, "products by name", &("mug", 7));
//! assert_eq!(key.open::<(String, i64)>(acme, "products by name", &cursor)?, ("mug".into(), 7));
//! assert!(key.open::<(String, i64)>(other, "products by name", &cursor).is_err());
//! assert!(key.open::<(String, i64)>(acme, "products by price", &cursor).is_err());
//! # Ok::<(), tenancy_core::cursor::InvalidCursor>(())
//! ```

use std::fmt;

use aws_lc_rs::constant_time::verify_slices_are_equal;
use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::tenant::TenantId;

/// The longest cursor, in bytes.
const BYTES_MAX: usize = 4096;

/// How much of the HMAC a cursor carries: 128 bits.
const TAG_BYTES: usize = 16;

/// Keeps the purpose of the derived key apart from every other use of the secret.
const PURPOSE: &[u8] = b"tenancy cursor 1";

/// Seals and opens the cursors of one installation.
#[derive(Clone)]
pub struct CursorKey(hmac::Key);

/// The text is no cursor of this tenant and list.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("the cursor does not belong to this list")]
pub struct InvalidCursor;

impl CursorKey {
    /// The key derived from the installation's secret; every node with the same secret accepts
    /// the same cursors.
    pub fn new(secret: &[u8]) -> Self {
        let secret = hmac::Key::new(hmac::HMAC_SHA256, secret);
        let derived = hmac::sign(&secret, PURPOSE);
        Self(hmac::Key::new(hmac::HMAC_SHA256, derived.as_ref()))
    }

    /// The cursor for `position` in a list of a tenant.
    ///
    /// # Panics
    /// When the position cannot be shown as JSON, which is a mistake in its type.
    pub fn seal(&self, tenant: TenantId, list: &str, position: &impl Serialize) -> String {
        let payload = serde_json::to_vec(position).expect("a position is plain data");
        let mut sealed = self.tag(tenant, list, &payload).to_vec();
        sealed.extend(payload);
        URL_SAFE_NO_PAD.encode(sealed)
    }

    /// The position that a cursor carries.
    ///
    /// # Errors
    /// [`InvalidCursor`], without a word on what is wrong with it.
    pub fn open<P: DeserializeOwned>(
        &self,
        tenant: TenantId,
        list: &str,
        cursor: &str,
    ) -> Result<P, InvalidCursor> {
        if cursor.len() > BYTES_MAX {
            return Err(InvalidCursor);
        }
        let sealed = URL_SAFE_NO_PAD.decode(cursor).map_err(|_| InvalidCursor)?;
        let (tag, payload) = sealed.split_at_checked(TAG_BYTES).ok_or(InvalidCursor)?;
        verify_slices_are_equal(tag, &self.tag(tenant, list, payload))
            .map_err(|_| InvalidCursor)?;
        serde_json::from_slice(payload).map_err(|_| InvalidCursor)
    }

    fn tag(&self, tenant: TenantId, list: &str, payload: &[u8]) -> [u8; TAG_BYTES] {
        let mut context = hmac::Context::with_key(&self.0);
        context.update(tenant.as_uuid().as_bytes());
        // The length keeps what belongs to the list from being moved into the payload.
        context.update(&(list.len() as u64).to_be_bytes());
        context.update(list.as_bytes());
        context.update(payload);
        let mut tag = [0; TAG_BYTES];
        tag.copy_from_slice(&context.sign().as_ref()[..TAG_BYTES]);
        tag
    }
}

impl fmt::Debug for CursorKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CursorKey").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_changed_bit_is_noticed() {
        let key = CursorKey::new(b"secret");
        let tenant = TenantId::generate();
        let cursor = key.seal(tenant, "list", &7_i64);
        let sealed = URL_SAFE_NO_PAD.decode(&cursor).unwrap();
        for bit in 0..sealed.len() * 8 {
            let mut changed = sealed.clone();
            changed[bit / 8] ^= 1 << (bit % 8);
            let changed = URL_SAFE_NO_PAD.encode(changed);
            assert_eq!(
                key.open::<i64>(tenant, "list", &changed),
                Err(InvalidCursor),
                "{bit}"
            );
        }
        assert_eq!(key.open::<i64>(tenant, "list", &cursor), Ok(7));
    }

    #[test]
    fn what_is_no_cursor_is_refused() {
        let key = CursorKey::new(b"secret");
        let tenant = TenantId::generate();
        let other_secret = CursorKey::new(b"another").seal(tenant, "list", &7_i64);
        let another_list = key.seal(tenant, "lis", &"t7");
        let another_type = key.seal(tenant, "list", &"seven");
        for cursor in [
            "",
            "AAAA",
            "not base64!",
            &"A".repeat(BYTES_MAX + 1),
            &other_secret,
            &another_list,
            &another_type,
        ] {
            assert_eq!(
                key.open::<i64>(tenant, "list", cursor),
                Err(InvalidCursor),
                "{cursor}"
            );
        }
    }
}
