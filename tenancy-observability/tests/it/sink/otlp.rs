use std::collections::BTreeSet;
use std::time::Duration;

use metrics::{gauge, with_local_recorder};
use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::common::v1::KeyValue;
use opentelemetry_proto::tonic::common::v1::any_value::Value as Any;
use opentelemetry_proto::tonic::metrics::v1::number_data_point::Value as Number;
use opentelemetry_proto::tonic::metrics::v1::{Metric, NumberDataPoint, metric};
use prost::Message as _;
use tenancy_core::{Tenant, TenantId};
use tenancy_observability::Party;
use tenancy_observability::metrics::Metrics;
use tenancy_observability::sink::otlp;

use super::counted;

#[test]
fn a_collector_reads_what_was_counted() {
    let metrics = counted();
    let snapshot = metrics.snapshot();
    let request = read(&otlp::write(&snapshot, "shop").bytes);
    let resource = request.resource_metrics[0].resource.as_ref().unwrap();
    let expected = [
        ("service.name", "shop"),
        ("service.instance.id", "node-1"),
        ("deployment.environment.name", "test"),
    ];
    assert_eq!(texts(&resource.attributes), expected);
    let sold = named(&request, "sold_total");
    assert_eq!(sold.description, "Sold \\ in\n\"all\".");
    let Some(metric::Data::Sum(sum)) = &sold.data else {
        panic!("{sold:?}");
    };
    // Cumulative.
    assert_eq!((sum.is_monotonic, sum.aggregation_temporality), (true, 2));
    let [acme, other] = &sum.data_points[..] else {
        panic!("{sum:?}");
    };
    assert_eq!(
        (&acme.value, &other.value),
        (&Some(Number::AsInt(3)), &Some(Number::AsInt(2)))
    );
    assert_eq!(
        texts(&acme.attributes),
        [("environment", "test"), ("tenant", "acme"), ("by", "web")]
    );
    assert!(!is_overflow(acme) && is_overflow(other));
    let work = named(&request, "work_seconds");
    let Some(metric::Data::Histogram(histogram)) = &work.data else {
        panic!("{work:?}");
    };
    let point = &histogram.data_points[0];
    assert_eq!(
        (work.unit.as_str(), point.count, point.sum),
        ("s", 3, Some(30.033))
    );
    assert_eq!(point.bucket_counts.len(), point.explicit_bounds.len() + 1);
    assert_eq!(point.bucket_counts.iter().sum::<u64>(), 3);
}

#[test]
fn counters_begin_once_and_after_a_restart_anew() {
    let metrics = counted();
    let begins = |metrics: &Metrics| {
        let request = read(&otlp::write(&metrics.snapshot(), "shop").bytes);
        let Some(metric::Data::Sum(sum)) = named(&request, "sold_total").data.clone() else {
            panic!("{request:?}");
        };
        sum.data_points
            .iter()
            .map(|point| (point.start_time_unix_nano, point.time_unix_nano))
            .collect::<Vec<_>>()
    };
    let (first, second) = (begins(&metrics), begins(&metrics));
    for (first, second) in first.iter().zip(&second) {
        assert_eq!(first.0, second.0);
        assert!(
            first.0 > 0 && first.0 <= first.1 && first.1 <= second.1,
            "{first:?} {second:?}"
        );
    }
    assert!(begins(&counted())[1].0 > first[1].0);
}

#[test]
fn what_is_no_number_is_left_out_and_counted() {
    let metrics = Metrics::builder("test").build();
    with_local_recorder(&metrics, || gauge!("broken").set(f64::NAN));
    assert_eq!(otlp::write(&metrics.snapshot(), "shop").left_out, 1);
}

#[test]
fn differences_add_up_to_what_was_counted_whoever_loses_a_name() {
    let metrics = Metrics::builder("test")
        .named_tenants(1)
        .window(Duration::ZERO)
        .build();
    let counter = metrics.tenant_counter("sold_total", "", &[]);
    let tenants = [0, 1, 2]
        .map(|at| Tenant::new(TenantId::generate(), format!("shop-{at}").parse().unwrap()));
    let (mut before, mut received, mut counted, mut names) = (None, 0, 0, Vec::new());
    for round in 0..9_u64 {
        for tenant in &tenants {
            counter.increment(Party::Tenant(tenant), 1);
        }
        for _ in 0..10 + round {
            counter.increment(Party::Tenant(&tenants[round as usize % 3]), 2);
        }
        counted += 3 + 2 * (10 + round);
        let snapshot = metrics.snapshot();
        let request = read(&otlp::write_since(before.as_ref(), &snapshot, "shop").bytes);
        let Some(metric::Data::Sum(sum)) = &named(&request, "sold_total").data else {
            panic!("{request:?}");
        };
        // Delta.
        assert_eq!(sum.aggregation_temporality, 1);
        for point in &sum.data_points {
            let Some(Number::AsInt(number)) = point.value else {
                panic!("{point:?}");
            };
            received += u64::try_from(number).unwrap();
            names.extend(
                texts(&point.attributes)
                    .iter()
                    .map(|(_, value)| (*value).to_owned()),
            );
        }
        assert_eq!(received, counted, "after round {round}");
        before = Some(snapshot);
    }
    assert!(
        names.iter().any(|name| name == "__former__"),
        "names were lost: {names:?}"
    );
}

