use std::error::Error as StdError;
use std::fmt;
use std::sync::Arc;

use tenancy_core::tenant::Unavailability;

/// Why the cache gave no value.
///
/// Branch on [`kind`](Self::kind). Where a load failed, [`load_error`](Self::load_error) is the
/// loader's own error, shared by all who waited for that load.
#[derive(Clone, Debug)]
pub struct Error {
    kind: ErrorKind,
    source: Option<Arc<dyn StdError + Send + Sync>>,
}

/// The cases of [`Error`] a caller can act on.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The key is longer than [`NAME_BYTES_MAX`](crate::NAME_BYTES_MAX).
    KeyTooLong,
    /// The loader returned an error.
    LoadFailed,
    /// The loader took longer than its class allows.
    LoadTimedOut,
    /// The tenant's state does not allow this work now.
    NotAvailable(Unavailability),
    /// There is no such tenant any more.
    NotFound,
    /// A tag is longer than [`NAME_BYTES_MAX`](crate::NAME_BYTES_MAX).
    TagTooLong,
    /// An entry has more than [`TAGS_MAX`](crate::TAGS_MAX) tags.
    TooManyTags,
    /// The remote tier could not be reached.
    Unavailable,
    /// The value is larger than the cache takes.
    ValueTooLarge,
    /// The scope was made by another [`Tenants`](tenancy_core::Tenants) than the cache belongs to.
    WrongRealm,
    /// The entry holds a value of another type.
    WrongType,
}

impl Error {
    pub(crate) fn load_failed<E>(error: E) -> Self
    where
        E: Into<Box<dyn StdError + Send + Sync>>,
    {
        Self {
            kind: ErrorKind::LoadFailed,
            source: Some(Arc::from(error.into())),
        }
    }

    /// What happened, to branch on.
    pub fn kind(&self) -> ErrorKind {
        self.kind
    }

    /// The loader's own error, if it is of this type.
    pub fn load_error<E: StdError + 'static>(&self) -> Option<&E> {
        self.source.as_deref()?.downcast_ref()
    }
}

impl From<ErrorKind> for Error {
    fn from(kind: ErrorKind) -> Self {
        Self { kind, source: None }
    }
}

impl From<tenancy_core::Error> for Error {
    fn from(error: tenancy_core::Error) -> Self {
        match error.kind() {
            tenancy_core::ErrorKind::NotAvailable(state) => ErrorKind::NotAvailable(state).into(),
            tenancy_core::ErrorKind::NotFound => ErrorKind::NotFound.into(),
            _ => Self {
                kind: ErrorKind::Unavailable,
                source: Some(Arc::new(error)),
            },
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.kind {
            ErrorKind::KeyTooLong => "the key is too long",
            ErrorKind::LoadFailed => "the value could not be loaded",
            ErrorKind::LoadTimedOut => "the value took too long to load",
            ErrorKind::NotAvailable(state) => return write!(f, "the tenant is {state}"),
            ErrorKind::NotFound => "the tenant is gone",
            ErrorKind::TagTooLong => "a tag is too long",
            ErrorKind::TooManyTags => "the entry has too many tags",
            ErrorKind::Unavailable => "the remote tier could not be reached",
            ErrorKind::ValueTooLarge => "the value is too large for the cache",
            ErrorKind::WrongRealm => "the scope belongs to another realm",
            ErrorKind::WrongType => "the entry holds a value of another type",
        })
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.source.as_deref().map(|source| source as _)
    }
}
