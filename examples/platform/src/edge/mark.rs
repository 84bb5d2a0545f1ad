use aws_lc_rs::digest::{SHA256, digest};
use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{MatchedPath, Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::header::{
    AUTHORIZATION, CACHE_CONTROL, CONTENT_LENGTH, CONTENT_TYPE, ETAG, HeaderMap, HeaderName,
    HeaderValue, IF_NONE_MATCH, VARY,
};
use http::{Method, StatusCode};
use tenancy_core::TenantScope;

use crate::platform::Platform;

/// Everybody may store it, and asks each time whether it is still true.
const PUBLIC: HeaderValue = HeaderValue::from_static("public, no-cache");
/// The same for one caller alone.
const PRIVATE: HeaderValue = HeaderValue::from_static("private, no-cache");
/// Fastly's and Varnish's name for tags, and Cloudflare's and Akamai's.
const SURROGATE_KEY: HeaderName = HeaderName::from_static("surrogate-key");
const CACHE_TAG: HeaderName = HeaderName::from_static("cache-tag");

/// Gives what everybody may read of a shop, as JSON or as a page, a validator and its tags, and answers 304
/// to who has it already.
pub(crate) async fn mark(
    State(platform): State<Platform>,
    scope: Option<TenantScope>,
    mut request: Request,
    next: Next,
) -> Response {
    let is_read = matches!(*request.method(), Method::GET | Method::HEAD);
    let Some(tags) = tags(&request).filter(|_| is_read) else {
        return next.run(request).await;
    };
    let known = request.headers().get(IF_NONE_MATCH).cloned();
    // Only the whole answer has a validator; the router leaves the body out where the head was asked for.
    *request.method_mut() = Method::GET;
    let mut response = next.run(request).await;
    if response.status() != StatusCode::OK {
        return response;
    }
    let headers = response.headers_mut();
    headers.append(VARY, HeaderValue::from_name(AUTHORIZATION));
    if scope.as_ref().is_some_and(is_somebodys) {
        headers.insert(CACHE_CONTROL, PRIVATE);
        return response;
    }
    headers.insert(CACHE_CONTROL, PUBLIC);
    // The platform's own page has none: shops come and go without a word in a tenant's journal.
    if let Some(scope) = &scope {
        let (edge, tenant) = (platform.edge_tags(), scope.tenant_id());
        let tags = tags.iter().map(|tag| edge.of(tenant, tag));
        let tags: Vec<_> = tags.chain([edge.of_all(tenant)]).collect();
        for (name, separator) in [(SURROGATE_KEY, " "), (CACHE_TAG, ",")] {
            if let Ok(value) = HeaderValue::try_from(tags.join(separator)) {
                headers.insert(name, value);
            }
        }
    }
    let (mut head, body) = response.into_parts();
    // Made from memory, so it cannot fail half-way.
    let Ok(body) = to_bytes(body, usize::MAX).await else {
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    };
    let tag = validator(&body);
    let is_known = known.is_some_and(|known| matches(&known, &tag));
    head.headers.insert(ETAG, tag);
    if is_known {
        head.status = StatusCode::NOT_MODIFIED;
        forget_body(&mut head.headers);
        return Response::from_parts(head, Body::empty());
    }
    Response::from_parts(head, Body::from(body))
}

/// Whether what the caller sees may be for them alone.
fn is_somebodys(scope: &TenantScope) -> bool {
    !scope.actor().is_anonymous()
}

/// What an answer depends on of the catalogue, as the cache's tags have it.
fn tags(request: &Request) -> Option<Vec<String>> {
    let route = request.extensions().get::<MatchedPath>()?.as_str();
    let id = || request.uri().path().rsplit('/').next().unwrap_or_default();
    let shown = ["category".to_owned(), "stock".to_owned()];
    match route {
        // Pages: another product may come to have the slug, and others are shown beside it.
        "/" | "/products" | "/products/{slug}" | "/categories/{slug}" | "/api/products" => {
            Some([&["product".to_owned()], &shown[..]].concat())
        }
        "/api/products/{id}" => Some([&[format!("product/{}", id())], &shown[..]].concat()),
        "/api/categories" | "/categories" => Some(vec!["category".to_owned()]),
        "/api/categories/{id}" => Some(vec![format!("category/{}", id())]),
        _ => None,
    }
}

/// Weak, because a compressed form of the answer has the same.
fn validator(body: &Bytes) -> HeaderValue {
    let hash = URL_SAFE_NO_PAD.encode(&digest(&SHA256, body).as_ref()[..16]);
    HeaderValue::try_from(format!("W/\"{hash}\"")).expect("base64 is visible ASCII")
}

/// Whether one of the validators in `If-None-Match` is this one, however strong each is.
fn matches(known: &HeaderValue, tag: &HeaderValue) -> bool {
    let (Ok(known), Ok(tag)) = (known.to_str(), tag.to_str()) else {
        return false;
    };
    let opaque = |tag: &str| tag.trim().trim_start_matches("W/").to_owned();
    known.trim() == "*" || known.split(',').any(|one| opaque(one) == opaque(tag))
}

fn forget_body(headers: &mut HeaderMap) {
    headers.remove(CONTENT_LENGTH);
    headers.remove(CONTENT_TYPE);
}
