use std::str::FromStr;

use super::{Comparison, Metric, Of, Requirement};

/// A text that is no [`Requirement`], or one about something that there is not.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("the requirement {requirement} {what}")]
pub struct InvalidRequirement {
    requirement: String,
    what: String,
}

impl InvalidRequirement {
    fn new(requirement: &str, what: impl Into<String>) -> Self {
        Self {
            requirement: format!("`{requirement}`"),
            what: what.into(),
        }
    }

    pub(super) fn nobody(requirement: &str, kind: &str, name: &str, names: &[&str]) -> Self {
        let some = names.iter().take(8).copied().collect::<Vec<_>>().join(", ");
        let what = format!("is about the {kind} {name}, and there are: {some}");
        Self::new(requirement, what)
    }
}

impl FromStr for Requirement {
    type Err = InvalidRequirement;

    fn from_str(text: &str) -> Result<Self, InvalidRequirement> {
        let refused = |what: &str| InvalidRequirement::new(text, what);
        // A name in braces may hold what would be a comparison.
        let (subject, rest) = match text.split_once('{') {
            Some((metric, rest)) if !metric.contains(['<', '>', '=']) => {
                let (of, rest) = rest
                    .split_once('}')
                    .ok_or_else(|| refused("has a brace that is not closed"))?;
                ((metric, Some(of)), rest)
            }
            Some(_) | None => {
                let end = text
                    .find(['<', '>', '='])
                    .ok_or_else(|| refused("compares nothing; one that does is `p95<200ms`"))?;
                ((&text[..end], None), &text[end..])
            }
        };
        let (metric, of) = subject;
        let metric = Metric::parse(metric.trim()).ok_or_else(|| {
            refused(
                "is about none of mean, min, max, med, p50 and other percentiles, error_rate, \
                 success_rate, rps, requests, dropped, cut_off",
            )
        })?;
        let of = match of.map(|of| of.split_once(':')) {
            None => Of::All,
            Some(Some(("endpoint", name))) => Of::Endpoint(name.trim().to_owned()),
            Some(Some(("tenant", name))) => Of::Tenant(name.trim().to_owned()),
            Some(_) => return Err(refused("chooses neither `{endpoint:…}` nor `{tenant:…}`")),
        };
        let (comparison, bound) = Comparison::parse(rest.trim_start())
            .ok_or_else(|| refused("compares by none of <, <=, >, >=, =="))?;
        let bound = metric
            .bound(bound.trim())
            .ok_or_else(|| refused(metric.wanted()))?;
        Ok(Self {
            text: text.trim().to_owned(),
            metric,
            of,
            comparison,
            bound,
        })
    }
}

impl Metric {
    fn parse(name: &str) -> Option<Self> {
        Some(match name {
            "avg" | "mean" => Self::Mean,
            "cut_off" => Self::CutOff,
            "dropped" => Self::Dropped,
            "error_rate" => Self::ErrorRate,
            "max" => Self::Max,
            "med" => Self::Percentile(50.0),
            "min" => Self::Min,
            "requests" => Self::Requests,
            "rps" => Self::Rps,
            "success_rate" => Self::SuccessRate,
            _ => {
                let percent = name.strip_prefix('p')?;
                let is_plain = percent
                    .chars()
                    .all(|char| char.is_ascii_digit() || char == '.');
                let percent: f64 = percent.parse().ok()?;
                let is_percentile = is_plain && percent > 0.0 && percent <= 100.0;
                return is_percentile.then_some(Self::Percentile(percent));
            }
        })
    }

    /// Reads a bound in the metric's unit.
    fn bound(self, text: &str) -> Option<f64> {
        let units: &[(&str, f64)] = match self {
            Self::Max | Self::Mean | Self::Min | Self::Percentile(_) => {
                &[("us", 1.0), ("µs", 1.0), ("ms", 1e3), ("s", 1e6), ("", 1e3)]
            }
            Self::ErrorRate | Self::SuccessRate => &[("%", 0.01), ("", 1.0)],
            Self::CutOff | Self::Dropped | Self::Requests => &[("", 1.0)],
            Self::Rps => &[("/s", 1.0), ("", 1.0)],
        };
        let mut read = units.iter().filter_map(|(unit, factor)| {
            let number = text.strip_suffix(unit)?.trim_end();
            let is_plain = number
                .chars()
                .all(|char| char.is_ascii_digit() || char == '.');
            let number: f64 = number.parse().ok()?;
            is_plain.then_some(number * factor)
        });
        let bound = read.next()?;
        let is_share = matches!(self, Self::ErrorRate | Self::SuccessRate);
        (!is_share || bound <= 1.0).then_some(bound)
    }

    fn wanted(self) -> &'static str {
        match self {
            Self::Max | Self::Mean | Self::Min | Self::Percentile(_) => {
                "wants a time such as 200ms, 0.2s or 200000us"
            }
            Self::ErrorRate | Self::SuccessRate => "wants a share such as 1% or 0.01",
            Self::CutOff | Self::Dropped | Self::Requests => "wants a count such as 100",
            Self::Rps => "wants so many a second, such as 100",
        }
    }
}

impl Comparison {
    fn parse(text: &str) -> Option<(Self, &str)> {
        let forms = [
            ("<=", Self::AtMost),
            (">=", Self::AtLeast),
            ("==", Self::Equal),
            ("<", Self::Less),
            (">", Self::More),
        ];
        let mut found = forms
            .into_iter()
            .filter_map(|(form, comparison)| Some((comparison, text.strip_prefix(form)?)));
        found.next()
    }
}
