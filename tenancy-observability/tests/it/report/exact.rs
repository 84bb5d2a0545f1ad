use std::future::poll_fn;
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;

use tenancy_core::registry::TenantRegistry as _;
use tenancy_core::time::Time;
use tenancy_core::{Actor, Tenant, TenantId};
use tenancy_observability::Party;
use tenancy_observability::layer::Outcome;
use tenancy_observability::report::{Period, Recorder, WhichEndpoints};

use super::{HOUR, MINUTE, Node, time};
use crate::site::{Site, on_both};

const WORKERS: u64 = 8;
const FLUSHES: u64 = 1000;

async fn workers_that_flush_at_once_lose_nothing_and_count_nothing_twice(site: Site) {
    let at = time("2026-03-01T10:02:00Z");
    let acme = Arc::new(site.add("acme").await);
    let site = Arc::new(site);
    let workers = (0..WORKERS).map(|worker| {
        let (site, acme) = (site.clone(), acme.clone());
        tokio::spawn(async move {
            let node = Node::new(&site);
            for flush in 0..FLUSHES {
                node.request(&acme, worker + 1, at);
                let mut flushing = pin!(node.reports.flush(at));
                // Some are dropped at one await or another, and done again with the next.
                let mut polls = match flush % 10 {
                    9 if flush + 1 < FLUSHES => (flush / 10) % 8 + 1,
                    _ => u64::MAX,
                };
                poll_fn(|cx| {
                    polls -= 1;
                    match flushing.as_mut().poll(cx) {
                        Poll::Pending if polls > 0 => Poll::Pending,
                        Poll::Pending => Poll::Ready(()),
                        Poll::Ready(flushed) => {
                            flushed.unwrap();
                            Poll::Ready(())
                        }
                    }
                })
                .await;
            }
        })
    });
    for worker in workers.collect::<Vec<_>>() {
        worker.await.unwrap();
    }
    // Another server knows nothing but what is stored.
    let node = Node::new(&site);
    let period = Period::between(at, at.after(MINUTE));
    let scope = site.scope(&acme).await;
    let which = WhichEndpoints::default();
    let own = node.reports.of_tenant(&scope, period, which).await.unwrap();
    let all = node.reports.of_platform(period, which).await.unwrap();
    for report in [own, all] {
        assert_eq!(report.requests, WORKERS * FLUSHES);
        // Of 1 to 8 milliseconds.
        assert_eq!(report.average_response_time, Some(4.5));
        let times = report.response_time.unwrap();
        assert_eq!((times.min, times.max), (1.0, 8.0));
    }
}

async fn what_was_not_written_yet_is_in_this_server_s_report_once(site: Site) {
    let at = time("2026-03-01T10:02:00Z");
    let acme = site.add("acme").await;
    let scope = site.scope(&acme).await;
    let (node, other) = (Node::new(&site), Node::new(&site));
    let period = Period::last(HOUR, at);
    let requests = async |node: &Node| {
        let which = WhichEndpoints::default();
        let own = node.reports.of_tenant(&scope, period, which).await.unwrap();
        let all = node.reports.of_platform(period, which).await.unwrap();
        assert_eq!(own.requests, all.requests);
        own.requests
    };
    node.request(&acme, 1, at);
    assert_eq!((requests(&node).await, requests(&other).await), (1, 0));
    node.reports.flush(at).await.unwrap();
    assert_eq!((requests(&node).await, requests(&other).await), (1, 1));
    node.request(&acme, 1, at);
    other.request(&acme, 1, at);
    assert_eq!((requests(&node).await, requests(&other).await), (2, 2));
    // The window is over: it is written once more and then given up.
    let later = at.after(10 * MINUTE);
    node.reports.flush(later).await.unwrap();
    other.reports.flush(later).await.unwrap();
    assert_eq!((requests(&node).await, requests(&other).await), (3, 3));
    assert_eq!((node.recorder.lost(), other.recorder.lost()), (0, 0));
}

async fn a_request_of_minutes_that_were_written_adds_to_them(site: Site) {
    let at = time("2026-03-01T10:02:00Z");
    let acme = site.add("acme").await;
    let scope = site.scope(&acme).await;
    let (node, other) = (Node::new(&site), Node::new(&site));
    let requests = async |node: &Node| {
        let (period, which) = (Period::last(HOUR, at), WhichEndpoints::default());
        let own = node.reports.of_tenant(&scope, period, which).await.unwrap();
        let all = node.reports.of_platform(period, which).await.unwrap();
        assert_eq!(own.requests, all.requests);
        own.requests
    };
    for count in 1..=3 {
        node.request(&acme, 1, at);
        assert_eq!(
            (requests(&node).await, requests(&other).await),
            (count, count - 1)
        );
        // The window is over and written, so it is given up.
        node.reports.flush(at.after(10 * MINUTE)).await.unwrap();
        assert_eq!(
            (requests(&node).await, requests(&other).await),
            (count, count)
        );
    }
}

