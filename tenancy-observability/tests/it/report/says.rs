use std::time::Duration;

use serde_json::{Value, json};
use tenancy_core::meter::{CacheLookups, DatabaseUse};
use tenancy_core::time::Time;
use tenancy_observability::Party;
use tenancy_observability::layer::{Outcome, Spent};
use tenancy_observability::report::{EndpointOrder, Period, Recorder, WhichEndpoints};

use super::{HOUR, MINUTE, Node, time};
use crate::site::Site;

const OK: (Outcome, Option<u16>) = (Outcome::Answered, Some(200));

#[tokio::test]
async fn where_there_is_no_data_a_report_says_nothing_and_never_zero() {
    let site = Site::sqlite().await;
    let acme = site.add("acme").await;
    let scope = site.scope(&acme).await;
    let node = Node::new(&site);
    let at = time("2026-03-01T10:02:00Z");
    let period = Period::last(HOUR, at);
    let say = async || {
        let report = node
            .reports
            .of_tenant(&scope, period, WhichEndpoints::default())
            .await;
        serde_json::to_value(report.unwrap()).unwrap()
    };
    let empty = json!({
        "from": "2026-03-01T09:00:00Z", "to": "2026-03-01T10:05:00Z",
        "requests": 0, "errors": 0, "cancelled": 0, "incomplete": false, "not_told_apart": 0,
        "average_response_time": null, "response_time": null, "time_split": null, "error_rate": null,
        "database_performance": null, "cache_hit_ratio": null, "cache_performance": null,
        "memory_usage": null, "slow_endpoints": [], "operations": [], "quantile_error": 0.01,
    });
    assert_eq!(say().await, empty);

    // Cancelled and of unknown cost: there is a time, and nothing else to say.
    node.ended(
        Party::Tenant(&acme),
        "/a",
        (Outcome::Cancelled, None),
        7,
        at,
    );
    let report = say().await;
    assert_eq!(report["average_response_time"], json!(7.0));
    for key in [
        "error_rate",
        "database_performance",
        "cache_hit_ratio",
        "memory_usage",
    ] {
        assert_eq!(report[key], Value::Null, "{key}");
    }

    // A request that asked no cache: nothing is known of hits, and its queries were none.
    let mut spent = Spent::default();
    spent.total = Duration::from_millis(7);
    spent.database = Some(DatabaseUse::default());
    spent.cache_lookups = Some(CacheLookups::default());
    node.spent(Party::Tenant(&acme), "/a", OK, spent, at);
    let report = say().await;
    assert_eq!(report["cache_hit_ratio"], Value::Null);
    assert_eq!(report["database_performance"]["queries"], json!(0));
    assert_eq!(
        report["database_performance"]["average_query_time"],
        Value::Null
    );
    assert_eq!(report["error_rate"], json!(0.0));
}

#[tokio::test]
async fn errors_are_what_is_configured_and_cancelled_requests_are_none() {
    let site = Site::sqlite().await;
    let acme = site.add("acme").await;
    let at = time("2026-03-01T10:02:00Z");
    let say = async |recorder: Recorder| {
        let node = Node::with(&site, recorder);
        let ends = [
            OK,
            (Outcome::Answered, Some(404)),
            (Outcome::Answered, Some(429)),
            (Outcome::Answered, Some(500)),
            (Outcome::Answered, Some(503)),
            (Outcome::Failed, None),
            (Outcome::Panicked, None),
            (Outcome::Cancelled, None),
            (Outcome::Cancelled, Some(500)),
            OK,
        ];
        for end in ends {
            node.ended(Party::Tenant(&acme), "/a", end, 1, at);
        }
        let report = node
            .reports
            .of_platform(Period::last(HOUR, at), WhichEndpoints::default());
        let report = report.await.unwrap();
        (
            report.requests,
            report.errors,
            report.cancelled,
            report.error_rate,
        )
    };
    assert_eq!(say(Recorder::new()).await, (10, 4, 2, Some(0.5)));
    let with_429 = Recorder::builder()
        .errors(|status| status.is_server_error() || status == 429)
        .build();
    assert_eq!(say(with_429).await, (10, 5, 2, Some(0.625)));
}

