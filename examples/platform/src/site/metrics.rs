use aws_lc_rs::constant_time::verify_slices_are_equal;
use axum::Extension;
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use http::header::{ACCEPT, AUTHORIZATION, CACHE_CONTROL, CONTENT_TYPE, HOST, WWW_AUTHENTICATE};
use http::{HeaderMap, StatusCode};
use tenancy_core::client_address::ClientAddress;
use tenancy_core::resolve::Host;
use tenancy_observability::sink::prometheus::Format;

use super::refuse::NoPage;
use crate::platform::Platform;
use crate::secret::Secret;

/// What was counted, for the platform's operator alone.
pub(super) async fn show(
    State(platform): State<Platform>,
    address: Option<Extension<ClientAddress>>,
    headers: HeaderMap,
) -> Result<Response, NoPage> {
    let config = platform.config();
    let host = headers.get(HOST).and_then(|host| host.to_str().ok());
    let host = host.and_then(|host| Host::from_authority(host).ok());
    if !config.metrics.enabled || host != Some(config.base_domain()) {
        return Err(NoPage::not_found());
    }
    // Where a proxy stands in front every client seems to be on loopback, and the platform is not.
    let is_here = address.is_some_and(|Extension(address)| address.0.to_canonical().is_loopback());
    let is_open = config.origin().is_loopback() && is_here;
    if !is_open && !shows(&headers, config.metrics.token.as_ref()) {
        let refused = (StatusCode::UNAUTHORIZED, [(WWW_AUTHENTICATE, "Bearer")]);
        return Ok(refused.into_response());
    }
    let accept = headers.get(ACCEPT).and_then(|accept| accept.to_str().ok());
    let format = Format::accepted(accept.unwrap_or_default());
    let text = format.write(&platform.metrics().snapshot());
    let headers = [
        (CONTENT_TYPE, format.content_type()),
        (CACHE_CONTROL, "no-store"),
    ];
    Ok((headers, text).into_response())
}

fn shows(headers: &HeaderMap, token: Option<&Secret>) -> bool {
    let shown = headers
        .get(AUTHORIZATION)
        .and_then(|shown| shown.as_bytes().strip_prefix(b"Bearer "));
    match (shown, token) {
        (Some(shown), Some(token)) => {
            verify_slices_are_equal(shown, token.expose().as_bytes()).is_ok()
        }
        _ => false,
    }
}