async fn windows_become_hours_and_hours_go_without_a_number_changing_before(site: Site) {
    let began = time("2026-03-01T10:00:00Z");
    let (acme, bolt) = (site.add("acme").await, site.add("bolt").await);
    let scope = site.scope(&acme).await;
    let nodes = [Node::new(&site), Node::new(&site)];
    for step in 0..36 {
        let at = began.after(step * 5 * MINUTE);
        for node in &nodes {
            node.request(&acme, u64::from(step) + 1, at);
            node.request(&bolt, 1, at);
            node.reports.flush(at).await.unwrap();
        }
    }
    let end = began.after(3 * HOUR);
    let whole = Period::between(began, end);
    let first_hour = Period::between(began, began.after(HOUR));
    let report = async |period| {
        let which = WhichEndpoints::default();
        nodes[0]
            .reports
            .of_tenant(&scope, period, which)
            .await
            .unwrap()
    };
    for node in &nodes {
        node.reports.flush(end.after(HOUR)).await.unwrap();
    }
    let before = (report(whole).await, report(first_hour).await);
    assert_eq!((before.0.requests, before.1.requests), (72, 24));
    // Of each of both, of all, and of those with the most requests.
    assert_eq!(rows(&site).await, (4 * 2 * 36, 0));

    // Both servers tidy up at once, an hour and then the rest.
    for now in [began.after(27 * HOUR), began.after(40 * HOUR)] {
        let [one, two] = [0, 1].map(|node: usize| nodes[node].reports.tidy(now));
        let (one, two) = tokio::join!(one, two);
        one.and(two).unwrap();
        assert_eq!((report(whole).await, report(first_hour).await), before);
    }
    assert_eq!(rows(&site).await, (0, 4 * 3));

    // What a server writes that was away joins its hour, and is not seen beside it: of windows that are
    // beside their hour it may have been made.
    let late = Node::new(&site);
    late.request(&acme, 1, began);
    late.reports.flush(began).await.unwrap();
    assert_eq!((report(whole).await, report(first_hour).await), before);
    late.reports.tidy(began.after(40 * HOUR)).await.unwrap();
    assert_eq!(
        (
            report(whole).await.requests,
            report(first_hour).await.requests
        ),
        (73, 25)
    );

    let kept_for = 30 * 24 * HOUR;
    late.reports.tidy(began.after(kept_for)).await.unwrap();
    assert_eq!(report(whole).await.requests, 73);
    late.reports
        .tidy(began.after(kept_for + HOUR))
        .await
        .unwrap();
    assert_eq!(report(whole).await.requests, 48);
    late.reports
        .tidy(began.after(kept_for + 3 * HOUR))
        .await
        .unwrap();
    assert_eq!(report(whole).await.requests, 0);
    assert_eq!(rows(&site).await, (0, 0));
}

/// How many windows and hours are stored.
async fn rows(site: &Site) -> (i64, i64) {
    let mut tx = site.database.platform_read(&site.platform()).await.unwrap();
    let counts = tenancy_core::on_tx!(&mut tx, |conn| {
        const COUNT: &str = "SELECT (SELECT COUNT(*) FROM observability_windows), \
             (SELECT COUNT(*) FROM observability_hours)";
        sqlx::query_as(COUNT).fetch_one(conn).await
    });
    counts.unwrap()
}

async fn a_tenant_that_is_forgotten_stays_in_the_platform_s_numbers_only(site: Site) {
    let at = time("2026-03-01T10:02:00Z");
    let (acme, bolt) = (site.add("acme").await, site.add("bolt").await);
    let node = Node::new(&site);
    node.request(&acme, 1, at);
    node.request(&bolt, 1, at);
    node.reports.flush(at.after(10 * MINUTE)).await.unwrap();
    node.reports.forget(acme.id).await.unwrap();
    let period = Period::last(HOUR, at);
    let which = WhichEndpoints::default();
    let requests = async |tenant| {
        let scope = site.scope(tenant).await;
        node.reports
            .of_tenant(&scope, period, which)
            .await
            .unwrap()
            .requests
    };
    assert_eq!((requests(&acme).await, requests(&bolt).await), (0, 1));
    assert_eq!(
        node.reports
            .of_platform(period, which)
            .await
            .unwrap()
            .requests,
        2
    );
}

