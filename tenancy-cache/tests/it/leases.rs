//! Loads of which several processes do one.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::poll;
use tenancy_cache::class::Class;
use tenancy_cache::{ErrorKind, Flush, Key, Tag, TenantCache, Verdict, Wanted};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use crate::shared::coherence::troubled;
use crate::shared::{LISTS, PATIENCE, Site, gone, shared_site};
use crate::town::{Source, gated};

async fn nodes<const N: usize>(site: &Site) -> [TenantCache; N] {
    let mut nodes = Vec::new();
    for _ in 0..N {
        nodes.push(site.node().await);
    }
    nodes.try_into().expect("as many as were made")
}

/// Begins a load that ends with a value once the gate opens.
async fn load_at(shop: &TenantCache, gate: &Arc<Semaphore>, value: u32) -> Loading {
    let (shop, gate) = (shop.clone(), gate.clone());
    let (began, beginning) = tokio::sync::oneshot::channel();
    let loading = tokio::spawn(async move {
        let load = || async move {
            let _ = began.send(());
            gated(&gate, value).await
        };
        shop.remember(&LISTS, "list", &[], load)
            .await
            .map(|value| *value)
    });
    beginning.await.unwrap();
    loading
}

/// Asks for the value that another process is loading, and says what is read if it has to be here.
fn wait_for(shop: TenantCache) -> (Source, Loading) {
    let source = Source::default();
    let asked = source.clone();
    let waiting = async move { asked.through(&shop, &LISTS, "list", &[]).await };
    (source, tokio::spawn(waiting))
}

type Loading = tokio::task::JoinHandle<Result<u32, tenancy_cache::Error>>;

#[tokio::test]
async fn ten_processes_with_a_thousand_callers_load_once() {
    let site = shared_site().await;
    let nodes = nodes::<10>(&site).await;
    let (source, mut callers) = (Source::default(), JoinSet::new());
    for number in 0..1000 {
        let (shop, source) = (nodes[number % 10].clone(), source.clone());
        callers.spawn(async move {
            let load = || async move {
                tokio::time::sleep(Duration::from_millis(50)).await;
                Ok::<_, Infallible>(source.read())
            };
            *shop.remember(&LISTS, "list", &[], load).await.unwrap()
        });
    }
    while let Some(value) = callers.join_next().await {
        assert_eq!(value.unwrap(), 1);
    }
    assert_eq!(source.readings(), 1);
}

#[tokio::test]
async fn who_goes_away_leaves_the_load_to_another_process() {
    let site = shared_site().await;
    let [one, other] = nodes(&site).await;
    let gate = Arc::new(Semaphore::new(0));
    let loading = load_at(&one, &gate, 1).await;
    let (source, waiting) = wait_for(other);
    tokio::time::sleep(Duration::from_millis(100)).await;
    assert_eq!(source.readings(), 0);
    let began = Instant::now();
    loading.abort();
    assert_eq!(waiting.await.unwrap().unwrap(), 1);
    assert!(
        began.elapsed() < Duration::from_secs(1),
        "{:?}",
        began.elapsed()
    );
}

#[tokio::test]
async fn who_fails_leaves_the_load_to_another_process() {
    let site = shared_site().await;
    let [one, other] = nodes(&site).await;
    let fail = || async { Err::<u32, _>("no database") };
    let error = one.remember(&LISTS, "list", &[], fail).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::LoadFailed);
    let source = Source::default();
    assert_eq!(
        source.through(&other, &LISTS, "list", &[]).await.unwrap(),
        1
    );
}

#[tokio::test]
async fn who_was_killed_holds_the_others_up_for_no_longer_than_its_lease() {
    let site = shared_site().await;
    let other = site.node().await;
    let gate = Arc::new(Semaphore::new(0));
    // With its runtime all of the process is gone, and nobody gives the lease back.
    let killed = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .unwrap();
    let site_there = site.again();
    let (began, beginning) = tokio::sync::oneshot::channel();
    let there = gate.clone();
    killed.spawn(async move {
        let shop = site_there.await.node().await;
        let load = || async move {
            let _ = began.send(());
            gated(&there, 1_u32).await
        };
        shop.remember(&LISTS, "list", &[], load).await
    });
    beginning.await.unwrap();
    killed.shutdown_background();
    let (source, began) = (Source::default(), Instant::now());
    assert_eq!(
        source.through(&other, &LISTS, "list", &[]).await.unwrap(),
        1
    );
    assert!(
        began.elapsed() < Duration::from_secs(5),
        "{:?}",
        began.elapsed()
    );
}