/// Which labels have room by themselves differs from name to name, and least is there for former ones.
#[test]
fn differences_add_up_where_labels_have_no_room() {
    let metrics = Metrics::builder("test")
        .named_tenants(2)
        .window(Duration::ZERO)
        .text_bytes_max(60 << 10)
        .build();
    let series: Vec<_> = (0..60)
        .map(|at| {
            let labels = [("part", &*format!("part-{at}"))];
            let counter = metrics.tenant_counter("sold_total", "", &labels);
            let histogram = metrics.tenant_histogram("work_seconds", "", &labels);
            (counter, histogram)
        })
        .collect();
    let tenants: Vec<_> = (0..5)
        .map(|at| Tenant::new(TenantId::generate(), format!("shop-{at}").parse().unwrap()))
        .collect();
    let (mut before, mut received, mut counted) = (None, (0, 0, 0.0), 0);
    let mut overflowed = BTreeSet::new();
    for round in 0..30 {
        for (at, tenant) in tenants.iter().enumerate() {
            // Each has parts of its own that it begins with, and each is the heaviest for a while.
            let often = if round / 2 % 5 == at { 9 } else { 1 };
            for (counter, histogram) in series.iter().cycle().skip(at * 13 + round).take(40) {
                counter.increment(Party::Tenant(tenant), often);
                for _ in 0..often {
                    histogram.record(Party::Tenant(tenant), Duration::from_millis(7));
                }
                counted += often;
            }
        }
        let snapshot = metrics.snapshot();
        for name in ["sold_total", "work_seconds"] {
            let points = snapshot.family(name).unwrap().points.iter();
            let without_room = points.filter(|point| point.label("overflow").is_some());
            overflowed.extend(without_room.map(|point| point.tenant.to_string()));
        }
        let request = read(&otlp::write_since(before.as_ref(), &snapshot, "shop").bytes);
        let Some(metric::Data::Sum(sum)) = &named(&request, "sold_total").data else {
            panic!("{request:?}");
        };
        for point in &sum.data_points {
            let Some(Number::AsInt(number)) = point.value else {
                panic!("{point:?}");
            };
            received.0 += u64::try_from(number).unwrap();
        }
        let Some(metric::Data::Histogram(histogram)) = &named(&request, "work_seconds").data else {
            panic!("{request:?}");
        };
        for point in &histogram.data_points {
            received.1 += point.count;
            received.2 += point.sum.unwrap();
        }
        assert_eq!(
            (received.0, received.1),
            (counted, counted),
            "round {round}"
        );
        let seconds = counted as f64 * 0.007;
        assert!(
            (received.2 - seconds).abs() < 1e-6,
            "round {round}: {received:?}"
        );
        before = Some(snapshot);
    }
    let shops = overflowed.iter().filter(|name| name.starts_with("shop-"));
    assert!(
        shops.count() > 1 && overflowed.contains("__former__"),
        "{overflowed:?}"
    );
}

fn read(bytes: &[u8]) -> ExportMetricsServiceRequest {
    ExportMetricsServiceRequest::decode(bytes).unwrap()
}

fn named<'a>(request: &'a ExportMetricsServiceRequest, name: &str) -> &'a Metric {
    let mut metrics = request.resource_metrics[0].scope_metrics[0].metrics.iter();
    metrics.find(|metric| metric.name == name).unwrap()
}

fn texts(attributes: &[KeyValue]) -> Vec<(&str, &str)> {
    let texts = attributes.iter().filter_map(|attribute| {
        match attribute.value.as_ref()?.value.as_ref()? {
            Any::StringValue(text) => Some((attribute.key.as_str(), text.as_str())),
            _ => None,
        }
    });
    texts.collect()
}

fn is_overflow(point: &NumberDataPoint) -> bool {
    point.attributes.iter().any(|attribute| {
        let value = attribute
            .value
            .as_ref()
            .and_then(|value| value.value.as_ref());
        attribute.key == "otel.metric.overflow" && value == Some(&Any::BoolValue(true))
    })
}
