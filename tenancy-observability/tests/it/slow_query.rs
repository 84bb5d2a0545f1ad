//! Slow statements are found for whom and where they are sent, and without their values.

use std::sync::LazyLock;
use std::time::Duration;

use tenancy_core::time::Time;
use tenancy_core::{ErrorKind, TenantId, TenantScope, on_tx};
use tenancy_observability::slow_query::{SlowQueries, SlowQuery, SlowQueryHistory};
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;

use crate::site::{Site, on_both};

on_both! {
    a_statement_is_found_with_its_tenant_and_its_line,
    no_value_is_kept_anywhere,
    processes_keep_what_they_found_side_by_side,
    statements_of_the_history_itself_are_not_found,
}

/// sqlx' SQLite works in threads of its own, which hear only the subscriber of the whole process.
static HEARD: LazyLock<SlowQueries> = LazyLock::new(|| {
    let queries = SlowQueries::builder()
        .threshold(Duration::ZERO)
        .room(100_000)
        .build();
    tracing_subscriber::registry().with(queries.layer()).init();
    queries
});

async fn add(site: &Site, slug: &str) -> TenantScope {
    let tenant = site.add(slug).await;
    site.scope(&tenant).await
}

fn found_of(tenant: &TenantScope) -> Vec<SlowQuery> {
    let mut found = HEARD.findings().slow;
    found.retain(|query| query.tenant_id == Some(tenant.tenant_id()));
    found
}

async fn ask(site: &Site, scope: &TenantScope, name: &str) -> u32 {
    const ASK: &str = "SELECT CAST(7 AS BIGINT) WHERE 'ada' = $1 OR 'secret-word' = 'x'";
    let mut tx = site.database.read(scope).await.unwrap();
    let line = line!() + 1;
    let found: Vec<i64> = on_tx!(&mut tx, |conn| {
        sqlx::query_scalar(ASK)
            .bind(name.to_owned())
            .fetch_all(conn)
            .await
    })
    .unwrap();
    assert_eq!(found.len(), usize::from(name == "ada"));
    tx.commit().await.unwrap();
    line
}

async fn a_statement_is_found_with_its_tenant_and_its_line(site: Site) {
    LazyLock::force(&HEARD);
    let (acme, other) = (add(&site, "acme").await, add(&site, "other").await);
    let span = tracing::info_span!("request", request_id = "r-17");
    let line = {
        use tracing::Instrument as _;
        ask(&site, &acme, "ada").await;
        ask(&site, &acme, "ada").instrument(span).await
    };
    ask(&site, &other, "bob").await;

    let [found] = &found_of(&acme)[..] else {
        panic!("{:?}", found_of(&acme));
    };
    assert_eq!(
        found.statement.text(),
        "select cast(? as bigint) where ? = ? or ? = ?"
    );
    assert_eq!((found.calls, found.rows), (2, 2));
    assert!(found.longest <= found.total && !found.total.is_zero());
    let caller = found.caller.as_ref().unwrap();
    assert!(caller.file.ends_with("slow_query.rs"), "{caller}");
    assert_eq!(caller.line, line);
    assert_eq!(found.request_id.as_deref(), Some("r-17"));

    let [found] = &found_of(&other)[..] else {
        panic!("{:?}", found_of(&other));
    };
    assert_eq!((found.calls, found.rows, &found.request_id), (1, 0, &None));
}

async fn no_value_is_kept_anywhere(site: Site) {
    LazyLock::force(&HEARD);
    let acme = add(&site, "acme").await;
    ask(&site, &acme, "s3cr3t-bound").await;
    let history = SlowQueryHistory::new(&site.database, &site.platform());
    let now = Time::now();
    history.keep(&HEARD, now).await.unwrap();
    let kept = history
        .read(now, now.after(Duration::from_secs(1)))
        .await
        .unwrap();
    assert!(
        kept.slow
            .iter()
            .any(|query| query.tenant_id == Some(acme.tenant_id()))
    );
    let all = format!("{kept:?} {:?} {:?}", HEARD.findings(), HEARD.news());
    for secret in ["s3cr3t", "secret-word", "ada"] {
        assert!(!all.contains(secret), "{secret} in {all}");
    }
}

