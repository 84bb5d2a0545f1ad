use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;
use std::sync::{Mutex, PoisonError};

use serde::{Deserialize, Serialize};

use super::quota::Quota;

/// The longest name, in bytes.
const NAME_BYTES_MAX: usize = 64;

/// What a policy or a class is called: 1 to 64 lower-case letters, digits, hyphens, underscores or
/// dots. Clients see the names of policies.
///
/// Each is kept once, for as long as the process runs, so that a decision can say it at no cost: make
/// them of what the server's own settings say, and not of what tenants or clients do.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(try_from = "String", into = "String")]
pub struct Name(&'static String);

/// Those that were ever asked for.
static NAMES: Mutex<BTreeSet<Name>> = Mutex::new(BTreeSet::new());

/// The text cannot name a policy or a class.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("a name has 1 to 64 lower-case letters, digits, hyphens, underscores or dots")]
pub struct InvalidName;

impl Name {
    /// The name as text.
    pub fn as_str(&self) -> &'static str {
        self.0
    }

    /// The one of this text.
    fn kept(text: &str) -> Self {
        let mut names = NAMES.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(name) = names.get(text) {
            return *name;
        }
        let name = Self(Box::leak(Box::new(text.to_owned())));
        names.insert(name);
        name
    }
}

impl FromStr for Name {
    type Err = InvalidName;

    fn from_str(text: &str) -> Result<Self, InvalidName> {
        let fits = (1..=NAME_BYTES_MAX).contains(&text.len());
        let allowed = |byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.');
        if fits && text.bytes().all(allowed) {
            Ok(Self::kept(text))
        } else {
            Err(InvalidName)
        }
    }
}

impl TryFrom<String> for Name {
    type Error = InvalidName;

    fn try_from(text: String) -> Result<Self, InvalidName> {
        text.parse()
    }
}

impl From<Name> for String {
    fn from(name: Name) -> Self {
        name.as_str().to_owned()
    }
}

impl std::borrow::Borrow<str> for Name {
    fn borrow(&self) -> &str {
        self.0
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

/// Whose requests are counted together, always within one tenant.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum Dimension {
    /// All of a class, whoever sends them.
    Class,
    /// Those of a class that one caller sends.
    Identity,
    /// Those of a class that callers send whose addresses lie in one network of IPv6, however many of its
    /// smaller networks one of them was given. Whoever is not known by an address of IPv6 is not counted.
    Network {
        /// How much of an address names the network, in bits, such as 48 for a site.
        ipv6_bits: u8,
    },
    /// All, of whatever class.
    Tenant,
}

/// One limit: its name, how much, and whose requests are counted together.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Policy {
    pub(super) name: Name,
    pub(super) quota: Quota,
    pub(super) dimension: Dimension,
    /// What tells it from other policies and classes where time matters.
    pub(super) mark: u64,
}

impl Policy {
    /// Counts by [`Dimension::Identity`].
    ///
    /// # Errors
    /// If the name is none.
    pub fn new(name: &str, quota: Quota) -> Result<Self, InvalidName> {
        Ok(Self {
            name: name.parse()?,
            quota,
            dimension: Dimension::Identity,
            mark: 0,
        })
    }

    /// Whose requests are counted together. Default: those of one caller.
    #[must_use]
    pub fn by(mut self, dimension: Dimension) -> Self {
        self.dimension = dimension;
        self
    }

    /// What it is called.
    pub fn name(&self) -> &Name {
        &self.name
    }

    /// How much is allowed where no plan and no tenant has another quota.
    pub fn quota(&self) -> Quota {
        self.quota
    }
}
