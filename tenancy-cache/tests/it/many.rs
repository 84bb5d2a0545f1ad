//! Many keys at once: what is missing is loaded together, and each key by one caller.

use std::convert::Infallible;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures_util::{FutureExt as _, poll};
use tenancy_cache::class::Class;
use tenancy_cache::{Error, ErrorKind, Flush, Key, Tag, TenantCache, Wanted};
use tokio::sync::Semaphore;
use tokio::time::Instant;

use crate::town::{Source, Town, settle};

const PRODUCTS: Class = Class::new("products")
    .time_to_live(Duration::from_secs(60))
    .hard_time_out(Duration::from_secs(5))
    .early_refresh(0.0)
    .jitter(0.0);

fn wanted(ids: impl IntoIterator<Item = usize>) -> Vec<Wanted<'static>> {
    let want = |id| Wanted {
        key: Key::new(id),
        tags: vec![Tag::new("product").part(id)],
    };
    ids.into_iter().map(want).collect()
}

/// A shop's products, and which of them were read together.
#[derive(Clone, Default)]
struct Store(Arc<Mutex<Vec<Vec<usize>>>>);

impl Store {
    async fn through(&self, shop: &TenantCache, ids: &[usize]) -> Vec<usize> {
        let load = |places: Vec<usize>| {
            let ids: Vec<usize> = places.into_iter().map(|place| ids[place]).collect();
            self.0.lock().unwrap().push(ids.clone());
            async { Ok::<_, Infallible>(ids.into_iter().map(|id| id * 10).collect()) }
        };
        let wanted = wanted(ids.iter().copied());
        let values = shop.remember_many(&PRODUCTS, &wanted, load).await.unwrap();
        values.into_iter().map(|value| *value).collect()
    }

    fn readings(&self) -> Vec<Vec<usize>> {
        std::mem::take(&mut *self.0.lock().unwrap())
    }
}

#[tokio::test]
async fn only_what_is_missing_is_loaded_and_all_of_it_at_once() {
    let shop = Town::new().shop("acme").await;
    let store = Store::default();
    assert_eq!(store.through(&shop, &[1, 2]).await, [10, 20]);
    assert_eq!(
        store.through(&shop, &[3, 2, 1, 4, 3]).await,
        [30, 20, 10, 40, 30]
    );
    assert_eq!(store.readings(), [vec![1, 2], vec![3, 4]]);
    shop.flush_tag(Tag::new("product").part(2), Flush::Hard)
        .await
        .unwrap();
    let keys = [1, 2, 3].map(Key::new);
    let values = shop.get_many::<usize>(&PRODUCTS, keys).await.unwrap();
    let values: Vec<_> = values
        .into_iter()
        .map(|value| value.map(|value| *value))
        .collect();
    assert_eq!(values, [Some(10), None, Some(30)]);
    assert_eq!(store.through(&shop, &[1, 2, 3]).await, [10, 20, 30]);
    assert_eq!(store.readings(), [vec![2]]);
    assert!(store.through(&shop, &[]).await.is_empty());
}

#[tokio::test(start_paused = true)]
async fn what_another_loads_is_waited_for_and_not_loaded_twice() {
    let shop = Town::new().shop("acme").await;
    let gate = Arc::new(Semaphore::new(0));
    let other = tokio::spawn({
        let (shop, gate) = (shop.clone(), gate.clone());
        async move {
            let load = |places: Vec<usize>| {
                let gate = gate.clone();
                async move {
                    gate.acquire().await.unwrap().forget();
                    Ok::<_, Infallible>(places.into_iter().map(|place| place + 100).collect())
                }
            };
            shop.remember_many::<usize, _, _, _>(&PRODUCTS, &wanted([1, 2]), load)
                .await
        }
    });
    settle().await;
    let store = Store::default();
    let ours = tokio::spawn({
        let (shop, store) = (shop.clone(), store.clone());
        async move { store.through(&shop, &[2, 3]).await }
    });
    settle().await;
    assert!(!ours.is_finished());
    gate.add_permits(1);
    assert_eq!(ours.await.unwrap(), [101, 30]);
    assert_eq!(store.readings(), [[3]]);
    other.await.unwrap().unwrap();
    assert_eq!(shop.loads_under_way(), 0);
}

