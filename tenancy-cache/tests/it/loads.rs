//! Loads: one at a time, bounded, with something to fall back on, and nothing left behind.

use std::convert::Infallible;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use tenancy_cache::class::Class;
use tenancy_cache::{ErrorKind, Flush, Tag};
use tokio::sync::Semaphore;
use tokio::time::{Instant, advance};

use crate::town::{Source, Town, gated, settle};

const LISTS: Class = Class::new("lists")
    .time_to_live(Duration::from_secs(60))
    .stale_for(Duration::from_secs(60))
    .soft_time_out(Duration::from_millis(100))
    .hard_time_out(Duration::from_secs(5))
    .early_refresh(0.0)
    .jitter(0.0);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thousand_who_miss_at_once_load_once() {
    for _ in 0..20 {
        let shop = Town::new().shop("acme").await;
        let source = Source::default();
        let mut callers = tokio::task::JoinSet::new();
        for _ in 0..1_000 {
            let (shop, source) = (shop.clone(), source.clone());
            callers.spawn(async move { source.through(&shop, &LISTS, "list", &[]).await.unwrap() });
        }
        assert_eq!(callers.join_all().await, [1; 1_000]);
        assert_eq!(source.readings(), 1);
    }
}

#[tokio::test(start_paused = true)]
async fn when_the_one_who_loads_is_dropped_another_takes_over() {
    let shop = Town::new().shop("acme").await;
    let never = tokio::spawn({
        let shop = shop.clone();
        async move {
            let load = std::future::pending::<Result<u32, Infallible>>;
            shop.remember(&LISTS, "list", &[], load).await
        }
    });
    settle().await;
    let source = Source::default();
    let mut waiting = tokio::task::JoinSet::new();
    for _ in 0..10 {
        let (shop, source) = (shop.clone(), source.clone());
        waiting.spawn(async move { source.through(&shop, &LISTS, "list", &[]).await.unwrap() });
    }
    settle().await;
    assert_eq!(source.readings(), 0);
    let began = Instant::now();
    never.abort();
    assert_eq!(waiting.join_all().await, [1; 10]);
    assert!(began.elapsed() < Duration::from_millis(50));
    assert_eq!(shop.loads_under_way(), 0);
}

