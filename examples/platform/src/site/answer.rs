//! How refusals reach those who asked: programs get problem documents, people get pages.
//!
//! Whoever refuses says so with a problem document, a status or nothing at all: a router that does
//! not know a method, a time-out and a panic have no words. Here all of them get the right form.

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use http::header::{self, HeaderName, HeaderValue};
use tenancy_core::TenantScope;
use tenancy_core::layer::RequestSlot;
use tenancy_core::problem::Problem;
use tenancy_core::resolve::Host;

use super::asker::Asker;
use super::view;
use crate::config::Config;
use crate::pages::{self, ErrorPage, Language, Place, Trouble};

/// The platform's own host and name.
#[derive(Clone, Debug)]
pub(super) struct FrontDoor {
    host: Host,
    name: String,
}

impl FrontDoor {
    pub(super) fn of(config: &Config) -> Self {
        Self {
            host: config.base_domain(),
            name: config.name().to_owned(),
        }
    }
}

/// Puts a refusal into the words that whoever asked understands.
pub(super) async fn answer(
    State(platform): State<FrontDoor>,
    mut request: Request,
    next: Next,
) -> Response {
    let asker = Asker::of(&request);
    let host = request.headers().get(header::HOST);
    let host = host.and_then(|host| Host::from_authority(host.to_str().ok()?).ok());
    // The tenant's layer is inside and tells here whose request it was.
    let slot = request
        .extensions_mut()
        .get_or_insert_default::<RequestSlot>()
        .clone();
    let response = next.run(request).await;
    let status = response.status();
    if !(status.is_client_error() || status.is_server_error()) {
        return response;
    }
    match (asker, Form::of(&response)) {
        (_, Form::Words) | (Asker::Program, Form::Problem) => response,
        (Asker::Program, Form::Silence) => {
            instead_of(response, Problem::new(status).into_response())
        }
        (Asker::Person(language), Form::Problem | Form::Silence) => {
            let refusal = response.extensions().get().copied();
            let trouble = Trouble::of(status, refusal);
            let page = match slot.scope() {
                Some(scope) => page_of_shop(scope, status, trouble),
                None if host == Some(platform.host) => page(
                    Place::Platform(platform.name),
                    status,
                    trouble,
                    language,
                    None,
                ),
                None => page(Place::Nowhere, status, trouble, language, None),
            };
            instead_of(response, page)
        }
    }
}

/// The form in which something refused.
enum Form {
    Problem,
    /// Nothing, or the plain text in which libraries speak to developers.
    Silence,
    /// A page or document that should stand.
    Words,
}

impl Form {
    fn of(response: &Response) -> Self {
        let kind = response.headers().get(header::CONTENT_TYPE);
        match kind.map(HeaderValue::as_bytes) {
            None => Self::Silence,
            Some(kind) if kind.starts_with(b"text/plain") => Self::Silence,
            Some(kind) if kind.starts_with(b"application/problem+json") => Self::Problem,
            Some(_) => Self::Words,
        }
    }
}

fn page_of_shop(scope: &TenantScope, status: StatusCode, trouble: Trouble) -> Response {
    let shop = view::shop(scope, String::new());
    let language = shop.language();
    // Of use only where somebody could look it up in the log.
    let request_id = scope.request_id().filter(|_| status.is_server_error());
    let request_id = request_id.map(str::to_owned);
    page(Place::Shop(shop), status, trouble, language, request_id)
}

fn page(
    place: Place,
    status: StatusCode,
    trouble: Trouble,
    language: Language,
    request_id: Option<String>,
) -> Response {
    let page = ErrorPage {
        status,
        trouble,
        language,
        place,
        request_id,
    };
    let mut response = pages::respond(status, &page);
    let no_store = HeaderValue::from_static("no-store");
    response
        .headers_mut()
        .insert(header::CACHE_CONTROL, no_store);
    response
}

/// `response` in the place of one whose body does not serve; what the other's head says stays.
fn instead_of(replaced: Response, mut response: Response) -> Response {
    let (head, _) = replaced.into_parts();
    let headers = response.headers_mut();
    for name in head.headers.keys().filter(|name| !describes_body(name)) {
        headers.remove(name);
        for value in head.headers.get_all(name) {
            headers.append(name, value.clone());
        }
    }
    response.extensions_mut().extend(head.extensions);
    response
}

fn describes_body(name: &HeaderName) -> bool {
    matches!(
        *name,
        header::CONTENT_ENCODING
            | header::CONTENT_LENGTH
            | header::CONTENT_TYPE
            | header::TRANSFER_ENCODING
    )
}
