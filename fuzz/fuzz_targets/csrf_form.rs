//! The search for a token in a form: it finds what a form's parser would find, in however small
//! pieces the form arrives, and hands on the form as it was.
#![no_main]

use std::collections::VecDeque;
use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use http_body::{Body, Frame};
use http_body_util::{BodyExt as _, Full};
use libfuzzer_sys::fuzz_target;
use tenancy_security::PeekedBody;
use tenancy_security::csrf::{CsrfKey, CsrfLayer, SessionCookie};
use tower::{Layer as _, ServiceExt as _, service_fn};

/// A body in pieces.
struct Pieces(VecDeque<Bytes>);

impl Body for Pieces {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        Poll::Ready(self.0.pop_front().map(|piece| Ok(Frame::data(piece))))
    }
}

fuzz_target!(|data: &[u8]| {
    let [choice, size, form @ ..] = data else {
        return;
    };
    let key = CsrfKey::new(b"secret");
    let is_multipart = choice & 1 == 1;
    // What no client can guess stands where the input has a mark.
    let token = key.token(None, b"sam;").masked();
    let mut form = form.to_vec();
    if let Some(place) = form.windows(2).position(|mark| mark == b"@@") {
        form.splice(place..place + 2, token.bytes());
    }
    let pieces = form
        .chunks(usize::from(*size).max(1))
        .map(Bytes::copy_from_slice);
    let pieces = Pieces(pieces.collect());

    let echo = service_fn(async |request: Request<PeekedBody<Pieces>>| {
        let body = request.into_body().collect().await?.to_bytes();
        Ok::<_, Infallible>(Response::new(Full::new(body)))
    });
    let service = CsrfLayer::new()
        .tokens(key, SessionCookie::new("session"))
        .layer(echo);
    let request = Request::post("https://acme.example/pay")
        .header("cookie", "session=sam")
        .header("content-type", content_type(is_multipart))
        .body(pieces)
        .unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    let (status, body) = runtime.block_on(async {
        let (parts, body) = service.oneshot(request).await.unwrap().into_parts();
        (parts.status, body.collect().await.unwrap().to_bytes())
    });

    let is_admitted = status == StatusCode::OK;
    assert!(
        !is_admitted || body == form,
        "the form was changed on the way"
    );
    if is_multipart {
        let holds = form
            .windows(token.len())
            .any(|window| window == token.as_bytes());
        assert!(
            !is_admitted || holds,
            "a form without its token was admitted"
        );
    } else {
        let mut fields = form_urlencoded::parse(&form);
        let sent = fields
            .find(|(name, _)| name == "_csrf")
            .map(|(_, value)| value);
        assert_eq!(is_admitted, sent.as_deref() == Some(&*token), "{sent:?}");
    }
});

fn content_type(is_multipart: bool) -> &'static str {
    if is_multipart {
        "multipart/form-data; boundary=x"
    } else {
        "application/x-www-form-urlencoded"
    }
}
