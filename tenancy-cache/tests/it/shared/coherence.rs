//! What one node flushes, and what the others may still serve.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use tenancy_cache::class::Class;
use tenancy_cache::remote::{Bucket, Remote};
use tenancy_cache::testing::Chaos;
use tenancy_cache::{Flush, Tag, TenantCache, Verdict};
use tenancy_core::redis::Script;
use tenancy_tests::{Redis as Server, RedisCluster};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;
use tokio::sync::Semaphore;

use super::{BOUND, LISTS, PATIENCE, Site, gone, has, ready, shared_site};
use crate::town::{Source, gated};

/// What may be added to the bound on a busy machine.
const ALLOWANCE: Duration = Duration::from_millis(150);

pub(super) async fn read(source: &Source, shop: &TenantCache, key: &str) -> u32 {
    let value = source.through(shop, &LISTS, key, &["product"]).await;
    value.unwrap()
}

/// A node, and what troubles it.
pub(crate) async fn troubled(site: &Site) -> (TenantCache, Chaos) {
    let chaos = Chaos::seeded(1);
    let shop = site.node_over(chaos.wrap(site.remote())).await;
    (shop, chaos)
}

/// Lets Redis do what the cache does not.
pub(super) async fn meddle(site: &Site, script: &str, pattern: &str) {
    let script = format!("for _, key in ipairs(redis.call('KEYS', ARGV[1])) do {script} end");
    let pattern = format!("{}{pattern}", site.prefix);
    let call = Script::new(&script).call(Vec::<String>::new(), [pattern]);
    site.redis.command(call).await.unwrap();
}

#[tokio::test]
async fn a_node_that_has_not_heard_of_a_flush_stores_nothing_that_others_use() {
    let site = shared_site().await;
    let ((one, chaos), other) = (troubled(&site).await, site.node().await);
    let tags = [Tag::new("product")];
    // So that the tag's version is known.
    read(&Source::default(), &one, "before").await;
    let gate = Arc::new(Semaphore::new(0));
    let loading = tokio::spawn({
        let (one, tags, gate) = (one.clone(), tags.clone(), gate.clone());
        async move {
            let load = || gated(&gate, 1_u32);
            one.remember(&LISTS, "list", &tags, load).await
        }
    });
    while one.loads_under_way() == 0 {
        tokio::task::yield_now().await;
    }
    tokio::time::sleep(Duration::from_millis(20)).await;
    chaos.hide_news(true);
    other.flush_tag("product", Flush::Hard).await.unwrap();
    gate.add_permits(1);
    assert_eq!(*loading.await.unwrap().unwrap(), 1);
    // Where it was loaded nobody can know yet; it is stored by now.
    assert!(has(&one, "list").await);
    for shop in [&other, &site.node().await] {
        let stored = shop.get::<u32>(&LISTS, "list").await.unwrap();
        assert_ne!(stored.as_deref(), Some(&1));
        let load = || async { Ok::<_, Infallible>(2_u32) };
        let value = shop.remember(&LISTS, "list", &tags, load).await.unwrap();
        assert_eq!(*value, 2);
    }
    chaos.relent();
    gone(&one, "list").await;
}

#[tokio::test]
async fn nothing_that_was_flushed_comes_back_when_the_store_loses_a_record_of_it() {
    let lost = [
        ("versions", "*}v*"),
        ("the generation", "*}g"),
        ("the number", "*}n"),
        ("the log", "*}l"),
        ("all of them", "*}*"),
    ];
    let ways = ["redis.call('DEL', key)", "redis.call('PEXPIRE', key, 1)"];
    for ((what, pattern), way) in lost
        .into_iter()
        .flat_map(|lost| ways.map(|way| (lost, way)))
    {
        let site = shared_site().await;
        let ((one, chaos), other) = (troubled(&site).await, site.node().await);
        let source = Source::default();
        assert_eq!(read(&source, &one, "list").await, 1);
        assert_eq!(read(&source, &other, "list").await, 1);
        chaos.hide_news(true);
        other.flush_tag("product", Flush::Hard).await.unwrap();
        meddle(&site, way, pattern).await;
        tokio::time::sleep(Duration::from_millis(2)).await;
        chaos.relent();
        // The payload of the first reading is still there.
        for shop in [&other, &site.node().await] {
            let value = read(&source, shop, "list").await;
            assert!(value > 1, "{what} lost: {value}");
        }
        assert!(gone(&one, "list").await < BOUND + ALLOWANCE, "{what}");
        assert!(read(&source, &one, "list").await > 1, "{what}");
    }
}

