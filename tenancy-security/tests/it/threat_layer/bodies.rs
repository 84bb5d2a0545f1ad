//! What becomes of a body that is looked at, or cannot be.

use std::convert::Infallible;
use std::io::Write as _;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::Poll;

use bytes::Bytes;
use flate2::Compression;
use flate2::write::{DeflateEncoder, GzEncoder, ZlibEncoder};
use futures_util::stream;
use http::{HeaderMap, HeaderValue, Request, Response, StatusCode};
use http_body::{Body as _, Frame};
use http_body_util::{BodyExt as _, Full, StreamBody};
use proptest::prelude::*;
use tenancy_security::PeekedBody;
use tenancy_security::threat::{Encodings, Mode, OverCap, Refusal, RoutePolicy, ThreatLayer};
use tower::{Layer as _, ServiceExt as _, service_fn};

use super::{post, post_to, quiet, send};

const SCRIPT: &str = "<script>alert(1)</script>";
const TEXT: &str = "text/plain";

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
struct Broken;

type Streamed = http_body_util::combinators::UnsyncBoxBody<Bytes, Broken>;
type Piece = Result<Frame<Bytes>, Broken>;

fn data(text: impl Into<Bytes>) -> Piece {
    Ok(Frame::data(text.into()))
}

fn streamed(pieces: Vec<Piece>) -> Streamed {
    StreamBody::new(stream::iter(pieces)).boxed_unsync()
}

/// What a handler got: the frames and the error.
async fn received(layer: &ThreatLayer, body: Streamed) -> Option<Vec<Piece>> {
    let (sender, receiver) = tokio::sync::oneshot::channel();
    let sender = Arc::new(std::sync::Mutex::new(Some(sender)));
    let handler = service_fn(move |request: Request<PeekedBody<Streamed>>| {
        let sender = sender.lock().unwrap().take();
        async move {
            let mut body = request.into_body();
            let mut pieces = vec![];
            loop {
                let is_over = body.is_end_stream();
                let Some(piece) = body.frame().await else {
                    break;
                };
                assert!(!is_over, "there was more than it said");
                pieces.push(piece);
            }
            let _ = sender.unwrap().send(pieces);
            Ok::<_, Infallible>(Response::new(Full::<Bytes>::default()))
        }
    });
    let request = Request::post("/").header("content-type", TEXT);
    let request = request.body(body).unwrap();
    layer.layer(handler).oneshot(request).await.unwrap();
    receiver.await.ok()
}

async fn check(layer: &ThreatLayer, request: Request<Full<Bytes>>, expected: Result<(), Refusal>) {
    let shown = format!("{:?} {:?}", request.uri(), request.headers());
    let response = send(layer, request).await;
    let refusal = response.extensions().get::<Refusal>().copied();
    assert_eq!(refusal, expected.err(), "{shown}");
    let status = match refusal {
        None => StatusCode::OK,
        Some(Refusal::BodyTooLarge) => StatusCode::PAYLOAD_TOO_LARGE,
        Some(Refusal::Threat) => StatusCode::FORBIDDEN,
        Some(_) => StatusCode::UNSUPPORTED_MEDIA_TYPE,
    };
    assert_eq!(response.status(), status, "{shown}");
}

proptest! {
    #[test]
    fn a_body_is_handed_on_byte_for_byte_however_it_comes(
        pieces in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..40), 0..8),
        trailer in any::<bool>(),
        cap in 0_usize..200,
    ) {
        let mut frames: Vec<_> = pieces.iter().cloned().map(data).collect();
        let mut trailers = HeaderMap::new();
        trailers.insert("x-sum", HeaderValue::from_static("1"));
        if trailer {
            frames.push(Ok(Frame::trailers(trailers.clone())));
        }
        let layer = quiet().mode(Mode::Observe).body_bytes_max(cap);
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let got = runtime.block_on(received(&layer, streamed(frames))).unwrap();
        let mut bytes = vec![];
        let mut seen = None;
        for piece in got {
            prop_assert!(seen.is_none(), "something came after the trailers");
            match piece.unwrap().into_data() {
                Ok(data) => bytes.extend_from_slice(&data),
                Err(frame) => seen = Some(frame.into_trailers().unwrap()),
            }
        }
        prop_assert_eq!(bytes, pieces.concat());
        prop_assert_eq!(seen, trailer.then_some(trailers));
    }
}

