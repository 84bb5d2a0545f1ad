use std::fmt::Write as _;
use std::sync::Arc;

use aws_lc_rs::digest::{SHA1_FOR_LEGACY_USE_ONLY, digest};
use bytes::Bytes;

use super::command::{Argument, Command};

/// A Lua script that runs in Redis, all or nothing and alone.
///
/// It is called by its hash; a server that does not know it, because it is new or was restarted,
/// gets the text once.
///
/// ```
/// use tenancy_core::redis::Script;
///
/// let add = Script::new("return redis.call('INCRBY', KEYS[1], ARGV[1])");
/// let command = add.call(["visits"], [2]);
/// ```
///
/// The text becomes the body of a function and may `return` one value. A `#!` line is not
/// supported. In a cluster, all keys must be of one slot.
#[derive(Clone, Debug)]
pub struct Script(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    source: Bytes,
    hash: Bytes,
}

impl Script {
    /// A script from its text. Make it once: this hashes it.
    pub fn new(source: &str) -> Self {
        // The answer is wrapped so that it is an array which begins with a number, whatever the
        // script returns; see the list of commands for why.
        let source = format!("local function body()\n{source}\nend\nreturn {{1, (body())}}");
        let hash = digest(&SHA1_FOR_LEGACY_USE_ONLY, source.as_bytes());
        let mut hexadecimal = String::with_capacity(40);
        for byte in hash.as_ref() {
            let _ = write!(hexadecimal, "{byte:02x}");
        }
        Self(Arc::new(Inner {
            source: source.into(),
            hash: hexadecimal.into(),
        }))
    }

    /// A call, to be sent like any command.
    pub fn call(
        &self,
        keys: impl IntoIterator<Item = impl Into<Argument>, IntoIter: ExactSizeIterator>,
        arguments: impl IntoIterator<Item = impl Into<Argument>>,
    ) -> Command {
        let keys = keys.into_iter();
        let mut command = Command::of_script(self)
            .arg(self.0.hash.clone())
            .arg(keys.len());
        for key in keys {
            command = command.key(key);
        }
        for argument in arguments {
            command = command.arg(argument);
        }
        command
    }

    pub(super) fn source(&self) -> &Bytes {
        &self.0.source
    }
}
