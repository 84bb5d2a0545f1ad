use bytes::Bytes;

use super::script::Script;
use super::slot;
use crate::error::{Error, ErrorKind};

/// The commands that may be sent.
///
/// fred takes an array for a message of a subscription when it has three or four elements and the
/// first reads `message`, `subscribe` or the like. It then drops the answer, and every later one
/// on the connection goes to the wrong caller. So nothing is sent whose answer could be an array
/// that begins with stored text: a pipeline of `GET` stands for `MGET`, a [`Script`] for others.
/// Commands that wait, or that change the connection for its other users, are absent as well.
/// So are those that change one server as a whole, which in a cluster would be any of them.
const ALLOWED: &[&str] = &[
    "APPEND",
    "DECR",
    "DECRBY",
    "DEL",
    "EVALSHA",
    "EXISTS",
    "EXPIRE",
    "EXPIREAT",
    "GET",
    "GETDEL",
    "GETEX",
    "GETSET",
    "HDEL",
    "HEXISTS",
    "HGET",
    "HINCRBY",
    "HLEN",
    "HSET",
    "HSETNX",
    "INCR",
    "INCRBY",
    "INFO",
    "LLEN",
    "LPUSH",
    "MSET",
    "PERSIST",
    "PEXPIRE",
    "PEXPIREAT",
    "PFADD",
    "PFCOUNT",
    "PING",
    "PTTL",
    "PUBLISH",
    "RPUSH",
    "SADD",
    "SCARD",
    "SET",
    "SETNX",
    "SISMEMBER",
    "SREM",
    "STRLEN",
    "TIME",
    "TTL",
    "TYPE",
    "UNLINK",
    "XADD",
    "XDEL",
    "XLEN",
    "XRANGE",
    "XREVRANGE",
    "XTRIM",
    "ZADD",
    "ZCARD",
    "ZINCRBY",
    "ZREM",
    "ZSCORE",
];

/// A command for Redis.
///
/// ```
/// use tenancy_core::redis::Command;
///
/// let command = Command::new("SET").key("greeting").arg("hello").arg("PX").arg(60_000);
/// ```
///
/// Which commands there are is limited to those that every client library reads safely: `GET` and
/// not `MGET`, for instance, for a pipeline is as fast. Others are refused when they are sent; a
/// [`Script`] can call any.
#[derive(Clone, Debug)]
#[must_use]
pub struct Command {
    name: &'static str,
    arguments: Vec<Bytes>,
    slot: Option<u16>,
    script: Option<Script>,
}

impl Command {
    /// A command without arguments.
    pub fn new(name: &'static str) -> Self {
        Self {
            name,
            arguments: Vec::new(),
            slot: None,
            script: None,
        }
    }

    /// Appends a key. In a cluster the first one says where the command is sent; Redis refuses
    /// keys of several slots in one command.
    pub fn key(mut self, key: impl Into<Argument>) -> Self {
        let Argument(key) = key.into();
        self.slot.get_or_insert_with(|| slot::of(&key));
        self.arguments.push(key);
        self
    }

    /// Appends an argument that is no key.
    pub fn arg(mut self, argument: impl Into<Argument>) -> Self {
        self.arguments.push(argument.into().0);
        self
    }

    pub(super) fn of_script(script: &Script) -> Self {
        Self {
            script: Some(script.clone()),
            ..Self::new("EVALSHA")
        }
    }

    pub(super) fn asking() -> Self {
        Self::new("ASKING")
    }

    /// The same call with the script's text, for a server that does not know its hash.
    pub(super) fn with_source(&self) -> Option<Self> {
        let script = self.script.as_ref()?;
        let mut arguments = self.arguments.clone();
        *arguments.first_mut()? = script.source().clone();
        Some(Self {
            name: "EVAL",
            arguments,
            ..self.clone()
        })
    }

    pub(super) fn is_supported(&self) -> bool {
        ALLOWED.binary_search(&self.name).is_ok()
    }

    pub(super) fn unsupported(&self) -> Error {
        let name = self.name;
        let text = format!("the command {name} is not supported; call it in a script");
        Error::with_source(ErrorKind::InvalidInput, text)
    }

    pub(super) fn name(&self) -> &'static str {
        self.name
    }

    pub(super) fn arguments(&self) -> &[Bytes] {
        &self.arguments
    }

    /// Where in a cluster the command belongs; nowhere in particular without a key.
    pub(super) fn slot(&self) -> Option<u16> {
        self.slot
    }

    pub(super) fn is_script(&self) -> bool {
        self.script.is_some()
    }
}

/// A key or an argument of a [`Command`]: text, bytes or a number.
#[derive(Clone, Debug)]
pub struct Argument(Bytes);

impl From<&str> for Argument {
    fn from(text: &str) -> Self {
        Self(Bytes::copy_from_slice(text.as_bytes()))
    }
}

impl From<String> for Argument {
    fn from(text: String) -> Self {
        Self(text.into())
    }
}

impl From<&[u8]> for Argument {
    fn from(bytes: &[u8]) -> Self {
        Self(Bytes::copy_from_slice(bytes))
    }
}

impl From<Vec<u8>> for Argument {
    fn from(bytes: Vec<u8>) -> Self {
        Self(bytes.into())
    }
}

impl From<Bytes> for Argument {
    fn from(bytes: Bytes) -> Self {
        Self(bytes)
    }
}

macro_rules! from_integer {
    ($($integer:ty),*) => {
        $(impl From<$integer> for Argument {
            fn from(number: $integer) -> Self {
                Self(number.to_string().into())
            }
        })*
    };
}

from_integer!(i32, i64, u16, u32, u64, usize);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_that_may_be_sent_is_found() {
        for name in ALLOWED {
            assert!(Command::new(name).is_supported(), "{name}");
        }
        assert!(!Command::new("MGET").is_supported());
    }
}