#[tokio::test]
async fn an_error_of_the_body_reaches_the_handler_after_what_came_before() {
    let pieces = vec![data("one "), data("two"), Err(Broken)];
    let got = received(&quiet(), streamed(pieces)).await.unwrap();
    assert_eq!(got.len(), 2);
    assert_eq!(got[0].as_ref().unwrap().data_ref().unwrap(), "one two");
    assert_eq!(got[1].as_ref().unwrap_err(), &Broken);
    // What came is looked at all the same.
    let pieces = vec![data("<script>"), data("alert(1)</script>"), Err(Broken)];
    assert!(received(&quiet(), streamed(pieces)).await.is_none());
}

#[tokio::test]
async fn an_attack_in_pieces_is_seen_whole() {
    let pieces = SCRIPT.bytes().map(|byte| data(vec![byte])).collect();
    assert!(received(&quiet(), streamed(pieces)).await.is_none());
}

#[tokio::test]
async fn a_body_that_stops_coming_is_let_go_with_the_request() {
    struct Noticed(Arc<AtomicBool>);
    impl Drop for Noticed {
        fn drop(&mut self) {
            self.0.store(true, Ordering::Relaxed);
        }
    }
    let dropped = Arc::new(AtomicBool::new(false));
    let noticed = Noticed(Arc::clone(&dropped));
    let never = stream::poll_fn(move |_| {
        let _ = &noticed;
        Poll::<Option<Piece>>::Pending
    });
    let handler = service_fn(async |_: Request<PeekedBody<Streamed>>| {
        Ok::<_, Infallible>(Response::new(Full::<Bytes>::default()))
    });
    let request = Request::post("/")
        .body(StreamBody::new(never).boxed_unsync())
        .unwrap();
    {
        let mut waiting = pin!(quiet().layer(handler).oneshot(request));
        assert!(futures_util::poll!(&mut waiting).is_pending());
        assert!(!dropped.load(Ordering::Relaxed));
    }
    assert!(dropped.load(Ordering::Relaxed));
}

#[tokio::test]
async fn a_tunnel_is_handed_on_at_once() {
    let handler = service_fn(async |_: Request<PeekedBody<Streamed>>| {
        Ok::<_, Infallible>(Response::new(Full::<Bytes>::default()))
    });
    let open = |method: &str| {
        let never = StreamBody::new(stream::pending::<Piece>()).boxed_unsync();
        let request = Request::builder().method(method).uri("/socket");
        quiet().layer(handler).oneshot(request.body(never).unwrap())
    };
    let mut tunnel = pin!(open("CONNECT"));
    assert!(futures_util::poll!(&mut tunnel).is_ready());
    let mut request = pin!(open("POST"));
    assert!(futures_util::poll!(&mut request).is_pending());
}

