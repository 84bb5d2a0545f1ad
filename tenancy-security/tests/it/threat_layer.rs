//! What the threat layer refuses, lets pass and tells, as a server meets it.

mod bodies;
mod corpora;
mod events;
mod hostile;
mod metrics;
mod modes;
mod places;
mod properties;
mod repeated;
mod texts;

use std::convert::Infallible;

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use http_body_util::{BodyExt as _, Full};
use tenancy_security::PeekedBody;
use tenancy_security::threat::ThreatLayer;
use tower::{Layer as _, ServiceExt as _, service_fn};

type Body = Full<Bytes>;

/// Sends a request through the layer to a handler that answers with what it got.
async fn send(layer: &ThreatLayer, request: Request<Body>) -> Response<Body> {
    let handler = service_fn(async |request: Request<PeekedBody<Body>>| {
        let body = request.into_body().collect().await.unwrap();
        Ok::<_, Infallible>(Response::new(Full::new(body.to_bytes())))
    });
    layer.layer(handler).oneshot(request).await.unwrap()
}

fn get(target: &str) -> Request<Body> {
    Request::get(target).body(Body::default()).unwrap()
}

fn with_header(name: &str, value: impl AsRef<[u8]>) -> Request<Body> {
    let request = Request::get("/").header(name, value.as_ref());
    request.body(Body::default()).unwrap()
}

fn post(content_type: &str, body: impl Into<Bytes>) -> Request<Body> {
    post_to("/api/products", content_type, body)
}

fn post_to(path: &str, content_type: &str, body: impl Into<Bytes>) -> Request<Body> {
    let request = Request::post(path).header("content-type", content_type);
    request.body(Full::new(body.into())).unwrap()
}

/// One part of a form, with these parameters after its name, and these headers.
fn multipart(parameters: &str, headers: &str, content: impl AsRef<[u8]>) -> Request<Body> {
    let mut body = format!(
        "--XyZ\r\nContent-Disposition: form-data; name=\"note\"{parameters}\r\n{headers}\r\n"
    )
    .into_bytes();
    body.extend_from_slice(content.as_ref());
    body.extend_from_slice(b"\r\n--XyZ--\r\n");
    post("multipart/form-data; boundary=XyZ", body)
}

async fn status(request: Request<Body>) -> StatusCode {
    send(&quiet(), request).await.status()
}

/// A layer that writes nothing to the log.
fn quiet() -> ThreatLayer {
    ThreatLayer::new().sink(|_: &_| {})
}

/// Every byte that is not a letter or a digit, as a URL has it.
fn url_encoded(text: &[u8]) -> String {
    let mut encoded = String::new();
    for byte in text {
        if byte.is_ascii_alphanumeric() {
            encoded.push(char::from(*byte));
        } else {
            encoded.push_str(&format!("%{byte:02x}"));
        }
    }
    encoded
}
