//! What is committed flushes what it changes, whatever becomes of the one who commits.

pub(crate) mod installation;

use std::any::Any;
use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

use futures_util::FutureExt as _;
use futures_util::future::join_all;
use tenancy_cache::{Cache, Flush, FlushOrder, Tag, Verdict};
use tenancy_core::TenantScope;
use tenancy_core::journal::{Change, ObserveCommits};
use tokio::sync::watch;
use tokio::time::timeout;

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

/// Until when what another node has changed must be seen, with time for one read.
const WITHIN: Duration = Duration::from_millis(1_100);

/// Reads from the cache until it has the number.
async fn until(node: &Installation, scope: &TenantScope, key: &str, tag: &str, count: u64) {
    while node.cached(scope, key, &[tag]).await != count {
        tokio::task::yield_now().await;
    }
}

async fn what_another_node_commits_is_seen_within_a_second(site: Installation) {
    let node = site.beside(Duration::from_secs(1)).await;
    let there = site.scope("acme").await;
    let here = node.scope("acme").await;
    for count in 1..3 {
        assert_eq!(node.cached_count(&here).await, count - 1);
        assert_eq!(node.cached(&here, "other", &["other"]).await, 0);
        let mut tx = site.database.write(&there).await.unwrap();
        note(&mut tx);
        tx.commit().await.unwrap();
        let seen = until(&node, &here, "count", "note", count);
        timeout(WITHIN, seen).await.unwrap();
        assert_eq!(node.cached(&here, "other", &["other"]).await, 0);
    }
}

async fn an_order_to_flush_is_obeyed_by_every_node(site: Installation) {
    let node = site.beside(Duration::from_millis(100)).await;
    let (there, here) = (site.scope("acme").await, node.scope("acme").await);
    let orders = [
        (FlushOrder::tag("a/7", Flush::Hard), "a/7"),
        (FlushOrder::class("notes", Flush::Hard), "b"),
        (FlushOrder::everything(Flush::Hard), "b"),
    ];
    for (count, (order, tag)) in (1..).zip(orders) {
        let before = node.cached(&here, tag, &[tag]).await;
        assert_eq!(before, node.cached(&here, tag, &[tag]).await);
        let mut tx = site.database.write(&there).await.unwrap();
        note(&mut tx);
        tx.record(order.change());
        tx.commit().await.unwrap();
        let seen = until(&node, &here, tag, tag, count);
        timeout(WITHIN, seen).await.unwrap();
    }
    // The others were left alone by the first.
    let mut tx = site.database.write(&there).await.unwrap();
    let kept = node.cached(&here, "kept", &["kept"]).await;
    note(&mut tx);
    tx.record(FlushOrder::tag("a/7", Flush::Hard).change());
    tx.commit().await.unwrap();
    let seen = until(&node, &here, "a/7", "a/7", kept + 1);
    timeout(WITHIN, seen).await.unwrap();
    assert_eq!(node.cached(&here, "kept", &["kept"]).await, kept);
}

/// A value whose loader needs no database.
async fn free(cache: &Cache, scope: &TenantScope, loads: &AtomicU64) -> Arc<u64> {
    let load = loads.fetch_add(1, Ordering::Relaxed);
    let load = move || async move { Ok::<_, Infallible>(load) };
    let shop = cache.tenant(scope).unwrap();
    let tags = [Tag::new("note")];
    shop.remember(&NOTES, "free", &tags, load).await.unwrap()
}

async fn where_the_journal_cannot_be_read_nothing_is_served(site: Installation) {
    let node = site.beside(Duration::from_millis(50)).await;
    let scope = node.scope("acme").await;
    let (calls, cache) = (AtomicU64::new(0), &node.cache);
    let first = free(cache, &scope, &calls).await;
    assert_eq!(free(cache, &scope, &calls).await, first);
    node.storage.close().await;
    let changes = async {
        while free(cache, &scope, &calls).await == first {
            tokio::task::yield_now().await;
        }
    };
    timeout(WITHIN, changes).await.unwrap();
    let shop = cache.tenant(&scope).unwrap();
    let why = shop.why(&NOTES, "free").await.unwrap();
    assert_eq!(why.verdict, Verdict::Unsure);
    assert_eq!(shop.get::<u64>(&NOTES, "free").await.unwrap(), None);
}

#[tokio::test]
async fn who_wonders_about_an_entry_that_nobody_asked_for_of_late_hears_how_it_would_be_served() {
    let site = Installation::sqlite().await;
    let interval = Duration::from_millis(50);
    let node = site.beside(interval).await;
    let scope = node.scope("acme").await;
    free(&node.cache, &scope, &AtomicU64::new(0)).await;
    let shop = node.cache.tenant(&scope).unwrap();
    let since = Instant::now();
    while since.elapsed() < 4 * interval {
        tokio::task::yield_now().await;
    }
    let why = shop.why(&NOTES, "free").await.unwrap();
    assert_eq!(why.verdict, Verdict::Fresh);
}

#[tokio::test]
async fn what_was_missed_is_made_up_for_when_the_journal_is_back() {
    let site = Installation::sqlite().await;
    let node = site.beside(Duration::from_millis(50)).await;
    let (there, scope) = (site.scope("acme").await, node.scope("acme").await);
    let (calls, cache) = (AtomicU64::new(0), &node.cache);
    let first = free(cache, &scope, &calls).await;
    let mut tx = site.database.write(&there).await.unwrap();
    note(&mut tx);
    tx.commit().await.unwrap();
    let file = site.file_of(&scope).unwrap();
    let aside = file.with_extension("aside");
    std::fs::rename(&file, &aside).unwrap();
    let changes = async {
        while free(cache, &scope, &calls).await == first {
            tokio::task::yield_now().await;
        }
    };
    timeout(WITHIN, changes).await.unwrap();
    std::fs::rename(&aside, &file).unwrap();
    let served = async {
        loop {
            let one = free(cache, &scope, &calls).await;
            assert_ne!(one, first);
            if free(cache, &scope, &calls).await == one {
                break;
            }
            tokio::task::yield_now().await;
        }
    };
    timeout(WITHIN, served).await.unwrap();
}

async fn temporary_data_is_there_after_the_first_look(site: Installation) {
    let scope = site.scope("acme").await;
    let shop = site.cache.tenant(&scope).unwrap();
    shop.temporary().put("message", 7_u64).await.unwrap();
    assert_eq!(
        *shop
            .temporary()
            .take::<u64>("message")
            .await
            .unwrap()
            .unwrap(),
        7
    );
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
    an_order_to_flush_is_obeyed_by_every_node,
    temporary_data_is_there_after_the_first_look,
    what_another_node_commits_is_seen_within_a_second,
    where_the_journal_cannot_be_read_nothing_is_served,
    nothing_from_before_a_commit_is_kept_wherever_it_is_cancelled,
);
