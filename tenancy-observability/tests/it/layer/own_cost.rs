//! What the layer says that measuring takes.

use std::convert::Infallible;
use std::hint::black_box;
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt as _, Full};
use tenancy_observability::layer::{FinishedRequest, ObserveRequests, OwnCost, PerformanceLayer};
use tenancy_observability::metrics::{Metrics, RequestMetrics, Value};
use tower::{Layer as _, ServiceExt as _, service_fn};

/// What the requests here ask for, and what is asked for by one who hears of each.
const WORK_BYTES: usize = 1_000_000;
const OBSERVER_BYTES: usize = 20_000;

/// Takes its part of what measuring takes, and hears of that.
#[derive(Clone, Default)]
struct Greedy(Arc<Mutex<Vec<OwnCost>>>);

impl ObserveRequests for Greedy {
    fn finished(&self, _: &FinishedRequest<'_>) {
        black_box(vec![1_u8; OBSERVER_BYTES]);
    }

    fn timed(&self, cost: &OwnCost) {
        self.0.lock().unwrap().push(*cost);
    }
}

async fn work(_: Request<()>) -> Result<Response<Full<Bytes>>, Infallible> {
    black_box(vec![1_u8; WORK_BYTES / 2]);
    tokio::task::yield_now().await;
    black_box(vec![1_u8; WORK_BYTES / 2]);
    Ok(Response::new(Full::from("done")))
}

#[tokio::test]
async fn some_requests_tell_what_measuring_takes_of_them_apart_from_their_work() {
    let (greedy, metrics) = (Greedy::default(), Metrics::builder("test").build());
    let layer = PerformanceLayer::new()
        .observe(greedy.clone())
        .observe(RequestMetrics::new(&metrics));
    let service = layer.layer(service_fn(work));
    assert_eq!(
        (layer.own_cost().share(), layer.own_cost().each()),
        (None, None)
    );
    let mut asked = 0;
    while layer.own_cost().requests < 8 {
        let response = service.clone().oneshot(Request::default()).await.unwrap();
        response.into_body().collect().await.unwrap();
        asked += 1;
    }
    // Not in a hundred million runs are so few enough, if it is one in 256.
    assert!(asked > 100, "{asked}");

    let all = layer.own_cost();
    let told = greedy.0.lock().unwrap().clone();
    let sum = |part: fn(&OwnCost) -> u64| told.iter().map(part).sum::<u64>();
    assert_eq!((told.len(), sum(|cost| cost.requests)), (8, 8));
    assert_eq!(sum(|cost| cost.measuring_bytes), all.measuring_bytes);
    for cost in &told {
        let (measuring, work) = (cost.measuring_bytes, cost.work_bytes);
        assert!(
            (WORK_BYTES as u64..WORK_BYTES as u64 + 10_000).contains(&work),
            "{cost:?}"
        );
        assert!(measuring >= OBSERVER_BYTES as u64, "{cost:?}");
        assert!(measuring < WORK_BYTES as u64 / 2, "{cost:?}");
        assert!(
            !cost.measuring.is_zero() && !cost.work.is_zero(),
            "{cost:?}"
        );
    }
    let share = all.share().unwrap();
    assert!(share > 0.0 && share < 1.0, "{share}");
    assert_eq!(all.each().unwrap().as_nanos(), all.measuring.as_nanos() / 8);

    let snapshot = metrics.snapshot();
    let counted = |name: &str, spent: Option<&str>| {
        let points = &snapshot.family(name).unwrap().points;
        let point = points.iter().find(|point| point.label("spent") == spent);
        point.unwrap().value.clone()
    };
    let nanoseconds = |time: std::time::Duration| Value::Counter(time.as_nanos() as u64);
    assert_eq!(
        counted("tenancy_timed_requests_total", None),
        Value::Counter(8)
    );
    let (time, bytes) = (
        "tenancy_timed_nanoseconds_total",
        "tenancy_timed_bytes_total",
    );
    assert_eq!(counted(time, Some("measuring")), nanoseconds(all.measuring));
    assert_eq!(counted(time, Some("work")), nanoseconds(all.work));
    assert_eq!(
        counted(bytes, Some("measuring")),
        Value::Counter(all.measuring_bytes)
    );
    assert_eq!(counted(bytes, Some("work")), Value::Counter(all.work_bytes));
}