#[tokio::test]
async fn a_body_over_the_cap_is_refused_unless_the_policy_lets_it_pass() {
    let ok = "x".repeat(1024);
    let long = |text: &str| format!("{text}{}", " ".repeat(1025 - text.len()));
    let late = format!("{} {SCRIPT}", "x".repeat(1024));
    let refusing = quiet().body_bytes_max(1024);
    check(&refusing, post(TEXT, ok.clone()), Ok(())).await;
    check(&refusing, post(TEXT, long("x")), Err(Refusal::BodyTooLarge)).await;
    check(
        &refusing,
        post(TEXT, late.clone()),
        Err(Refusal::BodyTooLarge),
    )
    .await;

    let passing = refusing.clone().over_cap(OverCap::Pass);
    check(&passing, post(TEXT, long("x")), Ok(())).await;
    check(&passing, post(TEXT, long(SCRIPT)), Err(Refusal::Threat)).await;
    let json = format!("{{\"a\": \"{SCRIPT}\", \"b\": \"{}\"}}", "x".repeat(2000));
    check(
        &passing,
        post("application/json", json),
        Err(Refusal::Threat),
    )
    .await;
    // A cut file is no broken form, and what there is of a field is looked at.
    let form = |head: &str, text: &str| {
        let body = format!(
            "--B\r\nContent-Disposition: form-data; name=\"a\"{head}\r\n\r\n{text}{}",
            "\0".repeat(2000)
        );
        post("multipart/form-data; boundary=B", body)
    };
    let file = "; filename=\"a.png\"\r\nContent-Type: image/png";
    check(&passing, form(file, "PNG"), Ok(())).await;
    check(&passing, form("", SCRIPT), Err(Refusal::Threat)).await;

    let by_route = quiet().route(
        RoutePolicy::new("/api/imports/".parse().unwrap())
            .body_bytes_max(8)
            .over_cap(OverCap::Pass),
    );
    check(
        &by_route,
        post_to("/api/imports/1", TEXT, "0123456789"),
        Ok(()),
    )
    .await;
    check(&by_route, post_to("/api/imports/1", TEXT, late), Ok(())).await;
    check(
        &by_route,
        post_to("/api/imports", TEXT, SCRIPT),
        Err(Refusal::Threat),
    )
    .await;
}

#[tokio::test]
async fn a_body_that_does_not_say_how_long_it_is_is_read_up_to_the_cap() {
    let pieces = |count: usize| streamed((0..count).map(|_| data("0123456789")).collect());
    let layer = quiet().body_bytes_max(100);
    assert!(received(&layer, pieces(10)).await.is_some());
    assert!(received(&layer, pieces(11)).await.is_none());
    let got = received(&layer.over_cap(OverCap::Pass), pieces(30))
        .await
        .unwrap();
    // What was read comes first, and the rest as it came.
    let lengths = got
        .iter()
        .map(|piece| piece.as_ref().unwrap().data_ref().unwrap().len());
    assert_eq!(
        lengths.collect::<Vec<_>>(),
        [&[110][..], &[10; 19]].concat()
    );
}

#[tokio::test]
async fn a_route_that_takes_uploads_lets_bodies_stream_past() {
    let uploads = RoutePolicy::new("/api/media/".parse().unwrap()).head_only();
    let layer = quiet().body_bytes_max(4).route(uploads);
    check(&layer, post_to("/api/media/1", TEXT, SCRIPT), Ok(())).await;
    check(
        &layer,
        post_to("/api/media/1?q=%3Cscript%3Ealert(1)", TEXT, "x"),
        Err(Refusal::Threat),
    )
    .await;
    for path in [
        "/api/media",
        "/api/mediax/1",
        "/api/media/../products",
        "/api/media/%2e%2e/products",
    ] {
        let response = send(&layer, post_to(path, TEXT, SCRIPT)).await;
        assert_ne!(response.status(), StatusCode::OK, "{path}");
    }
}

fn gzip(text: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(vec![], Compression::best());
    encoder.write_all(text).unwrap();
    encoder.finish().unwrap()
}

fn encoded(coding: &str, body: Vec<u8>) -> Request<Full<Bytes>> {
    let mut request = post(TEXT, body);
    request
        .headers_mut()
        .insert("content-encoding", coding.parse().unwrap());
    request
}