/// On PostgreSQL; SQLite's thread works on until the statement ends, cut off or not.
#[tokio::test]
async fn a_statement_that_was_cut_off_is_found() {
    const LONG: &str = "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 900000000) \
        SELECT CAST(max(i) AS BIGINT) FROM n";
    LazyLock::force(&HEARD);
    let site = Site::postgres().await;
    let acme = add(&site, "acme").await;
    let mut tx = site.database.read(&acme).await.unwrap();
    let slow = async {
        on_tx!(&mut tx, |conn| sqlx::query_scalar::<_, i64>(LONG)
            .fetch_one(conn)
            .await)
    };
    let cut_off = tokio::time::timeout(Duration::from_millis(20), slow).await;
    cut_off.unwrap_err();
    let found = found_of(&acme);
    let long = found
        .iter()
        .find(|query| query.statement.text().starts_with("with recursive"));
    assert!(
        long.unwrap().total >= Duration::from_millis(15),
        "{found:?}"
    );
    assert_eq!(
        tx.commit().await.unwrap_err().kind(),
        ErrorKind::Interrupted
    );
}

async fn processes_keep_what_they_found_side_by_side(site: Site) {
    let noon = Time::from_microseconds(12 * 3_600_000_000);
    let at = move |minutes: u64| noon.after(Duration::from_secs(60 * minutes));
    let found = |milliseconds: f64| {
        let queries = SlowQueries::default();
        let subscriber = tracing_subscriber::registry().with(queries.layer());
        tracing::subscriber::with_default(subscriber, || {
            tracing::warn!(
                target: "sqlx::query",
                summary = "SELECT 1",
                db.statement = "",
                elapsed_secs = milliseconds / 1e3,
            );
        });
        queries
    };
    let (one, other) = (found(150.0), found(300.0));
    let mut histories = Vec::new();
    for queries in [&one, &other, &other] {
        let history = SlowQueryHistory::new(&site.database, &site.platform());
        histories.push((history, queries.clone()));
    }
    // Each writes the same hour many times, and all at once; the third finds what the second has found.
    let mut tasks = tokio::task::JoinSet::new();
    for (history, queries) in histories.clone() {
        for minute in 0..20 {
            let (history, queries) = (history.clone(), queries.clone());
            tasks.spawn(async move { history.keep(&queries, at(minute)).await });
        }
    }
    while let Some(kept) = tasks.join_next().await {
        kept.unwrap().unwrap();
    }
    let (history, queries) = &histories[0];
    let read = async |from: u64, to: u64| {
        let findings = history.read(at(from), at(to)).await.unwrap();
        let mut slow = findings.slow.into_iter();
        let first = slow.next().map(|query| {
            (
                query.calls,
                query.total.as_millis(),
                query.longest.as_millis(),
            )
        });
        assert_eq!(slow.next(), None);
        first
    };
    assert_eq!(read(0, 1).await, Some((3, 750, 300)));

    // With the next hour it begins anew, and what was found before stays where it was.
    history.keep(queries, at(60)).await.unwrap();
    assert_eq!(queries.findings().slow, []);
    assert_eq!(read(0, 61).await, Some((3, 750, 300)));
    assert_eq!(read(60, 61).await, None);

    history
        .forget(Duration::from_secs(3600), at(125))
        .await
        .unwrap();
    assert_eq!(read(0, 200).await, None);
}

