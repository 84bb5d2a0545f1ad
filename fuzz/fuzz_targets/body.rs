//! The look into bodies: what a handler would read as the text of a field is no attack, in however small
//! pieces the body arrives, and the body is handed on as it was.
#![no_main]

use std::convert::Infallible;

use bytes::Bytes;
use futures_util::stream;
use http::{Request, Response, StatusCode};
use http_body::Frame;
use http_body_util::{BodyExt as _, Full, StreamBody};
use libfuzzer_sys::fuzz_target;
use multer::Multipart;
use serde_json::Value;
use tenancy_security::threat::ThreatLayer;
use tower::{Layer as _, ServiceExt as _, service_fn};

const ATTACK: &[u8] = b"<script>alert(1)</script>";

/// How a body is written, and read.
#[derive(Clone, Copy)]
enum Kind {
    Multipart,
    Json,
    Form,
}

fuzz_target!(|data: &[u8]| {
    let Some(([kind, size], body)) = data.split_first_chunk() else {
        return;
    };
    let kind = [Kind::Multipart, Kind::Json, Kind::Form][usize::from(*kind) % 3];
    // Too long to be made up stands where the input has a mark.
    let mut body = body.to_vec();
    if let Some(place) = body.windows(2).position(|mark| mark == b"@@") {
        body.splice(place..place + 2, ATTACK.iter().copied());
    }
    let body = Bytes::from(body);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    let whole = runtime.block_on(send(kind, &body, body.len().max(1)));
    let pieces = runtime.block_on(send(kind, &body, usize::from(*size).max(1)));
    assert_eq!(whole, pieces);
    let Some(received) = whole else { return };
    assert_eq!(received, body, "the body was changed on the way");
    let holds_attack = match kind {
        Kind::Multipart => runtime.block_on(form_holds_attack(body)),
        Kind::Json => serde_json::from_slice(&body).is_ok_and(|json| json_holds_attack(&json)),
        Kind::Form => form_urlencoded::parse(&body)
            .any(|(name, value)| [name, value].iter().any(|text| text.as_bytes() == ATTACK)),
    };
    assert!(!holds_attack);
});

/// What a handler receives, unless the body is refused.
async fn send(kind: Kind, body: &Bytes, size: usize) -> Option<Bytes> {
    let pieces: Vec<_> = (0..body.len())
        .step_by(size)
        .map(|from| body.slice(from..body.len().min(from + size)))
        .map(|piece| Ok::<_, Infallible>(Frame::data(piece)))
        .collect();
    let echo = service_fn(async |request: Request<_>| {
        let body = http_body_util::BodyExt::collect(request.into_body()).await?;
        Ok::<_, Infallible>(Response::new(Full::new(body.to_bytes())))
    });
    let content_type = match kind {
        Kind::Multipart => "multipart/form-data; boundary=x",
        Kind::Json => "application/json",
        Kind::Form => "application/x-www-form-urlencoded",
    };
    let request = Request::post("https://acme.example/reviews")
        .header("content-type", content_type)
        .body(StreamBody::new(stream::iter(pieces)))
        .unwrap();
    let service = ThreatLayer::new().layer(echo);
    let response = service.oneshot(request).await.unwrap();
    if response.status() != StatusCode::OK {
        return None;
    }
    let body = response.into_body().collect().await.unwrap();
    Some(body.to_bytes())
}

/// Whether a field without a type, which is text, is the attack and nothing else.
async fn form_holds_attack(form: Bytes) -> bool {
    let mut fields = Multipart::new(stream::iter([Ok::<_, Infallible>(form)]), "x");
    while let Ok(Some(field)) = fields.next_field().await {
        let is_text = field.content_type().is_none();
        match field.bytes().await {
            Ok(value) if is_text && value == ATTACK => return true,
            Ok(_) => {}
            Err(_) => return false,
        }
    }
    false
}

/// Whether a text or a name in a document is the attack and nothing else.
fn json_holds_attack(json: &Value) -> bool {
    match json {
        Value::String(text) => text.as_bytes() == ATTACK,
        Value::Array(values) => values.iter().any(json_holds_attack),
        Value::Object(fields) => fields
            .iter()
            .any(|(name, value)| name.as_bytes() == ATTACK || json_holds_attack(value)),
        Value::Null | Value::Bool(_) | Value::Number(_) => false,
    }
}
