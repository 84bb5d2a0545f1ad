mod rank_test;

use serde::{Deserialize, Serialize};

use self::rank_test::chance;
use super::{Report, Run};

/// How often all comparisons together may see a server get slower that did not; and as often, faster.
const FALSE_ALARMS: f64 = 0.05;

/// Less of a difference is no news, however certain.
const RELEVANT: f64 = 0.05;

/// What has become of a server since an earlier report.
///
/// Each run counts as one measurement, since requests of one run are no independent witnesses: a neighbour
/// on the machine slows all of them. The runs of both sides are put in order by the rank test of Mann and
/// Whitney, with the chance of a false alarm shared among the comparisons (Bonferroni), for either
/// direction, and only a difference of 5 % and more is told. One run on each side decides nothing; five decide up to twelve
/// comparisons.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Comparison {
    /// What was compared.
    pub compared: Vec<Compared>,
    /// Whether any of it got slower.
    pub regressed: bool,
    /// Why nothing could be decided, where nothing could.
    pub undecided: Option<String>,
}

/// One figure, before and now.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Compared {
    /// Which.
    pub figure: String,
    /// The median of the earlier runs, in microseconds.
    pub before_us: f64,
    /// The median of these runs.
    pub now_us: f64,
    /// How likely as great a difference is by chance; the smaller of both directions.
    pub chance: f64,
    /// What follows.
    pub change: Change,
}

/// What became of a figure.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Change {
    /// It got faster.
    Improved,
    /// No difference that is certain and relevant.
    None,
    /// It got slower.
    Regressed,
}

impl Comparison {
    /// Compares a report with an earlier one: the mean and p95 of all requests, and each endpoint's mean,
    /// as far as both have them.
    pub fn of(before: &Report, now: &Report) -> Self {
        let mut samples = vec![];
        let mut compare = |figure: String, of: &dyn Fn(&Run) -> Option<f64>| {
            let side = |runs: &[Run]| runs.iter().map(of).collect::<Option<Vec<f64>>>();
            if let (Some(before), Some(now)) = (side(&before.runs), side(&now.runs)) {
                samples.push((figure, before, now));
            }
        };
        compare("mean".to_owned(), &|run| run.all().response.mean_us());
        compare("p95".to_owned(), &|run| {
            run.all().response.percentile_us(95.0).map(|us| us as f64)
        });
        for name in now.runs.iter().take(1).flat_map(|run| &run.endpoints) {
            let name = &name.name;
            compare(format!("mean of {name}"), &|run| {
                let mut endpoints = run.endpoints.iter();
                let endpoint = endpoints.find(|endpoint| endpoint.name == *name)?;
                endpoint.series.response.mean_us()
            });
        }
        let chance_max = FALSE_ALARMS / samples.len().max(1) as f64;
        let runs = (before.runs.len(), now.runs.len());
        let undecided = least_chance(runs) > chance_max;
        let compared = samples
            .into_iter()
            .filter_map(|(figure, before, now)| Compared::of(figure, &before, &now, chance_max));
        let compared: Vec<Compared> = compared.collect();
        Self {
            regressed: compared.iter().any(|figure| figure.change == Change::Regressed),
            compared,
            undecided: undecided.then(|| {
                let needed = (2..).find(|runs| least_chance((*runs, *runs)) <= chance_max);
                let needed = needed.unwrap_or(usize::MAX);
                let (before, now) = runs;
                format!(
                    "{before} and {now} runs cannot tell a difference from chance; {needed} on each \
                     side can"
                )
            }),
        }
    }
}

impl Compared {
    fn of(figure: String, before: &[f64], now: &[f64], chance_max: f64) -> Option<Self> {
        let (slower, faster) = (chance(now, before), chance(before, now));
        let (before, now) = (median(before)?, median(now)?);
        let change = if slower <= chance_max && now >= before * (1.0 + RELEVANT) {
            Change::Regressed
        } else if faster <= chance_max && now <= before * (1.0 - RELEVANT) {
            Change::Improved
        } else {
            Change::None
        };
        Some(Self {
            figure,
            before_us: before,
            now_us: now,
            chance: slower.min(faster),
            change,
        })
    }
}

/// The chance of the clearest outcome that so many runs can have.
fn least_chance((before, now): (usize, usize)) -> f64 {
    // One of all the ways to choose which ranks are whose.
    (0..before).fold(1.0, |chance, step| {
        chance * (step + 1) as f64 / (now + step + 1) as f64
    })
}

fn median(samples: &[f64]) -> Option<f64> {
    let mut sorted = samples.to_vec();
    sorted.sort_by(f64::total_cmp);
    let upper = *sorted.get(sorted.len() / 2)?;
    let lower = sorted[(sorted.len() - 1) / 2];
    Some(f64::midpoint(lower, upper))
}

#[cfg(test)]
mod tests;
