use std::error::Error as StdError;
use std::{fmt, io};

/// Why a whole file cannot be read, or not read any further.
///
/// Branch on [`kind`](Self::kind); the message says what to change in the file.
#[derive(Debug)]
pub struct ImportError {
    kind: ImportErrorKind,
    detail: Option<String>,
    source: Option<io::Error>,
}

/// The cases of [`ImportError`].
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum ImportErrorKind {
    /// There is nothing in the file, not even a header.
    Empty,
    /// The header is damaged, names a column twice or lacks one that the format needs.
    Header,
    /// The input could not be read.
    Unreadable,
    /// The file is in UTF-16.
    Utf16,
}

impl ImportError {
    /// What went wrong.
    pub const fn kind(&self) -> ImportErrorKind {
        self.kind
    }

    pub(crate) fn header(detail: impl Into<String>) -> Self {
        Self {
            kind: ImportErrorKind::Header,
            detail: Some(detail.into()),
            source: None,
        }
    }

    pub(crate) fn unreadable(source: io::Error) -> Self {
        Self {
            kind: ImportErrorKind::Unreadable,
            detail: None,
            source: Some(source),
        }
    }
}

impl From<ImportErrorKind> for ImportError {
    fn from(kind: ImportErrorKind) -> Self {
        Self {
            kind,
            detail: None,
            source: None,
        }
    }
}

impl fmt::Display for ImportError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self.kind {
            ImportErrorKind::Empty => "the file is empty",
            ImportErrorKind::Header => "the header cannot be used",
            ImportErrorKind::Unreadable => "the file could not be read",
            ImportErrorKind::Utf16 => "the file is in UTF-16; save it as UTF-8",
        })?;
        match &self.detail {
            Some(detail) => write!(formatter, ": {detail}"),
            None => Ok(()),
        }
    }
}

impl StdError for ImportError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.source.as_ref().map(|source| source as _)
    }
}
