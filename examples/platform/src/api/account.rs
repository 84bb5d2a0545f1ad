//! Signing in and out, and who has. The platform's own host has these addresses as well, for operators.

use axum::Extension;
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use http::StatusCode;
use http::header::{CACHE_CONTROL, HeaderName, HeaderValue, SET_COOKIE};
use serde::Serialize;
use tenancy_core::json::Json;
use tenancy_core::{Slug, Tenant, TenantId};
use tenancy_security::csrf::CsrfToken;
use tenancy_security::session::{clear_cookie, clear_site_data};
use utoipa::ToSchema;

use super::body::Body;
use super::refused::Refused;
use crate::platform::Platform;
use crate::sign_in::{Credentials, Visit};
use crate::users::{Door, Role, User};

/// What the description calls these operations, which change no record.
pub(super) const TAG: &str = "account";

const NO_STORE: HeaderValue = HeaderValue::from_static("no-store");
const X_CSRF_TOKEN: HeaderName = HeaderName::from_static("x-csrf-token");

/// Somebody who has signed in.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(super) struct Me {
    kind: &'static str,
    id: String,
    /// Null for an API key.
    email: Option<String>,
    name: String,
    /// Null for an API key, which may do what staff may.
    #[schema(value_type = Option<String>)]
    role: Option<Role>,
    /// Null for an operator of the platform.
    tenant: Option<MyTenant>,
}

/// The shop that somebody has signed in to.
#[derive(Clone, Debug, Serialize, ToSchema)]
struct MyTenant {
    #[schema(value_type = uuid::Uuid)]
    id: TenantId,
    #[schema(value_type = String)]
    slug: Slug,
    name: String,
}

impl Me {
    fn user(door: &Door, user: &User) -> Self {
        Self {
            kind: "user",
            id: user.id.to_string(),
            email: Some(user.email.to_string()),
            name: user.name.to_string(),
            role: Some(user.role),
            tenant: door.tenant().as_deref().map(MyTenant::of),
        }
    }
}

impl MyTenant {
    fn of(tenant: &Tenant) -> Self {
        Self {
            id: tenant.id,
            slug: tenant.slug.clone(),
            name: tenant.name.to_string(),
        }
    }
}

/// The fields of [`Credentials`], for the description.
#[derive(ToSchema)]
#[allow(dead_code, reason = "describes a type whose fields do not print")]
pub(super) struct SignInWith {
    email: String,
    #[schema(format = Password)]
    password: String,
}

/// Signs somebody in: the answer sets the cookie of a session
///
/// After ten failures for it within a quarter of an hour an account is refused with 429 where they came
/// from, and an address that fails ten times within five minutes for whatever account.
#[utoipa::path(
    post, path = "/api/login", tag = "account", operation_id = "sign_in", security(()),
    request_body = SignInWith,
    responses((status = 200, body = Me, headers(("set-cookie", description = "The session's cookie")))),
)]
pub(super) async fn sign_in(
    State(platform): State<Platform>,
    visit: Visit,
    body: Body,
) -> Result<Response, Refused> {
    let credentials: Credentials = body.object()?;
    let entered = platform.enter(&visit, &credentials).await?;
    let me = Json(Me::user(&visit.door, &entered.user));
    let headers = [
        (SET_COOKIE, entered.session_id.set_cookie()),
        (CACHE_CONTROL, NO_STORE),
    ];
    Ok((headers, me).into_response())
}

/// Ends the session of whoever sends its cookie
#[utoipa::path(
    post, path = "/api/logout", tag = "account", operation_id = "sign_out", security(("session" = []), ()),
    responses((status = 204, description = "Nobody is signed in by this cookie any more")),
)]
pub(super) async fn sign_out(
    State(platform): State<Platform>,
    visit: Visit,
) -> Result<Response, Refused> {
    platform.leave(&visit).await?;
    let headers = [
        (SET_COOKIE, clear_cookie()),
        clear_site_data(),
        (CACHE_CONTROL, NO_STORE),
    ];
    Ok((StatusCode::NO_CONTENT, headers).into_response())
}

/// Who has signed in
#[utoipa::path(
    get, path = "/api/me", tag = "account", operation_id = "me",
    responses((status = 200, body = Me, headers(
        ("x-csrf-token", description = "What changes have to send along; for a session"),
    ))),
)]
pub(super) async fn me(
    State(platform): State<Platform>,
    visit: Visit,
    token: Option<Extension<CsrfToken>>,
) -> Result<Response, Refused> {
    let mut response = Json(who(&platform, &visit).await?).into_response();
    let headers = response.headers_mut();
    headers.insert(CACHE_CONTROL, NO_STORE);
    if let Some(Extension(token)) = token
        && let Ok(token) = HeaderValue::try_from(token.masked())
    {
        headers.insert(X_CSRF_TOKEN, token);
    }
    Ok(response)
}

async fn who(platform: &Platform, visit: &Visit) -> Result<Me, Refused> {
    let actor = visit.door.scope().map(tenancy_core::TenantScope::actor);
    if let Some(actor) = actor
        && actor.kind() == "key"
    {
        return Ok(Me {
            kind: "key",
            id: actor.id().unwrap_or_default().to_owned(),
            email: None,
            name: actor.name().to_owned(),
            role: None,
            tenant: visit.door.tenant().as_deref().map(MyTenant::of),
        });
    }
    let user = visit.user(platform).await?;
    let user = user.ok_or_else(Refused::sign_in)?;
    Ok(Me::user(&visit.door, &user))
}
