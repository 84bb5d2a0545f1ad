use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// The longest label that DNS carries (RFC 1035, section 2.3.4), in bytes.
const BYTES_MAX: usize = 63;

/// Names that a platform needs for itself, or that strangers would take for the platform.
const RESERVED: &[&str] = &[
    "account",
    "accounts",
    "admin",
    "administrator",
    "api",
    "app",
    "apps",
    "assets",
    "auth",
    "autoconfig",
    "autodiscover",
    "billing",
    "blog",
    "cdn",
    "console",
    "dashboard",
    "dev",
    "dns",
    "docs",
    "email",
    "ftp",
    "help",
    "hostmaster",
    "imap",
    "info",
    "internal",
    "ldap",
    "livez",
    "localhost",
    "login",
    "logout",
    "mail",
    "metrics",
    "mx",
    "ns",
    "ns1",
    "ns2",
    "oauth",
    "operator",
    "platform",
    "pop",
    "pop3",
    "postmaster",
    "proxy",
    "readyz",
    "register",
    "root",
    "security",
    "signin",
    "signup",
    "smtp",
    "ssl",
    "static",
    "status",
    "store",
    "support",
    "system",
    "tenant",
    "tenants",
    "test",
    "vpn",
    "webmail",
    "webmaster",
    "wpad",
    "www",
];

/// The part of a tenant's address that people see: one DNS label.
///
/// Lower-case ASCII letters, digits and single hyphens inside, 1 to 63 bytes, at least one
/// letter. Upper case, other scripts and their `xn--` form are refused instead of folded, so no
/// two slugs differ only in case or look alike; so are names that a platform keeps for itself.
#[derive(Clone, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(try_from = "Box<str>", into = "Box<str>")]
pub struct Slug(Box<str>);

/// Why a text cannot be a [`Slug`].
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidSlug {
    /// A character outside `a-z`, `0-9` and `-`.
    #[error("a slug has only lower-case letters a-z, digits and hyphens")]
    Character,
    /// A hyphen at an end, or two in a row.
    #[error("a slug's hyphens stand alone between letters or digits")]
    Hyphen,
    /// Empty, or longer than a DNS label.
    #[error("a slug has 1 to 63 characters")]
    Length,
    /// Digits only, which reads as a number or an address.
    #[error("a slug has at least one letter")]
    NoLetter,
    /// A name that the platform keeps for itself.
    #[error("the name is reserved")]
    Reserved,
}

impl Slug {
    /// The slug as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Slug {
    type Err = InvalidSlug;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let closed = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        if !(1..=BYTES_MAX).contains(&text.len()) {
            return Err(InvalidSlug::Length);
        }
        if !text.bytes().all(closed) {
            return Err(InvalidSlug::Character);
        }
        if text.starts_with('-') || text.ends_with('-') || text.contains("--") {
            return Err(InvalidSlug::Hyphen);
        }
        if !text.bytes().any(|byte| byte.is_ascii_lowercase()) {
            return Err(InvalidSlug::NoLetter);
        }
        if RESERVED.binary_search(&text).is_ok() {
            return Err(InvalidSlug::Reserved);
        }
        Ok(Self(text.into()))
    }
}

impl TryFrom<Box<str>> for Slug {
    type Error = InvalidSlug;

    fn try_from(text: Box<str>) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<Slug> for Box<str> {
    fn from(slug: Slug) -> Self {
        slug.0
    }
}

impl fmt::Display for Slug {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reserved_names_are_sorted_for_the_search() {
        assert!(RESERVED.is_sorted());
    }

    #[test]
    fn accepts_a_closed_alphabet_and_names_what_is_wrong() {
        let check = |text: &str, expected: Result<(), InvalidSlug>| {
            assert_eq!(text.parse::<Slug>().map(|_| ()), expected, "{text:?}");
        };
        check("acme", Ok(()));
        check("a", Ok(()));
        check("7-seas", Ok(()));
        check(&"a".repeat(63), Ok(()));
        check(&"a".repeat(64), Err(InvalidSlug::Length));
        check("", Err(InvalidSlug::Length));
        check("Acme", Err(InvalidSlug::Character));
        check("acme.shop", Err(InvalidSlug::Character));
        check("acmé", Err(InvalidSlug::Character));
        check("аcme", Err(InvalidSlug::Character)); // Cyrillic
        check("a_b", Err(InvalidSlug::Character));
        check("-acme", Err(InvalidSlug::Hyphen));
        check("acme-", Err(InvalidSlug::Hyphen));
        check("xn--acme", Err(InvalidSlug::Hyphen));
        check("12345", Err(InvalidSlug::NoLetter));
        check("admin", Err(InvalidSlug::Reserved));
        check("www", Err(InvalidSlug::Reserved));
    }
}
