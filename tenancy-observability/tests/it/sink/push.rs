use std::num::NonZeroUsize;
use std::time::Duration;

use http::header::AUTHORIZATION;
use http::{HeaderValue, Uri};
use metrics::{counter, with_local_recorder};
use tenancy_observability::metrics::{Metrics, Value};
use tenancy_observability::sink::push::{Pusher, PusherBuilder, Target};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio::time::Instant;

const TAKEN: &str = "HTTP/1.1 204 No Content\r\n\r\n";
const TOO_MANY: &str =
    "HTTP/1.1 429 Too Many Requests\r\nretry-after: 2\r\ncontent-length: 0\r\n\r\n";
const BROKEN: &str = "HTTP/1.1 500 Internal Server Error\r\ncontent-length: 0\r\n\r\n";
const UNWANTED: &str = "HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n\r\n";
/// Breaks the connection off instead.
const DIES: &str = "";

/// What a sink was sent.
struct Received {
    at: Instant,
    head: String,
    body: Vec<u8>,
}

impl Received {
    /// The time of its points.
    fn time(&self) -> String {
        let text = String::from_utf8(self.body.clone()).unwrap();
        text.trim_end().rsplit(' ').next().unwrap().to_owned()
    }
}

/// A server that gives these answers, then takes everything; and what it is sent.
async fn sink(answers: &'static [&'static str]) -> (Uri, mpsc::UnboundedReceiver<Received>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (tell, received) = mpsc::unbounded_channel();
    tokio::spawn(async move {
        let mut answers = answers.iter();
        // One connection after the other, as one pusher makes them.
        loop {
            let (mut connection, _) = listener.accept().await.unwrap();
            while let Some(request) = read(&mut connection).await {
                _ = tell.send(request);
                match *answers.next().unwrap_or(&TAKEN) {
                    DIES => break,
                    // Who has read enough may have gone.
                    answer => _ = connection.write_all(answer.as_bytes()).await,
                }
            }
        }
    });
    (format!("http://{address}/write").parse().unwrap(), received)
}

async fn read(connection: &mut TcpStream) -> Option<Received> {
    let mut bytes = Vec::new();
    loop {
        if let Some(end) = bytes.windows(4).position(|window| window == b"\r\n\r\n") {
            let head = String::from_utf8(bytes[..end].to_vec()).unwrap();
            let length = head.lines().find_map(|line| {
                line.to_lowercase()
                    .strip_prefix("content-length: ")?
                    .parse()
                    .ok()
            });
            let length: usize = length.unwrap();
            if bytes.len() >= end + 4 + length {
                let body = bytes.split_off(end + 4);
                return Some(Received {
                    at: Instant::now(),
                    head,
                    body,
                });
            }
        }
        if connection.read_buf(&mut bytes).await.ok()? == 0 {
            return None;
        }
    }
}

fn pusher(url: Uri) -> (Metrics, PusherBuilder) {
    let metrics = Metrics::builder("test").writer("node-1").build();
    with_local_recorder(&metrics, || counter!("hits_total").increment(1));
    let token = HeaderValue::from_static("Token a-secret");
    let target = Target::line_protocol(url).header(AUTHORIZATION, token);
    let builder = Pusher::builder(metrics.clone(), target).every(Duration::from_millis(20));
    (metrics, builder)
}

