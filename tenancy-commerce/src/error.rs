use std::error::Error as StdError;
use std::fmt;

use serde::Serialize;

use crate::catalog::{InvalidDraft, VariantId, Violation};
use crate::money::MoneyError;

type BoxError = Box<dyn StdError + Send + Sync>;

/// Why an operation of the shop failed.
///
/// Branch on [`kind`](Self::kind); [`source`](StdError::source) is for logs.
#[derive(Debug)]
pub struct Error {
    kind: Box<ErrorKind>,
    source: Option<BoxError>,
}

/// The cases of [`Error`] a caller can act on.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The order was cancelled before.
    AlreadyCancelled,
    /// The record changed since it was read.
    Conflict,
    /// Another customer of the shop has the address.
    EmailTaken,
    /// The category still has categories below it.
    HasChildren,
    /// What was asked for breaks rules; each is named.
    Invalid(Vec<Violation>),
    /// What was asked for is there and not published; every such variant is named. What HTTP calls
    /// 422: the order can only be placed without them.
    NotForSale(Vec<VariantId>),
    /// The shop has no such record. Whether another shop has is not told.
    NotFound,
    /// There is less on hand than asked for; every variant that lacks is named.
    OutOfStock(Vec<Shortage>),
    /// The shop's files would have more bytes together than they may.
    QuotaExceeded,
    /// Another product or category of the shop has the slug.
    SlugTaken,
    /// The store failed, or refused the scope.
    Store(tenancy_core::ErrorKind),
}

/// A variant of which there is less than was asked for.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize)]
pub struct Shortage {
    /// The variant.
    pub variant_id: VariantId,
    /// How many pieces were asked for, over all lines.
    pub requested: i64,
    /// How many there were.
    pub available: i64,
}

impl Error {
    /// What happened, to branch on.
    pub fn kind(&self) -> &ErrorKind {
        &self.kind
    }

    /// Whether the same call may succeed later without any change.
    pub fn is_transient(&self) -> bool {
        match *self.kind {
            ErrorKind::Store(kind) => tenancy_core::Error::new(kind).is_transient(),
            _ => false,
        }
    }

    /// The refusal of one field.
    pub(crate) fn invalid(field: impl fmt::Display, message: impl fmt::Display) -> Self {
        let (field, message) = (field.to_string(), message.to_string());
        ErrorKind::Invalid(vec![Violation { field, message }]).into()
    }

    #[cfg(any(feature = "cache", feature = "postgres", feature = "sqlite"))]
    pub(crate) fn with_source(kind: ErrorKind, source: impl Into<BoxError>) -> Self {
        Self {
            kind: Box::new(kind),
            source: Some(source.into()),
        }
    }

    /// What was stored could not be read back.
    #[cfg(any(feature = "postgres", feature = "sqlite"))]
    pub(crate) fn corrupt(source: impl Into<BoxError>) -> Self {
        Self::with_source(ErrorKind::Store(tenancy_core::ErrorKind::Corrupt), source)
    }
}

impl From<ErrorKind> for Error {
    fn from(kind: ErrorKind) -> Self {
        Self {
            kind: Box::new(kind),
            source: None,
        }
    }
}

/// The store's error, kind and cause kept.
impl From<tenancy_core::Error> for Error {
    fn from(error: tenancy_core::Error) -> Self {
        Self {
            kind: Box::new(ErrorKind::Store(error.kind())),
            source: Some(error.into()),
        }
    }
}

impl From<InvalidDraft> for Error {
    fn from(invalid: InvalidDraft) -> Self {
        ErrorKind::Invalid(invalid.into_violations()).into()
    }
}

impl From<MoneyError> for Error {
    fn from(error: MoneyError) -> Self {
        Self::invalid("total", error)
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match &*self.kind {
            ErrorKind::AlreadyCancelled => "the order was cancelled before",
            ErrorKind::Conflict => "the record changed since it was read",
            ErrorKind::EmailTaken => "another customer has the address",
            ErrorKind::HasChildren => "the category has categories below it",
            ErrorKind::Invalid(violations) => {
                f.write_str("invalid input")?;
                for (index, Violation { field, message }) in violations.iter().enumerate() {
                    let separator = if index == 0 { ": " } else { "; " };
                    write!(f, "{separator}{field} {message}")?;
                }
                return Ok(());
            }
            ErrorKind::NotForSale(_) => "the product is not published",
            ErrorKind::NotFound => "not found",
            ErrorKind::OutOfStock(_) => "there is less on hand than asked for",
            ErrorKind::QuotaExceeded => "the shop has no room for the file",
            ErrorKind::SlugTaken => "another record has the slug",
            ErrorKind::Store(_) => "the store failed",
        })
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.source
            .as_deref()
            .map(|source| source as &(dyn StdError + 'static))
    }
}
