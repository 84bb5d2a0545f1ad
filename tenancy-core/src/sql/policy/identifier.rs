use std::fmt;
use std::str::FromStr;

/// The longest name that PostgreSQL keeps whole, in bytes.
const BYTES_MAX: usize = 63;

/// A name in PostgreSQL: of a table, a column, a schema or a role.
///
/// Taken exactly as it is, upper case and quotes included; shown in quotes, as SQL takes it.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub struct Identifier(Box<str>);

/// The text cannot be a name in PostgreSQL.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("a name in PostgreSQL has 1 to 63 bytes, none of them zero")]
pub struct InvalidIdentifier;

impl Identifier {
    /// The name itself, without quotes.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Identifier {
    type Err = InvalidIdentifier;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        // PostgreSQL would cut a longer name off in silence, and so find another table.
        if (1..=BYTES_MAX).contains(&text.len()) && !text.contains('\0') {
            Ok(Self(text.into()))
        } else {
            Err(InvalidIdentifier)
        }
    }
}

impl fmt::Display for Identifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&quote(&self.0))
    }
}

/// A name in quotes, whatever it holds.
pub(crate) fn quote(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

#[cfg(test)]
mod tests {
    use super::{Identifier, InvalidIdentifier};

    #[test]
    fn a_name_is_quoted_whatever_it_holds() {
        let check = |name: &str, quoted: &str| {
            assert_eq!(name.parse::<Identifier>().unwrap().to_string(), quoted);
        };
        check("orders", "\"orders\"");
        check("Orders of 2024", "\"Orders of 2024\"");
        check("x\"; DROP TABLE y; --", "\"x\"\"; DROP TABLE y; --\"");
    }

    #[test]
    fn a_name_that_postgresql_would_change_is_refused() {
        for name in ["", "nul\0", &"a".repeat(64), &"ä".repeat(32)] {
            assert_eq!(name.parse::<Identifier>(), Err(InvalidIdentifier), "{name}");
        }
        assert!("a".repeat(63).parse::<Identifier>().is_ok());
    }
}
