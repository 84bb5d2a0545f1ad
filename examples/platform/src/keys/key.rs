use std::fmt;
use std::str::FromStr;

use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::rand::{SecureRandom as _, SystemRandom};

use crate::failure::Failure;

const LETTERS: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const START: &str = "tk_";
/// 190 bits of chance.
const BODY_CHARS: usize = 32;
const CHECK_CHARS: usize = 6;
/// How much of a key may be shown, so that people can tell their keys apart.
const PREFIX_CHARS: usize = START.len() + 5;

/// An API key: `tk_`, 32 random characters, `_`, and six that check the others.
///
/// The check lets a secret scanner recognise a key, and keeps a mistyped one from the database.
#[derive(Clone)]
pub(crate) struct ApiKey(Box<str>);

/// The text is no API key.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("this is no API key")]
pub(crate) struct InvalidApiKey;

/// What is kept of a key.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub(crate) struct Digest([u8; 32]);

impl Digest {
    pub(super) fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

impl ApiKey {
    pub(crate) fn generate() -> Result<Self, Failure> {
        let random = SystemRandom::new();
        let mut body = String::with_capacity(BODY_CHARS);
        while body.len() < BODY_CHARS {
            let mut bytes = [0; 64];
            random
                .fill(&mut bytes)
                .map_err(|_| Failure::new("the system gives no random numbers"))?;
            // 248 is the greatest multiple of 62: what is above would favour the first letters.
            let fair = bytes.into_iter().filter(|byte| *byte < 248);
            let letters = fair.map(|byte| char::from(LETTERS[usize::from(byte) % LETTERS.len()]));
            body.extend(letters.take(BODY_CHARS - body.len()));
        }
        Ok(Self(format!("{START}{body}_{}", check(&body)).into()))
    }

    /// The key itself, to be shown once.
    pub(crate) fn expose(&self) -> &str {
        &self.0
    }

    pub(super) fn prefix(&self) -> &str {
        &self.0[..PREFIX_CHARS]
    }

    pub(super) fn digest(&self) -> Digest {
        let mut bytes = [0; 32];
        bytes.copy_from_slice(digest(&SHA256, self.0.as_bytes()).as_ref());
        Digest(bytes)
    }
}

impl FromStr for ApiKey {
    type Err = InvalidApiKey;

    fn from_str(text: &str) -> Result<Self, InvalidApiKey> {
        let rest = text.strip_prefix(START).ok_or(InvalidApiKey)?;
        let (body, given) = rest.split_once('_').ok_or(InvalidApiKey)?;
        let closed = body.bytes().all(|byte| byte.is_ascii_alphanumeric());
        if body.len() == BODY_CHARS && closed && given == check(body) {
            Ok(Self(text.into()))
        } else {
            Err(InvalidApiKey)
        }
    }
}

impl fmt::Debug for ApiKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ApiKey({}…)", self.prefix())
    }
}

fn check(body: &str) -> String {
    let hash = digest(&SHA256, body.as_bytes());
    let bytes = hash.as_ref().iter().take(CHECK_CHARS);
    bytes
        .map(|byte| char::from(LETTERS[usize::from(*byte) % LETTERS.len()]))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_generated_key_is_recognised_and_its_neighbours_are_not() {
        let key = ApiKey::generate().unwrap();
        let text = key.expose();
        assert_eq!(text.len(), 3 + 32 + 1 + 6);
        assert_eq!(text.parse::<ApiKey>().unwrap().digest(), key.digest());
        for index in 0..text.len() {
            let other = if &text[index..=index] == "x" {
                "y"
            } else {
                "x"
            };
            let changed = format!("{}{other}{}", &text[..index], &text[index + 1..]);
            assert!(changed.parse::<ApiKey>().is_err(), "{changed}");
        }
        for wrong in ["", "tk_", "tk__", &text[1..], &format!("{text} ")] {
            assert!(wrong.parse::<ApiKey>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_key_does_not_print_itself() {
        let key = ApiKey::generate().unwrap();
        let printed = format!("{key:?}");
        assert!(
            !printed.contains(&key.expose()[PREFIX_CHARS..]),
            "{printed}"
        );
    }
}
