use std::fmt;
use std::str::FromStr;

use serde::Serialize;

/// The longest address that mail servers take (RFC 5321), in bytes.
const BYTES_MAX: usize = 254;

/// An e-mail address that somebody signs in with: in lower case, without blanks around it.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
#[serde(transparent)]
pub(crate) struct Email(Box<str>);

#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error(
    "an e-mail address has at most {BYTES_MAX} bytes, no blanks, and one @ with something on both sides"
)]
pub(crate) struct InvalidEmail;

impl Email {
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    /// What stands before the @: what somebody is called who has given no name.
    pub(crate) fn local_part(&self) -> &str {
        self.0.split('@').next().unwrap_or_default()
    }
}

impl FromStr for Email {
    type Err = InvalidEmail;

    fn from_str(text: &str) -> Result<Self, InvalidEmail> {
        let text = text.trim();
        if text.len() > BYTES_MAX {
            return Err(InvalidEmail);
        }
        let email = text.to_lowercase();
        let plain = !email.contains(|c: char| c.is_control() || c.is_whitespace());
        match email.split_once('@') {
            Some((local, host))
                if plain
                    && email.len() <= BYTES_MAX
                    && !local.is_empty()
                    && !host.is_empty()
                    && !host.contains('@') =>
            {
                Ok(Self(email.into()))
            }
            _ => Err(InvalidEmail),
        }
    }
}

impl fmt::Display for Email {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_address_has_one_form() {
        let check = |text: &str, expected: Option<&str>| {
            let email = text.parse::<Email>().ok();
            assert_eq!(email.as_ref().map(Email::as_str), expected, "{text:?}");
        };
        check(" Ann@Example.COM\n", Some("ann@example.com"));
        check("änn@exämple.de", Some("änn@exämple.de"));
        let long = format!("{}@b", "a".repeat(252));
        check(&long, Some(&long));
        check(&format!("a{long}"), None);
        for wrong in [
            "",
            "ann",
            "@b",
            "a@",
            "a@b@c",
            "a b@c",
            "a@b\0",
            "a\u{a0}b@c",
        ] {
            check(wrong, None);
        }
        assert_eq!(
            "ann.lee@b".parse::<Email>().unwrap().local_part(),
            "ann.lee"
        );
    }
}
