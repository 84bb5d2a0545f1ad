use axum::Extension;
use axum::extract::rejection::{FormRejection, QueryRejection};
use axum::extract::{Form, Query, State};
use axum::response::{IntoResponse as _, Response};
use http::StatusCode;
use http::header::{CACHE_CONTROL, HeaderName, HeaderValue, LOCATION, SET_COOKIE};
use serde::Deserialize;
use tenancy_core::TenantScope;
use tenancy_core::problem::Problem;
use tenancy_security::credential::Password;
use tenancy_security::csrf::CsrfToken;
use tenancy_security::session::{clear_cookie, clear_site_data};

use super::asker::Reads;
use super::refuse::NoPage;
use super::view;
use crate::defence::stranger;
use crate::pages::{self, Language, Link, Notice, Place, SignInPage};
use crate::platform::Platform;
use crate::sign_in::{Credentials, Denied, Visit};
use crate::users::Door;

/// What the forms of a session's pages send along, where the server asks for it.
pub(super) type Token = Option<Extension<CsrfToken>>;

/// Where somebody wants to go once they have signed in.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Aim {
    next: String,
}

/// What the form sends.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Entry {
    email: String,
    password: Password,
    next: String,
}

/// Asks who it is.
pub(super) async fn page(
    State(platform): State<Platform>,
    visit: Visit,
    Reads(language): Reads,
    aim: Result<Query<Aim>, QueryRejection>,
    token: Token,
) -> Result<Response, NoPage> {
    let aim = aim.map(|Query(aim)| aim).unwrap_or_default();
    let next = aim_of(&visit.door, &aim.next);
    if visit
        .user(&platform)
        .await
        .map_err(|error| NoPage::failed(&error))?
        .is_some()
    {
        return Ok(see(&next));
    }
    let (token, cookie) = known(&platform, &visit, token);
    let entry = Entry::default();
    let page = asked(&platform, &visit, language, entry, next, None, &token);
    let mut response = private(pages::respond(StatusCode::OK, &page));
    response.headers_mut().extend(cookie);
    Ok(response)
}

/// Lets somebody in, or asks again.
pub(super) async fn enter(
    State(platform): State<Platform>,
    visit: Visit,
    Reads(language): Reads,
    token: Token,
    entry: Result<Form<Entry>, FormRejection>,
) -> Result<Response, NoPage> {
    let Form(entry) = entry.map_err(|rejection| NoPage::Status(rejection.status()))?;
    let next = aim_of(&visit.door, &entry.next);
    let credentials = Credentials {
        email: entry.email.clone(),
        password: entry.password.clone(),
    };
    let denied = match platform.enter(&visit, &credentials).await {
        Ok(entered) => {
            let mut response = see(&next);
            let cookie = entered.session_id.set_cookie();
            response.headers_mut().insert(SET_COOKIE, cookie);
            return Ok(response);
        }
        Err(Denied::Failed(error)) => return Err(NoPage::failed(&error)),
        Err(denied) => denied,
    };
    let notice = match &denied {
        Denied::Busy(_) | Denied::Failed(_) => Notice::Busy,
        Denied::Refused(_) => Notice::TooManyAttempts,
        Denied::Wrong => Notice::Wrong,
    };
    let problem = Problem::from(&denied);
    let (token, cookie) = known(&platform, &visit, token);
    let page = asked(
        &platform,
        &visit,
        language,
        entry,
        next,
        Some(notice),
        &token,
    );
    let mut response = private(pages::respond(problem.status(), &page));
    response.headers_mut().extend(cookie);
    response
        .headers_mut()
        .extend(problem.headers().iter().cloned());
    Ok(response)
}

/// Signs out whoever it is.
pub(super) async fn leave(
    State(platform): State<Platform>,
    visit: Visit,
) -> Result<Response, NoPage> {
    platform
        .leave(&visit)
        .await
        .map_err(|error| NoPage::failed(&error))?;
    let mut response = see(&Link::sign_in());
    response
        .headers_mut()
        .extend([(SET_COOKIE, clear_cookie()), clear_site_data()]);
    Ok(response)
}

/// To the sign-in, and from there back to `link`.
pub(super) fn sign_in_for(link: &Link) -> Response {
    see(&Link::sign_in().with_query(&[("next", &link.to_string())]))
}

/// What is for one person alone, and kept by nobody.
pub(super) fn private(mut response: Response) -> Response {
    let no_store = HeaderValue::from_static("no-store");
    response.headers_mut().insert(CACHE_CONTROL, no_store);
    response
}

/// The token in a form of its own for each page.
pub(super) fn masked(token: Token) -> Option<String> {
    token.map(|Extension(token)| token.masked())
}

/// The token of the form, and a cookie to go with it for somebody who has none.
fn known(
    platform: &Platform,
    visit: &Visit,
    token: Token,
) -> (CsrfToken, Option<(HeaderName, HeaderValue)>) {
    if let Some(Extension(token)) = token {
        return (token, None);
    }
    let tenant_id = visit.door.scope().map(TenantScope::tenant_id);
    let (cookie, token) = stranger(platform, tenant_id);
    (token, Some((SET_COOKIE, cookie)))
}

fn asked(
    platform: &Platform,
    visit: &Visit,
    language: Language,
    entry: Entry,
    next: Link,
    notice: Option<Notice>,
    token: &CsrfToken,
) -> SignInPage {
    let (place, language) = match &visit.door {
        Door::Platform(_) => (
            Place::Platform(platform.config().name().to_owned()),
            language,
        ),
        Door::Shop(scope) => {
            let shop = view::shop(scope, String::new());
            let language = shop.language();
            (Place::Shop(shop), language)
        }
    };
    SignInPage {
        place,
        language,
        email: entry.email,
        next,
        notice,
        token: Some(token.masked()),
    }
}

/// A page on this host: whatever else a link asks for, it is what those come for who sign in here.
fn aim_of(door: &Door, next: &str) -> Link {
    Link::local(next).unwrap_or_else(|| match door {
        Door::Platform(_) => Link::console(),
        Door::Shop(_) => Link::admin(),
    })
}

/// Another page, to be looked at instead.
pub(super) fn see(link: &Link) -> Response {
    let mut response = private(StatusCode::SEE_OTHER.into_response());
    let address = HeaderValue::try_from(link.to_string());
    let address = address.unwrap_or(HeaderValue::from_static("/"));
    response.headers_mut().insert(LOCATION, address);
    response
}
