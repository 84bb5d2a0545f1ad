//! How fast a client sends and reads is no part of what its request took.

use std::convert::Infallible;
use std::io;
use std::time::Duration;

use bytes::Bytes;
use futures_util::{Stream, StreamExt as _, stream};
use http::{Request, Response};
use http_body::{Body, Frame};
use http_body_util::{BodyExt as _, Full, StreamBody};
use tenancy_core::time::Time;
use tenancy_observability::alert::{Alerts, Question, Rule, Sample, State, Subject};
use tenancy_observability::layer::{PerformanceLayer, ReceivedBody, ReceivedBodyLayer};
use tokio::time::{sleep, timeout};
use tower::{Layer as _, ServiceExt as _, service_fn};

use super::witness::Witness;

const SECOND: Duration = Duration::from_secs(1);

/// Parts, each after a while.
fn dripping(
    parts: usize,
    every: Duration,
) -> StreamBody<impl Stream<Item = io::Result<Frame<Bytes>>>> {
    StreamBody::new(stream::iter(0..parts).then(move |_| async move {
        sleep(every).await;
        Ok(Frame::data(Bytes::from("part")))
    }))
}

/// Reads a body, works for a while, and answers.
async fn answer<B>(layer: &PerformanceLayer, body: B, work: Duration) -> http::HeaderMap
where
    B: Body<Data = Bytes, Error = io::Error>,
{
    let service = service_fn(async |request: Request<B>| {
        let body = ReceivedBody::of(request).into_body();
        let read = Box::pin(body.collect()).await.unwrap().to_bytes();
        sleep(work).await;
        Ok::<_, Infallible>(Response::new(Full::<Bytes>::from(read)))
    });
    let request = Request::post("/").body(body).unwrap();
    let response = layer.layer(service).oneshot(request).await.unwrap();
    response.headers().clone()
}

#[tokio::test(start_paused = true)]
async fn a_body_that_comes_slowly_takes_the_clients_time() {
    let witness = Witness::default();
    let layer = PerformanceLayer::new().observe(witness.clone());
    let layer = layer.show_timing(|_| true);
    let headers = answer(&layer, dripping(3, 10 * SECOND), SECOND).await;
    assert_eq!(headers["x-response-time"], "31000.000ms");
    let timing = headers["server-timing"].to_str().unwrap();
    assert!(
        timing.ends_with("wait;dur=1000.000, client;dur=30000.000"),
        "{timing}"
    );
    let spent = witness.only().spent;
    assert_eq!((spent.total, spent.client), (SECOND, 30 * SECOND));
    assert_eq!(
        (spent.wait(), spent.first_byte),
        (SECOND, Some(31 * SECOND))
    );

    // What is there at once has not been waited for.
    let body = Full::<Bytes>::from("all").map_err(|never| match never {});
    let headers = answer(&layer, body, SECOND).await;
    let timing = headers["server-timing"].to_str().unwrap();
    assert!(!timing.contains("client"), "{timing}");
    let spent = witness.all()[1].spent;
    assert_eq!((spent.total, spent.client), (SECOND, Duration::ZERO));
}

#[cfg(feature = "axum")]
#[tokio::test(start_paused = true)]
async fn one_layer_tells_the_clients_time_apart_and_does_nothing_in_the_wrong_place() {
    use axum::body::Body as AxumBody;
    use axum::{Router, routing::post};

    let spent = async |inside: bool| {
        let witness = Witness::default();
        let layer = PerformanceLayer::new().observe(witness.clone());
        let app = Router::new().route("/", post(async |body: String| body));
        let app = match inside {
            true => app.layer(ReceivedBodyLayer).layer(layer),
            false => app.layer(layer).layer(ReceivedBodyLayer),
        };
        let body = AxumBody::new(dripping(3, 10 * SECOND));
        let request = Request::post("/").body(body).unwrap();
        let response = app.oneshot(request).await.unwrap();
        let body = response.into_body().collect().await.unwrap().to_bytes();
        assert_eq!(body, "partpartpart");
        let spent = witness.only().spent;
        (spent.total, spent.client)
    };
    assert_eq!(spent(true).await, (Duration::ZERO, 30 * SECOND));
    assert_eq!(spent(false).await, (30 * SECOND, Duration::ZERO));
}

#[tokio::test(start_paused = true)]
async fn a_body_that_never_comes_takes_the_clients_time_until_nobody_waits() {
    let witness = Witness::default();
    let layer = PerformanceLayer::new().observe(witness.clone());
    let service = service_fn(async |request: Request<_>| {
        let body = Box::pin(ReceivedBody::of(request).into_body().collect());
        timeout(5 * SECOND, body).await.map(drop).unwrap_err();
        sleep(SECOND).await;
        Ok::<_, Infallible>(Response::new(Full::<Bytes>::default()))
    });
    let request = Request::post("/").body(dripping(1, 3600 * SECOND)).unwrap();
    layer.layer(service).oneshot(request).await.unwrap();
    let spent = witness.only().spent;
    assert_eq!((spent.total, spent.client), (SECOND, 5 * SECOND));
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_is_taken_slowly_takes_the_clients_time() {
    let witness = Witness::default();
    let layer = PerformanceLayer::new().observe(witness.clone());
    let service =
        service_fn(async |_: Request<()>| Ok::<_, Infallible>(Response::new(dripping(3, SECOND))));
    let response = layer.layer(service).oneshot(Request::default()).await;
    let mut body = Box::pin(response.unwrap().into_body());
    for _ in 0..2 {
        body.frame().await.unwrap().unwrap();
        sleep(60 * SECOND).await;
    }
    drop(body);
    let spent = witness.only().spent;
    assert_eq!((spent.total, spent.client), (2 * SECOND, 120 * SECOND));
}

/// A stranger who sends slowly tells nobody anything, and a server that is slow does.
#[tokio::test(start_paused = true)]
async fn whoever_drips_a_body_lets_no_alert_fire() {
    let fires = async |drip: Duration, work: Duration| {
        let witness = Witness::default();
        let layer = PerformanceLayer::new().observe(witness.clone());
        for _ in 0..25 {
            answer(&layer, dripping(10, drip), work).await;
        }
        let times = witness.all().into_iter();
        let mean = times.map(|one| one.spent.total).sum::<Duration>() / 25;
        let measure = move |question: Question| {
            let is_known = *question.metric == *"response_time_ms";
            let sample = Sample::new(Subject::Platform, mean.as_secs_f64() * 1e3);
            std::future::ready(is_known.then_some(sample).into_iter().collect())
        };
        let alerts = Alerts::builder().rules(Rule::defaults()).measure(measure);
        let (alerts, mut now) = (alerts.build(), Time::now());
        for _ in 0..10 {
            now = now.after(60 * SECOND);
            alerts.evaluate(now).await.unwrap();
        }
        let active = alerts.active().await.unwrap().into_iter();
        let mut firing = active.filter(|alert| alert.state == State::Firing);
        firing.any(|alert| alert.rule == "response-time")
    };
    assert!(!fires(3 * SECOND, SECOND / 10).await);
    assert!(fires(Duration::ZERO, 2 * SECOND).await);
}