/// Behaviour 20: compressed bodies.
#[tokio::test]
async fn a_compressed_body_is_refused_or_looked_into() {
    let harmless = gzip(b"plain words");
    let encoded_refusal = Err(Refusal::Encoded);
    for coding in [
        "gzip",
        "GZIP",
        "deflate",
        "br",
        "zstd",
        "compress",
        "identity, gzip",
        "x",
    ] {
        check(&quiet(), encoded(coding, harmless.clone()), encoded_refusal).await;
    }
    check(&quiet(), encoded("identity", b"x".to_vec()), Ok(())).await;
    let response = send(&quiet(), encoded("br", harmless.clone())).await;
    assert_eq!(response.headers()["accept-encoding"], "identity");

    let looking = quiet().encodings(Encodings::Inspect);
    let mut zlib = ZlibEncoder::new(vec![], Compression::fast());
    zlib.write_all(SCRIPT.as_bytes()).unwrap();
    let mut raw = DeflateEncoder::new(vec![], Compression::fast());
    raw.write_all(SCRIPT.as_bytes()).unwrap();
    let members = [harmless.clone(), gzip(SCRIPT.as_bytes())].concat();
    for (coding, body) in [
        ("gzip", gzip(SCRIPT.as_bytes())),
        ("x-gzip", gzip(SCRIPT.as_bytes())),
        ("gzip", members),
        ("deflate", zlib.finish().unwrap()),
        ("deflate", raw.finish().unwrap()),
    ] {
        check(&looking, encoded(coding, body), Err(Refusal::Threat)).await;
    }
    for (coding, body) in [
        ("br", harmless.clone()),
        ("gzip, gzip", gzip(&harmless)),
        ("gzip", b"no gzip at all".to_vec()),
        ("gzip", harmless[..harmless.len() - 4].to_vec()),
        ("gzip", [&harmless[..], b"and more"].concat()),
    ] {
        check(&looking, encoded(coding, body), encoded_refusal).await;
    }
    // The handler gets what was sent.
    let response = send(&looking, encoded("gzip", harmless.clone())).await;
    assert_eq!(
        response.into_body().collect().await.unwrap().to_bytes(),
        harmless
    );
}

#[tokio::test]
async fn a_bomb_is_unpacked_no_further_than_a_body_is_read() {
    let bomb = gzip(&vec![b' '; 64 * 1024 * 1024]);
    assert!(bomb.len() < 100_000);
    let looking = quiet().encodings(Encodings::Inspect);
    check(
        &looking,
        encoded("gzip", bomb.clone()),
        Err(Refusal::BodyTooLarge),
    )
    .await;
    let passing = looking.over_cap(OverCap::Pass);
    check(&passing, encoded("gzip", bomb), Ok(())).await;
}

#[tokio::test]
async fn a_text_in_a_character_set_that_is_not_read_is_refused() {
    let unknown = Err(Refusal::UnknownText);
    for charset in ["utf-8", "UTF-8", "\"utf-8\"", "us-ascii", "ISO-8859-1"] {
        let content_type = format!("text/plain; charset={charset}");
        check(&quiet(), post(&content_type, "x"), Ok(())).await;
    }
    for charset in [
        "utf-7",
        "utf-16",
        "\"UTF-16LE\"",
        "ibm037",
        "shift_jis",
        "utf-8; charset=utf-7",
    ] {
        let content_type = format!("application/json; Charset = {charset}");
        check(&quiet(), post(&content_type, "{}"), unknown).await;
    }
    let wide: Vec<u8> = SCRIPT.bytes().flat_map(|byte| [byte, 0]).collect();
    for mark in [&b"\xff\xfe"[..], b"\xfe\xff", b"\0\0\xfe\xff"] {
        check(&quiet(), post(TEXT, [mark, &wide].concat()), unknown).await;
    }
    check(&quiet(), post(TEXT, wide), Err(Refusal::Threat)).await;
    let mut two = post(TEXT, "x");
    two.headers_mut()
        .append("content-type", HeaderValue::from_static("application/json"));
    check(&quiet(), two, unknown).await;
}
