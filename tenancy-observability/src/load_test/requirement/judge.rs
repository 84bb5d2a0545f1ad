use serde::{Deserialize, Serialize};

use super::{Metric, Of, Requirement};
use crate::load_test::{Named, Run, Series};

/// Whether a requirement is met.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Verdict {
    /// The requirement.
    pub requirement: String,
    /// What there was of it: microseconds, a share of 1, or a count. `None` where nothing was measured.
    pub observed: Option<f64>,
    /// The same for people.
    pub shown: String,
    /// Whether it is met.
    pub met: bool,
}

impl Requirement {
    /// Whether it is met by what was measured. What was not measured meets nothing.
    pub fn judge(&self, run: &Run) -> Verdict {
        let series = match &self.of {
            Of::All => Some(run.all()),
            Of::Endpoint(name) => find(&run.endpoints, name),
            Of::Tenant(name) => find(&run.callers, name),
        };
        let observed = series.and_then(|series| self.metric.of(&series, run.seconds));
        Verdict {
            requirement: self.text.clone(),
            observed,
            shown: observed.map_or("nothing was measured".to_owned(), |observed| {
                self.metric.shown(observed)
            }),
            met: observed.is_some_and(|observed| self.comparison.holds(observed, self.bound)),
        }
    }
}

fn find(named: &[Named], name: &str) -> Option<Series> {
    let found = named.iter().find(|named| named.name == name);
    found.map(|named| named.series.clone())
}

impl Metric {
    fn of(self, series: &Series, seconds: f64) -> Option<f64> {
        let ended = series.ended();
        let count = |count: u64| Some(count as f64);
        match self {
            Self::Max => count(series.response.max_us()?),
            Self::Mean => series.response.mean_us(),
            Self::Min => count(series.response.min_us()?),
            Self::Percentile(percent) => count(series.response.percentile_us(percent)?),
            Self::ErrorRate => series.error_rate(),
            Self::SuccessRate => Some(1.0 - series.error_rate()?),
            Self::CutOff if ended + series.cut_off > 0 => count(series.cut_off),
            Self::Dropped if ended + series.dropped > 0 => count(series.dropped),
            Self::Requests if ended > 0 => count(ended),
            Self::Rps if ended > 0 && seconds > 0.0 => Some(series.answered() as f64 / seconds),
            Self::CutOff | Self::Dropped | Self::Requests | Self::Rps => None,
        }
    }

    fn shown(self, observed: f64) -> String {
        match self {
            Self::Max | Self::Mean | Self::Min | Self::Percentile(_) => {
                format!("{:.1} ms", observed / 1e3)
            }
            Self::ErrorRate | Self::SuccessRate => format!("{:.2} %", observed * 100.0),
            Self::CutOff | Self::Dropped | Self::Requests => format!("{observed}"),
            Self::Rps => format!("{observed:.1}/s"),
        }
    }
}
