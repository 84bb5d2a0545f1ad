use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use http::StatusCode;
use metrics::{counter, gauge, histogram, with_local_recorder};
use tenancy_core::Tenant;
use tenancy_core::time::Time;
use tenancy_observability::Party;
use tenancy_observability::layer::{FinishedRequest, ObserveRequests as _, Outcome, Spent};
use tenancy_observability::metrics::{Metrics, RequestMetrics, Snapshot, Value};
use tenancy_observability::sink::prometheus::Format;
use tenancy_observability::trace_context::TraceContext;

use super::{counted, tenant};

const MEBIBYTE: usize = 1 << 20;
const METHODS: [&str; 10] = [
    "CONNECT", "DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT", "TRACE", "_OTHER",
];

/// Tells of a request that is over.
fn ask(
    requests: &RequestMetrics,
    party: Party<'_>,
    (method, route): (&'static str, &str),
    status: Option<u16>,
) {
    let trace = TraceContext::begin();
    requests.began();
    requests.finished(&FinishedRequest {
        party,
        method,
        route,
        outcome: match status {
            Some(_) => Outcome::Answered,
            None => Outcome::Cancelled,
        },
        status: status.map(|status| StatusCode::from_u16(status).unwrap()),
        at: Time::now(),
        began: Instant::now(),
        spent: Spent::default(),
        meter: None,
        trace: &trace,
        request_id: None,
    });
}

fn longest(snapshot: &Snapshot) -> usize {
    let formats = [Format::Text, Format::OpenMetrics];
    let lengths = formats.map(|format| format.write(snapshot).len());
    lengths.into_iter().max().unwrap()
}

/// The value of each counter's point, by name, tenant, when it began, and labels.
fn points(snapshot: &Snapshot) -> BTreeMap<String, u64> {
    let mut points = BTreeMap::new();
    for family in &snapshot.families {
        for point in &family.points {
            if let Value::Counter(number) = point.value {
                let key = format!(
                    "{} {} {:?} {:?}",
                    family.name, point.tenant, point.began, point.labels
                );
                points.insert(key, number);
            }
        }
    }
    points
}

#[test]
fn whatever_is_asked_for_a_scrape_has_its_bound_and_no_count_is_lost() {
    let metrics = Metrics::builder("production")
        .window(Duration::ZERO)
        .build();
    let requests = RequestMetrics::new(&metrics);
    let routes: Vec<String> = (0..34)
        .map(|at| format!("/api/a-resource-of-number-{at}/{{id}}/parts"))
        .collect();
    let long = "a".repeat(50);
    let tenants: Vec<Tenant> = (0..300).map(|at| tenant(&format!("{long}-{at}"))).collect();
    let mut asked = 0;
    let mut before = points(&metrics.snapshot());
    for status in (0..15).map(|at| Some(200 + 21 * at)).chain([None]) {
        for route in &routes {
            for method in METHODS {
                for at in 0..3 {
                    // Each is the heaviest for a while.
                    let tenant = &tenants[asked as usize / 500 % 297 + at];
                    ask(&requests, Party::Tenant(tenant), (method, route), status);
                    asked += 1;
                }
                ask(&requests, Party::Platform, (method, route), status);
                ask(&requests, Party::Unknown, (method, route), status);
                asked += 2;
            }
        }
        let snapshot = metrics.snapshot();
        let length = longest(&snapshot);
        assert!(length <= 2 * MEBIBYTE, "{length} bytes");
        assert_eq!(
            counted(&snapshot, "tenancy_http_requests_total")
                .values()
                .sum::<u64>(),
            asked
        );
        let now = points(&snapshot);
        for (point, number) in &before {
            let named = point.contains(&long);
            let fell = now.get(point).map_or(!named, |now| now < number);
            assert!(!fell, "{point} had {number} and has {:?}", now.get(point));
        }
        before = now;
    }
    // It is a bound that is reached, and what was kept free of it is not wasted.
    let length = longest(&metrics.snapshot());
    assert!(length > MEBIBYTE / 2, "{length} bytes");
}

#[test]
fn a_tenant_that_asks_for_everything_takes_no_room_of_another() {
    let metrics = Metrics::builder("production").build();
    let requests = RequestMetrics::new(&metrics);
    let [greedy, modest] = ["greedy", "modest"].map(tenant);
    for status in 200..500 {
        ask(
            &requests,
            Party::Tenant(&greedy),
            ("GET", "/"),
            Some(status),
        );
    }
    let labels = |tenant: &Tenant| {
        let snapshot = metrics.snapshot();
        let family = snapshot.family("tenancy_http_requests_total").unwrap();
        let own = family
            .points
            .iter()
            .filter(|point| *point.tenant == *tenant.slug.as_str());
        let overflows = own.clone().filter(|point| point.is_overflow());
        (own.count(), overflows.count())
    };
    let (own, overflows) = labels(&greedy);
    assert!((20..100).contains(&own) && overflows == 1, "{own} points");
    ask(&requests, Party::Tenant(&modest), ("GET", "/"), Some(499));
    assert_eq!(labels(&modest), (1, 0));
    assert_eq!(
        counted(&metrics.snapshot(), "tenancy_http_requests_total")["greedy"],
        300
    );
}

#[test]
fn what_is_no_tenants_has_its_bound_as_well() {
    let metrics = Metrics::builder("production").build();
    with_local_recorder(&metrics, || {
        for at in 0..20_000 {
            counter!("scanned_total", "path" => format!("/{at}\"\\\n"))
                .increment(u64::MAX / 20_000);
            histogram!("scan_seconds", "path" => format!("/{at}")).record(0.1 * f64::from(at));
            gauge!("open_bytes", "path" => format!("/{at}")).set(0.1 + f64::from(at));
            gauge!(format!("open_{at}_bytes")).set(0.3);
        }
    });
    let snapshot = metrics.snapshot();
    let length = longest(&snapshot);
    assert!(length <= MEBIBYTE, "{length} bytes");
    assert_eq!(
        counted(&snapshot, "scanned_total")["platform"],
        u64::MAX / 20_000 * 20_000
    );
}

#[test]
fn a_method_is_told_once_its_route_was_seen_to_have_it() {
    let metrics = Metrics::builder("test").build();
    let requests = RequestMetrics::new(&metrics);
    for (method, status) in [
        ("GET", Some(429)),
        ("DELETE", Some(403)),
        ("PUT", None),
        ("GET", Some(200)),
        ("GET", Some(429)),
        ("DELETE", Some(403)),
        ("POST", Some(500)),
    ] {
        ask(&requests, Party::Platform, (method, "/"), status);
    }
    let snapshot = metrics.snapshot();
    let family = snapshot.family("tenancy_http_requests_total").unwrap();
    let told: Vec<_> = family
        .points
        .iter()
        .map(|point| {
            (
                point.label("method").unwrap(),
                point.label("status").unwrap(),
                &point.value,
            )
        })
        .collect();
    assert_eq!(
        told,
        [
            ("GET", "200", &Value::Counter(1)),
            ("GET", "429", &Value::Counter(1)),
            ("POST", "500", &Value::Counter(1)),
            ("_OTHER", "403", &Value::Counter(2)),
            ("_OTHER", "429", &Value::Counter(1)),
            ("_OTHER", "cancelled", &Value::Counter(1)),
        ]
    );
}
