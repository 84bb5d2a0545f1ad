use std::error::Error as StdError;
use std::fmt;

/// Why there is no advice.
///
/// Branch on [`kind`](Self::kind); [`source`](StdError::source) is for logs.
#[derive(Debug)]
pub struct Error {
    kind: ErrorKind,
    source: Option<sqlx::Error>,
}

/// The cases of [`Error`] a caller can act on.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum ErrorKind {
    /// Another process applies advice at the moment.
    Busy,
    /// What advice was to change could not be changed.
    NotApplied,
    /// The database could not be read.
    Unreadable,
}

impl Error {
    pub(crate) fn new(kind: ErrorKind, source: Option<sqlx::Error>) -> Self {
        Self { kind, source }
    }

    /// What happened, to branch on.
    pub fn kind(&self) -> ErrorKind {
        self.kind
    }
}

impl fmt::Display for Error {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self.kind {
            ErrorKind::Busy => "another process applies advice at the moment",
            ErrorKind::NotApplied => "the advice could not be applied",
            ErrorKind::Unreadable => "the database could not be read for advice",
        })
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.source.as_ref().map(|source| source as _)
    }
}

pub(crate) fn unreadable(error: sqlx::Error) -> Error {
    Error::new(ErrorKind::Unreadable, Some(error))
}
