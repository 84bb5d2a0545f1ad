use std::error::Error;
use std::hint::black_box;
use std::time::{Duration, Instant};

use metrics::{counter, histogram, with_local_recorder};
use metrics_exporter_prometheus::PrometheusBuilder;
use stats_alloc::Region;
use tenancy_benches::{Report, Row, median, paired};
use tenancy_core::{Tenant, TenantId};
use tenancy_observability::Party;
use tenancy_observability::metrics::Metrics;
use tenancy_observability::sink::prometheus::Format;

use crate::{ALLOCATOR, MEBIBYTE, held};

const ROUNDS: (usize, usize) = (15, 1_000_000);
const EVENTS: usize = 10_000_000;
const PARTS: usize = 10;

/// Counting for tenants, and writing down what was counted.
pub(crate) async fn measure(report: &mut Report) -> Result<(), Box<dyn Error>> {
    increment(report).await?;
    scrape(report)?;
    memory(report)
}

fn tenants(number: usize) -> Result<Vec<Tenant>, Box<dyn Error>> {
    let tenant = |at| {
        Ok(Tenant::new(
            TenantId::generate(),
            format!("shop-{at}").parse()?,
        ))
    };
    (0..number).map(tenant).collect()
}

async fn increment(report: &mut Report) -> Result<(), Box<dyn Error>> {
    let tenants = tenants(1000)?;
    let metrics = Metrics::builder("bench").build();
    let labels = [
        ("method", "GET"),
        ("route", "/api/products"),
        ("status", "200"),
    ];
    let counter = metrics.tenant_counter("requests_total", "", &labels);
    for tenant in &tenants {
        counter.increment(Party::Tenant(tenant), 1);
    }
    let (named, others) = tenants.split_at(100);
    let count = async |tenants: &[Tenant], number| {
        for tenant in tenants.iter().cycle().take(number) {
            black_box(&counter).increment(Party::Tenant(tenant), 1);
        }
    };
    let theirs = PrometheusBuilder::new().build_recorder();
    let name = "a named tenant's increment, against the exporter's (s)";
    let ours = async |number| count(named, number).await;
    let row = paired(name, None, ROUNDS, ours, async |number| {
        with_local_recorder(&theirs, || {
            for tenant in named.iter().cycle().take(number) {
                let tenant = tenant.slug.as_str().to_owned();
                counter!("requests_total", "method" => "GET", "route" => "/api/products", "status" => "200", "tenant" => tenant)
                    .increment(1);
            }
        });
    })
    .await;
    report.limit("a named tenant's increment (s)", row.ours, 60e-9);
    report.row(row);
    let name = "the increment of a tenant without a name, against a named one's (s)";
    let other = async |number| count(others, number).await;
    report.row(paired(name, Some(2.0), ROUNDS, other, ours).await);
    let off = Metrics::off().tenant_counter("requests_total", "", &labels);
    let began = Instant::now();
    for tenant in named.iter().cycle().take(ROUNDS.1) {
        black_box(&off).increment(Party::Tenant(tenant), 1);
    }
    let each = began.elapsed().as_secs_f64() / ROUNDS.1 as f64;
    report.limit("an increment where nothing is counted (s)", each, 15e-9);
    let region = Region::new(ALLOCATOR);
    count(named, ROUNDS.1).await;
    let allocations = region.change().allocations as f64;
    let name = "allocations of 1,000,000 increments of named tenants";
    // A budget of none, as a ratio: one would be over it.
    report.limit(name, allocations, 0.5);
    Ok(())
}