#[tokio::test]
async fn a_flush_whose_wake_is_lost_is_heard_with_the_next_beat() {
    let site = shared_site().await;
    let ((one, chaos), other) = (troubled(&site).await, site.node().await);
    let source = Source::default();
    assert_eq!(read(&source, &one, "list").await, 1);
    chaos.swallow_wakes(true);
    other.flush_tag("product", Flush::Hard).await.unwrap();
    assert!(gone(&one, "list").await < BOUND / 4 + ALLOWANCE);
    assert_eq!(read(&source, &one, "list").await, 2);
}

#[tokio::test]
async fn what_is_found_or_loaded_without_news_is_no_staler_than_the_bound() {
    let site = shared_site().await;
    let ((one, chaos), other) = (troubled(&site).await, site.node().await);
    let source = Source::default();
    read(&source, &one, "known").await;
    read(&source, &other, "found").await;
    chaos.hide_news(true);
    let tags = [Tag::new("product")];
    let slowly = || async {
        tokio::time::sleep(BOUND * 7 / 10).await;
        Ok::<_, Infallible>(0_u32)
    };
    let loading = one.remember(&LISTS, "loaded", &tags, slowly);
    let flushing = async {
        tokio::time::sleep(BOUND / 10).await;
        other.flush_tag("product", Flush::Hard).await.unwrap();
        Instant::now()
    };
    let (loaded, flushed_at) = tokio::join!(loading, flushing);
    loaded.unwrap();
    // Late, and from before the flush: this node cannot know.
    one.get::<u32>(&LISTS, "found").await.unwrap();
    for key in ["known", "found", "loaded"] {
        gone(&one, key).await;
        let age = flushed_at.elapsed();
        assert!(age < BOUND + ALLOWANCE, "{key} is served after {age:?}");
    }
}

/// A node that misses so many flushes for half a minute, and hears of them then.
async fn misses(flushes: usize) -> (TenantCache, Source) {
    let site = shared_site().await;
    let chaos = Chaos::seeded(1);
    let cache = site.cache(chaos.wrap(site.remote())).tokio_clock().build();
    let (one, other) = (ready(site.open(&cache)).await, site.node().await);
    let source = Source::default();
    let tag = |number: usize| format!("tag-{number}");
    for number in (0..flushes).step_by(flushes / 200) {
        let (key, tag) = (format!("flushed-{number}"), tag(number));
        source.through(&one, &LISTS, &key, &[&tag]).await.unwrap();
    }
    for number in 0..50 {
        let (key, tag) = (format!("kept-{number}"), format!("other-{number}"));
        source.through(&one, &LISTS, &key, &[&tag]).await.unwrap();
    }
    chaos.hide_news(true);
    let numbers: Vec<usize> = (0..flushes).collect();
    for numbers in numbers.chunks(250) {
        let flush = |number: &usize| other.flush_tag(tag(*number), Flush::Hard);
        for flushed in join_all(numbers.iter().map(flush)).await {
            flushed.unwrap();
        }
    }
    tokio::time::pause();
    tokio::time::advance(Duration::from_secs(30)).await;
    tokio::time::resume();
    assert!(!has(&one, "flushed-0").await && !has(&one, "kept-0").await);
    chaos.relent();
    let one = ready(one).await;
    for number in (0..flushes).step_by(flushes / 200) {
        let key = format!("flushed-{number}");
        assert!(!has(&one, &key).await, "{key} was missed");
        assert_eq!(one.get::<u32>(&LISTS, key).await.unwrap(), None);
    }
    (one, source)
}

#[tokio::test]
async fn flushes_that_were_missed_are_made_up_for_one_by_one() {
    let (one, source) = misses(3_000).await;
    let before = source.readings();
    for number in 0..50 {
        assert!(has(&one, &format!("kept-{number}")).await, "{number}");
    }
    assert_eq!(source.readings(), before);
}

#[tokio::test]
async fn more_flushes_than_the_log_holds_end_what_they_ended_all_the_same() {
    let (one, _) = misses(10_000).await;
    // What was not flushed is compared with the store, and found to be good.
    for number in 0..50 {
        let key = format!("kept-{number}");
        assert!(one.get::<u32>(&LISTS, key).await.unwrap().is_some());
    }
}