#[tokio::test]
async fn endpoints_are_ordered_by_what_is_asked_for_with_ties_by_name_and_need_some_requests() {
    let site = Site::sqlite().await;
    let acme = site.add("acme").await;
    let node = Node::new(&site);
    let at = time("2026-03-01T10:02:00Z");
    let requests = |route: &str, count: usize, milliseconds| {
        for _ in 0..count {
            node.ended(Party::Tenant(&acme), route, OK, milliseconds, at);
        }
    };
    requests("/seldom", 4, 90_000);
    requests("/slow", 5, 1000);
    requests("/often", 1000, 10);
    requests("/tie-b", 10, 50);
    requests("/tie-a", 10, 50);
    let scope = site.scope(&acme).await;
    let say = async |which: WhichEndpoints| {
        let period = Period::last(HOUR, at);
        let report = node.reports.of_tenant(&scope, period, which).await.unwrap();
        let names = report.slow_endpoints.into_iter();
        names
            .map(|one| (one.endpoint, one.share))
            .collect::<Vec<_>>()
    };
    let names = |named: Vec<(String, f64)>| {
        let names = named.into_iter().map(|(name, _)| name);
        names.collect::<Vec<_>>().join(" ").replace("GET ", "")
    };
    let which = WhichEndpoints::default();
    let by_share = say(which).await;
    assert_eq!(by_share[0], ("GET /often".to_owned(), 10.0 / 376.0));
    assert_eq!(names(by_share), "/often /slow /tie-a /tie-b");
    let by_p95 = say(which.order(EndpointOrder::P95)).await;
    assert_eq!(names(by_p95), "/slow /tie-a /tie-b /often");
    let by_count = say(which.order(EndpointOrder::Count).count(2)).await;
    assert_eq!(names(by_count), "/often /tie-a");
    let all = say(which.samples_min(1)).await;
    assert_eq!(names(all), "/seldom /often /slow /tie-a /tie-b");
}

#[tokio::test]
async fn a_tenant_s_report_has_nothing_of_another_s_and_the_platform_s_has_all() {
    let site = Site::sqlite().await;
    let (acme, bolt) = (site.add("acme").await, site.add("bolt").await);
    let node = Node::new(&site);
    let at = time("2026-03-01T10:02:00Z");
    node.ended(Party::Tenant(&acme), "/of-acme", OK, 1, at);
    node.ended(Party::Tenant(&bolt), "/of-bolt", OK, 2, at);
    node.ended(Party::Platform, "/of-the-platform", OK, 3, at);
    node.ended(
        Party::Unknown,
        "unmatched",
        (Outcome::Answered, Some(404)),
        4,
        at,
    );
    node.reports.flush(at).await.unwrap();
    let period = Period::last(HOUR, at);
    let which = WhichEndpoints::default().samples_min(1);
    let routes = |report: tenancy_observability::report::Report| {
        let mut routes: Vec<_> = report
            .slow_endpoints
            .into_iter()
            .map(|one| one.endpoint)
            .collect();
        routes.sort();
        routes
    };
    for (tenant, expected) in [(&acme, "GET /of-acme"), (&bolt, "GET /of-bolt")] {
        let scope = site.scope(tenant).await;
        let report = node.reports.of_tenant(&scope, period, which).await.unwrap();
        assert_eq!(
            (report.requests, routes(report)),
            (1, vec![expected.to_owned()])
        );
    }
    let all = node.reports.of_platform(period, which).await.unwrap();
    let expected = [
        "GET /of-acme",
        "GET /of-bolt",
        "GET /of-the-platform",
        "GET unmatched",
    ];
    assert_eq!(
        (all.requests, routes(all)),
        (4, expected.map(str::to_owned).to_vec())
    );
}

