use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// The longest host name (RFC 1035, section 2.3.4), in bytes.
const BYTES_MAX: usize = 253;

/// The longest label, in bytes.
const LABEL_BYTES_MAX: usize = 63;

/// A host name in its one canonical form: lower case, no port, no trailing dot.
///
/// Only ASCII letters, digits and hyphens in dot-separated labels; an internationalised name
/// arrives in its `xn--` form and is a name like any other. Addresses (`127.0.0.1`, `[::1]`) are
/// no host names: they name no tenant.
#[derive(Clone, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(try_from = "String", into = "String")]
pub struct Host(Box<str>);

/// Why a text is no [`Host`].
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidHost {
    /// An IP address.
    #[error("an address is no host name")]
    Address,
    /// A character outside letters, digits, hyphens and dots, or a hyphen at a label's end.
    #[error("a host name has only letters, digits and inner hyphens in its labels")]
    Character,
    /// Empty, an empty label, or too long.
    #[error("a host name has 1 to 253 characters in labels of 1 to 63")]
    Length,
    /// What follows the colon is no port.
    #[error("the port is no number from 0 to 65535")]
    Port,
}

impl Host {
    /// The host of a `Host` header or `:authority`: `name` or `name:port`, whose port may be empty
    /// (RFC 3986, section 3.2.3).
    ///
    /// # Errors
    /// Says what is wrong; nothing is guessed or cut.
    pub fn from_authority(text: &str) -> Result<Self, InvalidHost> {
        if text.starts_with('[') {
            return Err(InvalidHost::Address);
        }
        match text.split_once(':') {
            None => text.parse(),
            Some((_, port)) if !is_port(port) => Err(InvalidHost::Port),
            Some((name, _)) => name.parse(),
        }
    }

    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What stands before `.base` when this host lies under `base`.
    pub fn label_under(&self, base: &Self) -> Option<&str> {
        self.0.strip_suffix(&*base.0)?.strip_suffix('.')
    }
}

/// Digits, of a number that a port can have, or none at all.
fn is_port(text: &str) -> bool {
    let digits = text.bytes().all(|byte| byte.is_ascii_digit());
    text.is_empty() || (digits && text.parse::<u16>().is_ok())
}

impl FromStr for Host {
    type Err = InvalidHost;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let name = text.strip_suffix('.').unwrap_or(text);
        if !(1..=BYTES_MAX).contains(&name.len()) {
            return Err(InvalidHost::Length);
        }
        for label in name.split('.') {
            if !(1..=LABEL_BYTES_MAX).contains(&label.len()) {
                return Err(InvalidHost::Length);
            }
            let ldh = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
            if !label.bytes().all(ldh) || label.starts_with('-') || label.ends_with('-') {
                return Err(InvalidHost::Character);
            }
        }
        // A last label of digits makes the whole an IPv4 address to a URL parser.
        let last = name.rsplit('.').next().unwrap_or_default();
        if last.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(InvalidHost::Address);
        }
        Ok(Self(name.to_ascii_lowercase().into()))
    }
}

impl TryFrom<String> for Host {
    type Error = InvalidHost;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<Host> for String {
    fn from(host: Host) -> Self {
        host.0.into()
    }
}

impl fmt::Display for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_name_has_one_form_and_everything_else_is_refused() {
        let check = |text: &str, expected: Result<&str, InvalidHost>| {
            let host = Host::from_authority(text);
            assert_eq!(
                host.as_ref().map(Host::as_str),
                expected.as_ref().copied(),
                "{text:?}"
            );
        };
        check("acme.example", Ok("acme.example"));
        check("ACME.Example.", Ok("acme.example"));
        check("acme.example:8080", Ok("acme.example"));
        check("xn--bcher-kva.example", Ok("xn--bcher-kva.example"));
        check("bücher.example", Err(InvalidHost::Character));
        check("a..b", Err(InvalidHost::Length));
        check(".example", Err(InvalidHost::Length));
        check("", Err(InvalidHost::Length));
        check("acme.example:http", Err(InvalidHost::Port));
        check("acme.example:", Ok("acme.example"));
        check("acme.example:+80", Err(InvalidHost::Port));
        check("acme.example:65536", Err(InvalidHost::Port));
        check(":", Err(InvalidHost::Length));
        check("acme.example:80:80", Err(InvalidHost::Port));
        check("127.0.0.1:80", Err(InvalidHost::Address));
        check("[::1]:80", Err(InvalidHost::Address));
        check("::1", Err(InvalidHost::Port));
        check("user@acme.example", Err(InvalidHost::Character));
        check("acme.example/", Err(InvalidHost::Character));
        check("a_b.example", Err(InvalidHost::Character));
        check("-a.example", Err(InvalidHost::Character));
    }
}
