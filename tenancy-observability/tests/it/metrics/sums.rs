use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use tenancy_observability::Party;
use tenancy_observability::metrics::{Kind, Metrics, Value};

use super::{counted, tenants};

#[test]
fn a_hundred_thousand_tenants_make_as_many_series_as_are_named() {
    let metrics = Metrics::builder("test").build();
    let routes = ["/", "/api/products", "/api/orders"];
    let counters =
        routes.map(|route| metrics.tenant_counter("requests_total", "", &[("route", route)]));
    let durations = routes
        .map(|route| metrics.tenant_histogram("request_duration_seconds", "", &[("route", route)]));
    for tenant in &tenants(100_000) {
        for (counter, histogram) in counters.iter().zip(&durations) {
            counter.increment(Party::Tenant(tenant), 1);
            histogram.record(Party::Tenant(tenant), Duration::from_millis(7));
        }
    }
    let snapshot = metrics.snapshot();
    for name in ["requests_total", "request_duration_seconds"] {
        assert_eq!(
            snapshot.family(name).unwrap().points.len(),
            3 * 101,
            "{name}"
        );
    }
    let counted = counted(&snapshot, "requests_total");
    assert_eq!(counted.values().sum::<u64>(), 300_000);
    assert_eq!(counted["__other__"], 3 * (100_000 - 100));
}

#[test]
fn no_count_is_lost_or_falls_while_names_come_and_go() {
    const EACH: u64 = 60_000;
    // A window of no time: names change whenever the clock is looked at.
    let metrics = Metrics::builder("test")
        .named_tenants(4)
        .window(Duration::ZERO)
        .build();
    let counter = metrics.tenant_counter("events_total", "", &[]);
    let histogram = metrics.tenant_histogram("work_seconds", "", &[]);
    let tenants = tenants(64);
    let is_over = AtomicBool::new(false);
    let mut ever_named = std::collections::BTreeSet::new();
    thread::scope(|scope| {
        let writers: Vec<_> = (0..8_u64)
            .map(|writer| {
                let (counter, histogram, tenants) = (&counter, &histogram, &tenants);
                scope.spawn(move || {
                    for event in 0..EACH {
                        // Each tenant is the heaviest for a while.
                        let heavy = (event / 500 + writer) % 64;
                        let at = if event % 3 == 0 { event % 64 } else { heavy };
                        let party = Party::Tenant(&tenants[at as usize]);
                        counter.increment(party, 1);
                        histogram.record(party, Duration::from_nanos(1));
                    }
                })
            })
            .collect();
        let reader = scope.spawn(|| {
            let (mut sum_before, mut others_before, mut named) = (0, [0; 2], Vec::new());
            while !is_over.load(Ordering::Relaxed) {
                let counted = counted(&metrics.snapshot(), "events_total");
                let sum = counted.values().sum::<u64>();
                let others =
                    ["__other__", "__former__"].map(|name| counted.get(name).copied().unwrap_or(0));
                assert!(sum >= sum_before, "{sum} after {sum_before}");
                assert!(
                    others[0] >= others_before[0] && others[1] >= others_before[1],
                    "{others:?}"
                );
                (sum_before, others_before) = (sum, others);
                named.extend(counted.into_keys());
            }
            named
        });
        for writer in writers {
            writer.join().unwrap();
        }
        is_over.store(true, Ordering::Relaxed);
        ever_named.extend(reader.join().unwrap());
    });
    let snapshot = metrics.snapshot();
    assert_eq!(
        counted(&snapshot, "events_total").values().sum::<u64>(),
        8 * EACH
    );
    let (mut recorded, mut seconds) = (0, 0.0);
    for point in &snapshot.family("work_seconds").unwrap().points {
        let Value::Histogram { counts, sum, .. } = &point.value else {
            panic!("{point:?}");
        };
        recorded += counts.iter().sum::<u64>();
        seconds += sum;
    }
    assert_eq!(recorded, 8 * EACH);
    assert!(
        (seconds - 8.0 * EACH as f64 / 1e9).abs() < 1e-12,
        "{seconds}"
    );
    assert!(ever_named.len() > 8, "names changed: {ever_named:?}");
}