#[tokio::test]
async fn versions_that_the_store_has_made_anew_are_learnt_within_a_minute() {
    let site = shared_site().await;
    let (one, source) = (site.node().await, Source::default());
    assert_eq!(read(&source, &one, "list").await, 1);
    meddle(&site, "redis.call('DEL', key)", "*}v*").await;
    let third = site.node().await;
    // Each knows other versions, and has no use for what the other stores.
    assert_eq!(read(&source, &third, "list").await, 2);
    assert_eq!(read(&source, &third, "apart").await, 3);
    assert_eq!(read(&source, &one, "apart").await, 4);
    tokio::time::pause();
    tokio::time::advance(Duration::from_secs(61)).await;
    tokio::time::resume();
    let began = Instant::now();
    let shares = async |number: u32| {
        let key = format!("shared-{number}");
        read(&source, &third, &key).await == read(&source, &one, &key).await
    };
    let mut number = 0;
    while !shares(number).await {
        assert!(began.elapsed() < PATIENCE, "the versions are never learnt");
        tokio::time::sleep(Duration::from_millis(10)).await;
        number += 1;
    }
}

#[tokio::test]
async fn a_store_that_has_lost_count_is_of_use_again() {
    let site = shared_site().await;
    let (one, source) = (site.node().await, Source::default());
    for _ in 0..20 {
        read(&source, &one, "list").await;
        one.flush_tag("product", Flush::Hard).await.unwrap();
    }
    meddle(&site, "redis.call('DEL', key)", "*}n").await;
    let began = Instant::now();
    let shares = async || {
        let value = read(&source, &site.node().await, "list").await;
        value == read(&source, &site.node().await, "list").await
    };
    while !shares().await {
        assert!(
            began.elapsed() < PATIENCE,
            "nobody finds what another loads"
        );
    }
}

#[tokio::test]
async fn a_flush_that_is_told_twice_brings_nothing_back_that_another_ended() {
    let site = shared_site().await;
    let ((one, chaos), other) = (troubled(&site).await, site.node().await);
    let source = Source::default();
    assert_eq!(read(&source, &other, "list").await, 1);
    // It takes effect, and nobody says so.
    chaos.lose_answers(1.0);
    one.flush_tag("product", Flush::Hard).await.unwrap_err();
    gone(&other, "list").await;
    assert_eq!(read(&source, &other, "list").await, 2);
    other.flush_tag("product", Flush::Hard).await.unwrap();
    chaos.relent();
    ready(one).await;
    assert_eq!(read(&source, &site.node().await, "list").await, 3);
}

#[tokio::test]
async fn an_answer_from_before_a_flush_makes_nothing_good_again() {
    let site = shared_site().await;
    let (one, chaos) = troubled(&site).await;
    let source = Source::default();
    for number in 0..20 {
        one.flush_tag("product", Flush::Hard).await.unwrap();
        // Two ask for the tag's version, and at times one hears what it was before the flush after it.
        chaos.delay(Duration::from_millis(20)..=Duration::from_millis(20));
        let late = read(&source, &one, "late");
        let flush = async {
            tokio::time::sleep(Duration::from_millis(5)).await;
            chaos.relent();
            let before = read(&source, &one, "list").await;
            one.flush_tag("product", Flush::Hard).await.unwrap();
            before
        };
        let (_, before) = tokio::join!(late, flush);
        let after = read(&source, &one, "list").await;
        assert!(after > before, "{number}: {after} after {before}");
    }
}

#[tokio::test]
async fn what_is_past_its_time_in_the_store_is_loaded_anew() {
    let site = shared_site().await;
    let (one, source) = (site.node().await, Source::default());
    let brief = LISTS.time_to_live(Duration::from_millis(60));
    let read = async |shop: &TenantCache| source.through(shop, &brief, "list", &[]).await.unwrap();
    assert_eq!(read(&one).await, 1);
    tokio::time::sleep(Duration::from_millis(80)).await;
    assert_eq!(read(&site.node().await).await, 2);
    assert_eq!(read(&one).await, 2);
}

#[tokio::test]
async fn a_removal_that_failed_is_made_up_for() {
    let site = shared_site().await;
    let ((one, chaos), other) = (troubled(&site).await, site.node().await);
    let source = Source::default();
    assert_eq!(read(&source, &one, "list").await, 1);
    assert_eq!(read(&source, &other, "list").await, 1);
    chaos.fail(1.0);
    one.remove(&LISTS, "list").await.unwrap_err();
    // Nothing of the store is used until it has heard of it.
    assert_eq!(one.get::<u32>(&LISTS, "list").await.unwrap(), None);
    chaos.relent();
    gone(&other, "list").await;
    assert_eq!(other.get::<u32>(&LISTS, "list").await.unwrap(), None);
}

#[tokio::test]
async fn temporary_data_that_was_flushed_is_taken_nowhere() {
    let site = shared_site().await;
    let (one, other) = (site.node().await, site.node().await);
    for shop in [&one, &other] {
        one.temporary().put("notice", 1_u32).await.unwrap();
        one.flush_tenant(Flush::Hard).await.unwrap();
        tokio::time::sleep(BOUND / 4).await;
        assert_eq!(shop.temporary().take::<u32>("notice").await.unwrap(), None);
    }
}