async fn reports_are_kept_in_the_background_and_once_more_at_the_end(site: Site) {
    let acme = site.add("acme").await;
    let node = Node::new(&site);
    node.request(&acme, 1, Time::now());
    let (end, ended) = tokio::sync::oneshot::channel::<()>();
    let keeping = tokio::spawn({
        let reports = node.reports.clone();
        async move { reports.keep_until(async { drop(ended.await) }).await }
    });
    node.request(&acme, 1, Time::now());
    end.send(()).unwrap();
    keeping.await.unwrap();
    let other = Node::new(&site);
    let period = Period::last(HOUR, Time::now());
    let report = other
        .reports
        .of_platform(period, WhichEndpoints::default())
        .await;
    assert_eq!(report.unwrap().requests, 2);
}

async fn the_busiest_tenants_are_those_of_all_servers_and_of_the_whole_period(site: Site) {
    let at = time("2026-03-01T10:02:00Z");
    let (acme, bolt) = (site.add("acme").await, site.add("bolt").await);
    let nodes = [Node::new(&site), Node::new(&site)];
    let end = |route, milliseconds, status| {
        nodes[0].ended(
            Party::Tenant(&acme),
            route,
            (Outcome::Answered, Some(status)),
            milliseconds,
            at,
        );
    };
    end("/", 2000, 200);
    end("/", 1, 503);
    for node in &nodes {
        for _ in 0..2 {
            node.request(&bolt, 1, at.after(5 * MINUTE));
        }
        node.ended(Party::Platform, "/", (Outcome::Answered, Some(200)), 1, at);
    }
    let now = at.after(10 * MINUTE);
    let busiest = async |count| {
        let period = Period::last(HOUR, now);
        let busiest = nodes[0].reports.busiest(period, count).await.unwrap();
        let loads = busiest.into_iter();
        let loads = loads.map(|(id, load)| (id, load.requests, load.errors, load.slow));
        loads.collect::<Vec<_>>()
    };
    let (of_acme, of_bolt) = ((acme.id, 2, 1, 1), (bolt.id, 4, 0, 0));
    // What the other server has counted is known once it is written.
    assert_eq!(busiest(9).await.last(), Some(&(bolt.id, 2, 0, 0)));
    for node in &nodes {
        node.reports.flush(now).await.unwrap();
    }
    assert_eq!(busiest(9).await, [of_bolt, of_acme]);
    assert_eq!(busiest(1).await, [of_bolt]);
    // Nor do they change once windows have become hours.
    nodes[0].reports.tidy(now.after(48 * HOUR)).await.unwrap();
    assert_eq!(busiest(9).await, [of_bolt, of_acme]);
    nodes[0].reports.forget(bolt.id).await.unwrap();
    assert_eq!(busiest(9).await, [of_acme]);
    let tenants = nodes[0].reports.tenants(Period::last(HOUR, now), None, 9);
    assert_eq!(tenants.await.unwrap(), [acme.id]);
}

async fn tenants_with_requests_are_found_by_page_and_those_without_are_not(site: Site) {
    let at = time("2026-03-01T10:02:00Z");
    let node = Node::new(&site);
    let mut tenants = vec![];
    for slug in ["acme", "bolt", "cole"] {
        let tenant = site.add(slug).await;
        node.request(&tenant, 1, at);
        tenants.push(tenant.id);
    }
    site.add("quiet").await;
    let early = site.add("early").await;
    node.request(&early, 1, time("2026-02-22T10:02:00Z"));
    node.reports.flush(at.after(10 * MINUTE)).await.unwrap();
    tenants.sort_unstable();
    let found = async |period: Period, after: Option<TenantId>, count: usize| {
        node.reports.tenants(period, after, count).await.unwrap()
    };
    let period = Period::between(at, at.after(MINUTE));
    assert_eq!(found(period, None, 2).await, tenants[..2]);
    assert_eq!(found(period, Some(tenants[1]), 2).await, tenants[2..]);
    assert_eq!(found(period, Some(tenants[2]), 2).await, []);
    let before = Period::ending(period.from(), 10 * MINUTE);
    assert_eq!(found(before, None, 2).await, []);
    // What has become hours counts as well.
    node.reports.tidy(at.after(48 * HOUR)).await.unwrap();
    assert_eq!(found(period, None, 10).await, tenants);
    let both = Period::last(30 * 24 * HOUR, at);
    assert_eq!(found(both, None, 10).await.len(), 4);
}

