use bytes::Bytes;

use crate::error::{Error, ErrorKind};

/// What Redis answers.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Value {
    /// Several values.
    Array(Vec<Self>),
    /// Text or bytes; a status such as `OK` as well.
    Bytes(Bytes),
    /// A number.
    Integer(i64),
    /// Nothing: there is no such key, or the condition did not hold.
    Nil,
}

impl Value {
    /// The values of an array; fails with [`Corrupt`](ErrorKind::Corrupt) for anything else.
    pub fn into_array(self) -> Result<Vec<Self>, Error> {
        match self {
            Self::Array(values) => Ok(values),
            Self::Bytes(_) | Self::Integer(_) | Self::Nil => Err(unexpected(&self, "an array")),
        }
    }

    /// The bytes, or `None` for nil; fails with [`Corrupt`](ErrorKind::Corrupt) for anything else.
    pub fn into_bytes(self) -> Result<Option<Bytes>, Error> {
        match self {
            Self::Bytes(bytes) => Ok(Some(bytes)),
            Self::Nil => Ok(None),
            Self::Array(_) | Self::Integer(_) => Err(unexpected(&self, "bytes")),
        }
    }

    /// The number, also where it was kept as text; fails with [`Corrupt`](ErrorKind::Corrupt) for
    /// anything else.
    pub fn into_integer(self) -> Result<i64, Error> {
        let number = match &self {
            Self::Integer(number) => Some(*number),
            Self::Bytes(bytes) => str::from_utf8(bytes)
                .ok()
                .and_then(|text| text.parse().ok()),
            Self::Array(_) | Self::Nil => None,
        };
        number.ok_or_else(|| unexpected(&self, "a number"))
    }

    /// Whether there is nothing.
    pub fn is_nil(&self) -> bool {
        matches!(self, Self::Nil)
    }
}

/// Says what kind of answer came and not what was in it, which may be a tenant's.
fn unexpected(value: &Value, expected: &str) -> Error {
    let kind = match value {
        Value::Array(_) => "an array",
        Value::Bytes(_) => "other text",
        Value::Integer(_) => "a number",
        Value::Nil => "nothing",
    };
    let text = format!("expected {expected} from Redis and got {kind}");
    Error::with_source(ErrorKind::Corrupt, text)
}
