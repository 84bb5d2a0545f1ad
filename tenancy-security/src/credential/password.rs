use std::fmt;
use std::sync::Arc;

use aws_lc_rs::rand;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer};
use zeroize::Zeroizing;

/// Letters and digits that nobody takes for each other, 32 of them (Crockford's).
const LETTERS: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";

/// How many of them a generated password has, and how many stand together.
const GENERATED_CHARS: usize = 24;
const GROUP_CHARS: usize = 6;

/// A password as somebody typed it. It does not print, and is wiped from memory with its last clone.
#[derive(Clone, Default)]
pub struct Password(Arc<Zeroizing<String>>);

impl Password {
    /// A password that nobody guesses: 120 random bits, in four groups of letters and digits.
    ///
    /// # Panics
    /// When the operating system gives no random numbers.
    pub fn generate() -> Self {
        let mut bytes = Zeroizing::new([0; GENERATED_CHARS]);
        rand::fill(&mut *bytes).expect("the operating system gives random numbers");
        let mut text = Zeroizing::new(String::with_capacity(2 * GENERATED_CHARS));
        for (place, byte) in bytes.iter().enumerate() {
            if place > 0 && place % GROUP_CHARS == 0 {
                text.push('-');
            }
            text.push(char::from(LETTERS[usize::from(byte % 32)]));
        }
        Self(Arc::new(text))
    }

    /// The password itself, for the one who must see it.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl From<String> for Password {
    fn from(text: String) -> Self {
        Self(Arc::new(Zeroizing::new(text)))
    }
}

impl From<&str> for Password {
    fn from(text: &str) -> Self {
        text.to_owned().into()
    }
}

impl<'de> Deserialize<'de> for Password {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer);
        // serde would say what it found instead, which may be a password all the same.
        text.map(Self::from)
            .map_err(|_| D::Error::custom("must be a text"))
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password(redacted)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_generated_password_is_long_legible_and_never_the_same() {
        let password = Password::generate();
        let groups: Vec<_> = password.expose().split('-').collect();
        assert_eq!(
            groups.iter().map(|group| group.len()).collect::<Vec<_>>(),
            [6; 4]
        );
        let legible = |letter| LETTERS.contains(&letter);
        assert!(groups.concat().bytes().all(legible), "{groups:?}");
        assert_ne!(Password::generate().expose(), password.expose());
    }

    #[test]
    fn a_password_does_not_print_itself() {
        let password = Password::from("four words are good");
        assert_eq!(format!("{password:?}"), "Password(redacted)");
        let error = serde_json::from_str::<Password>("12345678").unwrap_err();
        assert!(!error.to_string().contains("12345678"), "{error}");
    }
}