on_both!(
    tenants_with_requests_are_found_by_page_and_those_without_are_not,
    the_busiest_tenants_are_those_of_all_servers_and_of_the_whole_period,
    workers_that_flush_at_once_lose_nothing_and_count_nothing_twice,
    what_was_not_written_yet_is_in_this_server_s_report_once,
    a_request_of_minutes_that_were_written_adds_to_them,
    windows_become_hours_and_hours_go_without_a_number_changing_before,
    a_tenant_that_is_forgotten_stays_in_the_platform_s_numbers_only,
    reports_are_kept_in_the_background_and_once_more_at_the_end,
);

#[tokio::test]
async fn while_the_database_is_away_memory_is_bounded_and_what_is_given_up_is_counted() {
    let site = Site::sqlite().await;
    let acme = site.add("acme").await;
    let scope = site.scope(&acme).await;
    let node = Node::with(&site, Recorder::builder().windows(3).build());
    let began = time("2026-03-01T10:00:00Z");
    for step in 0..10 {
        node.request(&acme, 1, began.after(step * 5 * MINUTE));
    }
    assert_eq!(node.recorder.lost(), 7);
    let period = Period::between(began, began.after(HOUR));
    let report = node
        .reports
        .of_tenant(&scope, period, WhichEndpoints::default())
        .await;
    assert_eq!(report.unwrap().requests, 3);
}

#[tokio::test]
async fn tenants_beyond_the_bound_count_for_the_platform_and_are_counted() {
    let site = Site::sqlite().await;
    let tenants = [
        site.add("acme").await,
        site.add("bolt").await,
        site.add("coil").await,
    ];
    let node = Node::with(&site, Recorder::builder().tenants(2).build());
    let at = time("2026-03-01T10:02:00Z");
    for tenant in tenants.iter().cycle().take(9) {
        node.request(tenant, 1, at);
    }
    let period = Period::last(HOUR, at);
    let which = WhichEndpoints::default();
    let mut requests = Vec::new();
    for tenant in &tenants {
        let scope = site.scope(tenant).await;
        let report = node.reports.of_tenant(&scope, period, which).await.unwrap();
        requests.push(report.requests);
    }
    assert_eq!(requests, [3, 3, 0]);
    assert_eq!(node.recorder.folded(), 3);
    // Each report says so, from memory, from windows and from hours, on other servers too.
    let says = async |node: &Node, period: Period| {
        let mut said = vec![];
        for tenant in &tenants[1..] {
            let scope = site.scope(tenant).await;
            let report = node.reports.of_tenant(&scope, period, which).await.unwrap();
            said.push((report.incomplete, report.not_told_apart));
        }
        let report = node.reports.of_platform(period, which).await.unwrap();
        said.push((report.incomplete, report.not_told_apart));
        said
    };
    assert_eq!(says(&node, period).await, [(true, 3); 3]);
    node.reports.flush(at.after(10 * MINUTE)).await.unwrap();
    let other = Node::new(&site);
    assert_eq!(says(&other, period).await, [(true, 3); 3]);
    let mut ids = tenants.each_ref().map(|tenant| tenant.id);
    ids[..2].sort_unstable();
    let known = other.reports.tenants(period, None, 10).await.unwrap();
    assert_eq!(known, ids[..2]);
    other.reports.tidy(at.after(48 * HOUR)).await.unwrap();
    assert_eq!(says(&other, period).await, [(true, 3); 3]);
    let before = Period::ending(period.from(), HOUR);
    assert_eq!(says(&other, before).await, [(false, 0); 3]);
    assert_eq!(
        node.reports
            .of_platform(period, which)
            .await
            .unwrap()
            .requests,
        9
    );
}

