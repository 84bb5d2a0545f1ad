use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use futures_util::future::join_all;
use http::{Method, StatusCode};
use serde_json::json;
use tenancy_core::registry::InMemoryTenants;
use tenancy_core::sql::{Database, SqlStorage};
use tenancy_core::{Actor, Tenants};
use tenancy_observability::health::checks::DatabaseCheck;
use tenancy_observability::health::{Finding, Health, HealthLayer, Part, Phase, Status};
use tokio::net::TcpListener;

use super::{Counted, ask, get, redirecting};

const SECOND: Duration = Duration::from_secs(1);

/// A server that takes connections and never says a word.
async fn black_hole() -> (u16, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let taken = Arc::<AtomicUsize>::default();
    let counter = taken.clone();
    tokio::spawn(async move {
        let mut held = vec![];
        while let Ok((stream, _)) = listener.accept().await {
            counter.fetch_add(1, Ordering::Relaxed);
            held.push(stream);
        }
    });
    (port, taken)
}

/// It accepts connections, and no more.
#[tokio::test]
async fn a_database_that_never_answers_is_asked_once_and_takes_no_life() {
    let (port, taken) = black_hole().await;
    let url = format!("postgres://someone:hunter2@127.0.0.1:{port}/shops");
    let storage = SqlStorage::builder().postgres(&url).unwrap();
    let tenants = Tenants::new(InMemoryTenants::default());
    let database = Database::new(&storage, &tenants);
    let scope = tenants.platform(Actor::system("test"));
    let (check, runs) = Counted::new(DatabaseCheck::new(&database, &scope));
    let part = Part::critical("database").time_out(Duration::from_millis(700));
    let health = Health::builder().check(part, check).build();
    health.started();
    let app = redirecting(HealthLayer::new(&health));

    let live = get(&app, "/livez").await;
    assert_eq!(live.status, StatusCode::OK);
    assert_eq!(
        (runs.load(Ordering::Relaxed), taken.load(Ordering::Relaxed)),
        (0, 0)
    );

    let probes = join_all((0..500).map(|_| get(&app, "/readyz"))).await;
    for probe in &probes {
        assert_eq!(probe.status, StatusCode::SERVICE_UNAVAILABLE);
        assert_eq!(probe.headers["retry-after"], "1");
        assert_eq!(probe.json(), json!({"status": "fail"}));
    }
    assert_eq!(runs.load(Ordering::Relaxed), 1);
    assert_eq!(get(&app, "/livez").await.status, StatusCode::OK);
}

/// The same when the check itself would take for ever: the deadline is the answer's own.
#[tokio::test(start_paused = true)]
async fn an_answer_comes_by_its_deadline_whatever_the_checks_do() {
    let part = Part::critical("database").time_out(60 * SECOND);
    let health = Health::builder().check(part, std::future::pending::<Finding>);
    let health = health.deadline(2 * SECOND).build();
    health.started();
    let began = tokio::time::Instant::now();
    let report = health.ready().await;
    assert_eq!(began.elapsed(), 2 * SECOND);
    assert_eq!(report.status(), Status::Fail);
    assert_eq!(report.parts()[0].finding.status(), Status::Unknown);
}

