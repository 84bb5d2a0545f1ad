//! What is answered, by the service as it is put together.

use axum::body::Body;
use http::Request;
use http::header::HOST;
use tenancy_observability::readiness::{Finding, headers as judged};
use tenancy_security::diagnosis::diagnose;
use tower::ServiceExt as _;

use crate::platform::Platform;
use crate::server;

fn page(platform: &Platform) -> Request<Body> {
    let host = platform.config().base_domain().to_string();
    let request = Request::get("/").header(HOST, host).body(Body::empty());
    request.expect("a host is a header's value")
}

/// The headers of the platform's own page.
pub(super) async fn headers(platform: &Platform) -> Finding {
    let Ok(answer) = server::app(platform).oneshot(page(platform)).await;
    let url = platform.config().public_url.as_ref();
    judged::judge(answer.headers(), url.is_some_and(|url| url.is_encrypted()))
}

/// What the layers say of themselves when two requests are sent through them.
pub(super) async fn layers(platform: &Platform) -> Finding {
    let concerns = match diagnose(server::app(platform), || page(platform)).await {
        Ok(concerns) => concerns,
        Err(never) => match never {},
    };
    if concerns.is_empty() {
        return Finding::pass("each layer of the security stack is where it belongs");
    }
    Finding::worst(
        concerns
            .into_iter()
            .map(|concern| Finding::fail(concern.code(), concern.says())),
    )
}
