use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;

use metrics::{counter, describe_counter, gauge, histogram, with_local_recorder};
use tenancy_observability::Party;
use tenancy_observability::metrics::{Kind, Metrics, Value};

use super::{counted, tenant, tenants};

#[test]
fn the_registry_takes_what_any_crate_counts() {
    let registry = Metrics::builder("test").build();
    with_local_recorder(&registry, || {
        describe_counter!("hits_total", "Found in the cache.");
        counter!("hits_total", "class" => "products").increment(2);
        counter!("hits_total", "class" => "products").increment(3);
        gauge!("open").set(4.0);
        gauge!("open").decrement(1.5);
        for value in [1.0, 300.0, f64::NAN, f64::INFINITY] {
            histogram!("size_bytes").record(value);
        }
    });
    let snapshot = registry.snapshot();
    let hits = snapshot.family("hits_total").unwrap();
    assert_eq!(
        (&*hits.help, hits.kind),
        ("Found in the cache.", Kind::Counter)
    );
    assert_eq!(hits.points.len(), 1);
    assert_eq!(hits.points[0].label("class"), Some("products"));
    assert_eq!(
        (&*hits.points[0].tenant, &hits.points[0].value),
        ("platform", &Value::Counter(5))
    );
    assert_eq!(
        snapshot.family("open").unwrap().points[0].value,
        Value::Gauge(2.5)
    );
    let Value::Histogram { counts, sum, .. } =
        &snapshot.family("size_bytes").unwrap().points[0].value
    else {
        panic!("{snapshot:?}");
    };
    assert_eq!((counts[..3].to_vec(), *sum), (vec![1, 1, 0], 301.0));
}

#[test]
fn gauges_are_set_anew_before_each_snapshot() {
    let registry = Metrics::builder("test").build();
    let lookups = Arc::new(AtomicU32::new(0));
    registry.before_snapshot({
        let lookups = lookups.clone();
        move |registry| {
            let looked = lookups.fetch_add(1, Ordering::Relaxed) + 1;
            with_local_recorder(registry, || gauge!("depth").set(f64::from(looked)));
        }
    });
    for expected in [1.0, 2.0] {
        let snapshot = registry.snapshot();
        let depth = &snapshot.family("depth").unwrap().points[0];
        assert_eq!(depth.value, Value::Gauge(expected));
    }
    assert_eq!(lookups.load(Ordering::Relaxed), 2);
}

#[test]
fn labels_without_end_share_one_series_and_no_count_is_lost() {
    let registry = Metrics::builder("test").series_max(100).build();
    with_local_recorder(&registry, || {
        for at in 0..1000 {
            counter!("scanned_total", "path" => format!("/{at}")).increment(1);
            gauge!("other", "path" => format!("/{at}")).set(1.0);
        }
        counter!("late_total", "class" => "products").increment(1);
    });
    let snapshot = registry.snapshot();
    let scanned = snapshot.family("scanned_total").unwrap();
    assert_eq!(scanned.points.len(), 25 + 1);
    assert_eq!(counted(&snapshot, "scanned_total")["platform"], 1000);
    let overflow = scanned
        .points
        .iter()
        .find(|point| point.is_overflow())
        .unwrap();
    assert_eq!(
        (overflow.label("overflow"), &overflow.value),
        (Some("true"), &Value::Counter(975))
    );
    // Another name still finds room.
    let late = &snapshot.family("late_total").unwrap().points[0];
    assert_eq!(late.label("class"), Some("products"));
    assert_eq!(
        counted(&snapshot, "tenancy_metrics_overflow_total")["platform"],
        2 * 975
    );
}

#[test]
fn names_without_end_are_bounded_as_well() {
    let registry = Metrics::builder("test").series_max(100).build();
    with_local_recorder(&registry, || {
        for at in 0..1000 {
            counter!(format!("name_{at}_total")).increment(1);
            describe_counter!(format!("described_{at}_total"), "Help.");
        }
    });
    assert!(registry.snapshot().families.len() <= 104);
}

#[test]
fn two_names_that_look_alike_to_a_receiver_stay_two() {
    let registry = Metrics::builder("test").build();
    let long = |end: &str| format!("{}{end}", "\u{1f600}\"\\\n".repeat(2000));
    with_local_recorder(&registry, || {
        counter!("hits.total").increment(1);
        counter!("hits_total").increment(2);
        counter!("hits-total").increment(3);
        counter!("").increment(1);
        counter!("1\u{e9}").increment(1);
        histogram!("size_bytes").record(1.0);
        counter!("size_bytes_count").increment(1);
        for value in [long("a"), long("b")] {
            counter!("labelled_total", "name" => value).increment(1);
        }
        counter!("keys_total", "a.b" => "1", "a_b" => "2", "le" => "3", "environment" => "4")
            .increment(1);
    });
    let snapshot = registry.snapshot();
    let names: BTreeSet<_> = snapshot
        .families
        .iter()
        .map(|family| &family.name)
        .collect();
    // Nine, and three of the registry itself.
    assert_eq!(names.len(), 9 + 3, "{names:?}");
    let is_plain = |text: &str| {
        !text.starts_with(|first: char| first.is_ascii_digit())
            && !text.is_empty()
            && text
                .chars()
                .all(|letter| letter.is_ascii_alphanumeric() || letter == '_')
    };
    assert!(names.iter().all(|name| is_plain(name)), "{names:?}");
    let labelled = snapshot.family("labelled_total").unwrap();
    assert_eq!(labelled.points.len(), 2);
    assert!(
        labelled
            .points
            .iter()
            .all(|point| point.label("name").unwrap().len() <= 128)
    );
    let keys = &snapshot.family("keys_total").unwrap().points[0].labels;
    assert_eq!(keys.len(), 4, "{keys:?}");
    assert!(
        keys.iter()
            .all(|(key, _)| is_plain(key) && **key != *"le" && **key != *"environment")
    );
}

