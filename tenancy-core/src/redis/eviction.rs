use std::fmt;

use super::address::Address;
use super::reply::{self, Failure, Reply};
use crate::error::Error;

/// Which keys a server drops to make room when its memory is full.
///
/// Redis has eight policies of three kinds. `noeviction` drops nothing: a write that finds no room
/// fails. `volatile-…` drops keys that were given a time to live, however long it has yet to run,
/// and no others. `allkeys-…` drops any. What must not be lost before its time, such as rate
/// limits, sessions and keys that say what is stale, needs the first kind, or the second if it has
/// no time to live. The policy is judged even where no limit is set to the memory, since one can be
/// set at any time.
///
/// Of a cluster it is the worst of its masters. Printed, it is a sentence for the operator.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Eviction {
    scope: EvictionScope,
    server: String,
    policy: String,
}

/// The kinds of [`Eviction`], from the safest to the least known.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum EvictionScope {
    /// Nothing is dropped.
    Nothing,
    /// Keys with a time to live are dropped.
    ExpiringKeys,
    /// Any key is dropped.
    AnyKey,
    /// The server does not tell, as some that are rented forbid it. Its provider's settings do.
    Unknown,
}

impl Eviction {
    /// What is dropped.
    pub fn scope(&self) -> EvictionScope {
        self.scope
    }

    pub(super) fn worst(answers: Vec<(Address, Reply)>) -> Result<Self, Error> {
        let mut worst: Option<Self> = None;
        for (address, answer) in answers {
            let eviction = Self::read(&address, answer)?;
            if worst
                .as_ref()
                .is_none_or(|other| other.scope < eviction.scope)
            {
                worst = Some(eviction);
            }
        }
        worst.ok_or_else(|| reply::error(Failure::Away("no server was asked".to_owned())))
    }

    /// Reads an answer to `INFO memory`, which more providers permit than `CONFIG GET`.
    fn read(address: &Address, answer: Reply) -> Result<Self, Error> {
        let text = match answer {
            Ok(value) => value.into_bytes()?.unwrap_or_default(),
            Err(Failure::Refused(text)) if is_forbidden(&text) => text.into(),
            Err(failure) => return Err(reply::error(failure)),
        };
        let text = String::from_utf8_lossy(&text);
        let policy = text
            .lines()
            .find_map(|line| line.strip_prefix("maxmemory_policy:"))
            .unwrap_or_default();
        let scope = match policy {
            "noeviction" => EvictionScope::Nothing,
            policy if policy.starts_with("volatile-") => EvictionScope::ExpiringKeys,
            policy if policy.starts_with("allkeys-") => EvictionScope::AnyKey,
            _ => EvictionScope::Unknown,
        };
        Ok(Self {
            scope,
            server: address.to_string(),
            policy: policy.to_owned(),
        })
    }
}

impl fmt::Display for Eviction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const MEND: &str = "run CONFIG SET maxmemory-policy noeviction, and put maxmemory-policy \
                            noeviction into its configuration or its provider's settings";
        let Self { server, policy, .. } = self;
        match self.scope {
            EvictionScope::Nothing => write!(f, "Redis at {server} drops no key ({policy})"),
            EvictionScope::ExpiringKeys => write!(
                f,
                "Redis at {server} drops keys with a time to live when its memory is full \
                 ({policy}): {MEND}"
            ),
            EvictionScope::AnyKey => write!(
                f,
                "Redis at {server} drops any key when its memory is full ({policy}): {MEND}"
            ),
            EvictionScope::Unknown => write!(
                f,
                "Redis at {server} does not tell which keys it drops when its memory is full, so \
                 that cannot be checked: see to it that maxmemory-policy is noeviction in its \
                 provider's settings"
            ),
        }
    }
}

fn is_forbidden(refusal: &str) -> bool {
    refusal.starts_with("NOPERM") || refusal.starts_with("ERR unknown command")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::redis::Value;

    #[test]
    fn a_policy_says_which_keys_are_dropped() {
        let check = |answer: Reply, expected: EvictionScope| {
            let told = format!("{answer:?}");
            let eviction = Eviction::read(&Address::new("host", 1), answer).unwrap();
            assert_eq!(eviction.scope(), expected, "{told}");
        };
        let info = |policy: &str| {
            let text = format!("# Memory\r\nmaxmemory:0\r\nmaxmemory_policy:{policy}\r\n");
            Ok(Value::Bytes(text.into()))
        };
        check(info("noeviction"), EvictionScope::Nothing);
        check(info("volatile-lru"), EvictionScope::ExpiringKeys);
        check(info("volatile-ttl"), EvictionScope::ExpiringKeys);
        check(info("allkeys-random"), EvictionScope::AnyKey);
        check(info("of-tomorrow"), EvictionScope::Unknown);
        check(
            Ok(Value::Bytes("# Memory\r\n".into())),
            EvictionScope::Unknown,
        );
        let forbidden = "NOPERM this user has no permissions to run the 'info' command";
        check(
            Err(Failure::Refused(forbidden.to_owned())),
            EvictionScope::Unknown,
        );
    }
}
