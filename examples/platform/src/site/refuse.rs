use axum::response::{IntoResponse, Response};
use http::StatusCode;
use tenancy_commerce::ErrorKind;
use tenancy_core::layer::Refusal;
use tenancy_core::problem::Problem;
use tenancy_core::{ErrorKind as Store, TenantScope};
use tracing::field::display;

use crate::failure::Failure;
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
        match error.kind() {
            ErrorKind::NotFound | ErrorKind::Invalid(_) => Self::not_found(),
            ErrorKind::Store(kind) => {
                Self::of_store(*kind, error, error.is_transient(), Some(scope))
            }
            _ => Self::of_store(Store::Database, error, false, Some(scope)),
        }
    }

    /// The same, for what no shop's data is asked for.
    pub(super) fn failed(error: &tenancy_core::Error) -> Self {
        Self::of_store(error.kind(), error, error.is_transient(), None)
    }

    /// For what fails in a way that no kind of error tells of.
    pub(super) fn broken(failure: &Failure) -> Self {
        tracing::error!(%failure, "a page failed");
        Self::Status(StatusCode::INTERNAL_SERVER_ERROR)
    }

    fn of_store(
        kind: Store,
        error: &dyn std::error::Error,
        is_transient: bool,
        scope: Option<&TenantScope>,
    ) -> Self {
        let page = match kind {
            Store::NotAvailable(state) => return Self::Closed(state.into()),
            Store::NotFound => Self::not_found(),
            Store::TimedOut | Store::Unavailable => Self::Closed(Refusal::RegistryUnavailable),
            _ => Self::Status(StatusCode::INTERNAL_SERVER_ERROR),
        };
        if let Some(left_out) = logging::admit(is_transient) {
            let tenant = scope.map(|scope| display(scope.tenant_id()));
            tracing::error!(%error, cause = error.source(), tenant, left_out, "a page failed");
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
