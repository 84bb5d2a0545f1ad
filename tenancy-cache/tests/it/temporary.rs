//! Temporary data and figures.

use std::time::Duration;

use tenancy_cache::Flush;
use tenancy_cache::class::Class;
use tokio::time::advance;

use crate::town::{Source, Town};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_a_hundred_who_take_one_gets_it() {
    let town = Town::new();
    let (shop, other) = (town.shop("acme").await, town.shop("umbrella").await);
    for round in 0..50_u32 {
        shop.temporary().put("notice", round).await.unwrap();
        assert_eq!(other.temporary().take::<u32>("notice").await.unwrap(), None);
        let mut readers = tokio::task::JoinSet::new();
        for _ in 0..100 {
            let shop = shop.clone();
            readers.spawn(async move { shop.temporary().take::<u32>("notice").await.unwrap() });
        }
        let taken: Vec<u32> = readers
            .join_all()
            .await
            .into_iter()
            .flatten()
            .map(|value| *value)
            .collect();
        assert_eq!(taken, [round]);
    }
}

#[tokio::test(start_paused = true)]
async fn what_nobody_takes_is_gone_after_its_time() {
    let shop = Town::new().shop("acme").await;
    let day = Duration::from_secs(86_400);
    shop.temporary().put("short", 1_u32).await.unwrap();
    shop.temporary().put_for(day, "long", 2_u32).await.unwrap();
    advance(Duration::from_secs(299)).await;
    assert_eq!(
        *shop
            .temporary()
            .take::<u32>("short")
            .await
            .unwrap()
            .unwrap(),
        1
    );
    shop.temporary().put("short", 1_u32).await.unwrap();
    advance(Duration::from_secs(301)).await;
    assert_eq!(shop.temporary().take::<u32>("short").await.unwrap(), None);
    assert_eq!(
        *shop.temporary().take::<u32>("long").await.unwrap().unwrap(),
        2
    );
    // An entry of that name in a class of the application is another one.
    shop.put(&Class::new("pages"), "long", &[], 3_u32)
        .await
        .unwrap();
    assert_eq!(shop.temporary().take::<u32>("long").await.unwrap(), None);
}

#[tokio::test(start_paused = true)]
async fn a_figure_is_computed_once_for_each_period_and_flushed_for_all() {
    let shop = Town::new().shop("acme").await;
    let source = Source::default();
    let ask = async |metric: &str, period: &str| {
        let source = source.clone();
        let compute = || async move { Ok::<_, std::convert::Infallible>(source.read()) };
        *shop.remember_metric(metric, period, compute).await.unwrap()
    };
    assert_eq!(
        (ask("sales", "today").await, ask("sales", "week").await),
        (1, 2)
    );
    assert_eq!(
        (ask("sales", "today").await, ask("visits", "today").await),
        (1, 3)
    );
    shop.flush_metric("sales", Flush::Hard).await.unwrap();
    assert_eq!(
        (ask("sales", "today").await, ask("sales", "week").await),
        (4, 5)
    );
    assert_eq!(ask("visits", "today").await, 3);
    advance(Duration::from_secs(301)).await;
    assert_eq!(ask("visits", "today").await, 6);
}