#[tokio::test]
async fn a_period_has_its_first_moment_and_not_its_last_through_a_change_of_clocks() {
    let site = Site::sqlite().await;
    let acme = site.add("acme").await;
    let node = Node::new(&site);
    let scope = site.scope(&acme).await;
    // Clocks in Berlin go back at 01:00 UTC: 02:30 is there twice, half an hour before and after.
    let began = time("2026-10-25T00:00:00Z");
    for step in 0..24 {
        let at = began.after(step * 5 * MINUTE);
        node.request(&acme, 1, at);
        node.reports.flush(at).await.unwrap();
    }
    let requests = async |from: &str, to: &str| {
        let period = Period::between(time(from), time(to));
        let report = node
            .reports
            .of_tenant(&scope, period, WhichEndpoints::default())
            .await;
        report.unwrap().requests
    };
    assert_eq!(
        requests("2026-10-25T00:00:00Z", "2026-10-25T01:00:00Z").await,
        12
    );
    assert_eq!(
        requests("2026-10-25T01:00:00Z", "2026-10-25T02:00:00Z").await,
        12
    );
    assert_eq!(
        requests("2026-10-25T00:05:00Z", "2026-10-25T00:10:00Z").await,
        1
    );
    assert_eq!(
        requests("2026-10-25T00:05:00Z", "2026-10-25T00:05:00Z").await,
        0
    );
    assert_eq!(
        requests("2026-10-25T02:00:00Z", "2026-10-26T00:00:00Z").await,
        0
    );
    let berlin = |text: &str| -> Time { text.parse::<jiff::Timestamp>().unwrap().into() };
    let both = Period::between(
        berlin("2026-10-25T02:30:00+02:00"),
        berlin("2026-10-25T02:30:00+01:00"),
    );
    let report = node
        .reports
        .of_tenant(&scope, both, WhichEndpoints::default())
        .await;
    assert_eq!(report.unwrap().requests, 12);
}

#[tokio::test]
async fn numbers_add_up_to_what_was_spent() {
    let site = Site::sqlite().await;
    let acme = site.add("acme").await;
    let node = Node::new(&site);
    let at = time("2026-03-01T10:02:00Z");
    for (milliseconds, queries, hits, bytes) in [(100, 3, 1, 1000), (300, 5, 6, 3000)] {
        let mut spent = Spent::default();
        spent.total = Duration::from_millis(milliseconds);
        spent.cpu = Duration::from_millis(milliseconds / 10 * 4);
        spent.database = Some(DatabaseUse {
            calls: queries,
            time: Duration::from_millis(80),
            wall_time: Duration::from_millis(50),
        });
        spent.cache_lookups = Some(CacheLookups { hits, misses: 1 });
        spent.cache_time = Some(Duration::from_millis(2));
        spent.allocated_bytes = Some(bytes);
        node.spent(Party::Tenant(&acme), "/a", OK, spent, at);
    }
    let scope = site.scope(&acme).await;
    let report = node
        .reports
        .of_tenant(&scope, Period::last(HOUR, at), WhichEndpoints::default());
    let report = serde_json::to_value(report.await.unwrap()).unwrap();
    let expected = json!({
        "queries": 8, "queries_per_request": 4.0, "average_query_time": 20.0, "total_time": 160.0,
        "average_time_per_request": 50.0, "share": 0.25,
    });
    assert_eq!(report["database_performance"], expected);
    let split = json!({"cpu": 0.4, "wait": 0.6, "database": 0.25, "cache": 0.01});
    assert_eq!(report["time_split"], split);
    assert_eq!(report["cache_hit_ratio"], json!(7.0 / 9.0));
    assert_eq!(
        report["cache_performance"],
        json!({"hits": 7, "misses": 2, "total_time": 4.0})
    );
    assert_eq!(
        report["memory_usage"],
        json!({"average_bytes": 2000.0, "max_bytes": 3000})
    );
    let times = &report["response_time"];
    assert_eq!(
        (&times["min"], &times["mean"], &times["max"]),
        (&json!(100.0), &json!(200.0), &json!(300.0))
    );
    assert_eq!(
        (&times["p95"], &times["p99"]),
        (&json!(300.0), &json!(300.0))
    );
}
