use axum::extract::{FromRequestParts, OptionalFromRequestParts};
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use http::request::Parts;

use super::refusal::Refusal;
use super::request::OnPlatform;
use crate::problem::Problem;
use crate::scope::TenantScope;

/// A handler asked for a [`TenantScope`], and the request has none.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum NoTenant {
    /// The route stands outside every [`TenantLayer`](super::TenantLayer): a mistake of the
    /// server's, answered with 500 and logged.
    #[error("no tenant layer stands before this route")]
    NoLayer,
    /// The request is for the platform's own host, where this route does not exist: 404.
    #[error("the platform's own host has no tenant")]
    OnPlatform,
}

impl IntoResponse for NoTenant {
    fn into_response(self) -> Response {
        match self {
            Self::NoLayer => {
                tracing::error!("{self}");
                Problem::new(StatusCode::INTERNAL_SERVER_ERROR).into_response()
            }
            Self::OnPlatform => Problem::from(&Refusal::UnknownTenant).into_response(),
        }
    }
}

/// The request's scope, as the [`TenantLayer`](super::TenantLayer) before the route made it.
impl<S: Sync> FromRequestParts<S> for TenantScope {
    type Rejection = NoTenant;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, NoTenant> {
        match parts.extensions.get::<Self>() {
            Some(scope) => Ok(scope.clone()),
            None if parts.extensions.get::<OnPlatform>().is_some() => Err(NoTenant::OnPlatform),
            None => Err(NoTenant::NoLayer),
        }
    }
}

/// `None` on the platform's own host, for routes that both have.
impl<S: Sync> OptionalFromRequestParts<S> for TenantScope {
    type Rejection = NoTenant;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Option<Self>, NoTenant> {
        match <Self as FromRequestParts<S>>::from_request_parts(parts, state).await {
            Ok(scope) => Ok(Some(scope)),
            Err(NoTenant::OnPlatform) => Ok(None),
            Err(NoTenant::NoLayer) => Err(NoTenant::NoLayer),
        }
    }
}
