use serde::Serialize;

/// Something in a file that somebody should look at.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct Issue {
    /// The number of the row, the header being row 1.
    pub row: u64,
    /// The name of the column, as the file writes it; `None` when the whole row is meant.
    pub column: Option<String>,
    /// What is wrong, in words for the person who made the file.
    pub message: String,
    /// Whether the product is imported all the same.
    #[serde(skip)]
    pub severity: Severity,
}

/// How bad an [`Issue`] is.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum Severity {
    /// The product that the row belongs to is not imported.
    Error,
    /// The product is imported.
    Warning,
}

impl Issue {
    pub(crate) fn error(row: u64, column: Option<&str>, message: impl Into<String>) -> Self {
        Self::new(Severity::Error, row, column, message.into())
    }

    pub(crate) fn warning(row: u64, column: Option<&str>, message: impl Into<String>) -> Self {
        Self::new(Severity::Warning, row, column, message.into())
    }

    fn new(severity: Severity, row: u64, column: Option<&str>, message: String) -> Self {
        Self {
            row,
            column: column.map(str::to_owned),
            message,
            severity,
        }
    }
}
