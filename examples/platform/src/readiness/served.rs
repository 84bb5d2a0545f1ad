//! What is answered, by the service as it is put together.

use tenancy_observability::readiness::{Finding, headers as judged};
use tower::ServiceExt as _;

use crate::platform::Platform;
use crate::server;

/// The headers of the platform's own page.
pub(super) async fn headers(platform: &Platform) -> Finding {
    let app = server::app(platform, None);
    let Ok(answer) = app.oneshot(server::front_page(platform)).await;
    let url = platform.config().public_url.as_ref();
    judged::judge(answer.headers(), url.is_some_and(|url| url.is_encrypted()))
}

/// What the layers say of themselves when two requests are sent through them.
pub(super) async fn layers(platform: &Platform) -> Finding {
    let concerns = server::concerns(platform).await;
    if concerns.is_empty() {
        return Finding::pass("each layer of the security stack is where it belongs");
    }
    Finding::worst(
        concerns
            .into_iter()
            .map(|concern| Finding::fail(concern.code(), concern.says())),
    )
}
