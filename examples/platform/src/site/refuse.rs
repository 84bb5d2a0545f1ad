use axum::response::{IntoResponse, Response};
use http::StatusCode;
use tenancy_commerce::ErrorKind;
use tenancy_core::TenantScope;
use tenancy_core::layer::Refusal;
use tenancy_core::problem::Problem;

use crate::logging;

/// For an address that a shop, or the platform, does not have.
pub(super) async fn not_found() -> NoPage {
    NoPage::not_found()
}

/// Why a page cannot be shown; [`answer`](super::answer) puts it into words. What broke goes to
/// the log only.
#[derive(Debug)]
pub(super) enum NoPage {
    /// The shop closed meanwhile, or its data cannot be reached.
    Closed(Refusal),
    Status(StatusCode),
}

impl NoPage {
    pub(super) fn not_found() -> Self {
        Self::Status(StatusCode::NOT_FOUND)
    }

    pub(super) fn of(scope: &TenantScope, error: &tenancy_commerce::Error) -> Self {
        use tenancy_core::ErrorKind as Store;

        let page = match error.kind() {
            ErrorKind::NotFound | ErrorKind::Invalid(_) => return Self::not_found(),
            ErrorKind::Store(Store::NotAvailable(state)) => return Self::Closed((*state).into()),
            ErrorKind::Store(Store::TimedOut | Store::Unavailable) => {
                Self::Closed(Refusal::RegistryUnavailable)
            }
            _ => Self::Status(StatusCode::INTERNAL_SERVER_ERROR),
        };
        if let Some(left_out) = logging::admit(error.is_transient()) {
            let (cause, tenant) = (std::error::Error::source(error), scope.tenant_id());
            tracing::error!(%error, cause, %tenant, left_out, "a page failed");
        }
        page
    }
}

impl IntoResponse for NoPage {
    fn into_response(self) -> Response {
        match self {
            Self::Closed(refusal) => {
                let mut response = Problem::from(&refusal).into_response();
                response.extensions_mut().insert(refusal);
                response
            }
            Self::Status(status) => Problem::new(status).into_response(),
        }
    }
}
