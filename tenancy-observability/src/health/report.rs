use std::time::Duration;

use http::StatusCode;
use serde::Serialize;
use serde_json::{Map, Value, json};
use tenancy_core::time::Time;

use super::check::Finding;
use super::part::Part;

/// How a part is, or the whole.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// It does not work.
    Fail,
    /// It works.
    Pass,
    /// Nobody can tell.
    Unknown,
    /// It works, with something to look at.
    Warn,
}

/// What a server is about to do.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Phase {
    /// It finishes what it has begun, and wants nothing new.
    Draining,
    /// It serves.
    Serving,
    /// It gets ready.
    Starting,
}

/// How a server is.
#[derive(Clone, Debug)]
pub struct Report {
    status: Status,
    phase: Phase,
    parts: Vec<PartReport>,
}

/// How one of its parts is.
#[derive(Clone, Debug)]
pub struct PartReport {
    /// The part.
    pub part: Part,
    /// How it is. A critical part of which nothing is known counts as failing, an optional one as a
    /// reason to look.
    pub finding: Finding,
    /// When it was last looked at, and how long ago that is.
    pub looked: Option<(Time, Duration)>,
}

impl Status {
    /// Whether it does its work.
    pub fn is_working(self) -> bool {
        matches!(self, Self::Pass | Self::Warn)
    }
}

impl Report {
    pub(super) fn new(phase: Phase, parts: Vec<PartReport>) -> Self {
        let mut status = Status::Pass;
        for part in &parts {
            match (part.finding.status, part.part.is_critical) {
                (Status::Pass, _) => {}
                (Status::Fail | Status::Unknown, true) => status = Status::Fail,
                _ if status == Status::Pass => status = Status::Warn,
                _ => {}
            }
        }
        if phase != Phase::Serving {
            status = Status::Fail;
        }
        Self {
            status,
            phase,
            parts,
        }
    }

    /// Of a process that answers, and of nothing else.
    pub(super) fn alive(phase: Phase) -> Self {
        Self {
            status: Status::Pass,
            phase,
            parts: Vec::new(),
        }
    }

    /// The whole: [`Pass`](Status::Pass), [`Warn`](Status::Warn) or [`Fail`](Status::Fail).
    pub fn status(&self) -> Status {
        self.status
    }

    /// What the server is about to do.
    pub fn phase(&self) -> Phase {
        self.phase
    }

    /// Its parts.
    pub fn parts(&self) -> &[PartReport] {
        &self.parts
    }

    /// The status of an answer that says so.
    pub fn http_status(&self) -> StatusCode {
        match self.status.is_working() {
            true => StatusCode::OK,
            false => StatusCode::SERVICE_UNAVAILABLE,
        }
    }

    /// The document of draft-inadarei-api-health-check; without details it tells nothing of the parts.
    pub fn to_json(&self, details: bool) -> Value {
        let mut document = Map::new();
        document.insert("status".to_owned(), json!(self.status));
        if self.phase != Phase::Serving {
            document.insert("notes".to_owned(), json!([self.phase]));
        }
        if details {
            let mut checks = Map::<String, Value>::new();
            for part in &self.parts {
                let key = format!("{}:{}", part.part.name, part.part.measures);
                match checks.get_mut(&key) {
                    Some(Value::Array(same)) => same.push(part.to_json()),
                    _ => drop(checks.insert(key, json!([part.to_json()]))),
                }
            }
            document.insert("checks".to_owned(), checks.into());
        }
        document.into()
    }
}

impl PartReport {
    fn to_json(&self) -> Value {
        let Finding {
            status,
            says,
            observed,
        } = self.finding;
        let mut check = Map::new();
        check.insert("componentId".to_owned(), self.part.name.into());
        check.insert("componentType".to_owned(), self.part.kind.into());
        // The draft has three; what is not known is never passed off as working.
        let shown = match (status, self.part.is_critical) {
            (Status::Unknown, true) => Status::Fail,
            (Status::Unknown, false) => Status::Warn,
            (status, _) => status,
        };
        check.insert("status".to_owned(), json!(shown));
        if let Some((value, unit)) = observed {
            check.insert("observedValue".to_owned(), value.into());
            check.insert("observedUnit".to_owned(), unit.into());
        }
        if let Some((time, _)) = self.looked {
            check.insert("time".to_owned(), json!(time));
        }
        if let (Some(says), true) = (says, shown != Status::Pass) {
            check.insert("output".to_owned(), says.into());
        }
        check.into()
    }
}
