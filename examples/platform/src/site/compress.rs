use http::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderMap, SET_COOKIE};
use http::{Extensions, StatusCode, Version};
use tower_http::compression::CompressionLayer;
use tower_http::compression::predicate::{Predicate, SizeAbove};

/// Below this a body with its new headers gets hardly shorter, if at all.
const BYTES_MIN: u64 = 1024;

/// Texts are sent shorter to those who can read that.
pub(super) fn layer() -> CompressionLayer<impl Predicate> {
    CompressionLayer::new().compress_when(SizeAbove::new(BYTES_MIN).and(may_be_compressed))
}

/// Only what is text and not compressed already. What is not to be stored may hold a secret, and then
/// its length would tell of it to those who can have a guess put beside it (BREACH).
fn may_be_compressed(_: StatusCode, _: Version, headers: &HeaderMap, _: &Extensions) -> bool {
    let has = |name, part: &str| {
        let value = headers.get(name).and_then(|value| value.to_str().ok());
        value.is_some_and(|value| value.contains(part))
    };
    let is_secret = headers.contains_key(SET_COOKIE) || has(CACHE_CONTROL, "no-store");
    !is_secret
        && ["text/", "json", "svg"]
            .iter()
            .any(|kind| has(CONTENT_TYPE, kind))
}
