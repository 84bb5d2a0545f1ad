use axum::response::{IntoResponse, Response};
use http::header::{CONTENT_TYPE, HeaderValue};
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::{Modify, OpenApi};

/// What the interface as a whole says of itself; its operations come from the handlers.
#[derive(OpenApi)]
#[openapi(
    info(
        title = "Shop",
        description = "The interface of one shop, at the shop's own host. Lists are paged by \
            cursor. Every change takes an Idempotency-Key, with which it happens once."
    ),
    modifiers(&Keys),
    security(("key" = []))
)]
pub(super) struct Specification;

struct Keys;

impl Modify for Keys {
    fn modify(&self, openapi: &mut utoipa::openapi::OpenApi) {
        let mut scheme = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).build();
        scheme.description = Some("An API key of the shop".to_owned());
        let components = openapi.components.get_or_insert_default();
        components.add_security_scheme("key", SecurityScheme::Http(scheme));
    }
}

/// The document, made once.
pub(super) fn document(description: &utoipa::openapi::OpenApi) -> Document {
    let json = description.to_json();
    Document(json.expect("the description is plain data").into())
}

/// A JSON text that is served as it is.
#[derive(Clone, Debug)]
pub(super) struct Document(bytes::Bytes);

impl IntoResponse for Document {
    fn into_response(self) -> Response {
        let mut response = self.0.into_response();
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        response
    }
}
