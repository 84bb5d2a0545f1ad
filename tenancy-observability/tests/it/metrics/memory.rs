use std::time::Duration;

use tenancy_observability::Party;
use tenancy_observability::memory::allocated;
use tenancy_observability::metrics::Metrics;
use tenancy_observability::sink::prometheus::Format;

use super::tenants;

/// How many bytes this thread asks for meanwhile.
fn asked_for(work: impl FnOnce()) -> u64 {
    let before = allocated().unwrap();
    work();
    allocated().unwrap() - before
}

#[test]
fn counting_for_a_known_tenant_asks_for_no_memory() {
    let metrics = Metrics::builder("test").build();
    let counter = metrics.tenant_counter("requests_total", "", &[("route", "/")]);
    let durations = metrics.tenant_histogram("request_duration_seconds", "", &[]);
    let tenants = tenants(100);
    let count = || {
        for tenant in &tenants {
            counter.increment(Party::Tenant(tenant), 1);
            durations.record(Party::Tenant(tenant), Duration::from_millis(7));
        }
    };
    count();
    let asked = asked_for(|| (0..1_000).for_each(|_| count()));
    assert_eq!(asked, 0);
}

#[test]
fn a_hundred_thousand_tenants_and_many_events_without_a_scrape_fit_into_bounds() {
    const MEBIBYTE: u64 = 1 << 20;
    let tenants = tenants(100_000);
    let metrics = Metrics::builder("test").build();
    let handles = ["/", "/api/products", "/api/orders"].map(|route| {
        let labels = [("route", route)];
        let counter = metrics.tenant_counter("requests_total", "", &labels);
        let durations = metrics.tenant_histogram("request_duration_seconds", "", &labels);
        (counter, durations)
    });
    let serve_all = || {
        for tenant in &tenants {
            for (counter, durations) in &handles {
                counter.increment(Party::Tenant(tenant), 1);
                durations.record(Party::Tenant(tenant), Duration::from_millis(7));
            }
        }
    };
    let grown = asked_for(serve_all);
    assert!(grown <= 16 * MEBIBYTE, "{grown}");
    let grown = asked_for(|| (0..3).for_each(|_| serve_all()));
    assert!(grown <= 2 * MEBIBYTE, "{grown}");
    let text = Format::Text.write(&metrics.snapshot());
    assert!(text.len() as u64 <= 2 * MEBIBYTE, "{}", text.len());
}
