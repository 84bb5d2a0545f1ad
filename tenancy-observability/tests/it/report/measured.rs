use std::time::Duration;

use futures_util::FutureExt as _;
use tenancy_core::time::Time;
use tenancy_observability::report::{Period, WhichEndpoints};

use super::{HOUR, Node};
use crate::site::{Site, on_both};

async fn an_application_s_own_work_appears_as_an_operation_with_what_it_spent(site: Site) {
    let acme = site.add("acme").await;
    let scope = site.scope(&acme).await;
    let node = Node::new(&site);
    // What the scope's work spent before is not the operation's.
    site.database
        .read(&scope)
        .await
        .unwrap()
        .commit()
        .await
        .unwrap();
    let import = async {
        let tx = site.database.read(&scope).await?;
        scope.meter().count_cache_misses(1);
        tx.commit().await
    };
    node.recorder
        .measure(&scope, "import", import)
        .await
        .unwrap();
    let failing = async { Err::<(), _>("on purpose") };
    node.recorder
        .measure(&scope, "import", failing)
        .await
        .unwrap_err();
    let never = std::future::pending::<Result<(), ()>>();
    let never = node
        .recorder
        .measure(&scope, "import", never)
        .now_or_never();
    assert_eq!(never, None);
    let nightly = async { Ok::<_, ()>(7) };
    assert_eq!(
        node.recorder.measure_platform("nightly", nightly).await,
        Ok(7)
    );

    let period = Period::last(HOUR, Time::now());
    let which = WhichEndpoints::default();
    let report = node.reports.of_tenant(&scope, period, which).await.unwrap();
    assert_eq!((report.requests, report.average_response_time), (0, None));
    let [import] = &report.operations[..] else {
        panic!("{report:?}");
    };
    assert_eq!(import.endpoint, "import");
    assert_eq!(
        (import.requests, import.errors, import.cancelled),
        (3, 1, 1)
    );
    assert_eq!(import.error_rate, Some(0.5));
    let database = import.database_performance.unwrap();
    assert_eq!(database.queries, 2);
    assert!(database.total_time > 0.0);
    assert_eq!(import.cache_hit_ratio, Some(0.0));
    assert!(import.memory_usage.is_some());

    let all = node.reports.of_platform(period, which).await.unwrap();
    let mut names: Vec<_> = all.operations.iter().map(|one| &*one.endpoint).collect();
    names.sort_unstable();
    assert_eq!(names, ["import", "nightly"]);
}

on_both!(an_application_s_own_work_appears_as_an_operation_with_what_it_spent);

#[tokio::test]
async fn an_operation_takes_the_time_of_its_work() {
    let site = Site::sqlite().await;
    let node = Node::new(&site);
    tokio::time::pause();
    let work = async {
        tokio::time::advance(Duration::from_millis(250)).await;
        Ok::<_, ()>(())
    };
    node.recorder.measure_platform("wait", work).await.unwrap();
    tokio::time::resume();
    let period = Period::last(HOUR, Time::now());
    let report = node
        .reports
        .of_platform(period, WhichEndpoints::default())
        .await
        .unwrap();
    assert_eq!(report.operations[0].average_response_time, Some(250.0));
}