#[tokio::test]
async fn each_of_hundreds_of_tenants_has_an_exact_report_of_its_own() {
    let site = Site::sqlite().await;
    let node = Node::new(&site);
    let at = time("2026-03-01T10:02:00Z");
    let mut tenants = Vec::new();
    for number in 0..300 {
        let slug = format!("shop-{number}").parse().unwrap();
        let tenant = Tenant::new(TenantId::generate(), slug);
        let by = Actor::system("test");
        tenants.push(site.registry.insert(&tenant, &by).await.unwrap());
    }
    for (number, tenant) in tenants.iter().enumerate() {
        for _ in 0..=number % 7 {
            node.request(tenant, number as u64 + 1, at);
        }
    }
    node.reports.flush(at.after(10 * MINUTE)).await.unwrap();
    let period = Period::last(HOUR, at);
    for (number, tenant) in tenants.iter().enumerate() {
        let scope = site.scope(tenant).await;
        let report = node
            .reports
            .of_tenant(&scope, period, WhichEndpoints::default())
            .await;
        let report = report.unwrap();
        assert_eq!(report.requests as usize, number % 7 + 1);
        assert_eq!(report.average_response_time, Some(number as f64 + 1.0));
        assert_eq!(report.quantile_error, 0.01);
    }
}

/// Busy tenants have taken all endpoints before a quiet one is asked for anything.
#[tokio::test]
async fn a_tenant_that_comes_when_endpoints_are_full_has_one_for_all_it_is_asked() {
    let site = Site::sqlite().await;
    let (busy, quiet) = (site.add("busy").await, site.add("quiet").await);
    let node = Node::with(&site, Recorder::builder().endpoints(3).build());
    let at = time("2026-03-01T10:02:00Z");
    let ask = |tenant: &Tenant, routes: &[&str]| {
        for route in routes {
            let end = (Outcome::Answered, Some(200));
            node.ended(Party::Tenant(tenant), route, end, 7, at);
        }
    };
    ask(&busy, &["/a", "/b", "/c", "/d"]);
    ask(&quiet, &["/a", "/e"]);
    let which = WhichEndpoints::default().samples_min(1);
    let report = async |tenant: &Tenant| {
        let scope = site.scope(tenant).await;
        let period = Period::last(HOUR, at);
        let report = node.reports.of_tenant(&scope, period, which).await.unwrap();
        let endpoints = report.slow_endpoints.into_iter();
        let mut endpoints: Vec<_> = endpoints.map(|one| (one.endpoint, one.requests)).collect();
        endpoints.sort_unstable();
        (report.requests, report.incomplete, endpoints)
    };
    let named = |all: &[(&str, u64)]| {
        let all = all.iter().map(|(name, count)| ((*name).to_owned(), *count));
        all.collect::<Vec<_>>()
    };
    let others = named(&[("_OTHER __other__", 2)]);
    assert_eq!(report(&quiet).await, (2, false, others));
    let own = [
        ("GET /a", 1),
        ("GET /b", 1),
        ("GET /c", 1),
        ("_OTHER __other__", 1),
    ];
    assert_eq!(report(&busy).await, (4, false, named(&own)));
    assert_eq!(node.recorder.folded(), 0);
}

/// What has become hours is reported with all of the hours that it lies in.
#[tokio::test]
async fn a_report_says_how_far_that_goes_which_it_counts() {
    let site = Site::sqlite().await;
    let acme = site.add("acme").await;
    let scope = site.scope(&acme).await;
    let node = Node::new(&site);
    for at in ["10:05", "10:35", "11:02", "12:20", "12:40"] {
        node.request(&acme, 1, time(&format!("2026-03-01T{at}:00Z")));
    }
    let now = time("2026-03-01T13:00:00Z");
    node.reports.flush(now).await.unwrap();
    let said = async |from: &str, to: &str| {
        let [from, to] = [from, to].map(|at| time(&format!("2026-03-01T{at}:00Z")));
        let which = WhichEndpoints::default();
        let period = Period::between(from, to);
        let own = node.reports.of_tenant(&scope, period, which).await.unwrap();
        let all = node.reports.of_platform(period, which).await.unwrap();
        assert_eq!(
            (own.from, own.to, own.requests),
            (all.from, all.to, all.requests)
        );
        let clock = |time: Time| time.to_string()[11..16].to_owned();
        (clock(own.from), clock(own.to), own.requests)
    };
    let expect = |from: &str, to: &str, requests| (from.to_owned(), to.to_owned(), requests);
    assert_eq!(said("10:30", "12:30").await, expect("10:30", "12:30", 3));
    node.reports.tidy(now.after(48 * HOUR)).await.unwrap();
    assert_eq!(said("10:30", "12:30").await, expect("10:00", "13:00", 5));
    assert_eq!(said("10:00", "12:00").await, expect("10:00", "12:00", 3));
    // Of an hour without requests there is nothing that could be moved out to.
    assert_eq!(said("08:30", "09:30").await, expect("08:30", "09:30", 0));
}