/// An optional part takes no server out of service, and what nobody knows is not well.
#[tokio::test(start_paused = true)]
async fn only_critical_parts_make_a_server_unready() {
    let check = async |part: Part, finding: Finding, ready: u16, full: (u16, &str)| {
        let health = Health::builder()
            .check(part, move || std::future::ready(finding))
            .build();
        health.started();
        let app = redirecting(HealthLayer::new(&health));
        assert_eq!(get(&app, "/readyz").await.status, ready, "{finding:?}");
        let answer = get(&app, "/health").await;
        let status = answer.json()["status"].as_str().unwrap().to_owned();
        assert_eq!((answer.status.as_u16(), &*status), full, "{finding:?}");
    };
    let (broken, slow) = (Finding::fail("broken"), Finding::warn("slow"));
    let who_knows = Finding::unknown("who knows");
    let post = Part::optional("post");
    check(post, Finding::pass(), 200, (200, "pass")).await;
    check(post, slow, 200, (200, "warn")).await;
    check(post, broken, 200, (200, "warn")).await;
    check(post, who_knows, 200, (200, "warn")).await;
    let stock = Part::critical("stock");
    check(stock, Finding::pass(), 200, (200, "pass")).await;
    check(stock, slow, 200, (200, "warn")).await;
    check(stock, broken, 503, (503, "fail")).await;
    check(stock, who_knows, 503, (503, "fail")).await;
}
#[tokio::test]
async fn probes_are_answered_where_they_are_asked_and_details_are_for_some() {
    let health = Health::builder()
        .check(Part::critical("stock"), async || Finding::pass())
        .build();
    health.started();
    let layer = HealthLayer::new(&health).details_for(|parts| {
        let token = parts.headers.get("authorization");
        token.is_some_and(|token| token == "Bearer operator")
    });
    let app = redirecting(layer);
    for path in ["/livez", "/readyz", "/health"] {
        assert_eq!(get(&app, path).await.status, StatusCode::OK, "{path}");
        let head = ask(&app, Method::HEAD, path, None).await;
        assert_eq!(head.status, StatusCode::OK, "{path}");
        let post = ask(&app, Method::POST, path, None).await;
        assert_eq!(post.status, StatusCode::METHOD_NOT_ALLOWED, "{path}");
        assert_eq!(post.headers["allow"], "GET, HEAD");
    }
    for path in ["/", "/livez/", "/health/stock", "/LIVEZ"] {
        let answer = get(&app, path).await;
        assert_eq!(answer.status, StatusCode::TEMPORARY_REDIRECT, "{path}");
    }
    let public = get(&app, "/health").await.json();
    assert_eq!(public, json!({"status": "pass"}));
    let foreign = ask(&app, Method::GET, "/health", Some("Bearer visitor")).await;
    assert_eq!(foreign.json(), public);
    let own = ask(&app, Method::GET, "/health", Some("Bearer operator")).await;
    assert_eq!(
        own.json()["checks"]["stock:responseTime"][0]["status"],
        "pass"
    );
}

/// What the draft asks of a document.
#[tokio::test]
async fn the_document_is_what_the_draft_describes() {
    let disk = Part::optional("disk")
        .measures("utilization")
        .kind("system");
    let health = Health::builder()
        .check(Part::critical("database").kind("datastore"), async || {
            Finding::pass().observed(3, "ms")
        })
        .check(disk, async || {
            Finding::warn("nearly full").observed(87, "percent")
        })
        .check(disk, async || Finding::pass().observed(12, "percent"))
        .build();
    health.started();
    let app = redirecting(HealthLayer::new(&health).details_for(|_| true));
    let answer = get(&app, "/health").await;
    assert_eq!(answer.headers["content-type"], "application/health+json");
    assert_eq!(answer.headers["cache-control"], "no-store");
    let document = answer.json();
    assert_eq!(document["status"], "warn");
    let checks = document["checks"].as_object().unwrap();
    for (key, list) in checks {
        assert_eq!(key.matches(':').count(), 1, "{key}");
        for one in list.as_array().unwrap() {
            let time: jiff::Timestamp = one["time"].as_str().unwrap().parse().unwrap();
            assert!(time <= jiff::Timestamp::now());
            assert!(one["componentId"].is_string() && one["componentType"].is_string());
            let is_pass = one["status"] == "pass";
            assert_eq!(one.get("output").is_none(), is_pass, "{one}");
        }
    }
    let database = &checks["database:responseTime"][0];
    let observed = (&database["observedValue"], &database["observedUnit"]);
    assert_eq!(observed, (&json!(3), &json!("ms")));
    let disks = checks["disk:utilization"].as_array().unwrap();
    let statuses: Vec<_> = disks.iter().map(|disk| &disk["status"]).collect();
    assert_eq!(statuses, ["warn", "pass"]);
    assert_eq!(disks[0]["output"], "nearly full");
}
#[tokio::test(start_paused = true)]
async fn one_failure_alone_changes_nothing_and_neither_does_one_success() {
    // Each digit is a look: 1 works, 0 does not; the last goes on.
    let looks = async |looks: &'static [u8], asked: usize| {
        let at = Arc::<AtomicUsize>::default();
        let counter = at.clone();
        let health = Health::builder().check(Part::critical("part"), move || {
            let at = counter.fetch_add(1, Ordering::Relaxed).min(looks.len() - 1);
            std::future::ready(match looks[at] {
                b'1' => Finding::pass(),
                _ => Finding::fail("broken"),
            })
        });
        let health = health.build();
        health.started();
        let mut seen = vec![];
        for _ in 0..asked {
            seen.push(health.ready().await.status() == Status::Pass);
            tokio::time::advance(6 * SECOND).await;
        }
        (seen, at.load(Ordering::Relaxed))
    };
    // The failure is looked at again at once, and was none.
    assert_eq!(looks(b"101", 3).await, (vec![true; 3], 4));
    assert_eq!(looks(b"100", 2).await, (vec![true, false], 3));
    assert_eq!(looks(b"010", 2).await, (vec![false, false], 3));
    assert_eq!(looks(b"011", 2).await, (vec![false, true], 3));
}