#[tokio::test]
async fn a_long_load_keeps_its_lease() {
    let site = shared_site().await;
    let [one, other] = nodes(&site).await;
    let gate = Arc::new(Semaphore::new(0));
    let loading = load_at(&one, &gate, 1).await;
    let (source, waiting) = wait_for(other);
    tokio::time::sleep(Duration::from_secs(3)).await;
    assert_eq!(source.readings(), 0);
    gate.add_permits(1);
    assert_eq!(loading.await.unwrap().unwrap(), 1);
    assert_eq!(waiting.await.unwrap().unwrap(), 1);
}

/// Waits until it is the one who loads, and fails where another process's load is waited for.
async fn load_beside(shop: &TenantCache, gate: &Arc<Semaphore>, value: u32) -> Loading {
    let loading = load_at(shop, gate, value);
    let loading = tokio::time::timeout(Duration::from_secs(1), loading);
    loading.await.expect("it does not wait for a doomed load")
}

#[tokio::test]
async fn who_asks_after_a_flush_does_not_wait_for_the_load_that_it_has_doomed() {
    let site = shared_site().await;
    let [one, other, third] = nodes(&site).await;
    for (round, how) in (1..).zip([Flush::Hard, Flush::Soft].repeat(2)) {
        let (doomed, gate) = (Arc::new(Semaphore::new(0)), Arc::new(Semaphore::new(0)));
        let first = load_at(&one, &doomed, 10 * round).await;
        if round < 3 {
            other.flush_class(&LISTS, how).await.unwrap();
        } else {
            other.flush_tenant(how).await.unwrap();
        }
        let second = load_beside(&other, &gate, 10 * round + 1).await;
        // Whoever has heard of that waits for the second load, whatever else was flushed.
        third.flush_tag("another", how).await.unwrap();
        let (source, waiting) = wait_for(third.clone());
        tokio::time::sleep(Duration::from_millis(300)).await;
        assert_eq!(source.readings(), 0, "round {round}");
        doomed.add_permits(1);
        assert_eq!(first.await.unwrap().unwrap(), 10 * round);
        gate.add_permits(1);
        assert_eq!(second.await.unwrap().unwrap(), 10 * round + 1);
        assert_eq!(waiting.await.unwrap().unwrap(), 10 * round + 1);
        assert_eq!(source.readings(), 0, "round {round}");
        let stored = site.node().await.get::<u32>(&LISTS, "list").await.unwrap();
        assert_eq!(stored.as_deref(), Some(&(10 * round + 1)));
        one.remove(&LISTS, "list").await.unwrap();
        for shop in [&other, &third] {
            gone(shop, "list").await;
        }
    }
}

#[tokio::test]
async fn a_doomed_load_ends_without_harm_to_the_one_that_took_its_place() {
    for is_dropped in [false, true] {
        let site = shared_site().await;
        let ((late, chaos), [other, third]) = (troubled(&site).await, nodes(&site).await);
        let (doomed, gate) = (Arc::new(Semaphore::new(0)), Arc::new(Semaphore::new(0)));
        let first = load_at(&late, &doomed, 1).await;
        // It stores and gives back as if it still had the lease.
        chaos.hide_news(true);
        other.flush_class(&LISTS, Flush::Hard).await.unwrap();
        let second = load_beside(&other, &gate, 2).await;
        if is_dropped {
            first.abort();
        } else {
            doomed.add_permits(1);
            assert_eq!(first.await.unwrap().unwrap(), 1);
        }
        let (source, waiting) = wait_for(third);
        tokio::time::sleep(Duration::from_millis(300)).await;
        assert_eq!(source.readings(), 0, "dropped: {is_dropped}");
        gate.add_permits(1);
        assert_eq!(second.await.unwrap().unwrap(), 2);
        assert_eq!(waiting.await.unwrap().unwrap(), 2);
    }
}

