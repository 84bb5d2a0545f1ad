use axum::extract::FromRequestParts;
use http::request::Parts;
use tenancy_core::TenantScope;

use super::refused::Refused;

/// The scope of somebody who has signed in; others are refused with 401.
#[derive(Clone, Debug)]
pub(super) struct Staff(pub(super) TenantScope);

impl<S: Sync> FromRequestParts<S> for Staff {
    type Rejection = Refused;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Refused> {
        let scope = <TenantScope as FromRequestParts<S>>::from_request_parts(parts, state).await?;
        if is_staff(&scope) {
            Ok(Self(scope))
        } else {
            Err(Refused::sign_in())
        }
    }
}

/// Whether the caller may see what is not for everybody.
pub(super) fn is_staff(scope: &TenantScope) -> bool {
    !scope.actor().is_anonymous()
}
