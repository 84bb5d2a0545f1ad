use axum::response::{IntoResponse as _, Response};
use http::StatusCode;
use http::request::Parts;
use tenancy_core::TenantScope;
use tenancy_core::problem::Problem;

use super::view;
use crate::pages::{self, ErrorPage, Language, Trouble};

/// Refuses a request before it has a shop: with a page, or to programs with a problem document.
pub(super) fn refuse(problem: &Problem, request: &Parts) -> Response {
    let for_programs =
        request.uri.path().starts_with("/api/") || request.headers.contains_key("authorization");
    let trouble = match problem.status() {
        StatusCode::NOT_FOUND => Trouble::UnknownShop,
        StatusCode::FORBIDDEN => Trouble::Suspended,
        StatusCode::GONE => Trouble::Archived,
        StatusCode::SERVICE_UNAVAILABLE => Trouble::Maintenance,
        _ => return problem.clone().into_response(),
    };
    if for_programs {
        return problem.clone().into_response();
    }
    let page = ErrorPage {
        trouble,
        language: Language::English,
        shop: None,
        request_id: None,
    };
    let mut response = pages::respond(trouble.status(), &page);
    response
        .headers_mut()
        .extend(problem.headers().iter().cloned());
    response
}

/// The page for an address that a shop, or the platform, does not have.
pub(super) async fn not_found(scope: Option<TenantScope>) -> Response {
    trouble(scope.as_ref(), Trouble::NotFound)
}

/// Why a page of a shop cannot be shown. What broke goes to the log only.
#[derive(Debug)]
pub(super) struct NoPage {
    scope: TenantScope,
    trouble: Trouble,
}

impl NoPage {
    pub(super) fn not_found(scope: &TenantScope) -> Self {
        Self {
            scope: scope.clone(),
            trouble: Trouble::NotFound,
        }
    }

    pub(super) fn of(scope: &TenantScope, error: &tenancy_commerce::Error) -> Self {
        use tenancy_commerce::ErrorKind;

        let trouble = match error.kind() {
            ErrorKind::NotFound | ErrorKind::Invalid(_) => Trouble::NotFound,
            _ => {
                let cause = std::error::Error::source(error);
                tracing::error!(%error, cause, tenant = %scope.tenant_id(), "a page failed");
                Trouble::Failed
            }
        };
        Self {
            scope: scope.clone(),
            trouble,
        }
    }
}

impl axum::response::IntoResponse for NoPage {
    fn into_response(self) -> Response {
        trouble(Some(&self.scope), self.trouble)
    }
}

fn trouble(scope: Option<&TenantScope>, trouble: Trouble) -> Response {
    let shop = scope.map(|scope| view::shop(scope, String::new()));
    let page = ErrorPage {
        trouble,
        language: shop
            .as_ref()
            .map_or(Language::English, |shop| shop.language()),
        shop,
        request_id: scope.and_then(|scope| scope.request_id().map(str::to_owned)),
    };
    pages::respond(trouble.status(), &page)
}
