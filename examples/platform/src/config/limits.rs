use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use clap::ValueEnum;
use serde::{Deserialize, Serialize};
use tenancy_core::tenant::Plan;
use tenancy_security::rate_limit::{InvalidQuota, Name, Quota};

use super::within::Within;

/// How much a caller may ask of the server: whoever has signed in at a shop, or else an address.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Limits {
    /// Off for measurements only.
    pub(crate) enabled: bool,
    /// What one address may send, to whichever shop.
    pub(crate) address: Rate,
    /// Requests to `/api` that are none of the following.
    pub(crate) api: Rate,
    /// Attempts to sign in that fail.
    pub(crate) auth: Rate,
    pub(crate) page: Rate,
    pub(crate) search: Rate,
    pub(crate) upload: Rate,
    /// What plans have instead, by the names above.
    pub(crate) plans: BTreeMap<PlanName, BTreeMap<Limit, Rate>>,
    /// How many requests may be under way at once.
    pub(crate) requests_max: Within<16, 1_000_000>,
    /// How many of them may be one address's.
    pub(crate) client_requests_max: Within<1, 1_000_000>,
}

/// What there is a limit on, for each caller at a shop.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Ord, PartialEq, PartialOrd, Serialize, ValueEnum)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Limit {
    Api,
    Auth,
    Page,
    Search,
    Upload,
}

/// A quota as people write it: `1000/h`, `10/5min`.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(try_from = "String", into = "String")]
pub(crate) struct Rate(pub(crate) Quota);

/// A plan as a key.
#[derive(Clone, Debug, Deserialize, Eq, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(try_from = "String", into = "String")]
pub(crate) struct PlanName(String);

impl Default for Limits {
    fn default() -> Self {
        let five_minutes = std::num::NonZeroU32::new(300).expect("300 is not zero");
        Self {
            enabled: true,
            address: Rate(Quota::per_minute(6000)),
            api: Rate(Quota::per_hour(1000)),
            auth: Rate(Quota::new(10, five_minutes)),
            page: Rate(Quota::per_hour(10_000)),
            search: Rate(Quota::per_hour(200)),
            upload: Rate(Quota::per_hour(50)),
            plans: BTreeMap::new(),
            requests_max: Within::new(1024),
            client_requests_max: Within::new(256),
        }
    }
}

impl Limits {
    /// The same with what callers may ask for out of reach, so that one caller can be as many as like.
    /// They are counted all the same, and requests under way have their places.
    pub(crate) fn out_of_reach(self) -> Self {
        let much = Rate(Quota::per_second(u32::MAX));
        Self {
            address: much,
            api: much,
            page: much,
            search: much,
            upload: much,
            plans: BTreeMap::new(),
            client_requests_max: Within::clamped(self.requests_max.get()),
            ..self
        }
    }
}

impl Limit {
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Api => "api",
            Self::Auth => "auth",
            Self::Page => "page",
            Self::Search => "search",
            Self::Upload => "upload",
        }
    }

    /// The policy by which it is counted.
    pub(crate) fn name(self) -> Name {
        self.as_str().parse().expect("the names above are names")
    }
}

impl PlanName {
    pub(crate) fn plan(&self) -> Plan {
        self.0.parse().expect("it was read as a plan")
    }
}

impl FromStr for Rate {
    type Err = InvalidQuota;

    fn from_str(text: &str) -> Result<Self, InvalidQuota> {
        text.parse().map(Self)
    }
}

impl fmt::Display for Rate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl TryFrom<String> for Rate {
    type Error = InvalidQuota;

    fn try_from(text: String) -> Result<Self, InvalidQuota> {
        text.parse()
    }
}

impl From<Rate> for String {
    fn from(rate: Rate) -> Self {
        rate.to_string()
    }
}

impl TryFrom<String> for PlanName {
    type Error = tenancy_core::tenant::InvalidPlan;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse::<Plan>().map(|_| Self(text))
    }
}

impl From<PlanName> for String {
    fn from(name: PlanName) -> Self {
        name.0
    }
}
