mod judge;
mod parse;

use std::fmt;

pub use self::judge::Verdict;
pub use self::parse::InvalidRequirement;
use super::{LoadTest, Model};

/// Something that has to be true of what was measured: `p95<200ms`, `error_rate<1%`, `rps>=100`,
/// `p99{endpoint:GET /api/products}<0.5s`.
///
/// - `mean`, `min`, `max`, `med` and percentiles such as `p99.9` are of response times, in `us`, `ms`
///   (which may be left out) or `s`.
/// - `error_rate` and `success_rate` are shares, of `%` or of 1.
/// - `rps` is answers a second; `requests`, `dropped` and `cut_off` are counts.
/// - `{endpoint:NAME}` and `{tenant:NAME}` choose a part.
/// - It is compared by `<`, `<=`, `>`, `>=` or `==`.
///
/// Where nothing was measured nothing is met.
#[derive(Clone, Debug, PartialEq)]
pub struct Requirement {
    text: String,
    metric: Metric,
    of: Of,
    comparison: Comparison,
    /// In microseconds, as a share of 1, or as a count.
    bound: f64,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Metric {
    CutOff,
    Dropped,
    ErrorRate,
    Max,
    Mean,
    Min,
    Percentile(f64),
    Requests,
    Rps,
    SuccessRate,
}

#[derive(Clone, Debug, Eq, PartialEq)]
enum Of {
    All,
    Endpoint(String),
    Tenant(String),
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Comparison {
    AtLeast,
    AtMost,
    Equal,
    Less,
    More,
}

/// What is asked of a server unless something else is: answers a second.
pub(crate) const RPS_MIN: f64 = 100.0;

impl Requirement {
    /// What is asked of a server unless something else is: a mean of 200 ms at most, 99 % of success,
    /// and a hundred answers a second, or 95 % of those that are asked for where that is fewer.
    pub fn defaults(model: Model) -> Vec<Self> {
        let rps = match model {
            Model::Closed { .. } => RPS_MIN,
            Model::Open { rate, .. } => RPS_MIN.min(rate.per_second() * 0.95),
        };
        let rps = format!("rps>={rps}");
        let defaults = ["mean<=200ms", "success_rate>=99%", &rps];
        let defaults = defaults.map(|text| text.parse().expect("the texts above are requirements"));
        defaults.into()
    }

    /// What is asked in any case of requests at times set beforehand: that none was left out, unless
    /// `given` says how many may be.
    pub fn none_dropped(model: Model, given: &[Self]) -> Option<Self> {
        let says = |requirement: &Self| requirement.metric == Metric::Dropped;
        match model {
            Model::Open { .. } if !given.iter().any(says) => {
                Some("dropped==0".parse().expect("it is a requirement"))
            }
            Model::Closed { .. } | Model::Open { .. } => None,
        }
    }

    /// Whether there is in `plan` what it is about.
    ///
    /// # Errors
    /// Where it names an endpoint or a tenant that there is none of.
    pub fn check(&self, plan: &LoadTest) -> Result<(), InvalidRequirement> {
        let endpoints = plan.endpoints.iter().map(|endpoint| endpoint.name());
        let callers = plan.callers.iter().map(|caller| caller.name());
        self.check_names(endpoints, callers)
    }

    /// Whether it is about one of these endpoints and callers, for who has no plan yet.
    ///
    /// # Errors
    /// As [`check`](Self::check).
    pub fn check_names<'a>(
        &self,
        endpoints: impl Iterator<Item = &'a str>,
        callers: impl Iterator<Item = &'a str>,
    ) -> Result<(), InvalidRequirement> {
        let (kind, name, names): (_, _, Vec<&str>) = match &self.of {
            Of::All => return Ok(()),
            Of::Endpoint(name) => ("endpoint", name, endpoints.collect()),
            Of::Tenant(name) => {
                let named = callers.take(super::NAMED_CALLERS_MAX);
                ("tenant", name, named.collect())
            }
        };
        if names.contains(&name.as_str()) {
            return Ok(());
        }
        Err(InvalidRequirement::nobody(&self.text, kind, name, &names))
    }
}

impl fmt::Display for Requirement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl Comparison {
    fn holds(self, observed: f64, bound: f64) -> bool {
        match self {
            Self::AtLeast => observed >= bound,
            Self::AtMost => observed <= bound,
            Self::Equal => observed == bound,
            Self::Less => observed < bound,
            Self::More => observed > bound,
        }
    }
}

#[cfg(test)]
mod tests;
