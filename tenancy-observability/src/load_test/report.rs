use std::io;
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::client::Connections;
use super::score::score;
use super::{Comparison, Ended, Environment, LoadTest, Model, Requirement, Run, Timed, Verdict};

/// The form of the document that is written now.
const SCHEMA: u32 = 1;

/// All that is known of a load test: what is saved, printed, shown and compared.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Report {
    /// The form of the document: 1.
    pub schema: u32,
    /// Where requests came from.
    pub environment: Environment,
    /// What was sent where.
    pub plan: Plan,
    /// Each run.
    pub runs: Vec<Run>,
    /// What was required, of all runs together.
    pub requirements: Vec<Verdict>,
    /// Whether all of it is met.
    pub met: bool,
    /// From 0 to 100; `None` where too little was measured.
    pub score: Option<f64>,
    /// What was timed beside the requests.
    #[serde(default)]
    pub timed: Vec<Timed>,
    /// What should be known when reading the figures.
    pub remarks: Vec<String>,
    /// What has become of the server since an earlier report.
    pub comparison: Option<Comparison>,
}

/// A [`LoadTest`] in words.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Plan {
    /// The server.
    pub target: String,
    /// When requests were sent.
    pub model: Model,
    /// How long a run could take.
    pub duration_seconds: f64,
    /// After how many requests it ended, if it did by that.
    pub requests: Option<u64>,
    /// How long an answer was waited for.
    pub time_out_seconds: f64,
    /// Whether connections were used again.
    pub connections_kept: bool,
    /// As how many callers requests were sent.
    pub callers: usize,
    /// The mix.
    pub endpoints: Vec<PlannedEndpoint>,
}

/// A part of the mix.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[non_exhaustive]
pub struct PlannedEndpoint {
    /// What it is called.
    pub name: String,
    /// How often it is asked, compared with the others.
    pub weight: u32,
}

/// Why a saved report cannot be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum UnreadableReport {
    /// It cannot be read at all.
    #[error("it cannot be read")]
    Io(#[from] io::Error),
    /// It is no report, or one whose histograms are damaged.
    #[error("it is no saved load test")]
    Json(#[from] serde_json::Error),
    /// A later version wrote it.
    #[error("it has form {0}, and this version reads form {SCHEMA}")]
    Schema(u64),
}

/// What has come of a load test, and the exit status that says so. Wrong use is 2.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[repr(u8)]
pub enum Conclusion {
    /// All that was required is so.
    Met = 0,
    /// Some of it is not, or the server got slower than it was.
    NotMet = 1,
    /// No connection was ever made.
    Unreachable = 3,
    /// It was interrupted: what there is, is part of a run.
    Interrupted = 130,
}

impl Report {
    /// Judges what was measured. There is one run at least.
    pub fn new(plan: &LoadTest, runs: Vec<Run>, requirements: &[Requirement]) -> Self {
        let merged = Run::merged(&runs);
        let given = requirements.iter();
        let none_dropped = Requirement::none_dropped(plan.model, requirements);
        let verdicts = given.chain(&none_dropped).map(|given| given.judge(&merged));
        let verdicts: Vec<Verdict> = verdicts.collect();
        let met = verdicts.iter().all(|verdict| verdict.met);
        Self {
            schema: SCHEMA,
            environment: Environment::here(),
            plan: Plan::of(plan),
            score: score(&merged.all(), merged.seconds, met),
            requirements: verdicts,
            met,
            timed: vec![],
            remarks: merged.remarks(),
            runs,
            comparison: None,
        }
    }

    #[cfg(test)]
    pub(crate) fn of_runs(plan: Plan, runs: Vec<Run>) -> Self {
        Self {
            schema: SCHEMA,
            environment: Environment::here(),
            plan,
            runs,
            requirements: vec![],
            met: true,
            score: None,
            timed: vec![],
            remarks: vec![],
            comparison: None,
        }
    }

    /// Reads one that was saved.
    ///
    /// # Errors
    /// Each of [`UnreadableReport`].
    pub fn load(file: &Path) -> Result<Self, UnreadableReport> {
        let text = std::fs::read(file)?;
        let document: serde_json::Value = serde_json::from_slice(&text)?;
        match document.get("schema").and_then(serde_json::Value::as_u64) {
            Some(schema) if schema != u64::from(SCHEMA) => Err(UnreadableReport::Schema(schema)),
            Some(_) | None => Ok(serde_json::from_value(document)?),
        }
    }

    /// Writes it, whole or not at all.
    ///
    /// # Errors
    /// Where the file cannot be written.
    pub fn save(&self, file: &Path) -> io::Result<()> {
        let text = serde_json::to_vec_pretty(self).map_err(io::Error::other)?;
        write_whole(file, &text)
    }

    /// All runs as one.
    pub fn merged(&self) -> Run {
        Run::merged(&self.runs)
    }

    /// Adds a sentence that should be known when reading the figures.
    pub fn remark(&mut self, remark: impl Into<String>) {
        self.remarks.push(remark.into());
    }

    /// Compares it with an earlier one.
    pub fn compare(&mut self, before: &Self) {
        self.comparison = Some(Comparison::of(before, self));
    }

    /// How a program ends that has made it.
    pub fn conclusion(&self) -> Conclusion {
        let merged = self.merged();
        let all = merged.all();
        let regressed = |comparison: &Comparison| comparison.regressed;
        if merged.ended == Ended::Interrupted {
            Conclusion::Interrupted
        } else if all.unreachable > 0 && all.unreachable == all.ended() {
            Conclusion::Unreachable
        } else if !self.met || self.comparison.as_ref().is_some_and(regressed) {
            Conclusion::NotMet
        } else {
            Conclusion::Met
        }
    }
}

/// Under a name beside it first, so that who reads never finds half of it.
pub(crate) fn write_whole(file: &Path, text: &[u8]) -> io::Result<()> {
    let mut draft = file.as_os_str().to_owned();
    draft.push(format!(".{}", std::process::id()));
    let written = std::fs::write(&draft, text).and_then(|()| std::fs::rename(&draft, file));
    if written.is_err() {
        let _ = std::fs::remove_file(&draft);
    }
    written
}

impl Plan {
    #[cfg(test)]
    pub(crate) fn empty(model: Model) -> Self {
        Self {
            target: "http://localhost".to_owned(),
            model,
            duration_seconds: 0.0,
            requests: None,
            time_out_seconds: 0.0,
            connections_kept: true,
            callers: 0,
            endpoints: vec![],
        }
    }

    fn of(test: &LoadTest) -> Self {
        let endpoints = test.endpoints.iter().map(|endpoint| PlannedEndpoint {
            name: endpoint.name().to_owned(),
            weight: endpoint.weight_count(),
        });
        Self {
            target: test.target.to_string(),
            model: test.model,
            duration_seconds: test.duration.as_secs_f64(),
            requests: test.requests,
            time_out_seconds: test.time_out.as_secs_f64(),
            connections_kept: test.connections == Connections::Kept,
            callers: test.callers.len(),
            endpoints: endpoints.collect(),
        }
    }
}
