use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

/// The longest plan name, in bytes.
const BYTES_MAX: usize = 40;

/// The name of what a tenant has bought, such as `free` or `business`.
#[derive(Clone, Debug, Deserialize, Eq, Hash, PartialEq, Serialize)]
#[serde(try_from = "String", into = "String")]
pub struct Plan(Option<Arc<Box<str>>>); // `None` is the default plan; a word long, so that records stay small

/// The text cannot name a plan.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("a plan has 1 to 40 lower-case letters, digits or hyphens")]
pub struct InvalidPlan;

impl Plan {
    const DEFAULT: &'static str = "free";

    /// The plan's name.
    pub fn as_str(&self) -> &str {
        self.0.as_ref().map_or(Self::DEFAULT, |name| name)
    }
}

impl Default for Plan {
    /// The plan named `free`.
    fn default() -> Self {
        Self(None)
    }
}

impl FromStr for Plan {
    type Err = InvalidPlan;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let closed = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        match text {
            Self::DEFAULT => Ok(Self::default()),
            _ if (1..=BYTES_MAX).contains(&text.len()) && text.bytes().all(closed) => {
                Ok(Self(Some(Arc::new(text.into()))))
            }
            _ => Err(InvalidPlan),
        }
    }
}

impl TryFrom<String> for Plan {
    type Error = InvalidPlan;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<Plan> for String {
    fn from(plan: Plan) -> Self {
        plan.as_str().to_owned()
    }
}

impl fmt::Display for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