#[tokio::test(start_paused = true)]
async fn callers_who_are_all_dropped_leave_nothing() {
    let shop = Town::new().shop("acme").await;
    let gate = Arc::new(Semaphore::new(0));
    let mut callers = tokio::task::JoinSet::new();
    for _ in 0..10 {
        let (shop, gate) = (shop.clone(), gate.clone());
        callers.spawn(async move {
            shop.remember(&LISTS, "list", &[], || gated(&gate, 1_u32))
                .await
        });
    }
    settle().await;
    assert_eq!(shop.loads_under_way(), 1);
    callers.shutdown().await;
    assert_eq!(shop.loads_under_way(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_load_that_panics_harms_its_caller_only() {
    let shop = Town::new().shop("acme").await;
    let gate = Arc::new(Semaphore::new(0));
    let panics = tokio::spawn({
        let (shop, gate) = (shop.clone(), gate.clone());
        async move {
            let load = || async move {
                gated(&gate, ()).await?;
                panic!("the loader breaks")
            };
            shop.remember::<u32, Infallible, _, _>(&LISTS, "list", &[], load)
                .await
        }
    });
    settle().await;
    let source = Source::default();
    let waits = tokio::spawn({
        let (shop, source) = (shop.clone(), source.clone());
        async move { source.through(&shop, &LISTS, "list", &[]).await.unwrap() }
    });
    settle().await;
    gate.add_permits(1);
    assert!(panics.await.unwrap_err().is_panic());
    assert_eq!(waits.await.unwrap(), 1);
    assert_eq!(shop.loads_under_way(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_load_that_fails_is_tried_by_one_more_and_then_all_are_told() {
    let shop = Town::new().shop("acme").await;
    let source = Source::default();
    let mut callers = tokio::task::JoinSet::new();
    for _ in 0..100 {
        let (shop, source) = (shop.clone(), source.clone());
        callers.spawn(async move {
            let load = || async move {
                tokio::time::sleep(Duration::from_millis(10)).await;
                Err::<u32, _>(io::Error::other(format!("reading {}", source.read())))
            };
            shop.remember(&LISTS, "list", &[], load).await.unwrap_err()
        });
    }
    let errors = callers.join_all().await;
    assert_eq!(source.readings(), 2);
    for error in errors {
        assert_eq!(error.kind(), ErrorKind::LoadFailed);
        assert!(
            error
                .load_error::<io::Error>()
                .unwrap()
                .to_string()
                .starts_with("reading ")
        );
    }
    assert_eq!(shop.loads_under_way(), 0);
    assert_eq!(source.through(&shop, &LISTS, "list", &[]).await.unwrap(), 3);
}

#[tokio::test(start_paused = true)]
async fn a_failed_load_is_answered_with_what_is_stale_and_rests_for_a_moment() {
    let shop = Town::new().shop("acme").await;
    let source = Source::default();
    assert_eq!(source.through(&shop, &LISTS, "list", &[]).await.unwrap(), 1);
    let failures = Source::default();
    let ask = async || {
        let failures = failures.clone();
        let load = || async move { Err::<u32, _>(io::Error::other(failures.read().to_string())) };
        shop.remember(&LISTS, "list", &[], load)
            .await
            .map(|value| *value)
    };
    advance(Duration::from_secs(61)).await;
    for _ in 0..10 {
        assert_eq!(ask().await.unwrap(), 1);
    }
    assert_eq!(failures.readings(), 1);
    advance(Duration::from_secs(2)).await;
    assert_eq!(ask().await.unwrap(), 1);
    assert_eq!(failures.readings(), 2);
    advance(Duration::from_secs(60)).await;
    assert_eq!(ask().await.unwrap_err().kind(), ErrorKind::LoadFailed);
}

#[tokio::test(start_paused = true)]
async fn a_slow_load_is_answered_with_what_is_stale_and_ends_once_in_the_background() {
    let shop = Town::new().shop("acme").await;
    let source = Source::default();
    assert_eq!(source.through(&shop, &LISTS, "list", &[]).await.unwrap(), 1);
    advance(Duration::from_secs(61)).await;
    let gate = Arc::new(Semaphore::new(0));
    let slow = Source::default();
    for _ in 0..5 {
        let began = Instant::now();
        let (gate, slow) = (gate.clone(), slow.clone());
        let load = || async move {
            let reading = slow.read();
            gated(&gate, 100 + reading).await
        };
        assert_eq!(*shop.remember(&LISTS, "list", &[], load).await.unwrap(), 1);
        assert!(began.elapsed() <= Duration::from_millis(105));
    }
    assert_eq!(slow.readings(), 1);
    gate.add_permits(10);
    settle().await;
    assert_eq!(
        source.through(&shop, &LISTS, "list", &[]).await.unwrap(),
        101
    );
    assert_eq!((slow.readings(), gate.available_permits()), (1, 9));
    assert_eq!(shop.loads_under_way(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_load_without_end_is_given_up() {
    let shop = Town::new().shop("acme").await;
    let began = Instant::now();
    let ask = async || {
        let load = std::future::pending::<Result<u32, Infallible>>;
        shop.remember(&LISTS, "list", &[], load)
            .await
            .unwrap_err()
            .kind()
    };
    let answers = tokio::join!(ask(), ask(), ask());
    let given_up = ErrorKind::LoadTimedOut;
    assert_eq!(answers, (given_up, given_up, given_up));
    assert_eq!(began.elapsed().as_secs(), 5);
    assert_eq!(shop.loads_under_way(), 0);
}

#[tokio::test(start_paused = true)]
async fn that_there_is_none_is_remembered_for_its_own_time() {
    const LISTS: Class = super::loads::LISTS.absence(Duration::from_secs(5));
    let shop = Town::new().shop("acme").await;
    let source = Source::default();
    let ask = async || {
        let source = source.clone();
        let load = || async move { Ok::<_, Infallible>((source.read() > 1).then_some(7_u32)) };
        shop.remember_optional(&LISTS, "list", &[], load)
            .await
            .unwrap()
            .map(|value| *value)
    };
    assert_eq!(ask().await, None);
    assert_eq!(ask().await, None);
    assert_eq!(source.readings(), 1);
    // Whoever needs a value is not content with that.
    assert_eq!(
        Source::default()
            .through(&shop, &LISTS, "list", &[])
            .await
            .unwrap(),
        1
    );
    assert!(shop.remove(&LISTS, "list").await.unwrap());
    let asked = Source::default();
    let ask = async || {
        let asked_now = asked.clone();
        let none = || async move {
            asked_now.read();
            Ok::<Option<u32>, Infallible>(None)
        };
        let found = shop.remember_optional(&LISTS, "list", &[], none).await;
        assert_eq!(found.unwrap(), None);
        asked.readings()
    };
    assert_eq!(ask().await, 1);
    advance(Duration::from_secs(4)).await;
    assert_eq!(ask().await, 1);
    advance(Duration::from_secs(2)).await;
    assert_eq!(ask().await, 2);
}

#[tokio::test(start_paused = true)]
async fn entries_end_with_their_class_or_what_the_call_says() {
    let shop = Town::new().shop("acme").await;
    let source = Source::default();
    let short = LISTS.time_to_live(Duration::from_secs(10));
    source.through(&shop, &short, "short", &[]).await.unwrap();
    source.through(&shop, &LISTS, "long", &[]).await.unwrap();
    advance(Duration::from_secs(11)).await;
    assert_eq!(shop.get::<u32>(&LISTS, "short").await.unwrap(), None);
    assert_eq!(*shop.get::<u32>(&LISTS, "long").await.unwrap().unwrap(), 2);
    advance(Duration::from_secs(50)).await;
    assert_eq!(shop.get::<u32>(&LISTS, "long").await.unwrap(), None);
}

#[tokio::test(start_paused = true)]
async fn who_asks_near_the_end_is_served_and_loads_anew_for_the_others() {
    const LISTS: Class = super::loads::LISTS.early_refresh(1.0);
    let shop = Town::new().shop("acme").await;
    let source = Source::default();
    let ask = async || {
        let source = source.clone();
        let load = || async move {
            tokio::time::sleep(Duration::from_secs(3)).await;
            Ok::<_, Infallible>(source.read())
        };
        *shop.remember(&LISTS, "list", &[], load).await.unwrap()
    };
    assert_eq!(ask().await, 1);
    let mut waited = Duration::ZERO;
    for _ in 0..600 {
        advance(Duration::from_millis(100)).await;
        let began = Instant::now();
        ask().await;
        waited = waited.max(began.elapsed());
        settle().await;
    }
    // Ten times a second for a minute: nobody has waited, for somebody was early enough.
    assert_eq!(waited, Duration::ZERO);
    assert!(source.readings() > 1);
}

#[tokio::test(start_paused = true)]
async fn who_waits_for_a_load_that_is_given_up_does_not_begin_another() {
    let shop = Town::new().shop("acme").await;
    let loads = Source::default();
    let ask = async |after| {
        tokio::time::sleep(Duration::from_secs(after)).await;
        let loads = loads.clone();
        let load = || async move {
            loads.read();
            std::future::pending::<Result<u32, Infallible>>().await
        };
        let answer = shop.remember(&LISTS, "list", &[], load).await;
        answer.unwrap_err().kind()
    };
    let given_up = ErrorKind::LoadTimedOut;
    assert_eq!(tokio::join!(ask(0), ask(3)), (given_up, given_up));
    assert_eq!(loads.readings(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_flush_while_a_load_fails_takes_the_stale_value_away() {
    let shop = Town::new().shop("acme").await;
    for (how, is_answered) in [(Flush::Soft, true), (Flush::Hard, false)] {
        let source = Source::default();
        let put = source.through(&shop, &LISTS, "list", &["t"]);
        assert_eq!(put.await.unwrap(), 1);
        advance(Duration::from_secs(61)).await;
        let load = || async {
            tokio::time::sleep(Duration::from_millis(50)).await;
            Err::<u32, _>(io::Error::other("down"))
        };
        let flush = async {
            tokio::time::sleep(Duration::from_millis(20)).await;
            shop.flush_tag("t", how).await.unwrap();
        };
        let ask = shop.remember(&LISTS, "list", &[], load);
        let (answer, ()) = tokio::join!(ask, flush);
        assert_eq!(answer.is_ok(), is_answered, "{how:?}");
        shop.remove(&LISTS, "list").await.unwrap();
    }
}

/// Had it not, its value would count as flushed.
#[tokio::test(start_paused = true)]
async fn who_takes_over_after_a_flush_sees_the_state_anew() {
    let shop = Town::new().shop("acme").await;
    for joins_late in [false, true] {
        let leads = tokio::spawn({
            let shop = shop.clone();
            async move {
                let load = std::future::pending::<Result<u32, Infallible>>;
                let tags = [Tag::new("t")];
                shop.remember(&LISTS, "list", &tags, load).await
            }
        });
        settle().await;
        let source = Source::default();
        let mut follows = Box::pin(source.through(&shop, &LISTS, "list", &["t"]));
        assert!(futures_util::poll!(&mut follows).is_pending());
        shop.flush_tag("t", Flush::Hard).await.unwrap();
        leads.abort();
        settle().await;
        let late = source.through(&shop, &LISTS, "list", &["t"]);
        if joins_late {
            assert_eq!(late.await.unwrap(), 1);
        }
        assert_eq!(follows.await.unwrap(), 1);
        let kept = shop.get::<u32>(&LISTS, "list").await.unwrap();
        assert_eq!(kept.as_deref(), Some(&1));
        shop.remove(&LISTS, "list").await.unwrap();
    }
}

#[tokio::test(start_paused = true)]
async fn entries_stored_together_do_not_end_together() {
    let lists = LISTS.jitter(0.5);
    let shop = Town::new().shop("acme").await;
    let keys: Vec<String> = (0..100_u32).map(|number| number.to_string()).collect();
    for key in &keys {
        shop.put(&lists, key.as_str(), &[], 1_u32).await.unwrap();
    }
    let left = async || {
        let mut left = 0;
        for key in &keys {
            let read = shop.get::<u32>(&lists, key.as_str()).await;
            left += u32::from(read.unwrap().is_some());
        }
        left
    };
    advance(Duration::from_secs(29)).await;
    assert_eq!(left().await, 100);
    advance(Duration::from_secs(16)).await;
    assert!((20..80).contains(&left().await));
    advance(Duration::from_secs(16)).await;
    assert_eq!(left().await, 0);
}

#[tokio::test(start_paused = true)]
async fn who_needs_a_value_is_not_content_with_another_finding_none() {
    let shop = Town::new().shop("acme").await;
    let gate = Arc::new(Semaphore::new(0));
    let none = || gated(&gate, None::<u32>);
    let mut first = Box::pin(shop.remember_optional(&LISTS, "list", &[], none));
    assert!(futures_util::poll!(&mut first).is_pending());
    let source = Source::default();
    let mut second = Box::pin(source.through(&shop, &LISTS, "list", &[]));
    assert!(futures_util::poll!(&mut second).is_pending());
    gate.add_permits(1);
    assert_eq!(first.await.unwrap(), None);
    assert_eq!(second.await.unwrap(), 1);
}
