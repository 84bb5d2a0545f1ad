use std::time::Duration;

use tenancy_core::TenantId;
use tenancy_observability::Party;
use tenancy_observability::metrics::{Metrics, Standing, TenantCounter};

use super::{counted, tenant, tenants};

const WINDOW: Duration = Duration::from_secs(60);

/// Counts for each of a number of tenants, `each` times.
fn count(counter: &TenantCounter, tenants: &[tenancy_core::Tenant], each: u64) {
    for _ in 0..each {
        for tenant in tenants {
            counter.increment(Party::Tenant(tenant), 1);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_tenant_that_becomes_the_heaviest_is_named_within_two_windows() {
    let metrics = Metrics::builder("test")
        .named_tenants(10)
        .window(WINDOW)
        .build();
    let counter = metrics.tenant_counter("events_total", "", &[]);
    let (first, newcomer) = (tenants(500), tenant("newcomer"));
    for _ in 0..5 {
        count(&counter, &first, 20);
        tokio::time::advance(WINDOW).await;
    }
    assert!(!counted(&metrics.snapshot(), "events_total").contains_key("newcomer"));
    for _ in 0..2 {
        count(&counter, &first, 20);
        // By the least that makes it the heaviest.
        count(&counter, std::slice::from_ref(&newcomer), 21);
        tokio::time::advance(WINDOW).await;
        metrics.snapshot();
    }
    counter.increment(Party::Tenant(&newcomer), 1);
    let counted = counted(&metrics.snapshot(), "events_total");
    assert!(counted.contains_key("newcomer"), "{counted:?}");
}

#[tokio::test(start_paused = true)]
async fn traffic_names_tenants_without_anybody_looking() {
    let metrics = Metrics::builder("test")
        .named_tenants(1)
        .window(WINDOW)
        .build();
    let counter = metrics.tenant_counter("events_total", "", &[]);
    let (quiet, busy) = (tenant("quiet"), tenant("busy"));
    counter.increment(Party::Tenant(&quiet), 1);
    counter.increment(Party::Tenant(&busy), 1);
    tokio::time::advance(WINDOW).await;
    for _ in 0..2000 {
        counter.increment(Party::Tenant(&busy), 1);
    }
    let counted = counted(&metrics.snapshot(), "events_total");
    assert_eq!(
        counted.keys().collect::<Vec<_>>(),
        ["__former__", "__other__", "busy"]
    );
    assert_eq!(counted.values().sum::<u64>(), 2002);
}

#[tokio::test(start_paused = true)]
async fn tenants_that_nobody_knows_take_no_name_and_no_series() {
    let metrics = Metrics::builder("test")
        .named_tenants(3)
        .window(WINDOW)
        .build();
    let counter = metrics.tenant_counter("events_total", "", &[]);
    let known = tenants(3);
    for _ in 0..10 {
        count(&counter, &known, 1);
        for _ in 0..100_000 {
            counter.increment(Party::Unknown, 1);
        }
        tokio::time::advance(WINDOW).await;
    }
    let counted = counted(&metrics.snapshot(), "events_total");
    let expected = [
        ("__unknown__", 1_000_000),
        ("shop-0", 10),
        ("shop-1", 10),
        ("shop-2", 10),
    ];
    assert_eq!(
        counted
            .iter()
            .map(|(name, &number)| (&**name, number))
            .collect::<Vec<_>>(),
        expected
    );
}

#[tokio::test(start_paused = true)]
async fn a_handle_counts_for_a_tenant_that_lost_its_name_and_got_it_back() {
    let metrics = Metrics::builder("test")
        .named_tenants(1)
        .window(WINDOW)
        .build();
    let counter = metrics.tenant_counter("events_total", "", &[]);
    let (one, other) = (tenant("one"), tenant("other"));
    let mut named = Vec::new();
    for heavy in [&one, &other, &one] {
        for _ in 0..3 {
            count(&counter, std::slice::from_ref(heavy), 100);
            tokio::time::advance(WINDOW).await;
            metrics.snapshot();
        }
        count(&counter, std::slice::from_ref(heavy), 1);
        let counted = counted(&metrics.snapshot(), "events_total");
        named.push(counted.keys().cloned().collect::<Vec<_>>().join(" "));
    }
    assert_eq!(
        named,
        [
            "one",
            "__former__ __other__ other",
            "__former__ __other__ one"
        ]
    );
    assert_eq!(
        counted(&metrics.snapshot(), "events_total")
            .values()
            .sum::<u64>(),
        903
    );
}

#[tokio::test(start_paused = true)]
async fn equals_do_not_take_each_others_names() {
    let metrics = Metrics::builder("test")
        .named_tenants(40)
        .window(WINDOW)
        .build();
    let counter = metrics.tenant_counter("events_total", "", &[]);
    let tenants = tenants(200);
    let mut named = Vec::new();
    for round in 0..10 {
        for (at, tenant) in tenants.iter().enumerate() {
            let events = 100 + (at * 7 + round * 13) as u64 % 30;
            count(&counter, std::slice::from_ref(tenant), events);
        }
        tokio::time::advance(WINDOW).await;
        named.extend(counted(&metrics.snapshot(), "events_total").into_keys());
    }
    named.sort();
    named.dedup();
    // The forty, the others, former ones, and the heaviest of each round, which always gets a name.
    assert!(named.len() <= 40 + 2 + 10, "{named:?}");
}

#[test]
fn nothing_of_a_tenant_that_left_is_to_be_seen_but_its_share_of_the_sums() {
    let metrics = Metrics::builder("test").build();
    let counter = metrics.tenant_counter("events_total", "", &[]);
    let (gone, stays) = (tenant("gone"), tenant("stays"));
    counter.increment(Party::Tenant(&gone), 5);
    counter.increment(Party::Tenant(&stays), 1);
    metrics::with_local_recorder(&metrics, || {
        let gauge = |tenant: &str| metrics::gauge!("bytes", "tenant" => tenant.to_owned()).set(1.0);
        gauge(&gone.id.to_string());
        gauge("gone");
        gauge("stays");
    });
    metrics.forget(&gone);
    let snapshot = metrics.snapshot();
    let said = format!("{snapshot:?}");
    assert!(
        !said.contains("gone") && !said.contains(&gone.id.to_string()),
        "{said}"
    );
    assert!(
        metrics
            .top(10)
            .iter()
            .all(|standing| standing.tenant != gone.id)
    );
    let counted = counted(&snapshot, "events_total");
    assert_eq!((counted["__former__"], counted["stays"]), (5, 1));
}

#[test]
fn a_slug_that_changed_hands_names_its_new_owner() {
    let metrics = Metrics::builder("test").build();
    let counter = metrics.tenant_counter("events_total", "", &[]);
    let (mut first, mut second) = (tenant("acme"), tenant("globex"));
    count(&counter, &[first.clone(), second.clone()], 10);
    first.slug = "acme-old".parse().unwrap();
    second.slug = "acme".parse().unwrap();
    counter.increment(Party::Tenant(&second), 1);
    counter.increment(Party::Tenant(&first), 2);
    let counted = counted(&metrics.snapshot(), "events_total");
    let expected = [("__former__", 20), ("acme", 1), ("acme-old", 2)];
    assert_eq!(
        counted
            .iter()
            .map(|(name, &number)| (&**name, number))
            .collect::<Vec<_>>(),
        expected
    );
}

#[test]
fn every_tenant_has_a_standing_with_a_bound_on_its_error() {
    let metrics = Metrics::builder("test").named_tenants(5).build();
    let counter = metrics.tenant_counter("events_total", "", &[]);
    let tenants = tenants(2000);
    for (at, tenant) in tenants.iter().enumerate() {
        count(&counter, std::slice::from_ref(tenant), 1 + at as u64);
    }
    let mut beyond = 0;
    for (at, tenant) in tenants.iter().enumerate() {
        let (truth, standing) = (1 + at as u64, metrics.standing(tenant.id).unwrap());
        assert!(standing.events >= truth, "{at}: {standing:?}");
        assert!(at >= 5 || standing.error == 0, "{at}: {standing:?}");
        beyond += usize::from(standing.events - standing.error > truth);
    }
    // It is said to hold for nineteen in twenty.
    assert!(beyond * 20 <= tenants.len(), "{beyond}");
    let top: Vec<TenantId> = metrics
        .top(20)
        .into_iter()
        .map(|Standing { tenant, .. }| tenant)
        .collect();
    let heaviest = tenants[1900..]
        .iter()
        .filter(|tenant| top.contains(&tenant.id));
    assert!(heaviest.count() >= 18, "{top:?}");
}