async fn statements_of_the_history_itself_are_not_found(site: Site) {
    LazyLock::force(&HEARD);
    let acme = add(&site, "acme").await;
    ask(&site, &acme, "ada").await;
    let history = SlowQueryHistory::new(&site.database, &site.platform());
    history.keep(&HEARD, Time::now()).await.unwrap();
    let found = HEARD.findings().slow;
    let own = found.iter().find(|query| {
        let text = query.statement.text();
        text.contains("observability_slow_queries") && !text.starts_with("create table")
    });
    assert_eq!(own, None);
}

#[test]
fn what_takes_exactly_as_long_is_slow() {
    let queries = SlowQueries::default();
    let subscriber = tracing_subscriber::registry().with(queries.layer());
    tracing::subscriber::with_default(subscriber, || {
        for (statement, seconds) in [("a", 0.0999), ("b", 0.1), ("c", 0.1001)] {
            tracing::warn!(target: "sqlx::query", summary = statement, db.statement = "", elapsed_secs = seconds);
        }
    });
    let found: Vec<_> = queries
        .findings()
        .slow
        .into_iter()
        .map(|query| query.statement.to_string())
        .collect();
    assert_eq!(found, ["c", "b"]);
}

#[test]
fn ten_thousand_slow_calls_are_five_lines() {
    let queries = SlowQueries::default();
    let subscriber = tracing_subscriber::registry().with(queries.layer());
    tracing::subscriber::with_default(subscriber, || {
        for number in 0..10_000 {
            let statement = format!("SELECT {number}");
            tracing::warn!(target: "sqlx::query", summary = statement, db.statement = "", elapsed_secs = 0.2);
        }
    });
    let said: Vec<_> = queries
        .news()
        .into_iter()
        .map(|query| query.calls)
        .collect();
    assert_eq!(said, [1, 10, 100, 1000, 10_000]);
    assert_eq!(queries.news(), []);
    assert_eq!(queries.findings().slow[0].calls, 10_000);
}

#[test]
fn there_is_room_for_so_many_and_the_rest_is_counted() {
    let queries = SlowQueries::builder().room(10).build();
    let subscriber = tracing_subscriber::registry().with(queries.layer());
    tracing::subscriber::with_default(subscriber, || {
        for number in 0..100 {
            let statement = format!("SELECT column_{number}");
            let seconds = 0.2 + f64::from(number);
            tracing::warn!(target: "sqlx::query", summary = statement, db.statement = "", elapsed_secs = seconds);
        }
    });
    let findings = queries.findings();
    assert_eq!((findings.slow.len(), findings.forgotten), (10, 90));
    assert_eq!(findings.slow[0].statement.text(), "select column_99");
}

/// One statement for each of fifty rows, and one for the list.
#[tokio::test]
async fn a_line_that_sends_a_statement_for_each_row_is_found() {
    const ROW: &str = "SELECT CAST($1 AS BIGINT)";
    let site = Site::sqlite().await;
    let acme = add(&site, "acme").await;
    let queries = SlowQueries::default();
    let mut tx = site.database.read(&acme).await.unwrap();
    let mut line = 0;
    for number in 0..51_i64 {
        line = line!() + 1;
        let row: i64 = on_tx!(&mut tx, |conn| sqlx::query_scalar(ROW)
            .bind(number)
            .fetch_one(conn)
            .await)
        .unwrap();
        assert_eq!(row, number);
    }
    let tenant = acme.tenant_id();
    queries.job_ended(Some(tenant), "/api/orders", acme.meter());
    let [found] = &queries.findings().repeated[..] else {
        panic!("{:?}", queries.findings());
    };
    assert_eq!(found.caller.line, line);
    assert!(found.caller.file.ends_with("slow_query.rs"));
    assert_eq!(
        (found.most, found.requests, &*found.operation),
        (51, 1, "/api/orders")
    );
    assert_eq!(found.tenant_id, Some(tenant));

    let other = add(&site, "other").await;
    queries.job_ended(Some(TenantId::generate()), "/", other.meter());
    assert_eq!(queries.findings().repeated.len(), 1);
}
