use axum::Router;
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use utoipa::OpenApi as _;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::specification::{self, Document, OPERATORS_REFUSALS, OperatorsSpecification};
use super::{Refused, reports, watch};
use crate::platform::Platform;
use crate::sign_in::Visit;
use crate::users::Door;

/// The routes under `/platform/api`, and their description at `/platform/openapi.json`.
pub(super) fn routes() -> Router<Platform> {
    let (routes, description) = OpenApiRouter::with_openapi(OperatorsSpecification::openapi())
        .routes(routes!(reports::performance_of_platform))
        .routes(routes!(reports::slow_requests_of_platform))
        .routes(routes!(watch::alerts))
        .routes(routes!(watch::health))
        .split_for_parts();
    let document = specification::document(description, &OPERATORS_REFUSALS);
    let describe = async move |visit: Visit| describe(&visit, &document);
    routes.route("/platform/openapi.json", get(describe))
}

/// Shops have nothing of the kind.
fn describe(visit: &Visit, document: &Document) -> Result<Response, Refused> {
    match visit.door {
        Door::Platform(_) => Ok(document.clone().into_response()),
        Door::Shop(_) => Err(Refused::not_found()),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use axum::body::{Body, to_bytes};
    use http::Request;
    use serde_json::Value;
    use tower::ServiceExt as _;

    use super::*;
    use crate::config::Config;
    use crate::{defence, server, site};

    const PREFIX: &str = "/platform/api/";

    /// The paths that a router knows, which it tells nobody but those who look for its faults.
    fn registered(router: &Router) -> BTreeSet<String> {
        let told = format!("{router:?}");
        let quoted = told.split('"').filter(|text| text.starts_with(PREFIX));
        quoted.map(ToOwned::to_owned).collect()
    }

    #[tokio::test]
    async fn every_route_of_the_operators_is_described_and_nothing_else_is() {
        let (platform, _folder) = Platform::in_new_folder(Config::default()).await;
        let routes = registered(&site::app(&platform, &defence::stack(&platform)));

        let request = Request::get("/platform/openapi.json").header("host", "localhost");
        let request = request.body(Body::empty()).unwrap();
        let answer = server::app(&platform, None).oneshot(request).await.unwrap();
        let document = to_bytes(answer.into_body(), usize::MAX).await.unwrap();
        let document: Value = serde_json::from_slice(&document).unwrap();
        let paths = document["paths"].as_object().unwrap();
        let described = paths.keys().filter(|path| path.starts_with(PREFIX));
        let described: BTreeSet<String> = described.cloned().collect();
        assert_eq!(routes, described);
        assert!(routes.len() >= 4, "{routes:?}");

        assert_eq!(document["security"], serde_json::json!([{ "session": [] }]));
        assert!(document["components"]["securitySchemes"]["session"].is_object());
        let operations = paths.values().flat_map(|item| item.as_object().unwrap());
        for (_, operation) in operations {
            let refusals = ["400", "401", "404", "429", "503"];
            for status in refusals {
                let refusal = &operation["responses"][status]["content"];
                let schema = &refusal["application/problem+json"]["schema"]["$ref"];
                assert_eq!(
                    schema, "#/components/schemas/Problem",
                    "{status}: {operation}"
                );
            }
        }
        let mut dangling = vec![];
        references(&document, &mut |name| {
            if document.pointer(name).is_none() {
                dangling.push(name.to_owned());
            }
        });
        assert_eq!(dangling, Vec::<String>::new());
    }

    /// Shows each pointer into the document.
    fn references(value: &Value, show: &mut impl FnMut(&str)) {
        match value {
            Value::Object(fields) => {
                if let Some(pointer) = fields.get("$ref").and_then(Value::as_str) {
                    show(pointer.trim_start_matches('#'));
                }
                fields.values().for_each(|field| references(field, show));
            }
            Value::Array(items) => items.iter().for_each(|item| references(item, show)),
            Value::Bool(_) | Value::Null | Value::Number(_) | Value::String(_) => {}
        }
    }
}
