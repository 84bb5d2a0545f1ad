use std::fmt;
use std::str::FromStr;

use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::rand;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use zeroize::Zeroizing;

const ID_BYTES: usize = 32;

/// The name of a session, which whoever knows it is taken for its owner by. It does not print.
#[derive(Clone)]
pub struct SessionId(Zeroizing<[u8; ID_BYTES]>);

/// A text is no [`SessionId`].
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("not the id of a session")]
pub struct InvalidSessionId;

/// What stores know a session by: the SHA-256 of its id, from which nobody gets back to it.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct SessionDigest([u8; 32]);

impl SessionId {
    /// A fresh one.
    ///
    /// # Panics
    /// When the operating system gives no random numbers.
    pub fn generate() -> Self {
        let mut bytes = Zeroizing::new([0; ID_BYTES]);
        rand::fill(&mut *bytes).expect("the operating system gives random numbers");
        Self(bytes)
    }

    /// What a store knows it by.
    pub fn digest(&self) -> SessionDigest {
        let mut bytes = [0; 32];
        bytes.copy_from_slice(digest(&SHA256, &*self.0).as_ref());
        SessionDigest(bytes)
    }

    /// The id in letters that a cookie takes.
    pub fn expose(&self) -> String {
        URL_SAFE_NO_PAD.encode(self.0.as_slice())
    }
}

impl FromStr for SessionId {
    type Err = InvalidSessionId;

    fn from_str(text: &str) -> Result<Self, InvalidSessionId> {
        let mut bytes = Zeroizing::new([0; ID_BYTES]);
        match URL_SAFE_NO_PAD.decode_slice(text, &mut *bytes) {
            Ok(ID_BYTES) => Ok(Self(bytes)),
            _ => Err(InvalidSessionId),
        }
    }
}

impl fmt::Debug for SessionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SessionId(redacted)")
    }
}

impl SessionDigest {
    /// The digest as it is stored.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_survives_its_cookie_and_resembles_no_other() {
        let id = SessionId::generate();
        let text = id.expose();
        assert_eq!(text.len(), 43);
        assert_eq!(text.parse::<SessionId>().unwrap().digest(), id.digest());
        assert_ne!(SessionId::generate().digest(), id.digest());
        let printed = format!("{id:?}");
        assert_eq!(printed, "SessionId(redacted)");
    }

    #[test]
    fn whatever_else_a_client_sends_is_no_id() {
        let text = SessionId::generate().expose();
        for wrong in [
            "",
            "a",
            &text[1..],
            &format!("{text}A"),
            &format!("{text}="),
            " ",
        ] {
            let parsed = wrong.parse::<SessionId>();
            assert_eq!(parsed.err(), Some(InvalidSessionId), "{wrong:?}");
        }
        let long = "A".repeat(1_000_000);
        assert!(long.parse::<SessionId>().is_err());
    }
}