#[tokio::test(start_paused = true)]
async fn what_another_gave_up_is_loaded_after_all() {
    let shop = Town::new().shop("acme").await;
    let other = tokio::spawn({
        let shop = shop.clone();
        async move {
            let load = |_| std::future::pending::<Result<Vec<usize>, Infallible>>();
            shop.remember_many(&PRODUCTS, &wanted([1, 2]), load).await
        }
    });
    settle().await;
    let store = Store::default();
    let ours = tokio::spawn({
        let (shop, store) = (shop.clone(), store.clone());
        async move { store.through(&shop, &[1, 2, 3]).await }
    });
    settle().await;
    other.abort();
    assert_eq!(ours.await.unwrap(), [10, 20, 30]);
    assert_eq!(store.readings(), [vec![3], vec![1, 2]]);
    assert_eq!(shop.loads_under_way(), 0);
}

#[tokio::test]
async fn two_who_each_lead_what_the_other_follows_both_end() {
    let shop = Town::new().shop("acme").await;
    let store = Store::default();
    let ask = async |ids: &[usize]| store.through(&shop, ids).await;
    let both = async { tokio::join!(ask(&[1, 2, 3, 4]), ask(&[4, 3, 2, 1])) };
    let (one, other) = tokio::time::timeout(Duration::from_secs(5), both)
        .await
        .unwrap();
    assert_eq!((one, other), (vec![10, 20, 30, 40], vec![40, 30, 20, 10]));
}

