//! However a request ends, it is told of once, and nothing stays in flight.

use std::convert::Infallible;
use std::io;
use std::panic::AssertUnwindSafe;
use std::pin::pin;
use std::task::Poll;
use std::time::Duration;

use bytes::Bytes;
use futures_util::{FutureExt as _, StreamExt as _, poll, stream};
use http::{Request, Response};
use http_body::Frame;
use http_body_util::{BodyExt as _, Full, StreamBody};
use tenancy_observability::layer::{FinishedRequest, ObserveRequests, Outcome, PerformanceLayer};
use tokio::time::sleep;
use tower::{Layer as _, ServiceExt as _, service_fn};

use super::witness::Witness;

type Answer = Result<Response<Full<Bytes>>, Infallible>;

fn layer() -> (PerformanceLayer, Witness) {
    let witness = Witness::default();
    (PerformanceLayer::new().observe(witness.clone()), witness)
}

/// Chunks, each after a second.
fn slowly(
    chunks: Vec<io::Result<&'static str>>,
) -> StreamBody<impl stream::Stream<Item = io::Result<Frame<Bytes>>>> {
    StreamBody::new(stream::iter(chunks).then(async |chunk| {
        sleep(Duration::from_secs(1)).await;
        chunk.map(|text| Frame::data(Bytes::from(text)))
    }))
}

#[tokio::test(start_paused = true)]
async fn a_client_that_goes_away_before_the_answer_has_cancelled() {
    let (layer, witness) = layer();
    let never = service_fn(async |_: Request<()>| {
        sleep(Duration::from_secs(5)).await;
        std::future::pending::<Answer>().await
    });
    let service = layer.layer(never);
    let mut waiting = Box::pin(service.clone().oneshot(Request::default()));
    assert_eq!(poll!(waiting.as_mut()).map(drop), Poll::Pending);
    assert_eq!(layer.in_flight(), 1);
    drop(waiting);
    assert_eq!(layer.in_flight(), 0);
    let seen = witness.only();
    assert_eq!((seen.outcome, seen.status), (Outcome::Cancelled, None));

    let late = tokio::time::timeout(Duration::from_secs(9), service.oneshot(Request::default()));
    late.await.map(drop).unwrap_err();
    assert_eq!(layer.in_flight(), 0);
    let seen = &witness.all()[1];
    assert_eq!(seen.outcome, Outcome::Cancelled);
    assert_eq!(seen.spent.total, Duration::from_secs(9));
    assert_eq!(seen.spent.first_byte, None);
}

