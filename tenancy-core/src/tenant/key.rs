use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// The longest [`TenantKey`], in bytes.
const BYTES_MAX: usize = 64;

/// What an existing schema calls a tenant: the value of its own `bigint` or `text` tenant column.
///
/// Letters, digits, `-` and `_` only: a key travels inside the statement that opens a
/// transaction, so its alphabet is closed.
#[derive(Clone, Debug, Deserialize, Eq, Hash, PartialEq, Serialize)]
#[serde(try_from = "Box<str>", into = "Box<str>")]
pub struct TenantKey(Box<Box<str>>); // rare, so that a record without one spends a word

/// The text cannot be a tenant key.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("a tenant key has 1 to 64 of the characters a-z, A-Z, 0-9, '-' and '_'")]
pub struct InvalidTenantKey;

impl TenantKey {
    /// The key as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for TenantKey {
    type Err = InvalidTenantKey;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let closed = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
        if (1..=BYTES_MAX).contains(&text.len()) && text.bytes().all(closed) {
            Ok(Self(Box::new(text.into())))
        } else {
            Err(InvalidTenantKey)
        }
    }
}

impl From<u32> for TenantKey {
    fn from(key: u32) -> Self {
        Self(Box::new(key.to_string().into()))
    }
}

impl TryFrom<Box<str>> for TenantKey {
    type Error = InvalidTenantKey;

    fn try_from(text: Box<str>) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<TenantKey> for Box<str> {
    fn from(key: TenantKey) -> Self {
        *key.0
    }
}

impl fmt::Display for TenantKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