#[tokio::test]
async fn a_server_that_comes_back_empty_ends_everything_within_the_bound() {
    let server = Server::start().await;
    let site = Site::at(&server.url()).await;
    let (one, other) = (site.node().await, site.node().await);
    let source = Source::default();
    assert_eq!(read(&source, &one, "list").await, 1);
    assert_eq!(read(&source, &other, "list").await, 1);
    server.restart().await;
    for shop in [&one, &other] {
        assert!(gone(shop, "list").await < BOUND + ALLOWANCE);
        ready(shop.clone()).await;
        assert!(read(&source, shop, "list").await > 1);
    }
}

/// As where a replica takes over that had not heard of the last flush, and others flush then.
#[tokio::test]
async fn a_server_that_has_lost_the_last_flush_ends_everything() {
    for flushes_since in 0..3 {
        let site = shared_site().await;
        let ((one, chaos), other) = (troubled(&site).await, site.node().await);
        let source = Source::default();
        assert_eq!(read(&source, &one, "list").await, 1);
        one.flush_tag("earlier", Flush::Hard).await.unwrap();
        save_versions(&site).await;
        other.flush_tag("product", Flush::Hard).await.unwrap();
        let began = Instant::now();
        while one.why(&LISTS, "list").await.unwrap().verdict != Verdict::Flushed {
            assert!(began.elapsed() < PATIENCE, "the flush is not heard of");
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        chaos.hide_news(true);
        lose_last_flush(&site).await;
        for _ in 0..flushes_since {
            other.flush_tag("later", Flush::Hard).await.unwrap();
        }
        chaos.relent();
        // One notices, and tells the others.
        ended_for_all(&site, &source).await;
    }
}

/// The same, where nobody has read of the flush but only who told it knows.
#[tokio::test]
async fn a_server_that_has_lost_a_flush_that_nobody_has_read_ends_everything() {
    for flushes_since in 0..3 {
        let site = shared_site().await;
        let ((other, chaos), source) = (troubled(&site).await, Source::default());
        assert_eq!(read(&source, &other, "list").await, 1);
        other.flush_tag("earlier", Flush::Hard).await.unwrap();
        save_versions(&site).await;
        chaos.hide_news(true);
        other.flush_tag("product", Flush::Hard).await.unwrap();
        lose_last_flush(&site).await;
        for _ in 0..flushes_since {
            other.flush_tag("later", Flush::Hard).await.unwrap();
        }
        chaos.relent();
        ended_for_all(&site, &source).await;
    }
}

async fn save_versions(site: &Site) {
    meddle(site, "redis.call('COPY', key, 'old' .. key)", "*}v*").await;
}

async fn lose_last_flush(site: &Site) {
    let restore = "redis.call('COPY', 'old' .. key, key, 'REPLACE')";
    meddle(site, restore, "*}v*").await;
    meddle(site, "redis.call('DECR', key)", "*}n").await;
    let forget = "local last = redis.call('XREVRANGE', key, '+', '-', 'COUNT', 1)
        if last[1] then redis.call('XDEL', key, last[1][1]) end";
    meddle(site, forget, "*}l").await;
}

/// Waits until who comes anew no longer finds the first value.
async fn ended_for_all(site: &Site, source: &Source) {
    let began = Instant::now();
    while read(source, &site.node().await, "list").await == 1 {
        assert!(began.elapsed() < PATIENCE, "the first value stays");
    }
}

/// Sends a server a line and returns its answer, where that is one line or one text.
async fn ask(server: &Server, line: &str) -> String {
    let connection = TcpStream::connect(("127.0.0.1", server.port())).await;
    let mut connection = BufReader::new(connection.unwrap());
    let line = format!("{line}\r\n");
    connection.write_all(line.as_bytes()).await.unwrap();
    let mut answer = String::new();
    connection.read_line(&mut answer).await.unwrap();
    if let Some(length) = answer.strip_prefix('$') {
        let mut text = vec![0; length.trim_end().parse().unwrap()];
        connection.read_exact(&mut text).await.unwrap();
        return String::from_utf8(text).unwrap();
    }
    answer.trim_end().to_owned()
}

/// Moves all keys of a slot to another master.
async fn move_slot(cluster: &RedisCluster, key: &str) {
    let from = cluster.master_of(key).await;
    let others = cluster.nodes()[..3].iter();
    let mut others = others.filter(|node| node.port() != from.port());
    let to = others.next().unwrap();
    let (from_id, to_id) = (
        ask(&from, "CLUSTER MYID").await,
        ask(to, "CLUSTER MYID").await,
    );
    let slot = ask(&from, &format!("CLUSTER KEYSLOT {key}")).await;
    let slot = slot.trim_start_matches(':');
    ask(to, &format!("CLUSTER SETSLOT {slot} IMPORTING {from_id}")).await;
    ask(&from, &format!("CLUSTER SETSLOT {slot} MIGRATING {to_id}")).await;
    let script = format!(
        "local keys = redis.call('CLUSTER', 'GETKEYSINSLOT', {slot}, 10000)
         for _, key in ipairs(keys) do
             redis.call('MIGRATE', '127.0.0.1', {}, key, 0, 5000)
         end
         return #keys",
        to.port()
    );
    let node = tenancy_core::redis::Redis::builder(&from.url()).time_out(PATIENCE);
    let call = Script::new(&script).call(Vec::<String>::new(), Vec::<String>::new());
    let moved = node.build().unwrap().command(call).await.unwrap();
    assert!(moved.into_integer().unwrap() > 3);
    for node in [to, &from] {
        ask(node, &format!("CLUSTER SETSLOT {slot} NODE {to_id}")).await;
    }
}

#[tokio::test]
async fn in_a_cluster_flushes_are_seen_whatever_slot_they_are_told_in_and_while_it_moves() {
    let cluster = RedisCluster::start().await;
    let site = Site::at(&cluster.url()).await;
    let caches = [
        site.cache(site.remote()).build(),
        site.cache(site.remote()).build(),
    ];
    let source = Source::default();
    let (mut buckets, mut shops) = (Vec::new(), Vec::new());
    for number in 0..24 {
        let scope = site.another(&format!("shop-{number}")).await;
        buckets.push(Bucket::of(scope.tenant_id()).number());
        let [one, other] = [0, 1].map(|node: usize| caches[node].tenant(&scope).unwrap());
        shops.push((ready(one).await, ready(other).await));
    }
    let round = async || {
        for (one, other) in &shops {
            let value = read(&source, one, "list").await;
            assert_eq!(read(&source, other, "list").await, value);
        }
        for (one, _) in &shops {
            one.flush_tag("product", Flush::Hard).await.unwrap();
        }
        for (one, other) in &shops {
            assert!(gone(other, "list").await < BOUND + ALLOWANCE);
            assert!(!has(one, "list").await);
        }
    };
    round().await;
    let prefix = &site.prefix;
    let log = |bucket: u16| format!("{prefix}{{{prefix}{bucket}}}l");
    let mut masters = Vec::new();
    for bucket in &buckets {
        masters.push(cluster.master_of(&log(*bucket)).await.port());
    }
    masters.sort_unstable();
    masters.dedup();
    assert!(masters.len() > 1, "the logs are on one master");

    move_slot(&cluster, &log(buckets[0])).await;
    let (one, other) = &shops[0];
    let began = Instant::now();
    while one.flush_tag("product", Flush::Hard).await.is_err()
        || !(one.is_proven() && other.is_proven())
    {
        assert!(began.elapsed() < PATIENCE, "the cluster does not recover");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    // Until the last of these flushes is heard, what was loaded after it is not found.
    tokio::time::sleep(BOUND / 2).await;
    round().await;
}

/// Of the trait, that a wrapper is one too.
#[tokio::test]
async fn a_wrapped_tier_answers_as_the_wrapped_one() {
    const CLASS: Class = Class::new("wrapped");
    let site = shared_site().await;
    let chaos = Chaos::seeded(1);
    let wrapped = chaos.wrap(site.remote());
    wrapped
        .write(b"key", b"payload".to_vec(), BOUND, None)
        .await
        .unwrap();
    let taken = wrapped.take(b"key").await.unwrap();
    assert_eq!(taken.as_deref(), Some(b"payload".as_slice()));
    chaos.lose_answers(1.0);
    wrapped
        .write(b"key", b"payload".to_vec(), BOUND, None)
        .await
        .unwrap_err();
    chaos.relent();
    assert!(wrapped.take(b"key").await.unwrap().is_some());
    chaos.fail(1.0);
    wrapped
        .write(b"key", b"payload".to_vec(), BOUND, None)
        .await
        .unwrap_err();
    chaos.relent();
    assert!(wrapped.take(b"key").await.unwrap().is_none());
    assert_eq!(chaos.troubles(), 2);
    let shop = site.node_over(wrapped).await;
    assert_eq!(shop.get::<u32>(&CLASS, "none").await.unwrap(), None);
}