fn counted(metrics: &Metrics, name: &str, outcome: Option<&str>) -> f64 {
    let snapshot = metrics.snapshot();
    let points = &snapshot.family(name).unwrap().points;
    let point = points
        .iter()
        .find(|point| point.label("outcome") == outcome)
        .unwrap();
    match point.value {
        Value::Counter(number) => number as f64,
        Value::Gauge(number) => number,
        ref other @ Value::Histogram { .. } => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_sink_that_dies_breaks_and_asks_for_time_gets_everything_once() {
    let (url, mut received) = sink(&[TOO_MANY, DIES, BROKEN]).await;
    let (metrics, builder) = pusher(url);
    let pusher = builder
        .queue_max(NonZeroUsize::new(10_000).unwrap())
        .build()
        .unwrap();
    let (end, ended) = tokio::sync::oneshot::channel::<()>();
    let running = tokio::spawn(pusher.run(async { _ = ended.await }));
    let mut requests = Vec::new();
    for _ in 0..6 {
        requests.push(received.recv().await.unwrap());
    }
    // What failed is sent again, as it was.
    let times: Vec<_> = requests.iter().map(Received::time).collect();
    assert!(times[..4].iter().all(|time| *time == times[0]), "{times:?}");
    // Longer than it waits by itself.
    assert!(requests[1].at - requests[0].at >= Duration::from_secs(2));
    // What has arrived is not, and the rest follows in its order.
    assert!(
        times[3..].is_sorted_by(|one, other| one < other),
        "{times:?}"
    );
    assert!(
        requests
            .iter()
            .all(|request| request.head.contains("authorization: Token a-secret"))
    );
    end.send(()).unwrap();
    assert_eq!(running.await.unwrap(), 0);
    while let Ok(request) = received.try_recv() {
        requests.push(request);
    }
    let mut times: Vec<_> = requests[3..].iter().map(Received::time).collect();
    let all = times.len();
    times.dedup();
    assert_eq!(times.len(), all);
    assert_eq!(
        counted(&metrics, "tenancy_metrics_pushes_total", Some("failed")),
        3.0
    );
    assert_eq!(
        counted(&metrics, "tenancy_metrics_pushes_total", Some("sent")),
        all as f64
    );
    assert_eq!(
        counted(&metrics, "tenancy_metrics_dropped_snapshots_total", None),
        0.0
    );
}

#[tokio::test(start_paused = true)]
async fn a_sink_that_is_away_for_a_minute_costs_a_queue_and_counted_snapshots() {
    // Bound and gone: nobody listens there.
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/write", listener.local_addr().unwrap())
        .parse()
        .unwrap();
    drop(listener);
    let (metrics, builder) = pusher(url);
    let pusher = builder
        .every(Duration::from_secs(1))
        .queue_max(NonZeroUsize::new(5).unwrap());
    let began = Instant::now();
    let left = pusher
        .build()
        .unwrap()
        .run(tokio::time::sleep(Duration::from_millis(60_500)))
        .await;
    assert!((1..=6).contains(&left), "{left}");
    // Sixty, and one more at the end.
    assert_eq!(
        counted(&metrics, "tenancy_metrics_dropped_snapshots_total", None),
        61.0
    );
    assert!(counted(&metrics, "tenancy_metrics_queued_snapshots", None) <= 5.0);
    // The clock is tokio's: this is what was waited for, not how fast the machine is.
    assert!(
        began.elapsed() <= Duration::from_secs(66),
        "{:?}",
        began.elapsed()
    );
}

#[tokio::test(start_paused = true)]
async fn the_end_does_not_wait_longer_than_it_may_for_a_sink_that_says_nothing() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/write", listener.local_addr().unwrap())
        .parse()
        .unwrap();
    let (_, builder) = pusher(url);
    let pusher = builder
        .every(Duration::from_secs(1))
        .time_out(Duration::from_secs(3600))
        .flush(Duration::from_secs(7));
    let began = Instant::now();
    let left = pusher
        .build()
        .unwrap()
        .run(tokio::time::sleep(Duration::from_millis(2500)))
        .await;
    assert_eq!(began.elapsed().as_millis() / 100, 95);
    assert_eq!(left, 3);
}

#[tokio::test]
async fn a_failure_with_more_words_than_anybody_reads_is_one() {
    let wordy = "x".repeat(200_000);
    let wordy = format!(
        "HTTP/1.1 503 Service Unavailable\r\ncontent-length: {}\r\n\r\n{wordy}",
        wordy.len()
    );
    let (url, mut received) = sink(vec![&*wordy.leak()].leak()).await;
    let (metrics, builder) = pusher(url);
    let builder = builder.queue_max(NonZeroUsize::new(10_000).unwrap());
    let (end, ended) = tokio::sync::oneshot::channel::<()>();
    let running = tokio::spawn(builder.build().unwrap().run(async { _ = ended.await }));
    let first = received.recv().await.unwrap();
    assert_eq!(received.recv().await.unwrap().time(), first.time());
    end.send(()).unwrap();
    assert_eq!(running.await.unwrap(), 0);
    assert_eq!(
        counted(&metrics, "tenancy_metrics_pushes_total", Some("failed")),
        1.0
    );
}

#[tokio::test]
async fn what_was_counted_until_the_end_is_sent() {
    let (url, mut received) = sink(&[]).await;
    let (metrics, builder) = pusher(url);
    // Never by itself.
    let pusher = builder.every(Duration::from_secs(3600)).build().unwrap();
    with_local_recorder(&metrics, || counter!("hits_total").increment(41));
    assert_eq!(pusher.run(std::future::ready(())).await, 0);
    let body = String::from_utf8(received.recv().await.unwrap().body).unwrap();
    assert!(
        body.contains("hits_total,environment=test,tenant=platform,writer=node-1 value=42i "),
        "{body}"
    );
}

#[tokio::test]
async fn what_is_not_wanted_is_not_sent_again() {
    let (url, mut received) = sink(&[UNWANTED]).await;
    let (metrics, builder) = pusher(url);
    let pusher = builder.every(Duration::from_secs(3600)).build().unwrap();
    assert_eq!(pusher.run(std::future::ready(())).await, 0);
    received.recv().await.unwrap();
    assert!(received.try_recv().is_err());
    assert_eq!(
        counted(&metrics, "tenancy_metrics_pushes_total", Some("refused")),
        1.0
    );
    assert_eq!(
        counted(&metrics, "tenancy_metrics_dropped_snapshots_total", None),
        1.0
    );
}

#[test]
fn a_key_is_not_printed() {
    let url = "https://influx.example/write?u=shop&p=a-secret"
        .parse()
        .unwrap();
    let (_, builder) = pusher(url);
    let printed = format!("{builder:?}");
    assert!(
        printed.contains("influx.example") && !printed.contains("a-secret"),
        "{printed}"
    );
}

#[cfg(feature = "otlp")]
mod otlp {
    use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
    use prost::Message as _;
    use tenancy_observability::sink::otlp::Temporality;

    use super::*;

    /// `partial_success { rejected_data_points: 3, error_message: "old" }`.
    const PARTLY: &str =
        "HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n\u{a}\u{7}\u{8}\u{3}\u{12}\u{3}old";

    #[tokio::test]
    async fn points_that_a_collector_refuses_are_counted() {
        let (url, mut received) = sink(&[PARTLY]).await;
        let metrics = counted_metrics();
        let target = Target::otlp(url, "shop", Temporality::Cumulative);
        let pusher = Pusher::builder(metrics.clone(), target).build().unwrap();
        assert_eq!(pusher.run(std::future::ready(())).await, 0);
        let request = received.recv().await.unwrap();
        assert!(
            request
                .head
                .contains("content-type: application/x-protobuf"),
            "{}",
            request.head
        );
        ExportMetricsServiceRequest::decode(&*request.body).unwrap();
        assert_eq!(
            counted(&metrics, "tenancy_metrics_left_out_points_total", None),
            3.0
        );
    }

    #[test]
    fn the_keys_of_a_collector_are_not_printed() {
        let url = "https://otlp.example/v1/metrics?key=a-secret"
            .parse()
            .unwrap();
        let mut target = Target::otlp(url, "shop", Temporality::Delta);
        for name in ["dd-api-key", "api-key", "x-amz-security-token"] {
            let name = name.parse().unwrap();
            target = target.header(name, HeaderValue::from_static("a-secret"));
        }
        let pusher = Pusher::builder(counted_metrics(), target.clone());
        let printed = format!(
            "{target:?} {pusher:?} {:?}",
            pusher.clone().build().unwrap()
        );
        assert_eq!(printed.matches("otlp.example").count(), 3, "{printed}");
        assert!(!printed.contains("a-secret"), "{printed}");
    }

    fn counted_metrics() -> Metrics {
        let metrics = Metrics::builder("test").build();
        with_local_recorder(&metrics, || counter!("hits_total").increment(1));
        metrics
    }
}