#[tokio::test(start_paused = true)]
async fn a_loader_that_gives_too_few_values_or_fails_stores_nothing() {
    let shop = Town::new().shop("acme").await;
    let few = |_| async { Ok::<_, Infallible>(vec![1_usize]) };
    let error = shop
        .remember_many(&PRODUCTS, &wanted([1, 2]), few)
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::LoadFailed);
    let fails = |_| async { Err::<Vec<usize>, _>(std::io::Error::other("down")) };
    let error = shop
        .remember_many(&PRODUCTS, &wanted([1, 2]), fails)
        .await
        .unwrap_err();
    assert_eq!(
        error.load_error::<std::io::Error>().unwrap().to_string(),
        "down"
    );
    let store = Store::default();
    assert_eq!(store.through(&shop, &[1, 2]).await, [10, 20]);
    // What is stale stands in for what cannot be loaded.
    tokio::time::advance(Duration::from_secs(61)).await;
    let values = shop
        .remember_many(&PRODUCTS, &wanted([1, 2]), fails)
        .await
        .unwrap();
    assert_eq!(values, [10, 20].map(Arc::new));
    assert_eq!(shop.loads_under_way(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_stale_value_does_not_shorten_the_wait_for_one_that_is_missing() {
    let shop = Town::new().shop("acme").await;
    let store = Store::default();
    assert_eq!(store.through(&shop, &[1]).await, [10]);
    tokio::time::advance(Duration::from_secs(61)).await;
    let load = |places: Vec<usize>| async move {
        tokio::time::sleep(Duration::from_secs(2)).await;
        Ok::<_, Infallible>(places.into_iter().map(|place| 20 + place).collect())
    };
    let values = shop.remember_many(&PRODUCTS, &wanted([1, 2]), load).await;
    let values: Vec<usize> = values.unwrap().iter().map(|value| **value).collect();
    assert_eq!(values, [20, 21]);
}

#[tokio::test]
async fn a_value_that_is_due_is_loaded_by_one_who_has_seen_the_state_before() {
    let shop = Town::new().shop("acme").await;
    let due = PRODUCTS.early_refresh(1e15);
    let calls = Source::default();
    let gate = Arc::new(Semaphore::new(0));
    let ask = async |is_flushed_then: bool| {
        let load = |_| {
            let value = calls.read();
            let flushing = shop.flush_tag(Tag::new("product").part(1), Flush::Hard);
            if is_flushed_then {
                flushing.now_or_never().unwrap().unwrap();
            }
            let gate = gate.clone();
            async move {
                let _ = gate.acquire().await;
                Ok::<_, Infallible>(vec![value])
            }
        };
        let values = shop.remember_many(&due, &wanted([1]), load).await;
        *values.unwrap()[0]
    };
    gate.add_permits(1);
    assert_eq!(ask(false).await, 1);
    gate.forget_permits(1);
    assert_eq!((ask(false).await, ask(false).await), (1, 1));
    assert_eq!(calls.readings(), 2);
    gate.add_permits(1);
    settle().await;
    assert_eq!((ask(true).await, calls.readings()), (2, 3));
    settle().await;
    assert_eq!(shop.get::<u32>(&due, Key::new(1)).await.unwrap(), None);
    assert_eq!(shop.loads_under_way(), 0);
}

/// A call for one product that leads and never ends.
fn begun(shop: &TenantCache, id: usize) -> impl Future<Output = Result<Vec<Arc<usize>>, Error>> {
    let shop = shop.clone();
    async move {
        let load = |_| std::future::pending::<Result<Vec<usize>, Infallible>>();
        shop.remember_many(&PRODUCTS, &wanted([id]), load).await
    }
}

#[tokio::test(start_paused = true)]
async fn what_one_of_several_gave_up_is_loaded_before_the_others_end() {
    for given_up in [1, 2] {
        let shop = Town::new().shop("acme").await;
        let mut others = [1, 2].map(|id| Box::pin(begun(&shop, id)));
        for other in &mut others {
            assert!(poll!(other).is_pending());
        }
        let store = Store::default();
        let mut ours = Box::pin(store.through(&shop, &[1, 2]));
        assert!(poll!(&mut ours).is_pending());
        let others = others.into_iter().zip([1, 2]);
        let left: Vec<_> = others.filter(|(_, id)| *id != given_up).collect();
        assert!(poll!(&mut ours).is_pending());
        assert_eq!(store.readings(), [[given_up]]);
        drop(left);
        assert_eq!(ours.await, [10, 20]);
    }
}

#[tokio::test(start_paused = true)]
async fn two_who_take_over_what_the_other_follows_both_end() {
    let shop = Town::new().shop("acme").await;
    let [mut first, mut second] = [1, 2].map(|id| Box::pin(begun(&shop, id)));
    assert!(poll!(&mut first).is_pending());
    assert!(poll!(&mut second).is_pending());
    let store = Store::default();
    let mut one = Box::pin(store.through(&shop, &[1, 2]));
    let mut other = Box::pin(store.through(&shop, &[2, 1]));
    assert!(poll!(&mut one).is_pending());
    assert!(poll!(&mut other).is_pending());
    drop(first);
    assert!(poll!(&mut one).is_pending());
    drop(second);
    let began = Instant::now();
    assert_eq!(tokio::join!(other, one), (vec![20, 10], vec![10, 20]));
    assert_eq!(began.elapsed(), Duration::ZERO);
}

#[tokio::test(start_paused = true)]
async fn what_is_stale_is_the_answer_after_one_soft_time_out_for_all() {
    let shop = Town::new().shop("acme").await;
    let store = Store::default();
    let ids: Vec<_> = (0..100).collect();
    let stale: Vec<_> = ids.iter().map(|id| id * 10).collect();
    assert_eq!(store.through(&shop, &ids).await, stale);
    tokio::time::advance(Duration::from_secs(61)).await;
    let mut others: Vec<_> = ids[..50]
        .iter()
        .map(|id| Box::pin(begun(&shop, *id)))
        .collect();
    for other in &mut others {
        assert!(poll!(other).is_pending());
    }
    let (began, load) = (Instant::now(), |_| {
        std::future::pending::<Result<Vec<usize>, Infallible>>()
    });
    let values = shop.remember_many(&PRODUCTS, &wanted(ids), load).await;
    let values: Vec<_> = values.unwrap().iter().map(|value| **value).collect();
    assert_eq!(values, stale);
    assert_eq!(began.elapsed().as_millis(), 500);
}
