use axum::response::{IntoResponse, Response};
use http::StatusCode;
use http::header::{CONTENT_TYPE, HeaderValue};
use tenancy_commerce::Shortage;
use tenancy_commerce::catalog::{VariantId, Violation};
use tenancy_observability::report::EndpointOrder;
use tenancy_security::session::COOKIE_NAME;
use utoipa::openapi::path::{Operation, Parameter, ParameterBuilder, ParameterIn};
use utoipa::openapi::schema::{ObjectBuilder, Type};
use utoipa::openapi::security::{ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::openapi::{self, Content, Ref, RefOr};
use utoipa::{Modify, OpenApi, ToSchema};

use super::account;

/// What the interface as a whole says of itself; its operations come from the handlers.
#[derive(OpenApi)]
#[openapi(
    info(
        title = "Shop",
        description = "The interface of one shop, at the shop's own host. Lists are paged by \
            cursor. Every change of a record takes an Idempotency-Key, with which it happens once."
    ),
    components(schemas(EndpointOrder, Problem, Shortage, Violation)),
    modifiers(&ShopsSecurity),
    security(("key" = []), ("session" = []))
)]
pub(super) struct Specification;

/// The same of what operators have.
#[derive(OpenApi)]
#[openapi(
    info(
        title = "Platform",
        description = "The interface of the platform's operators, at the platform's own host."
    ),
    // They answer at every host, and here an operator signs in by them.
    paths(account::sign_in, account::sign_out, account::me),
    components(schemas(EndpointOrder, Problem)),
    modifiers(&OperatorsSecurity),
    security(("session" = []))
)]
pub(super) struct OperatorsSpecification;

struct ShopsSecurity;

impl Modify for ShopsSecurity {
    fn modify(&self, document: &mut openapi::OpenApi) {
        let mut scheme = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).build();
        scheme.description = Some("An API key of the shop".to_owned());
        let components = document.components.get_or_insert_default();
        components.add_security_scheme("key", SecurityScheme::Http(scheme));
        components.add_security_scheme("session", session("somebody who works for the shop"));
    }
}

struct OperatorsSecurity;

impl Modify for OperatorsSecurity {
    fn modify(&self, document: &mut openapi::OpenApi) {
        let components = document.components.get_or_insert_default();
        components.add_security_scheme("session", session("an operator"));
    }
}

fn session(of: &str) -> SecurityScheme {
    let says = format!("The cookie of {of}; with X-CSRF-Token for a change");
    let cookie = ApiKeyValue::with_description(COOKIE_NAME, says.as_str());
    SecurityScheme::ApiKey(ApiKey::Cookie(cookie))
}

/// Why a request was not carried out (RFC 9457).
#[derive(ToSchema)]
#[allow(
    dead_code,
    reason = "describes the documents that tenancy-core's type makes"
)]
struct Problem {
    /// Names the kind of problem.
    r#type: String,
    title: String,
    status: u16,
    detail: Option<String>,
    /// A word for the kind of problem.
    code: Option<String>,
    /// What is wrong with each field; with 422.
    errors: Option<Vec<Violation>>,
    /// Which variants lack; with `insufficient_stock`.
    shortages: Option<Vec<Shortage>>,
    /// Which variants are not published; with `not_for_sale`.
    variants: Option<Vec<VariantId>>,
}

/// How any operation of a shop's may refuse.
pub(super) const SHOPS_REFUSALS: [&str; 8] =
    ["400", "401", "403", "404", "408", "410", "422", "503"];

/// How any operation of the operators' may.
pub(super) const OPERATORS_REFUSALS: [&str; 8] =
    ["400", "401", "403", "404", "408", "422", "429", "503"];

/// The document, made once: what the handlers say, and how any of them may refuse.
pub(super) fn document(mut described: openapi::OpenApi, refusals: &[&'static str]) -> Document {
    for item in described.paths.paths.values_mut() {
        if let Some(operation) = &mut item.get {
            describe_answers(operation, false, refusals);
        }
        let changes = [
            &mut item.put,
            &mut item.post,
            &mut item.patch,
            &mut item.delete,
        ];
        for operation in changes.into_iter().flatten() {
            let changes = operation.tags.as_deref() != Some(&[account::TAG.to_owned()]);
            describe_answers(operation, changes, refusals);
            if !changes {
                continue;
            }
            let parameters = operation.parameters.get_or_insert_default();
            parameters.push(idempotency_key().into());
        }
    }
    let json = described.to_json();
    Document(json.expect("the description is plain data").into())
}

fn idempotency_key() -> Parameter {
    ParameterBuilder::new()
        .name("Idempotency-Key")
        .parameter_in(ParameterIn::Header)
        .description(Some(
            "With it the change happens once, however often the request is sent: each repetition \
             gets the same bytes, with Idempotent-Replayed: true.",
        ))
        .schema(Some(
            ObjectBuilder::new()
                .schema_type(Type::String)
                .max_length(Some(255)),
        ))
        .build()
}

fn describe_answers(operation: &mut Operation, changes: bool, refusals: &[&'static str]) {
    let answers = &mut operation.responses.responses;
    for (status, answer) in answers.iter_mut() {
        if let RefOr::T(answer) = answer
            && answer.description.is_empty()
        {
            answer.description = reason(status);
        }
    }
    let mut refusals = refusals.to_vec();
    if changes {
        refusals.push("409");
    } else if operation.request_body.is_some() {
        refusals.push("429"); // to sign in
    }
    if operation.request_body.is_some() {
        refusals.extend(["413", "415"]);
    }
    for status in refusals {
        let mut refusal = openapi::Response::new(reason(status));
        let problem = Content::new(Some(Ref::from_schema_name("Problem")));
        refusal
            .content
            .insert("application/problem+json".to_owned(), problem.into());
        answers.insert(status.to_owned(), refusal.into());
    }
}

fn reason(status: &str) -> String {
    let status = status.parse::<StatusCode>().ok();
    let reason = status.and_then(|status| status.canonical_reason());
    reason.unwrap_or_default().to_owned()
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