#[tokio::test(start_paused = true)]
async fn a_stream_of_events_took_as_long_as_its_head_and_ends_with_its_client() {
    let (layer, witness) = layer();
    let events = service_fn(async |_: Request<()>| {
        sleep(Duration::from_millis(40)).await;
        let response = Response::builder().header("content-type", "text/event-stream");
        Ok::<_, Infallible>(response.body(slowly(vec![Ok("one"), Ok("two")])).unwrap())
    });
    let response = layer.layer(events).oneshot(Request::default()).await;
    let mut body = Box::pin(response.unwrap().into_body());
    body.frame().await.unwrap().unwrap();
    sleep(Duration::from_secs(3600)).await;
    assert_eq!(layer.in_flight(), 1);
    drop(body);
    let seen = witness.only();
    assert_eq!(seen.outcome, Outcome::Answered);
    assert_eq!(seen.spent.total, Duration::from_millis(40));
    assert_eq!(seen.spent.client, Duration::ZERO);
    assert_eq!(layer.in_flight(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_request_lasts_until_the_last_byte_of_its_answer() {
    let (layer, witness) = layer();
    let streaming = service_fn(async |_: Request<()>| {
        sleep(Duration::from_millis(40)).await;
        Ok::<_, Infallible>(Response::new(slowly(vec![Ok("one"), Ok("two")])))
    });
    let response = layer.layer(streaming).oneshot(Request::default()).await;
    let response = response.unwrap();
    assert_eq!(response.headers()["x-response-time"], "40.000ms");
    assert_eq!(layer.in_flight(), 1);
    let body = response.into_body().collect().await.unwrap().to_bytes();
    assert_eq!(body, "onetwo");
    assert_eq!(layer.in_flight(), 0);
    let seen = witness.only();
    assert_eq!((seen.outcome, seen.status), (Outcome::Answered, Some(200)));
    assert_eq!(seen.spent.first_byte, Some(Duration::from_millis(40)));
    assert_eq!(seen.spent.total, Duration::from_millis(2040));
    assert_eq!(seen.spent.wait(), Duration::from_millis(2040));
}

#[tokio::test(start_paused = true)]
async fn a_client_that_goes_away_amid_the_body_has_cancelled() {
    let (layer, witness) = layer();
    let streaming = service_fn(async |_: Request<()>| {
        Ok::<_, Infallible>(Response::new(slowly(vec![Ok("one"), Ok("two")])))
    });
    let response = layer.layer(streaming).oneshot(Request::default()).await;
    let mut body = Box::pin(response.unwrap().into_body());
    body.frame().await.unwrap().unwrap();
    drop(body);
    assert_eq!(layer.in_flight(), 0);
    let seen = witness.only();
    assert_eq!((seen.outcome, seen.status), (Outcome::Cancelled, Some(200)));
    assert_eq!(seen.spent.total, Duration::from_secs(1));
}

#[tokio::test]
async fn what_need_not_be_asked_for_any_more_has_been_answered() {
    let check = async |request: Request<()>, answer: fn() -> Response<Full<Bytes>>, frames| {
        let (layer, witness) = layer();
        let service = layer.layer(service_fn(move |_| {
            std::future::ready(Ok::<_, Infallible>(answer()))
        }));
        let response = service.oneshot(request.clone()).await.unwrap();
        let mut body = response.into_body();
        for _ in 0..frames {
            body.frame().await.unwrap().unwrap();
        }
        drop(body);
        assert_eq!(layer.in_flight(), 0);
        assert_eq!(witness.only().outcome, Outcome::Answered, "{request:?}");
    };
    let get = || Request::get("/").body(()).unwrap();
    check(get(), || Response::new(Full::default()), 0).await;
    check(get(), || Response::new(Full::from("text")), 1).await;
    check(
        Request::head("/").body(()).unwrap(),
        || Response::new(Full::from("text")),
        0,
    )
    .await;
    check(
        get(),
        || {
            Response::builder()
                .status(204)
                .body(Full::from("-"))
                .unwrap()
        },
        0,
    )
    .await;
    check(
        get(),
        || {
            Response::builder()
                .status(304)
                .body(Full::from("-"))
                .unwrap()
        },
        0,
    )
    .await;
    check(
        get(),
        || {
            Response::builder()
                .status(101)
                .body(Full::from("-"))
                .unwrap()
        },
        0,
    )
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_server_that_stops_at_the_announced_length_has_answered() {
    let (layer, witness) = layer();
    let announced = service_fn(async |_: Request<()>| {
        let response = Response::builder().header("content-length", "6");
        Ok::<_, Infallible>(response.body(slowly(vec![Ok("one"), Ok("two")])).unwrap())
    });
    let response = layer.layer(announced).oneshot(Request::default()).await;
    let mut body = Box::pin(response.unwrap().into_body());
    body.frame().await.unwrap().unwrap();
    body.frame().await.unwrap().unwrap();
    drop(body);
    assert_eq!(witness.only().outcome, Outcome::Answered);
}

#[tokio::test(start_paused = true)]
async fn a_service_or_a_body_that_fails_has_failed() {
    let (layer, witness) = layer();
    let failing = service_fn(async |_: Request<()>| {
        Err::<Response<Full<Bytes>>, _>(io::Error::other("on purpose"))
    });
    let failed = layer.layer(failing).oneshot(Request::default()).await;
    assert_eq!(failed.map(drop).unwrap_err().to_string(), "on purpose");
    let seen = witness.only();
    assert_eq!((seen.outcome, seen.status), (Outcome::Failed, None));

    let half = service_fn(async |_: Request<()>| {
        let failed = io::Error::other("on purpose");
        Ok::<_, Infallible>(Response::new(slowly(vec![Ok("one"), Err(failed)])))
    });
    let response = layer.layer(half).oneshot(Request::default()).await;
    response.unwrap().into_body().collect().await.unwrap_err();
    assert_eq!(layer.in_flight(), 0);
    let seen = &witness.all()[1];
    assert_eq!((seen.outcome, seen.status), (Outcome::Failed, Some(200)));
}

#[tokio::test]
async fn a_panic_passes_on_and_is_told_of_once() {
    let (layer, witness) = layer();
    let polled = service_fn(async |_: Request<()>| -> Answer { panic!("on purpose") });
    let polled = layer.layer(polled).oneshot(Request::default());
    let panic = AssertUnwindSafe(polled).catch_unwind().await.map(drop);
    assert_eq!(panic.unwrap_err().downcast_ref(), Some(&"on purpose"));
    assert_eq!(
        (layer.in_flight(), witness.only().outcome),
        (0, Outcome::Panicked)
    );

    let called = service_fn(|_: Request<()>| -> std::future::Ready<Answer> { panic!("called") });
    let called = layer.layer(called).oneshot(Request::default());
    AssertUnwindSafe(called)
        .catch_unwind()
        .await
        .map(drop)
        .unwrap_err();
    assert_eq!(
        (layer.in_flight(), witness.all()[1].outcome),
        (0, Outcome::Panicked)
    );

    let streamed = service_fn(async |_: Request<()>| {
        let chunks =
            stream::poll_fn(|_| -> Poll<Option<io::Result<Frame<Bytes>>>> { panic!("streamed") });
        Ok::<_, Infallible>(Response::new(StreamBody::new(chunks)))
    });
    let response = layer.layer(streamed).oneshot(Request::default()).await;
    let body = response.unwrap().into_body().collect();
    AssertUnwindSafe(body)
        .catch_unwind()
        .await
        .map(drop)
        .unwrap_err();
    assert_eq!(
        (layer.in_flight(), witness.all()[2].outcome),
        (0, Outcome::Panicked)
    );
}

#[tokio::test]
async fn an_observer_that_panics_changes_no_answer_and_hides_nothing_from_others() {
    struct Broken;

    impl ObserveRequests for Broken {
        fn began(&self) {
            panic!("on purpose")
        }

        fn finished(&self, _: &FinishedRequest<'_>) {
            panic!("on purpose")
        }
    }

    let witness = Witness::default();
    let layer = PerformanceLayer::new()
        .observe(Broken)
        .observe(witness.clone());
    let service = layer.layer(service_fn(async |_: Request<()>| -> Answer {
        Ok(Response::new(Full::from("fine")))
    }));
    let waiting = pin!(service.clone().oneshot(Request::default()));
    let body = waiting.await.unwrap().into_body().collect().await;
    assert_eq!(body.unwrap().to_bytes(), "fine");
    assert_eq!(witness.only().outcome, Outcome::Answered);
    assert_eq!(layer.in_flight(), 0);
}
