use std::error::Error;
use std::fmt;

use serde::Serialize;

/// A product breaks a limit or contradicts itself.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct InvalidDraft {
    violations: Vec<Violation>,
}

/// One thing that is wrong with a draft.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct Violation {
    /// The field, as in JSON: `name`, `variants[3].price`.
    pub field: String,
    /// What is wrong with it, in words for the person who filled it in.
    pub message: String,
}

impl InvalidDraft {
    /// Everything that is wrong (the first hundred), at least one.
    pub fn violations(&self) -> &[Violation] {
        &self.violations
    }

    /// The violations alone.
    pub fn into_violations(self) -> Vec<Violation> {
        self.violations
    }
}

impl fmt::Display for InvalidDraft {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("invalid product")?;
        for (index, Violation { field, message }) in self.violations.iter().enumerate() {
            let separator = if index == 0 { ": " } else { "; " };
            write!(formatter, "{separator}{field} {message}")?;
        }
        Ok(())
    }
}

impl Error for InvalidDraft {}

/// Collects violations.
#[derive(Default)]
pub(crate) struct Checks {
    violations: Vec<Violation>,
}

impl Checks {
    const VIOLATIONS_MAX: usize = 100;

    pub(crate) fn refuse(&mut self, field: impl fmt::Display, message: impl fmt::Display) {
        if self.violations.len() < Self::VIOLATIONS_MAX {
            let (field, message) = (field.to_string(), message.to_string());
            self.violations.push(Violation { field, message });
        }
    }

    pub(crate) fn count(&mut self, field: impl fmt::Display, count: usize, max: usize) {
        if count > max {
            self.refuse(
                field,
                format_args!("has {count} entries, at most {max} are allowed"),
            );
        }
    }

    /// Plain text of at most `max` characters.
    pub(crate) fn text(&mut self, field: impl fmt::Display, text: &str, max: usize) {
        if text.contains('\0') {
            self.refuse(field, "contains a NUL character");
        } else if text.len() > max && text.chars().count() > max {
            self.refuse(field, format_args!("is longer than {max} characters"));
        }
    }

    pub(crate) fn bytes(&mut self, field: impl fmt::Display, text: &str, max: usize) {
        if text.contains('\0') {
            self.refuse(field, "contains a NUL character");
        } else if text.len() > max {
            self.refuse(field, format_args!("is longer than {max} bytes"));
        }
    }

    /// Plain text that says something.
    pub(crate) fn name(&mut self, field: impl fmt::Display, text: &str, max: usize) {
        if text.trim().is_empty() {
            self.refuse(field, "must not be empty");
        } else {
            self.text(field, text, max);
        }
    }

    pub(crate) fn finish(self) -> Result<(), InvalidDraft> {
        if self.violations.is_empty() {
            Ok(())
        } else {
            Err(InvalidDraft {
                violations: self.violations,
            })
        }
    }
}
