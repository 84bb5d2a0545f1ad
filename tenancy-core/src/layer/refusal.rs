use std::fmt;

use http::StatusCode;
use http::header::{HeaderValue, WWW_AUTHENTICATE};
use jiff::SignedDuration;

use crate::error::{Error, ErrorKind};
use crate::problem::Problem;
use crate::tenant::Unavailability;

/// How soon a client may ask again when nobody can say when the trouble ends.
const RETRY_AFTER: SignedDuration = SignedDuration::from_secs(5);

/// Why a [`TenantLayer`](super::TenantLayer) did not let a request through; in the extensions of
/// its response, for outer layers to log.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum Refusal {
    /// The tenant is closed for good.
    Archived,
    /// Two sources name different tenants, or one names two.
    ConflictingTenants,
    /// The request does not say in a readable way which host it is for.
    InvalidHost,
    /// The tenant is closed for a while.
    Maintenance {
        /// When to come back.
        retry_after: SignedDuration,
    },
    /// The tenant is not set up yet.
    Provisioning,
    /// Whether there is such a tenant, or whose the credential is, cannot be told now.
    RegistryUnavailable,
    /// The tenant is closed by the operator.
    Suspended,
    /// Too many credentials that are worth nothing came from where this one does, which was not looked at.
    TooManyCredentials {
        /// When the next one is looked at.
        retry_after: SignedDuration,
    },
    /// The credential is not valid for this tenant.
    Unauthenticated,
    /// No tenant has this address.
    UnknownTenant,
}

impl Refusal {
    fn status(self) -> StatusCode {
        match self {
            Self::Archived => StatusCode::GONE,
            Self::ConflictingTenants | Self::InvalidHost => StatusCode::BAD_REQUEST,
            Self::Maintenance { .. } | Self::Provisioning | Self::RegistryUnavailable => {
                StatusCode::SERVICE_UNAVAILABLE
            }
            Self::Suspended => StatusCode::FORBIDDEN,
            Self::TooManyCredentials { .. } => StatusCode::TOO_MANY_REQUESTS,
            Self::Unauthenticated => StatusCode::UNAUTHORIZED,
            Self::UnknownTenant => StatusCode::NOT_FOUND,
        }
    }

    /// The last part of the problem's type.
    fn name(self) -> &'static str {
        match self {
            Self::Archived => "tenant-archived",
            Self::ConflictingTenants => "conflicting-tenants",
            Self::InvalidHost => "invalid-host",
            Self::Maintenance { .. } => "tenant-in-maintenance",
            Self::Provisioning => "tenant-provisioning",
            Self::RegistryUnavailable => "unavailable",
            Self::Suspended => "tenant-suspended",
            Self::TooManyCredentials { .. } => "too-many-credentials",
            Self::Unauthenticated => "unauthenticated",
            Self::UnknownTenant => "unknown-tenant",
        }
    }
}

/// The problem's type is `https://docs.rs/tenancy-core/latest/tenancy_core/layer/enum.Refusal.html`
/// with the reason after `#`.
impl From<&Refusal> for Problem {
    fn from(refusal: &Refusal) -> Self {
        let kind = format!(
            "https://docs.rs/tenancy-core/latest/tenancy_core/layer/enum.Refusal.html#{}",
            refusal.name()
        );
        let problem = Self::new(refusal.status())
            .kind(kind)
            .detail(refusal.to_string());
        match *refusal {
            Refusal::Maintenance { retry_after } | Refusal::TooManyCredentials { retry_after } => {
                problem.retry_after(retry_after)
            }
            Refusal::Provisioning | Refusal::RegistryUnavailable => {
                problem.retry_after(RETRY_AFTER)
            }
            Refusal::Unauthenticated => {
                problem.header(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"))
            }
            Refusal::Archived
            | Refusal::ConflictingTenants
            | Refusal::InvalidHost
            | Refusal::Suspended
            | Refusal::UnknownTenant => problem,
        }
    }
}

impl From<Unavailability> for Refusal {
    fn from(state: Unavailability) -> Self {
        match state {
            Unavailability::Archived => Self::Archived,
            Unavailability::Maintenance { retry_after } => Self::Maintenance { retry_after },
            Unavailability::Provisioning => Self::Provisioning,
            Unavailability::Suspended => Self::Suspended,
        }
    }
}

/// The refusal for a tenant that could not be found or entered. What is not known to be missing
/// is never called unknown.
impl From<&Error> for Refusal {
    fn from(error: &Error) -> Self {
        match error.kind() {
            ErrorKind::NotFound => Self::UnknownTenant,
            ErrorKind::NotAvailable(state) => state.into(),
            _ => Self::RegistryUnavailable,
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Archived => "this tenant has been closed",
            Self::ConflictingTenants => "the request names more than one tenant",
            Self::InvalidHost => "the request does not say which host it is for",
            Self::Maintenance { .. } => "this tenant is closed for maintenance",
            Self::Provisioning => "this tenant is being set up",
            Self::RegistryUnavailable => "the service cannot tell now; ask again",
            Self::Suspended => "this tenant is suspended",
            Self::TooManyCredentials { .. } => {
                "too many credentials from this address were worth nothing"
            }
            Self::Unauthenticated => "the credential is not valid here",
            Self::UnknownTenant => "nothing answers at this address",
        })
    }
}
