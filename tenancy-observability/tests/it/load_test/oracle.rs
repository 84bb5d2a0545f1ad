//! Servers of which it is known how long they take.

use std::net::SocketAddr;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use axum::Router;
use axum::extract::Path;
use axum::routing::{any, get};
use tenancy_observability::load_test::{
    LoadTest, LoadTestBuilder, Model, Rate, Reach, Run, Runner, Target,
};
use tokio::net::TcpListener;

/// Answers requests until the test ends.
pub(crate) async fn serve(app: Router) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async { axum::serve(listener, app).await });
    address
}

/// Answers `/MILLIS` after so many milliseconds, and everything else at once.
pub(crate) async fn delaying() -> SocketAddr {
    let delayed = get(async |Path(millis): Path<u64>| {
        tokio::time::sleep(Duration::from_millis(millis)).await;
    });
    let app = Router::new().route("/{millis}", delayed);
    serve(app.fallback(any(async || "at once"))).await
}

/// Answers at once, but nobody in the second that begins `after` the first request.
pub(crate) async fn stalling(after: Duration) -> SocketAddr {
    let began = Arc::new(OnceLock::new());
    let stalled = any(move || async move {
        let stall = *began.get_or_init(Instant::now) + after;
        let end = stall + Duration::from_secs(1);
        let now = Instant::now();
        if now >= stall && now < end {
            tokio::time::sleep_until(end.into()).await;
        }
    });
    serve(Router::new().fallback(stalled)).await
}

pub(crate) async fn builder(address: SocketAddr, model: Model) -> LoadTestBuilder {
    let target = Target::find(&format!("http://{address}"), Reach::Private).await;
    LoadTest::builder(target.unwrap(), model)
}

pub(crate) async fn run(test: LoadTestBuilder) -> Run {
    let test = Arc::new(test.build().unwrap());
    Runner::begin(&test).run(std::future::pending()).await
}

pub(crate) fn open(rate: f64, in_flight_max: u32) -> Model {
    Model::Open {
        rate: Rate::new(rate).unwrap(),
        in_flight_max: count(in_flight_max),
    }
}

pub(crate) fn closed(users: u32) -> Model {
    Model::Closed {
        users: count(users),
    }
}

pub(crate) fn count(count: u32) -> NonZeroU32 {
    NonZeroU32::new(count).unwrap()
}
