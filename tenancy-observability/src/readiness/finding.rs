use serde::{Deserialize, Serialize};

/// What a check has found.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Finding {
    /// How it stands.
    pub status: Status,
    /// What was measured.
    pub evidence: String,
    /// What would make it better; `None` where it is well.
    pub mend: Option<String>,
}

/// How something stands, from well to worst.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// It is as it should be.
    Pass,
    /// It works, and may not some day.
    Warn,
    /// It could not be told.
    Unknown,
    /// It is not as it should be.
    Fail,
}

impl Finding {
    /// It is as it should be.
    pub fn pass(evidence: impl Into<String>) -> Self {
        Self {
            status: Status::Pass,
            evidence: evidence.into(),
            mend: None,
        }
    }

    /// It works, and may not some day.
    pub fn warn(evidence: impl Into<String>, mend: impl Into<String>) -> Self {
        Self::of(Status::Warn, evidence, mend)
    }

    /// It is not as it should be.
    pub fn fail(evidence: impl Into<String>, mend: impl Into<String>) -> Self {
        Self::of(Status::Fail, evidence, mend)
    }

    /// It could not be told.
    pub fn unknown(evidence: impl Into<String>, mend: impl Into<String>) -> Self {
        Self::of(Status::Unknown, evidence, mend)
    }

    fn of(status: Status, evidence: impl Into<String>, mend: impl Into<String>) -> Self {
        Self {
            status,
            evidence: evidence.into(),
            mend: Some(mend.into()),
        }
    }

    /// The worst of several, with what each of the same status has found.
    ///
    /// Without any it is unknown.
    pub fn worst(findings: impl IntoIterator<Item = Self>) -> Self {
        let findings: Vec<Self> = findings.into_iter().collect();
        let Some(status) = findings.iter().map(|finding| finding.status).max() else {
            return Self::unknown("nothing was looked at", "look at it by hand");
        };
        let worst = findings.iter().filter(|finding| finding.status == status);
        let (evidence, mends): (Vec<&str>, Vec<Option<&str>>) = worst
            .map(|finding| (finding.evidence.as_str(), finding.mend.as_deref()))
            .unzip();
        let mends: Vec<&str> = mends.into_iter().flatten().collect();
        Self {
            status,
            evidence: evidence.join("; "),
            mend: (!mends.is_empty()).then(|| mends.join("; ")),
        }
    }
}

impl Status {
    /// As it is written.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Warn => "warn",
            Self::Unknown => "unknown",
            Self::Fail => "fail",
        }
    }
}
