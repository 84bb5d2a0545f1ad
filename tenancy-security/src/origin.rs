//! Web origins, and which of them may do something.
//!
//! An [`Origin`] cannot hold anything but one: no path, no list, no wildcard, no address, nothing
//! that ends a header or a directive. So a tenant's origins are checked where they are saved, and a
//! policy made of them can say nothing else.
//!
//! ```
//! use tenancy_security::origin::{InvalidOrigin, Origin};
//!
//! let origin: Origin = "https://Cdn.Acme.example:443".parse()?;
//! assert_eq!(origin.as_str(), "https://cdn.acme.example");
//! let injected = "https://a.example;script-src *".parse::<Origin>();
//! assert_eq!(injected, Err(InvalidOrigin::Host));
//! # Ok::<(), InvalidOrigin>(())
//! ```

mod allow;
mod own;

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use tenancy_core::resolve::Host;

pub use self::allow::{AllowOrigin, Origins};
pub use self::own::{OwnOrigins, TenantOrigins};

/// How a label of an internationalised name begins (RFC 5890).
const A_LABEL: &str = "xn--";

/// A web origin in the one form that browsers send: `https://name` or `http://name`, and a port
/// where it is not the scheme's own.
#[derive(Clone, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(try_from = "String", into = "String")]
pub struct Origin(Box<str>);

/// Why a text is no [`Origin`].
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidOrigin {
    /// An IP address, in any of the forms that browsers read.
    #[error("an address has no place among origins; name the host")]
    Address,
    /// No plain host name, or more than one: a path, a list, a user, a wildcard.
    #[error("after the scheme comes one plain host name, and a port at most")]
    Host,
    /// A name in its `xn--` form, which can look like any other to who reads it.
    #[error("an internationalised name is taken only from a domain that was proven")]
    Internationalised,
    /// What follows the colon is no port.
    #[error("the port is no number from 1 to 65535")]
    Port,
    /// Neither `https://` nor `http://` at the beginning.
    #[error("an origin begins with https:// or http://")]
    Scheme,
}

impl Origin {
    /// The origin as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether its scheme is `https`.
    pub fn is_secure(&self) -> bool {
        self.0.starts_with("https:")
    }

    /// What a request's `Origin` header says, where it is written as browsers write it.
    pub(crate) fn sent(text: &str) -> Option<Self> {
        let origin = read(text).ok()?;
        (origin.as_str() == text).then_some(origin)
    }
}

/// Refuses names in `xn--` form, since one of them can be made to look like any other name. The
/// domain of a tenant that has proven it owns it comes from a [`Host`] instead.
impl FromStr for Origin {
    type Err = InvalidOrigin;

    fn from_str(text: &str) -> Result<Self, InvalidOrigin> {
        let origin = read(text)?;
        let (_, authority) = origin.0.split_once("://").ok_or(InvalidOrigin::Scheme)?;
        if authority.split('.').any(|label| label.starts_with(A_LABEL)) {
            return Err(InvalidOrigin::Internationalised);
        }
        Ok(origin)
    }
}

impl TryFrom<String> for Origin {
    type Error = InvalidOrigin;

    fn try_from(text: String) -> Result<Self, InvalidOrigin> {
        text.parse()
    }
}

impl From<Origin> for String {
    fn from(origin: Origin) -> Self {
        origin.0.into()
    }
}