#[test]
fn a_label_that_names_a_tenant_is_bounded_as_tenants_are() {
    let registry = Metrics::builder("test").named_tenants(2).build();
    let handle = registry.tenant_counter("seen_total", "", &[]);
    let known = tenants(2);
    for tenant in &known {
        handle.increment(Party::Tenant(tenant), 1);
    }
    with_local_recorder(&registry, || {
        for at in 0..1000 {
            counter!("sold_total", "tenant" => format!("shop-{at}"), "by" => "web").increment(1);
        }
        counter!("sold_total", "tenant" => known[1].id.to_string(), "by" => "web").increment(10);
        counter!("sold_total", "by" => "web").increment(100);
        histogram!("sold_seconds", "tenant" => "shop-0").record(1.0);
    });
    let snapshot = registry.snapshot();
    let counted = counted(&snapshot, "sold_total");
    let expected = [
        ("__other__", 998),
        ("platform", 100),
        ("shop-0", 1),
        ("shop-1", 11),
    ];
    assert_eq!(
        counted
            .iter()
            .map(|(name, &number)| (&**name, number))
            .collect::<Vec<_>>(),
        expected
    );
    assert_eq!(
        &*snapshot.family("sold_seconds").unwrap().points[0].tenant,
        "platform"
    );
}

#[test]
fn what_the_platform_is_named_for_is_the_platforms() {
    let registry = Metrics::builder("test").build();
    with_local_recorder(&registry, || {
        gauge!("bytes").set(1.0);
        gauge!("bytes", "tenant" => "platform").increment(2.0);
        gauge!("bytes", "tenant" => "acme").set(4.0);
    });
    let snapshot = registry.snapshot();
    let points = &snapshot.family("bytes").unwrap().points;
    let points: Vec<_> = points
        .iter()
        .map(|point| (&*point.tenant, &point.value))
        .collect();
    assert_eq!(
        points,
        [
            ("platform", &Value::Gauge(3.0)),
            ("acme", &Value::Gauge(4.0))
        ]
    );
}

#[test]
fn one_name_is_one_kind_of_metric() {
    let registry = Metrics::builder("test").build();
    with_local_recorder(&registry, || {
        counter!("thing").increment(1);
        gauge!("thing").set(5.0);
        histogram!("thing").record(5.0);
    });
    registry
        .tenant_counter("thing", "", &[])
        .increment(Party::Platform, 5);
    let snapshot = registry.snapshot();
    assert_eq!(counted(&snapshot, "thing")["platform"], 1);
}

#[test]
fn another_recorder_is_told_without_the_tenant_and_ours_not_twice() {
    let theirs: Vec<_> = (1..=4_u64)
        .map(|events| {
            // Side by side, as tests are.
            thread::spawn(move || {
                let (ours, theirs) = (
                    Metrics::builder("test").forwarding().build(),
                    Metrics::builder("test").build(),
                );
                let acme = tenant("acme");
                let make = || ours.tenant_counter("events_total", "", &[("by", "web")]);
                let counter = with_local_recorder(&theirs, make);
                counter.increment(Party::Tenant(&acme), events);
                assert_eq!(counted(&ours.snapshot(), "events_total")["acme"], events);
                // Into itself it does not forward.
                with_local_recorder(&ours, make).increment(Party::Tenant(&acme), 1);
                assert_eq!(
                    counted(&ours.snapshot(), "events_total")["acme"],
                    events + 1
                );
                assert_eq!(counted(&ours.snapshot(), "events_total").len(), 1);
                counted(&theirs.snapshot(), "events_total")
            })
        })
        .collect();
    for (events, theirs) in (1..).zip(theirs) {
        let theirs: Vec<_> = theirs.join().unwrap().into_iter().collect();
        assert_eq!(theirs, [("platform".to_owned(), events)]);
    }
}

#[test]
fn without_a_registry_nothing_is_counted() {
    let off = Metrics::off();
    let acme = tenant("acme");
    off.tenant_counter("events_total", "", &[])
        .increment(Party::Tenant(&acme), 1);
    let held = off.tenant_gauge("in_flight", "", &[]).hold(Party::Platform);
    drop(held);
    with_local_recorder(&off, || counter!("hits_total").increment(1));
    assert!(off.snapshot().families.is_empty());
    assert!(off.top(5).is_empty() && off.standing(acme.id).is_none());
}
