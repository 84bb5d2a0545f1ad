use std::fmt;

use serde::Serialize;

use super::finding::{Defect, Finding};

/// What an audit has found.
#[derive(Clone, Debug, Default, Eq, PartialEq, Serialize)]
pub struct Report {
    findings: Vec<Finding>,
    warnings: Vec<Finding>,
    accepted: Vec<Finding>,
}

/// Tenants are not kept apart; each line says where, why, and what to run.
#[derive(Clone, Eq, PartialEq, thiserror::Error)]
pub struct NotIsolated(Vec<Finding>);

impl Report {
    /// What stands against serving.
    pub fn findings(&self) -> &[Finding] {
        &self.findings
    }

    /// What should be mended, and does not stand against serving.
    pub fn warnings(&self) -> &[Finding] {
        &self.warnings
    }

    /// What was found and had been [accepted](super::IsolationAudit::accept) beforehand.
    pub fn accepted(&self) -> &[Finding] {
        &self.accepted
    }

    /// Whether a server may serve.
    pub fn is_isolated(&self) -> bool {
        self.findings.is_empty()
    }

    /// Fails, with every finding, unless a server may serve.
    ///
    /// # Errors
    /// [`NotIsolated`].
    pub fn require_isolation(&self) -> Result<(), NotIsolated> {
        if self.is_isolated() {
            Ok(())
        } else {
            Err(NotIsolated(self.findings.clone()))
        }
    }

    pub(super) fn add(&mut self, findings: Vec<Finding>, accepted: &[(Defect, Box<str>)]) {
        for finding in findings {
            let known = |(defect, object): &(Defect, Box<str>)| {
                *defect == finding.defect && *object == finding.object
            };
            let list = if accepted.iter().any(known) {
                &mut self.accepted
            } else if finding.defect == Defect::ServerOutdated {
                &mut self.warnings
            } else {
                &mut self.findings
            };
            list.push(finding);
        }
    }
}

impl fmt::Display for NotIsolated {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the database does not keep tenants apart:")?;
        for finding in &self.0 {
            write!(f, "\n- {finding}")?;
        }
        Ok(())
    }
}

/// For the person at the terminal as well: this is how a `main` that returns the error shows it.
impl fmt::Debug for NotIsolated {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