/// The `https` origin of a domain, such as a tenant's custom domain whose ownership was proven.
impl From<&Host> for Origin {
    fn from(domain: &Host) -> Self {
        Self(format!("https://{domain}").into())
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

fn read(text: &str) -> Result<Origin, InvalidOrigin> {
    let (scheme, authority) = text.split_once("://").ok_or(InvalidOrigin::Scheme)?;
    let own_port = match scheme {
        "https" => 443,
        "http" => 80,
        _ => return Err(InvalidOrigin::Scheme),
    };
    if authority.starts_with('[') {
        return Err(InvalidOrigin::Address);
    }
    let (name, port) = match authority.split_once(':') {
        Some((name, port)) => (name, Some(read_port(port)?)),
        None => (authority, None),
    };
    let host = read_host(name)?;
    let port = port.filter(|port| *port != own_port);
    Ok(Origin(match port {
        Some(port) => format!("{scheme}://{host}:{port}").into(),
        None => format!("{scheme}://{host}").into(),
    }))
}

fn read_host(name: &str) -> Result<Host, InvalidOrigin> {
    let host: Host = name.parse().map_err(|error| match error {
        tenancy_core::resolve::InvalidHost::Address => InvalidOrigin::Address,
        _ => InvalidOrigin::Host,
    })?;
    // To a URL parser a last label in hexadecimal makes the whole an IPv4 address as well.
    let last = host.as_str().rsplit('.').next().unwrap_or_default();
    let hexadecimal = last.strip_prefix("0x");
    if hexadecimal.is_some_and(|digits| digits.bytes().all(|digit| digit.is_ascii_hexdigit())) {
        return Err(InvalidOrigin::Address);
    }
    // Another origin to a browser, though the same host.
    if name.ends_with('.') {
        return Err(InvalidOrigin::Host);
    }
    Ok(host)
}

fn read_port(text: &str) -> Result<u16, InvalidOrigin> {
    let digits = text.bytes().all(|byte| byte.is_ascii_digit());
    let port = text.parse().map_err(|_| InvalidOrigin::Port)?;
    if !digits || text.starts_with('0') {
        return Err(InvalidOrigin::Port);
    }
    Ok(port)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn check(text: &str, expected: Result<&str, InvalidOrigin>) {
        let origin = text.parse::<Origin>();
        let origin = origin.as_ref().map(Origin::as_str);
        assert_eq!(origin, expected.as_ref().copied(), "{text:?}");
    }

    #[test]
    fn an_origin_has_one_form() {
        check("https://a.example", Ok("https://a.example"));
        check("https://A.Example:443", Ok("https://a.example"));
        check("https://a.example:8443", Ok("https://a.example:8443"));
        check("http://a.example:80", Ok("http://a.example"));
        check("http://a.example:443", Ok("http://a.example:443"));
        check("http://localhost:3000", Ok("http://localhost:3000"));
    }

    #[test]
    fn what_is_more_or_less_than_an_origin_is_refused() {
        use InvalidOrigin::{Address, Host, Internationalised, Port, Scheme};

        check("https://a.example;script-src *", Err(Host));
        check("a.example\r\nX: y", Err(Scheme));
        check("https://a.example\r\nX: y", Err(Port));
        check("https://a.example\n", Err(Host));
        check("*", Err(Scheme));
        check("https://*", Err(Host));
        check("https://*.example", Err(Host));
        check("a.example, b", Err(Scheme));
        check("https://a.example,b", Err(Host));
        check("https://a.example https://b.example", Err(Port));
        check("data:", Err(Scheme));
        check("data://a.example", Err(Scheme));
        check("javascript:", Err(Scheme));
        check("javascript://a.example", Err(Scheme));
        check("blob:https://a.example", Err(Scheme));
        check("a b", Err(Scheme));
        check("https://a b", Err(Host));
        check(" https://a.example", Err(Scheme));
        check("https://a.example ", Err(Host));
        check("https://user@x", Err(Host));
        check("https://user:1@x", Err(Port));
        check("https://127.0.0.1", Err(Address));
        check("https://2130706433", Err(Address));
        check("https://0x7f.1", Err(Address));
        check("https://0x7f000001", Err(Address));
        check("https://a.0x", Err(Address));
        check("https://[::1]", Err(Address));
        check("https://аpple.example", Err(Host)); // its first letter is Cyrillic
        check("https://xn--pple-43d.example", Err(Internationalised));
        check("https://a.XN--80ak6aa92e", Err(Internationalised));
        check("https://a.example.", Err(Host));
        check("https://a..example", Err(Host));
        check("https://a_b.example", Err(Host));
        check("https://a%2eexample", Err(Host));
        check("https://a.example:", Err(Port));
        check("https://a.example:0", Err(Port));
        check("https://a.example:0443", Err(Port));
        check("https://a.example:+443", Err(Port));
        check("https://a.example:65536", Err(Port));
        check("https://a.example:443:443", Err(Port));
        check("https://'self'", Err(Host));
        check("'self'", Err(Scheme));
        check("HTTPS://a.example", Err(Scheme));
        check("https:/a.example", Err(Scheme));
        check("//a.example", Err(Scheme));
        check("wss://a.example", Err(Scheme));
    }

    /// The rows of Go's `TestCrossOriginProtectionAddTrustedOriginErrors`.
    #[test]
    fn what_go_takes_for_a_trusted_origin_is_one() {
        let check = |text: &str, expected: bool| {
            assert_eq!(text.parse::<Origin>().is_ok(), expected, "{text:?}");
        };
        check("https://example.com", true);
        check("https://example.com:8080", true);
        check("http://example.com", true);
        check("example.com", false);
        check("https://", false);
        check("https://example.com/", false);
        check("https://example.com/path", false);
        check("https://example.com?query=value", false);
        check("https://example.com#fragment", false);
        check("https://ex ample.com", false);
        check("", false);
        check("null", false);
    }

    #[test]
    fn a_proven_domain_may_be_internationalised() {
        let domain: Host = "xn--bcher-kva.example".parse().unwrap();
        let origin = Origin::from(&domain);
        assert_eq!(origin.as_str(), "https://xn--bcher-kva.example");
        assert_eq!(Origin::sent(origin.as_str()), Some(origin));
        assert_eq!(Origin::sent("https://A.example"), None);
        assert_eq!(Origin::sent("https://a.example:443"), None);
        assert_eq!(Origin::sent("null"), None);
    }

    proptest! {
        #[test]
        fn no_text_becomes_more_than_one_source(text in "(https?://)?[ -~\\t\\r\\nа-я]{0,60}") {
            if let Ok(origin) = text.parse::<Origin>() {
                let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-.:/".contains(&byte);
                prop_assert!(origin.as_str().bytes().all(plain), "{origin}");
                prop_assert_eq!(origin.as_str().parse::<Origin>(), Ok(origin));
            }
        }
    }
}
