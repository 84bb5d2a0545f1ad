use std::fmt;
use std::str::FromStr;

use argon2::password_hash::phc;
use argon2::{Algorithm, Params};
use serde::{Serialize, Serializer};

/// What is kept of a password: argon2id's parameters, salt and output as a PHC string.
///
/// It is as good as a guess at the password for who has time, so it does not print, and serializes
/// to nothing of itself.
#[derive(Clone)]
pub struct PasswordHash(phc::PasswordHash);

/// A text is no [`PasswordHash`].
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("not an argon2id hash in PHC form")]
pub struct InvalidPasswordHash;

impl PasswordHash {
    pub(super) fn new(hash: phc::PasswordHash) -> Result<Self, InvalidPasswordHash> {
        let complete = hash.salt.is_some() && hash.hash.is_some();
        let argon2id = hash.algorithm == Algorithm::Argon2id.ident();
        if complete && argon2id && Params::try_from(&hash).is_ok() {
            Ok(Self(hash))
        } else {
            Err(InvalidPasswordHash)
        }
    }

    /// The PHC string, for the database.
    pub fn expose(&self) -> String {
        self.0.to_string()
    }

    pub(super) fn as_phc(&self) -> &phc::PasswordHash {
        &self.0
    }

    /// Whether it was made with these parameters.
    pub(super) fn is_made_with(&self, params: &Params) -> bool {
        let known = |of: &Params| [of.m_cost(), of.t_cost(), of.p_cost()];
        Params::try_from(&self.0).is_ok_and(|own| known(&own) == known(params))
    }
}

impl FromStr for PasswordHash {
    type Err = InvalidPasswordHash;

    fn from_str(text: &str) -> Result<Self, InvalidPasswordHash> {
        let hash = phc::PasswordHash::new(text).map_err(|_| InvalidPasswordHash)?;
        Self::new(hash)
    }
}

impl fmt::Debug for PasswordHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PasswordHash(redacted)")
    }
}

/// `(redacted)`, as the journal will show it.
impl Serialize for PasswordHash {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str("(redacted)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_whole_argon2id_hash_is_one() {
        let whole = "$argon2id$v=19$m=64,t=1,p=1$c29tZXNhbHRzb21lc2FsdA\
            $QNwIc2rPIIphOQaxYTZ2YaWtm2yZgSVRTAmhISMYp1Q";
        let hash: PasswordHash = whole.parse().unwrap();
        assert_eq!(hash.expose(), whole);
        assert_eq!(format!("{hash:?}"), "PasswordHash(redacted)");
        assert_eq!(serde_json::to_value(&hash).unwrap(), "(redacted)");
        for wrong in [
            "",
            "four words are good",
            &whole.replace("argon2id", "argon2i"),
            &whole.replace("m=64", "m=1"),
            &whole[..whole.rfind('$').unwrap()],
            "$2b$12$R9h/cIPz0gi.URNNX3kh2OPST9/PgBkqquzi.Ss7KIUgO2t0jWMUW",
        ] {
            assert_eq!(
                wrong.parse::<PasswordHash>().err(),
                Some(InvalidPasswordHash),
                "{wrong}"
            );
        }
    }
}
