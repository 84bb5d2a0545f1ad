mod line_protocol;
#[cfg(feature = "otlp")]
mod otlp;
mod prometheus;
#[cfg(feature = "push")]
mod push;

use std::time::Duration;

use metrics::{counter, gauge, histogram, with_local_recorder};
use tenancy_core::{Tenant, TenantId};
use tenancy_observability::Party;
use tenancy_observability::metrics::Metrics;

/// A registry in which each kind of metric has counted something.
fn counted() -> Metrics {
    let metrics = Metrics::builder("test")
        .writer("node-1")
        .named_tenants(1)
        .build();
    let [acme, globex] =
        ["acme", "globex"].map(|slug| Tenant::new(TenantId::generate(), slug.parse().unwrap()));
    let sold = metrics.tenant_counter("sold_total", "Sold \\ in\n\"all\".", &[("by", "web")]);
    sold.increment(Party::Tenant(&acme), 3);
    sold.increment(Party::Tenant(&globex), 2);
    let seconds = metrics.tenant_histogram("work_seconds", "Work.", &[]);
    for milliseconds in [3, 30, 30_000] {
        seconds.record(Party::Tenant(&acme), Duration::from_millis(milliseconds));
    }
    with_local_recorder(&metrics, || {
        gauge!("depth").set(1.5);
        counter!("hits_total", "class" => "a,b=c d").increment(7);
        histogram!("size_bytes").record(300.0);
    });
    metrics
}

/// The same text for every letter that a format could stumble over.
fn hostile() -> impl proptest::strategy::Strategy<Value = String> {
    use proptest::prelude::*;
    let letters = prop_oneof![
        Just('\\'),
        Just('"'),
        Just('\n'),
        Just('\r'),
        Just(','),
        Just('='),
        Just(' '),
        Just('{'),
        Just('}'),
        Just('#'),
        Just('\u{1f600}'),
        Just('\u{0}'),
        any::<char>(),
    ];
    proptest::collection::vec(letters, 0..40).prop_map(|letters| letters.into_iter().collect())
}
