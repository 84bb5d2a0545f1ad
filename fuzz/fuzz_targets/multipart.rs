//! The look into multipart forms: what a handler would read as the text of a field is no attack, in however
//! small pieces the form arrives, and the form is handed on as it was.
#![no_main]

use std::convert::Infallible;

use bytes::Bytes;
use futures_util::stream;
use http::{Request, Response, StatusCode};
use http_body::Frame;
use http_body_util::{BodyExt as _, Full, StreamBody};
use libfuzzer_sys::fuzz_target;
use multer::Multipart;
use tenancy_security::threat::ThreatLayer;
use tower::{Layer as _, ServiceExt as _, service_fn};

const ATTACK: &[u8] = b"<script>alert(1)</script>";

fuzz_target!(|data: &[u8]| {
    let Some((&size, form)) = data.split_first() else {
        return;
    };
    // Too long to be made up stands where the input has a mark.
    let mut form = form.to_vec();
    if let Some(place) = form.windows(2).position(|mark| mark == b"@@") {
        form.splice(place..place + 2, ATTACK.iter().copied());
    }
    let form = Bytes::from(form);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    let whole = runtime.block_on(send(&form, form.len().max(1)));
    let pieces = runtime.block_on(send(&form, usize::from(size).max(1)));
    assert_eq!(whole, pieces);
    let Some(received) = whole else { return };
    assert_eq!(received, form, "the form was changed on the way");
    assert!(!runtime.block_on(holds_attack(form)));
});

/// What a handler receives, unless the form is refused.
async fn send(form: &Bytes, size: usize) -> Option<Bytes> {
    let pieces: Vec<_> = (0..form.len())
        .step_by(size)
        .map(|from| form.slice(from..form.len().min(from + size)))
        .map(|piece| Ok::<_, Infallible>(Frame::data(piece)))
        .collect();
    let echo = service_fn(async |request: Request<_>| {
        let body = http_body_util::BodyExt::collect(request.into_body()).await?;
        Ok::<_, Infallible>(Response::new(Full::new(body.to_bytes())))
    });
    let request = Request::post("https://acme.example/reviews")
        .header("content-type", "multipart/form-data; boundary=x")
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
async fn holds_attack(form: Bytes) -> bool {
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
