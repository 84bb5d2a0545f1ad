use std::fmt;

use tenancy_observability::advisor::{Report, Rule};

use super::case::Case;

/// How right advice was, over some cases.
#[derive(Clone, Debug, Default)]
pub(super) struct Score {
    pub(super) cases: usize,
    right: usize,
    wrong: usize,
    missed: usize,
    reasons: usize,
    reasons_missed: usize,
    faults: Vec<String>,
}

impl Score {
    /// Counts what a report says of a case, and what it should have.
    pub(super) fn note(&mut self, case: &Case, report: &Report) {
        self.cases += 1;
        let mut missing = case.expected.clone();
        for advice in &report.advice {
            let word = |rule: Rule| {
                serde_json::to_value(rule)
                    .unwrap()
                    .as_str()
                    .unwrap()
                    .to_owned()
            };
            let index = advice.index.as_deref().unwrap_or_default();
            let line = format!("{} {} {index}", word(advice.rule), advice.table);
            let line = line.trim().to_owned();
            if advice.rule == Rule::YoungCounts && !case.expected.contains(&line) {
                // A server that has just started says so of every database.
                continue;
            }
            match missing.iter().position(|expected| *expected == line) {
                Some(place) => {
                    missing.remove(place);
                    self.right += 1;
                }
                None => {
                    self.wrong += 1;
                    self.faults
                        .push(format!("{}: not expected: {line}", case.name));
                }
            }
        }
        self.missed += missing.len();
        for line in missing {
            let refused = &report.refused;
            self.faults.push(format!(
                "{}: missing: {line}, refused {refused:?}",
                case.name
            ));
        }
        let reasons: Vec<String> = report
            .refused
            .iter()
            .map(|refusal| {
                let reason = serde_json::to_value(refusal.reason).unwrap();
                format!("{} {}", refusal.table, reason.as_str().unwrap())
            })
            .collect();
        for refused in &case.refused {
            self.reasons += 1;
            if !reasons.contains(refused) {
                self.reasons_missed += 1;
                self.faults
                    .push(format!("{}: refused {reasons:?}, not {refused}", case.name));
            }
        }
        for unread in &report.unread {
            self.faults
                .push(format!("{}: unread: {}", case.name, unread.error));
        }
    }

    pub(super) fn precision(&self) -> f64 {
        share(self.right, self.right + self.wrong)
    }

    pub(super) fn recall(&self) -> f64 {
        share(self.right, self.right + self.missed)
    }

    pub(super) fn reasons(&self) -> f64 {
        share(self.reasons - self.reasons_missed, self.reasons)
    }
}

fn share(part: usize, whole: usize) -> f64 {
    f64::from(u32::try_from(part).unwrap()) / f64::from(u32::try_from(whole.max(1)).unwrap())
}

impl fmt::Display for Score {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            formatter,
            "{} cases, {} pieces of advice: precision {:.3}, recall {:.3}, reasons {:.3}",
            self.cases,
            self.right + self.missed,
            self.precision(),
            self.recall(),
            self.reasons()
        )?;
        self.faults
            .iter()
            .try_for_each(|fault| write!(formatter, "\n  {fault}"))
    }
}
