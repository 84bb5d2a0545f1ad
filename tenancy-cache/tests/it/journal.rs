//! What is committed flushes what it changes, whatever becomes of the one who commits.

mod installation;

use std::any::Any;
use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use futures_util::FutureExt as _;
use futures_util::future::join_all;
use tenancy_cache::{Cache, Tag};
use tenancy_core::TenantScope;
use tenancy_core::journal::{Change, ObserveCommits};
use tokio::sync::watch;

use self::installation::{Installation, NOTES, note};

/// Polls a future a number of times and drops it there, as a cancelled request does.
async fn drop_after<F: Future>(polls: usize, work: F) -> Option<F::Output> {
    let mut work = std::pin::pin!(work);
    for _ in 0..polls {
        if let Poll::Ready(output) = work.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
            return Some(output);
        }
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    None
}

/// Counts doubts; told after the cache, so that the cache's are over when its own are.
#[derive(Clone)]
struct Doubts(watch::Sender<usize>);

struct Doubt(watch::Sender<usize>);

impl Drop for Doubt {
    fn drop(&mut self) {
        self.0.send_modify(|open| *open -= 1);
    }
}

impl ObserveCommits for Doubts {
    fn committing(&self, _: &TenantScope, _: &[Change]) -> Box<dyn Any + Send> {
        self.0.send_modify(|open| *open += 1);
        Box::new(Doubt(self.0.clone()))
    }
}

impl Doubts {
    fn of(site: &Installation) -> Self {
        let doubts = Self(watch::Sender::new(0));
        site.database.observe_commits(Arc::new(doubts.clone()));
        doubts
    }

    async fn settled(&self) {
        let mut open = self.0.subscribe();
        open.wait_for(|open| *open == 0).await.unwrap();
    }
}

/// Readers load all the time, so that some load begins and ends in every window around a commit.
async fn nothing_from_before_a_commit_is_kept_wherever_it_is_cancelled(site: Installation) {
    let doubts = Doubts::of(&site);
    let scope = site.scope("acme").await;
    let (ended, acknowledged) = (AtomicBool::new(false), AtomicU64::new(0));
    let read = async || {
        while !ended.load(Ordering::Acquire) {
            let least = acknowledged.load(Ordering::Acquire);
            let count = site.cached_count(&scope).await;
            assert!(count >= least, "{count} after {least} were committed");
            tokio::task::yield_now().await;
        }
    };
    let write = async {
        let mut cancelled = 0;
        for polls in (0..25).chain([usize::MAX]).cycle().take(52) {
            let mut tx = site.database.write(&scope).await.unwrap();
            note(&mut tx);
            let outcome = drop_after(polls, tx.commit()).await;
            cancelled += usize::from(outcome.is_none());
            doubts.settled().await;
            let count = site.count(&scope).await;
            acknowledged.store(count, Ordering::Release);
            assert_eq!(
                site.cached_count(&scope).await,
                count,
                "cancelled at {polls}"
            );
            assert_eq!(site.cached_count(&scope).await, count);
        }
        ended.store(true, Ordering::Release);
        cancelled
    };
    let readers = [Box::pin(read()), Box::pin(read()), Box::pin(read())];
    let (cancelled, _) = tokio::join!(Box::pin(write), join_all(readers));
    let kept = site.count(&scope).await;
    assert!(
        cancelled > 2 && kept > 2,
        "{cancelled} cancelled, {kept} kept"
    );
}

async fn a_commit_ends_what_it_names_and_nothing_else(site: Installation) {
    let acme = site.scope("acme").await;
    let umbrella = site.scope("umbrella").await;
    for scope in [&acme, &umbrella] {
        assert_eq!(site.cached_count(scope).await, 0);
        assert_eq!(site.cached(scope, "other", &["other"]).await, 0);
        assert_eq!(site.cached(scope, "one", &["note/7"]).await, 0);
    }
    let mut tx = site.database.write(&acme).await.unwrap();
    note(&mut tx);
    tx.commit().await.unwrap();
    assert_eq!(site.cached_count(&acme).await, 1);
    assert_eq!(site.cached(&acme, "one", &["note/7"]).await, 1);
    assert_eq!(site.cached(&acme, "other", &["other"]).await, 0);
    // Read from the cache: the other tenant's journal grew behind its back.
    assert_eq!(site.loads(), 8);
    assert_eq!(site.cached_count(&umbrella).await, 0);
    assert_eq!(site.loads(), 8);
}

/// Between the first flush and COMMIT the tenant's entries lose their room to other tenants', and
/// what it caches next begins anew.
struct Crowd {
    cache: Cache,
    own: TenantScope,
    others: Vec<TenantScope>,
}

impl ObserveCommits for Crowd {
    fn committing(&self, _: &TenantScope, _: &[Change]) -> Box<dyn Any + Send> {
        for other in &self.others {
            self.cache.tenant(other).unwrap();
        }
        let stored = put_note(&self.cache, &self.own).now_or_never();
        stored.expect("nothing to wait for");
        let shop = self.cache.tenant(&self.own).unwrap();
        let kept = shop.get::<u64>(&NOTES, "count").now_or_never().unwrap();
        assert_eq!(kept.unwrap(), None, "kept while in doubt");
        Box::new(())
    }
}

async fn put_note(cache: &Cache, scope: &TenantScope) {
    let (tags, load) = ([Tag::new("note")], || async { Ok::<_, Infallible>(0_u64) });
    let shop = cache.tenant(scope).unwrap();
    shop.remember(&NOTES, "count", &tags, load).await.unwrap();
}

async fn a_doubt_outlives_the_entries(site: Installation) {
    let cache = Cache::builder(&site.tenants)
        .capacity_bytes(16 * 1024)
        .guarantee_bytes(8 * 1024)
        .journal(&site.database)
        .build();
    let own = site.scope("acme").await;
    let others = vec![site.scope("other").await, site.scope("another").await];
    put_note(&cache, &own).await;
    let shop = cache.tenant(&own).unwrap();
    assert!(shop.get::<u64>(&NOTES, "count").await.unwrap().is_some());
    site.database.observe_commits(Arc::new(Crowd {
        cache: cache.clone(),
        own: own.clone(),
        others,
    }));
    let mut tx = site.database.write(&own).await.unwrap();
    note(&mut tx);
    tx.commit().await.unwrap();
    let shop = cache.tenant(&own).unwrap();
    assert_eq!(shop.get::<u64>(&NOTES, "count").await.unwrap(), None);
    put_note(&cache, &own).await;
    assert!(shop.get::<u64>(&NOTES, "count").await.unwrap().is_some());
}

macro_rules! on_both {
    ($($name:ident),* $(,)?) => {
        mod postgres {
            $(#[tokio::test]
            async fn $name() {
                super::$name(super::Installation::postgres().await).await;
            })*
        }
        mod sqlite {
            $(#[tokio::test]
            async fn $name() {
                super::$name(super::Installation::sqlite().await).await;
            })*
        }
    };
}

on_both!(
    a_commit_ends_what_it_names_and_nothing_else,
    a_doubt_outlives_the_entries,
    nothing_from_before_a_commit_is_kept_wherever_it_is_cancelled,
);