#[tokio::test]
async fn who_has_not_heard_of_a_flush_takes_no_lease_from_who_has() {
    let site = shared_site().await;
    let ((late, chaos), [one, third]) = (troubled(&site).await, nodes(&site).await);
    // So that the versions are known, and not asked for.
    late.remember(&LISTS, "other", &[], || async {
        Ok::<_, Infallible>(0_u32)
    })
    .await
    .unwrap();
    chaos.hide_news(true);
    one.flush_class(&LISTS, Flush::Hard).await.unwrap();
    let gate = Arc::new(Semaphore::new(0));
    let loading = load_at(&one, &gate, 1).await;
    let (source, waiting) = wait_for(late);
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert_eq!(source.readings(), 0);
    gate.add_permits(1);
    assert_eq!(loading.await.unwrap().unwrap(), 1);
    let stored = third.get::<u32>(&LISTS, "list").await.unwrap();
    assert_eq!(stored.as_deref(), Some(&1));
    waiting.abort();
}

#[tokio::test]
async fn what_was_removed_or_put_elsewhere_meanwhile_is_not_stored_over() {
    let site = shared_site().await;
    let [one, other] = nodes(&site).await;
    for is_put in [false, true] {
        let gate = Arc::new(Semaphore::new(0));
        let loading = load_at(&one, &gate, 1).await;
        if is_put {
            other.put(&LISTS, "list", &[], 2_u32).await.unwrap();
        } else {
            other.remove(&LISTS, "list").await.unwrap();
        }
        gate.add_permits(1);
        assert_eq!(loading.await.unwrap().unwrap(), 1);
        let expected = is_put.then_some(2);
        for shop in [&other, &site.node().await] {
            let value = shop.get::<u32>(&LISTS, "list").await.unwrap();
            assert_eq!(value.map(|value| *value), expected);
        }
        let began = Instant::now();
        while one.get::<u32>(&LISTS, "list").await.unwrap().as_deref() != expected.as_ref() {
            assert!(began.elapsed() < PATIENCE, "the old value stays");
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }
}

#[tokio::test]
async fn who_cannot_wait_has_what_is_stale_while_another_process_loads() {
    let class = Class::new("lists")
        .early_refresh(0.0)
        .jitter(0.0)
        .stale_for(Duration::from_secs(3600))
        .soft_time_out(Duration::from_millis(50));
    let site = shared_site().await;
    let [one, other] = nodes(&site).await;
    let source = Source::default();
    for shop in [&one, &other] {
        assert_eq!(source.through(shop, &class, "list", &[]).await.unwrap(), 1);
    }
    one.flush_class(&class, Flush::Soft).await.unwrap();
    while other.why(&class, "list").await.unwrap().verdict == Verdict::Fresh {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    let gate = Arc::new(Semaphore::new(0));
    let loading = tokio::spawn({
        let gate = gate.clone();
        async move {
            one.remember(&class, "list", &[], || gated(&gate, 9_u32))
                .await
        }
    });
    // The one has what is stale as well, and loads on.
    assert_eq!(*loading.await.unwrap().unwrap(), 1);
    assert_eq!(
        source.through(&other, &class, "list", &[]).await.unwrap(),
        1
    );
    gate.add_permits(1);
    let began = Instant::now();
    while source.through(&other, &class, "list", &[]).await.unwrap() != 9 {
        assert!(began.elapsed() < PATIENCE, "the other never has it");
    }
    assert_eq!(source.readings(), 1);
}

#[tokio::test]
async fn two_processes_that_load_many_load_each_once() {
    let site = shared_site().await;
    let nodes = nodes::<2>(&site).await;
    let mut callers = JoinSet::new();
    let counts: Arc<Vec<_>> = Arc::new((0..100).map(|_| Source::default()).collect());
    for (node, shop) in nodes.into_iter().enumerate() {
        let counts = counts.clone();
        callers.spawn(async move {
            let order = move |number: usize| if node == 0 { number } else { 99 - number };
            let wanted = |number| Wanted {
                key: Key::new("product").part(order(number)),
                tags: vec![Tag::new("product")],
            };
            let wanted: Vec<_> = (0..100).map(wanted).collect();
            let load = |places: Vec<usize>| {
                let counts = counts.clone();
                async move {
                    tokio::time::sleep(Duration::from_millis(20)).await;
                    let value = |place| {
                        counts[order(place)].read();
                        order(place) as u32
                    };
                    Ok::<_, Infallible>(places.into_iter().map(value).collect())
                }
            };
            let values = shop.remember_many(&LISTS, &wanted, load).await.unwrap();
            for (place, value) in values.iter().enumerate() {
                assert_eq!(**value, order(place) as u32);
            }
        });
    }
    while let Some(done) = callers.join_next().await {
        done.unwrap();
    }
    assert!(counts.iter().all(|count| count.readings() == 1));
}

#[tokio::test]
async fn two_processes_that_put_at_once_agree_in_the_end() {
    let site = shared_site().await;
    let [one, other] = nodes(&site).await;
    for round in 0..100_u32 {
        let put = async |shop: &TenantCache, value: u32| {
            shop.put(&LISTS, "list", &[], value).await.unwrap();
        };
        tokio::join!(put(&one, 2 * round), put(&other, 2 * round + 1));
        let get = async |shop: &TenantCache| {
            let value = shop.get::<u32>(&LISTS, "list").await.unwrap();
            value.map(|value| *value)
        };
        let began = Instant::now();
        loop {
            let values = [get(&one).await, get(&other).await];
            if values[0] == values[1] && values[0].is_some_and(|value| value / 2 == round) {
                break;
            }
            assert!(began.elapsed() < PATIENCE, "{round}: {values:?}");
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }
}

#[tokio::test]
async fn what_is_due_to_be_loaded_anew_is_loaded_by_one_process() {
    let site = shared_site().await;
    let nodes = nodes::<4>(&site).await;
    let source = Source::default();
    for shop in &nodes {
        assert_eq!(source.through(shop, &LISTS, "list", &[]).await.unwrap(), 1);
    }
    let began = Instant::now();
    // Every use finds it due, and all have the first value until the second is there.
    let due = LISTS
        .time_to_live(Duration::from_secs(3600))
        .early_refresh(1e9);
    let load = || {
        let source = source.clone();
        async move {
            tokio::time::sleep(Duration::from_millis(200)).await;
            Ok::<_, Infallible>(source.read())
        }
    };
    for shop in &nodes {
        shop.flush_class(&LISTS, Flush::Hard).await.unwrap();
    }
    let first = *nodes[0].remember(&due, "list", &[], load).await.unwrap();
    let mut seen = vec![false; nodes.len()];
    while !seen.iter().all(|seen| *seen) {
        assert!(began.elapsed() < PATIENCE, "{seen:?}");
        for (shop, seen) in nodes.iter().zip(&mut seen) {
            let value = *shop.remember(&due, "list", &[], load).await.unwrap();
            assert!(value >= first);
            *seen |= value > first;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    // One load at a time, and not one for each process.
    let loads = u128::from(source.readings() - 1);
    let most = began.elapsed().as_millis() / 200 + 1;
    assert!(
        loads <= most,
        "{loads} loads, where {most} fit one after another"
    );
}

#[tokio::test]
async fn what_a_loader_read_at_its_call_is_not_kept_after_a_flush_that_came_then() {
    let site = shared_site().await;
    let shop = site.node().await;
    let (due, tags) = (LISTS.early_refresh(1e15), [Tag::new("product")]);
    for is_many in [false, true] {
        let source = Source::default();
        // The value is read before the future is made.
        let read = |_: Vec<usize>| std::future::ready(Ok::<_, Infallible>(vec![source.read()]));
        let ask = async || {
            if is_many {
                let (key, tags) = (Key::new("many"), tags.to_vec());
                let wanted = [Wanted { key, tags }];
                return *shop.remember_many(&due, &wanted, read).await.unwrap()[0];
            }
            let read = || std::future::ready(Ok::<_, Infallible>(source.read()));
            *shop.remember(&due, "one", &tags, read).await.unwrap()
        };
        assert_eq!(ask().await, 1);
        assert_eq!((ask().await, source.readings()), (1, 2));
        // What was begun by that has not gone on yet: there is one thread.
        shop.flush_tag("product", Flush::Hard).await.unwrap();
        let began = Instant::now();
        while shop.loads_under_way() > 0 {
            assert!(began.elapsed() < PATIENCE, "the load never ends");
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        let key = if is_many { "many" } else { "one" };
        assert_eq!(shop.get::<u32>(&due, key).await.unwrap(), None);
        assert_eq!(ask().await, 3);
    }
}

fn products(ids: [u32; 2]) -> [Wanted<'static>; 2] {
    ids.map(|id| Wanted {
        key: Key::new(id),
        tags: Vec::new(),
    })
}

/// Begins a load of two products that ends once the gate opens.
async fn load_both_at(shop: &TenantCache, class: Class, gate: &Arc<Semaphore>) -> LoadingBoth {
    let (shop, gate) = (shop.clone(), gate.clone());
    let (began, mut beginning) = tokio::sync::mpsc::channel(1);
    let loading = tokio::spawn(async move {
        let load = |places: Vec<usize>| {
            let _ = began.try_send(());
            gated(
                &gate,
                places.into_iter().map(|place| 11 + place as u32).collect(),
            )
        };
        shop.remember_many(&class, &products([1, 2]), load).await
    });
    beginning.recv().await.unwrap();
    loading
}

type LoadingBoth = tokio::task::JoinHandle<Result<Vec<Arc<u32>>, tenancy_cache::Error>>;

#[tokio::test]
async fn two_who_each_lead_what_the_other_follows_have_what_another_process_loads() {
    let site = shared_site().await;
    let [one, other] = nodes(&site).await;
    let gate = Arc::new(Semaphore::new(0));
    let loading = load_both_at(&one, LISTS, &gate).await;
    let never = std::future::pending::<Result<u32, Infallible>>;
    let mut leads_first = Box::pin(other.remember(&LISTS, Key::new(1), &[], never));
    assert!(poll!(&mut leads_first).is_pending());
    let ask = async |ids| {
        let load = |_| std::future::pending::<Result<Vec<u32>, Infallible>>();
        let values = other.remember_many(&LISTS, &products(ids), load).await;
        values.unwrap().into_iter().map(|value| *value).collect()
    };
    // The second leads the one, and the first takes over the other.
    let (mut second, mut first) = (Box::pin(ask([2, 1])), Box::pin(ask([1, 2])));
    assert!(poll!(&mut second).is_pending());
    assert!(poll!(&mut first).is_pending());
    drop(leads_first);
    assert!(poll!(&mut first).is_pending());
    gate.add_permits(1);
    let both = async { tokio::join!(first, second) };
    let both: (Vec<u32>, Vec<u32>) = tokio::time::timeout(PATIENCE, both).await.unwrap();
    assert_eq!(both, (vec![11, 12], vec![12, 11]));
    loading.await.unwrap().unwrap();
}

#[tokio::test]
async fn who_asks_for_what_is_stale_waits_no_longer_than_the_soft_time_out_for_another_process() {
    let class = LISTS.soft_time_out(Duration::from_millis(50));
    let site = shared_site().await;
    let [one, other] = nodes(&site).await;
    let load = |places: Vec<usize>| async move {
        let value = |place| place as u32 + 1;
        Ok::<_, Infallible>(places.into_iter().map(value).collect())
    };
    for shop in [&one, &other] {
        let values = shop.remember_many(&class, &products([1, 2]), load).await;
        assert_eq!(values.unwrap(), [1, 2].map(Arc::new));
    }
    one.flush_class(&class, Flush::Soft).await.unwrap();
    while other.why(&class, Key::new(2)).await.unwrap().verdict == Verdict::Fresh {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    let gate = Arc::new(Semaphore::new(0));
    let loading = load_both_at(&one, class, &gate).await;
    let began = Instant::now();
    let values = other.remember_many(&class, &products([1, 2]), load).await;
    assert_eq!(values.unwrap(), [1, 2].map(Arc::new));
    assert!(
        began.elapsed() < Duration::from_secs(5),
        "{:?}",
        began.elapsed()
    );
    loading.await.unwrap().unwrap();
}