#[tokio::test(start_paused = true)]
async fn a_series_that_nobody_counts_in_is_added_to_the_others_once() {
    let metrics = Metrics::builder("test").named_tenants(1).build();
    let counter = metrics.tenant_counter("events_total", "", &[]);
    let tenants = tenants(2);
    counter.increment(Party::Tenant(&tenants[0]), 5);
    let retired = |metrics: &Metrics| {
        let snapshot = metrics.snapshot();
        let family = snapshot.family("tenancy_metrics_series").unwrap();
        let mut points = family.points.iter();
        let point = points.find(|point| point.label("state") == Some("retired"));
        (family.kind, point.unwrap().value.clone())
    };
    for _ in 0..3 {
        metrics.forget(&tenants[0]);
        assert_eq!(retired(&metrics), (Kind::Gauge, Value::Gauge(0.0)));
        assert_eq!(
            counted(&metrics.snapshot(), "events_total")["__former__"],
            5
        );
    }
    counter.increment(Party::Tenant(&tenants[1]), 2);
    metrics.forget(&tenants[1]);
    let counted = counted(&metrics.snapshot(), "events_total");
    assert_eq!(
        counted.into_iter().collect::<Vec<_>>(),
        [("__former__".to_owned(), 7)]
    );
}

#[test]
fn what_is_going_on_ends_for_whom_it_began() {
    let metrics = Metrics::builder("test").named_tenants(1).build();
    let gauge = metrics.tenant_gauge("in_flight", "", &[]);
    let tenants = tenants(2);
    let going_on = |name: &str| {
        let snapshot = metrics.snapshot();
        let points = &snapshot.family("in_flight").unwrap().points;
        let point = points.iter().find(|point| *point.tenant == *name);
        point.map(|point| point.value.clone())
    };
    let first = gauge.hold(Party::Tenant(&tenants[0]));
    let second = gauge.hold(Party::Tenant(&tenants[0]));
    let other = gauge.hold(Party::Tenant(&tenants[1]));
    assert_eq!(going_on("shop-0"), Some(Value::Gauge(2.0)));
    assert_eq!(going_on("__other__"), Some(Value::Gauge(1.0)));
    drop(first);
    // It has no name any more while it is going on.
    metrics.forget(&tenants[0]);
    assert_eq!(going_on("shop-0"), None);
    assert_eq!(going_on("__other__"), Some(Value::Gauge(2.0)));
    let named_again = gauge.hold(Party::Tenant(&tenants[0]));
    drop(second);
    assert_eq!(going_on("shop-0"), Some(Value::Gauge(1.0)));
    assert_eq!(going_on("__other__"), Some(Value::Gauge(1.0)));
    drop((other, named_again));
    for name in ["shop-0", "__other__"] {
        assert_eq!(going_on(name), Some(Value::Gauge(0.0)), "{name}");
    }
}

#[test]
fn durations_are_sorted_into_buckets_that_hold_their_bounds() {
    let metrics = Metrics::builder("test").build();
    let histogram = metrics.tenant_histogram("work_seconds", "", &[]);
    for milliseconds in [0, 5, 6, 10, 10_000, 10_001] {
        histogram.record(Party::Platform, Duration::from_millis(milliseconds));
    }
    let snapshot = metrics.snapshot();
    let point = &snapshot.family("work_seconds").unwrap().points[0];
    let Value::Histogram {
        bounds,
        counts,
        sum,
    } = &point.value
    else {
        panic!("{point:?}");
    };
    assert_eq!((bounds[0], bounds[13]), (0.005, 10.0));
    assert_eq!(*counts, [2, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1]);
    assert!((sum - 20.022).abs() < 1e-9, "{sum}");
}

#[test]
fn two_layers_count_in_one_series() {
    let metrics = Metrics::builder("test").build();
    for _ in 0..2 {
        let counter = metrics.tenant_counter("events_total", "", &[("a", "1"), ("b", "2")]);
        counter.increment(Party::Platform, 1);
        let reordered = metrics.tenant_counter("events_total", "", &[("b", "2"), ("a", "1")]);
        reordered.increment(Party::Platform, 1);
    }
    let snapshot = metrics.snapshot();
    assert_eq!(snapshot.family("events_total").unwrap().points.len(), 1);
    assert_eq!(counted(&snapshot, "events_total")["platform"], 4);
}