/// Whatever a check knows of the other server.
#[tokio::test]
async fn no_answer_holds_an_address_a_name_or_a_password() {
    let (port, _) = black_hole().await;
    let url = format!("postgres://someone:hunter2@127.0.0.1:{port}/shops");
    let storage = SqlStorage::builder().postgres(&url).unwrap();
    let tenants = Tenants::new(InMemoryTenants::default());
    let database = Database::new(&storage, &tenants);
    let check = DatabaseCheck::new(&database, &tenants.platform(Actor::system("test")));
    let health = Health::builder()
        .check(Part::critical("database"), check)
        .build();
    health.started();
    let app = redirecting(HealthLayer::new(&health).details_for(|_| true));
    for path in ["/livez", "/readyz", "/health"] {
        let body = get(&app, path).await.body;
        for secret in [
            "hunter2",
            "someone",
            "127.0.0.1",
            &port.to_string(),
            "shops",
        ] {
            assert!(!body.contains(secret), "{secret} in {body}");
        }
    }
}

#[tokio::test]
async fn a_server_is_ready_from_its_start_to_its_draining_and_lives_on() {
    let health = Health::builder().build();
    let app = redirecting(HealthLayer::new(&health));
    let notes = async || {
        let answer = get(&app, "/readyz").await;
        (answer.status.as_u16(), answer.json().get("notes").cloned())
    };
    assert_eq!(notes().await, (503, Some(json!(["starting"]))));
    health.started();
    assert_eq!(notes().await, (200, None));
    health.drain();
    assert_eq!(health.phase(), Phase::Draining);
    assert_eq!(notes().await, (503, Some(json!(["draining"]))));
    assert_eq!(get(&app, "/livez").await.status, StatusCode::OK);
}

/// What was found stays for the console, and no longer than it is worth something.
#[tokio::test(start_paused = true)]
async fn results_are_kept_for_five_minutes_and_looked_at_in_the_background() {
    let value = Arc::new(AtomicU64::new(0));
    let counter = value.clone();
    let check = move || {
        let looks = counter.fetch_add(1, Ordering::Relaxed) + 1;
        std::future::ready(Finding::pass().observed(looks, "looks"))
    };
    let part = Part::optional("part").every(10 * SECOND);
    let health = Health::builder().check(part, check).build();
    health.started();
    let seen = || health.kept().parts()[0].finding;
    assert_eq!(seen().status(), Status::Unknown);
    let fresh = tokio::spawn({
        let health = health.clone();
        async move { health.keep_fresh().await }
    });
    tokio::time::sleep(35 * SECOND).await;
    assert_eq!(seen().value(), Some((4, "looks")));
    // Whoever asks in between costs no look.
    assert_eq!(
        health.full().await.parts()[0].finding.value(),
        Some((4, "looks"))
    );
    fresh.abort();
    tokio::time::advance(290 * SECOND).await;
    assert_eq!(seen().status(), Status::Pass);
    tokio::time::advance(10 * SECOND).await;
    assert_eq!(seen().status(), Status::Unknown);
    assert_eq!(health.kept().to_json(false), json!({"status": "warn"}));
}

#[tokio::test]
async fn a_check_that_panics_is_not_known_and_is_run_again() {
    let (check, runs) = Counted::new(async || -> Finding { panic!("on purpose") });
    let health = Health::builder()
        .check(Part::critical("part"), check)
        .build();
    health.started();
    assert_eq!(health.ready().await.status(), Status::Fail);
    assert_eq!(health.ready().await.status(), Status::Fail);
    assert_eq!(runs.load(Ordering::Relaxed), 2);
}