/// What is asked for at `/metrics` after a hundred thousand tenants were served.
fn scrape(report: &mut Report) -> Result<(), Box<dyn Error>> {
    const ROUTES: [&str; 3] = ["/", "/api/products", "/api/orders"];
    let tenants = tenants(100_000)?;
    let region = Region::new(ALLOCATOR);
    let metrics = Metrics::builder("bench").build();
    let handles = ROUTES.map(|route| {
        let labels = [("method", "GET"), ("route", route), ("status", "200")];
        let counter = metrics.tenant_counter("requests_total", "Requests.", &labels);
        let durations =
            metrics.tenant_histogram("request_duration_seconds", "Durations.", &labels[..2]);
        (counter, durations)
    });
    for tenant in &tenants {
        for (counter, durations) in &handles {
            counter.increment(Party::Tenant(tenant), 1);
            durations.record(Party::Tenant(tenant), Duration::from_millis(7));
        }
    }
    let grown = held(&region);
    report.limit("memory for 100,000 tenants (MiB)", grown, 16.0);
    let mut times = Vec::new();
    let mut text = String::new();
    for _ in 0..21 {
        let began = Instant::now();
        text = Format::Text.write(&metrics.snapshot());
        times.push(began.elapsed().as_secs_f64());
    }
    let ours = median(&mut times);
    report.limit("a scrape at 100,000 tenants (s)", ours, 50e-3);
    let name = "the text of a scrape at 100,000 tenants (MiB)";
    report.limit(name, text.len() as f64 / MEBIBYTE, 2.0);
    // A tenth of the tenants and one route: all of them take it ten seconds.
    let exporter = PrometheusBuilder::new().set_buckets(&[
        0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0,
    ])?;
    let exporter = exporter.build_recorder();
    with_local_recorder(&exporter, || {
        for tenant in &tenants[..10_000] {
            let tenant = tenant.slug.as_str().to_owned();
            counter!("requests_total", "tenant" => tenant.clone()).increment(1);
            histogram!("request_duration_seconds", "tenant" => tenant).record(0.007);
        }
    });
    let exporter = exporter.handle();
    exporter.run_upkeep();
    let began = Instant::now();
    black_box(exporter.render());
    let theirs = began.elapsed().as_secs_f64();
    report.row(Row {
        name: "the same, against the exporter's of 10,000 tenants (s)".to_owned(),
        ours,
        baseline: theirs,
        ratio: ours / theirs,
        budget: Some(1.0),
    });
    Ok(())
}

/// What is held after ten million events that nobody has asked for.
fn memory(report: &mut Report) -> Result<(), Box<dyn Error>> {
    let tenants = tenants(1000)?;
    let metrics = Metrics::builder("bench").build();
    let counter = metrics.tenant_counter("requests_total", "", &[]);
    let durations = metrics.tenant_histogram("request_duration_seconds", "", &[]);
    let facade = with_local_recorder(&metrics, || histogram!("load_seconds"));
    for tenant in &tenants {
        counter.increment(Party::Tenant(tenant), 1);
        durations.record(Party::Tenant(tenant), Duration::from_millis(7));
    }
    let region = Region::new(ALLOCATOR);
    let mut slowest = [Duration::ZERO; PARTS];
    for (tenant, event) in tenants.iter().cycle().zip(0..EVENTS / 2) {
        let began = Instant::now();
        counter.increment(Party::Tenant(tenant), 1);
        durations.record(
            Party::Tenant(tenant),
            Duration::from_micros(event as u64 % 1_000_000),
        );
        facade.record(event as f64 / 1e6);
        let part = &mut slowest[event % PARTS];
        *part = began.elapsed().max(*part);
    }
    let ours = held(&region);
    let theirs = PrometheusBuilder::new().build_recorder();
    let theirs = with_local_recorder(&theirs, || {
        let (counter, durations) = (
            counter!("requests_total"),
            histogram!("request_duration_seconds"),
        );
        let region = Region::new(ALLOCATOR);
        for event in 0..EVENTS / 2 {
            counter.increment(1);
            durations.record(event as f64 / 1e6);
        }
        held(&region)
    });
    report.limit(
        "memory after 10,000,000 events and no scrape (MiB)",
        ours,
        2.0,
    );
    report.row(Row {
        name: "the same, against the exporter's (MiB)".to_owned(),
        ours,
        baseline: theirs,
        ratio: ours / theirs,
        budget: Some(1.0),
    });
    // The machine has other things to do once in a while, which is nothing that happens to most parts.
    slowest.sort();
    let name = "the slowest event of most tenths of 10,000,000 (s)";
    report.limit(name, slowest[PARTS / 2].as_secs_f64(), 5e-3);
    Ok(())
}
