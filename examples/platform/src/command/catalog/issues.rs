use std::fmt::Write as _;

use serde::Serialize;
use serde_json::Value;

use crate::failure::Failure;

/// How many of a kind are kept: a file can be wrong in every row.
const KEPT: usize = 1000;

/// What is wrong with a file: the first of it, and how much more there was.
#[derive(Debug, Default)]
pub(super) struct Issues {
    kept: Vec<Value>,
    omitted: u64,
}

impl Issues {
    pub(super) fn add(&mut self, issue: impl Serialize) -> Result<(), Failure> {
        if self.kept.len() < KEPT {
            self.kept.push(serde_json::to_value(issue)?);
        } else {
            self.omitted += 1;
        }
        Ok(())
    }

    pub(super) fn is_empty(&self) -> bool {
        self.kept.is_empty()
    }

    pub(super) fn kept(&self) -> &[Value] {
        &self.kept
    }

    pub(super) fn omitted(&self) -> u64 {
        self.omitted
    }

    /// Adds them to a text for people, a line each.
    pub(super) fn write(&self, kind: &str, text: &mut String) {
        for issue in &self.kept {
            write!(text, "\n{kind}: {}", sentence(issue)).expect("a String takes every write");
        }
        if self.omitted > 0 {
            write!(text, "\nand {} more {kind}s", self.omitted)
                .expect("a String takes every write");
        }
    }
}

/// An issue for a person.
fn sentence(issue: &Value) -> String {
    let message = issue["message"].as_str().unwrap_or_default();
    match (issue["row"].as_u64(), issue["column"].as_str()) {
        (Some(row), Some(column)) => format!("row {row}, {column}: {message}"),
        (Some(row), None) => format!("row {row}: {message}"),
        (None, _) => message.to_owned(),
    }
}
