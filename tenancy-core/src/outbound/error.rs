use std::error::Error as StdError;
use std::fmt;

use http::Response;

use super::address::InternalAddress;

type BoxError = Box<dyn StdError + Send + Sync>;

/// Why a request got no answer.
///
/// Branch on [`kind`](Self::kind); [`source`](StdError::source) is for logs.
#[derive(Debug)]
pub struct Error {
    kind: ErrorKind,
    source: BoxError,
    head: Option<Box<Response<()>>>,
}

/// The cases of [`Error`] a caller can act on.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The address is of this machine or its networks, and such are not called.
    InternalAddress,
    /// What was to be sent is no request, or not to a web address.
    Invalid,
    /// The request took longer than its time.
    TimedOut,
    /// The answer is larger than it may be.
    TooLarge,
    /// No requests can be sent from this machine.
    Unavailable,
    /// The server could not be found or connected to, or broke off.
    Unreachable,
}

impl Error {
    pub(super) fn new(kind: ErrorKind, source: impl Into<BoxError>) -> Self {
        let source = source.into();
        Self {
            kind,
            source,
            head: None,
        }
    }

    pub(super) fn too_large(head: Response<()>, bytes_max: usize) -> Self {
        Self {
            head: Some(Box::new(head)),
            ..Self::new(ErrorKind::TooLarge, format!("more than {bytes_max} bytes"))
        }
    }

    pub(super) fn sending(error: reqwest::Error) -> Self {
        let mut cause: Option<&dyn StdError> = Some(&error);
        while let Some(error) = cause {
            if error.is::<InternalAddress>() {
                return Self::new(ErrorKind::InternalAddress, InternalAddress);
            }
            cause = error.source();
        }
        let kind = if error.is_builder() {
            ErrorKind::Invalid
        } else {
            ErrorKind::Unreachable
        };
        // Where it was going is known to the caller, and may hold a secret.
        Self::new(kind, error.without_url())
    }

    /// What happened, to branch on.
    pub fn kind(&self) -> ErrorKind {
        self.kind
    }

    /// How an answer began that was [`TooLarge`](ErrorKind::TooLarge): whether the request was taken is
    /// for its status to say.
    pub fn head(&self) -> Option<&Response<()>> {
        self.head.as_deref()
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.kind {
            ErrorKind::InternalAddress => "internal addresses are not called",
            ErrorKind::Invalid => "the request cannot be sent",
            ErrorKind::TimedOut => "the server took too long",
            ErrorKind::TooLarge => "the answer is too large",
            ErrorKind::Unavailable => "no requests can be sent",
            ErrorKind::Unreachable => "the server could not be reached, or broke off",
        })
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        Some(&*self.source)
    }
}
