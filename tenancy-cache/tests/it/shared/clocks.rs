//! Processes whose wall clocks disagree, and what time leaves behind.

use std::env;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::process::Command;
use std::time::{Duration, Instant, SystemTime};

use tempfile::TempDir;
use tenancy_cache::remote::RedisRemote;
use tenancy_cache::testing::Chaos;
use tenancy_cache::{Flush, Key, Tag, TenantCache, Wanted};
use tenancy_core::TenantId;
use tenancy_core::redis::{Command as RedisCommand, Redis, Script};
use tenancy_tests::Redis as Server;
use tokio::task::spawn_blocking;
use tokio::time::sleep;

use super::coherence::{meddle, read, troubled};
use super::{BOUND, LISTS, PATIENCE, Site, gone, has, ready, shared_site};
use crate::town::Source;

/// A wall clock that can be shifted, for programs to run under.
struct Clock(TempDir);

impl Clock {
    fn shifted_by(seconds: i64) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let clock = Self(folder);
        let source = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/shared/clock.c");
        let built = Command::new("cc")
            .args(["-O1", "-shared", "-fPIC", "-o"])
            .arg(clock.library())
            .arg(source)
            .status();
        assert!(built.expect("a C compiler is installed").success());
        clock.shift(seconds);
        clock
    }

    fn shift(&self, seconds: i64) {
        // In place: the file is mapped.
        let file = fs::File::options()
            .create(true)
            .truncate(false)
            .write(true)
            .open(self.file());
        std::os::unix::fs::FileExt::write_all_at(&file.unwrap(), &seconds.to_ne_bytes(), 0)
            .unwrap();
    }

    fn library(&self) -> PathBuf {
        self.0.path().join("clock.so")
    }

    fn file(&self) -> PathBuf {
        self.0.path().join("shift")
    }

    /// A Redis that runs under it.
    async fn redis(&self) -> Server {
        let program = self.0.path().join("redis");
        let script = format!(
            "#!/bin/sh\nexport LD_PRELOAD={} CLOCK_SHIFT={}\nexec redis-server \"$@\"\n",
            self.library().display(),
            self.file().display()
        );
        fs::write(&program, script).unwrap();
        fs::set_permissions(&program, fs::Permissions::from_mode(0o700)).unwrap();
        Server::builder().program(program).start().await
    }

    /// Has a process of its own do something as a node, and returns what it says.
    async fn node(&self, site: &Site, does: &str) -> String {
        let mut command = Command::new(env::current_exe().unwrap());
        command
            .args(["--exact", "shared::clocks::a_node_in_a_process_of_its_own"])
            .arg("--nocapture")
            .env("LD_PRELOAD", self.library())
            .env("CLOCK_SHIFT", self.file())
            .env("NODE_REDIS", Server::shared().await.url())
            .env("NODE_TENANT", site.scope.tenant_id().to_string())
            .env("NODE_DOES", does);
        let output = spawn_blocking(move || command.output().unwrap()).await;
        let output = output.unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        assert!(output.status.success(), "{text}");
        let said = text.lines().find_map(|line| line.split_once("SAYS "));
        said.unwrap_or_else(|| panic!("{text}")).1.to_owned()
    }
}

/// What another test starts as a process; alone it has nothing to do.
#[tokio::test]
async fn a_node_in_a_process_of_its_own() {
    let Ok(does) = env::var("NODE_DOES") else {
        return;
    };
    let tenant: TenantId = env::var("NODE_TENANT").unwrap().parse().unwrap();
    let site = Site::of(&env::var("NODE_REDIS").unwrap(), tenant).await;
    let shop = site.node().await;
    let says = match does.split_once(' ') {
        Some(("remember", number)) => {
            let (number, tags): (u32, _) = (number.parse().unwrap(), [Tag::new("product")]);
            let load = || async move { Ok::<_, std::convert::Infallible>(number) };
            let value = shop.remember(&LISTS, "list", &tags, load).await.unwrap();
            value.to_string()
        }
        Some(("flush", how)) => {
            let how = if how == "hard" {
                Flush::Hard
            } else {
                Flush::Soft
            };
            shop.flush_tag("product", how).await.unwrap();
            "done".to_owned()
        }
        _ => seconds_now().to_string(),
    };
    println!("SAYS {says}");
}

fn seconds_now() -> i64 {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    i64::try_from(now.unwrap().as_secs()).unwrap()
}

#[tokio::test]
async fn nodes_whose_clocks_are_a_minute_apart_end_what_they_flush_and_nothing_else() {
    let site = shared_site().await;
    let here = site.node().await;
    let (ahead, behind) = (Clock::shifted_by(30), Clock::shifted_by(-30));
    let tells: i64 = ahead.node(&site, "tell").await.parse().unwrap();
    assert!((28..=60).contains(&(tells - seconds_now())), "{tells}");
    let tells: i64 = behind.node(&site, "tell").await.parse().unwrap();
    assert!((-32..=0).contains(&(tells - seconds_now())), "{tells}");

    let brief = LISTS.time_to_live(Duration::from_secs(20));
    let source = Source::default();
    let read_brief = async |shop: &TenantCache| {
        let value = source.through(shop, &brief, "list", &["product"]).await;
        value.unwrap()
    };
    for clock in [&ahead, &behind] {
        for how in ["hard", "soft"] {
            let value = read_brief(&here).await;
            // Another finds it, and does not take it for old or for flushed.
            assert_eq!(clock.node(&site, "remember 77").await, value.to_string());
            assert!(has(&here, "list").await);
            clock.node(&site, &format!("flush {how}")).await;
            gone(&here, "list").await;
            // What it stores after its flush is good here and there.
            assert_eq!(clock.node(&site, "remember 77").await, "77");
            for shop in [&here, &site.node().await] {
                assert_eq!(read_brief(shop).await, 77);
            }
            here.flush_tag("product", Flush::Hard).await.unwrap();
            let next = read_brief(&here).await;
            assert_eq!(clock.node(&site, "remember 77").await, next.to_string());
            sleep(BOUND / 2).await;
            assert!(has(&here, "list").await, "it was ended for no reason");
        }
    }
}

/// The places of a log are times of the server that tells: one that takes over with an earlier clock
/// gives places that lie before those of what it has lost.
#[tokio::test]
async fn a_flush_told_where_the_clock_is_behind_is_not_missed() {
    let clock = Clock::shifted_by(30);
    let server = clock.redis().await;
    let site = Site::at(&server.url()).await;
    let ((one, chaos), other) = (troubled(&site).await, site.node().await);
    let source = Source::default();
    other.flush_tag("lost", Flush::Hard).await.unwrap();
    assert_eq!(read(&source, &one, "list").await, 1);
    // So that all of the log has been read.
    sleep(BOUND / 2).await;
    chaos.hide_news(true);
    let forget = "local last = redis.call('XREVRANGE', key, '+', '-', 'COUNT', 1)
        if last[1] then
            redis.call('DEL', key)
            redis.call('XADD', key, '1-1', 'n', 0, 'e', '')
        end";
    meddle(&site, forget, "*}l").await;
    meddle(&site, "redis.call('DECR', key)", "*}n").await;
    clock.shift(0);
    other.flush_tag("product", Flush::Hard).await.unwrap();
    chaos.relent();
    assert!(gone(&one, "list").await < BOUND + BOUND / 4);
    ready(one.clone()).await;
    assert_eq!(read(&source, &one, "list").await, 2);
}

/// Otherwise it would live longer by as much.
#[tokio::test]
async fn what_was_stored_before_the_clock_was_set_back_is_loaded_anew() {
    let clock = Clock::shifted_by(0);
    let server = clock.redis().await;
    let site = Site::at(&server.url()).await;
    let (one, source) = (site.node().await, Source::default());
    assert_eq!(read(&source, &one, "list").await, 1);
    assert_eq!(read(&source, &site.node().await, "left").await, 2);
    clock.shift(-30);
    assert!(gone(&one, "list").await < BOUND);
    ready(one.clone()).await;
    for key in ["list", "left"] {
        let number = read(&source, &one, key).await;
        assert!(number > 2, "{key}: {number}");
        assert_eq!(read(&source, &site.node().await, key).await, number);
    }
}

#[tokio::test]
async fn what_is_stored_while_the_clock_is_ahead_does_not_outlive_its_return() {
    let clock = Clock::shifted_by(0);
    let server = clock.redis().await;
    let site = Site::at(&server.url()).await;
    let (one, source) = (site.node().await, Source::default());
    assert_eq!(read(&source, &one, "list").await, 1);
    clock.shift(24 * 3600);
    // By this clock its life is over.
    assert_eq!(read(&source, &site.node().await, "list").await, 2);
    // So that the node has heard of it.
    sleep(BOUND / 2).await;
    clock.shift(0);
    assert!(gone(&one, "list").await < BOUND);
    ready(one.clone()).await;
    for shop in [&one, &site.node().await] {
        assert_eq!(read(&source, shop, "list").await, 3);
    }
}

#[tokio::test]
async fn what_another_stored_lives_no_longer_than_it_does_there() {
    const LIFE: Duration = Duration::from_secs(60);
    const AGE: Duration = Duration::from_millis(200);
    let site = shared_site().await;
    let (one, other) = (site.node().await, site.node().await);
    let class = LISTS.time_to_live(LIFE);
    one.put(&class, "list", &[], 1_u32).await.unwrap();
    let left = async |shop: &TenantCache| {
        let why = shop.why(&class, "list").await.unwrap();
        why.entry.unwrap().fresh_for
    };
    while left(&one).await > LIFE - AGE {
        sleep(Duration::from_millis(5)).await;
    }
    other.get::<u32>(&class, "list").await.unwrap().unwrap();
    let (here, there) = (left(&one).await, left(&other).await);
    assert!(here.abs_diff(there) < AGE / 2, "{here:?} {there:?}");
}

#[tokio::test]
async fn an_entry_ends_by_itself_where_the_store_keeps_it() {
    let site = shared_site().await;
    let one = site.node().await;
    let class = LISTS.time_to_live(Duration::from_millis(500));
    let class = class.stale_for(Duration::ZERO);
    one.put(&class, "list", &[], 1_u32).await.unwrap();
    meddle(&site, "redis.call('PERSIST', key)", "{e*list}").await;
    // It keeps nothing itself.
    let cache = site.cache(site.remote()).capacity_bytes(1).build();
    let other = ready(site.open(&cache)).await;
    let found = async || other.get::<u32>(&class, "list").await.unwrap();
    let began = Instant::now();
    assert!(found().await.is_some());
    while found().await.is_some() {
        assert!(began.elapsed() < PATIENCE, "it outlives its time");
    }
    assert!(began.elapsed() < Duration::from_millis(600));
}

/// How many keys the server has.
async fn size(redis: &Redis) -> i64 {
    let size = Script::new("return redis.call('DBSIZE')");
    let size = size.call(Vec::<String>::new(), Vec::<String>::new());
    let answer = redis.with_time_out(PATIENCE).command(size).await;
    answer.unwrap().into_integer().unwrap()
}

/// Entries with a tag of all, each with one of its own as well.
async fn fill(shop: &TenantCache, entries: u32, life: Duration) {
    let tags = |number: &u32| vec![Tag::new("one").part(number), Tag::new("all")];
    fill_with(shop, entries, life, tags).await;
}

async fn fill_with(
    shop: &TenantCache,
    entries: u32,
    life: Duration,
    tags: impl Fn(&u32) -> Vec<Tag>,
) {
    let brief = LISTS.time_to_live(life).stale_for(Duration::ZERO);
    let numbers: Vec<u32> = (0..entries).collect();
    for numbers in numbers.chunks(500) {
        let wanted = |number: &u32| Wanted {
            key: Key::new(number),
            tags: tags(number),
        };
        let wanted: Vec<_> = numbers.iter().map(wanted).collect();
        let load = |places: Vec<usize>| async move { Ok::<_, std::convert::Infallible>(places) };
        shop.remember_many(&brief, &wanted, load).await.unwrap();
    }
}

/// A log and its number and generation, for each bucket.
const OF_BUCKETS: i64 = 3 * 17;

#[tokio::test]
async fn when_tagged_entries_have_ended_nothing_is_left_of_them() {
    let clock = Clock::shifted_by(0);
    let server = clock.redis().await;
    let site = Site::at(&server.url()).await;
    let life = Duration::from_secs(60);
    let remote = RedisRemote::new(&site.redis, &site.prefix, life);
    let shop = site.node_over(remote).await;
    fill(&shop, 10_000, life).await;
    for number in 0..300 {
        let tag = Tag::new("one").part(number);
        shop.flush_tag(tag, Flush::Hard).await.unwrap();
    }
    // An entry and a tag's version each.
    assert!(size(&site.redis).await > 19_000);
    // The entries' life is over, and then that of the versions.
    clock.shift(61);
    let began = Instant::now();
    while size(&site.redis).await > 10_000 + 10 + OF_BUCKETS {
        assert!(began.elapsed() < PATIENCE, "entries outlive their time");
        sleep(Duration::from_millis(20)).await;
    }
    clock.shift(60 + 3600 + 60);
    while size(&site.redis).await > OF_BUCKETS {
        assert!(began.elapsed() < PATIENCE, "{}", size(&site.redis).await);
        sleep(Duration::from_millis(20)).await;
    }
    // It goes on, and has of what is alive as much as is alive.
    let shop = ready(site.unready_node()).await;
    fill(&shop, 100, life).await;
    let left = size(&site.redis).await;
    assert!((200..=210 + OF_BUCKETS).contains(&left), "{left}");
}

/// A figure of the server's own.
async fn figure(redis: &Redis, section: &str, name: &str) -> u64 {
    let answer = redis.command(RedisCommand::new("INFO").arg(section)).await;
    let text = answer.unwrap().into_bytes().unwrap().unwrap();
    let text = String::from_utf8(text.to_vec()).unwrap();
    let (_, rest) = text.split_once(name).unwrap_or(("", "0"));
    let digits: String = rest.chars().take_while(char::is_ascii_digit).collect();
    digits.parse().unwrap()
}

/// Of a hundred thousand entries nine in ten are copies of the others, for that is faster.
#[tokio::test]
async fn a_flush_is_one_short_command_however_many_entries_it_ends() {
    const FLUSHES: u64 = 50;
    for (entries, copies) in [(10, 0), (10_000, 9)] {
        let server = Server::start().await;
        let site = Site::at(&server.url()).await;
        let chaos = Chaos::seeded(1);
        let shop = site.node_over(chaos.wrap(site.remote())).await;
        let life = Duration::from_secs(600);
        fill_with(&shop, entries, life, |_| vec![Tag::new("all")]).await;
        shop.flush_tag("another", Flush::Hard).await.unwrap();
        // The node says nothing else meanwhile.
        chaos.hide_news(true);
        sleep(Duration::from_millis(300)).await;
        let redis = Redis::builder(&server.url()).time_out(PATIENCE);
        let redis = &redis.build().unwrap();
        copy_entries(redis, &site.prefix, copies).await;
        assert!(size(redis).await > i64::from(entries) * (copies + 1));
        let before = async |section, name| figure(redis, section, name).await;
        let reads = before("stats", "total_reads_processed:").await;
        let calls = before("commandstats", "cmdstat_evalsha:calls=").await;
        let micros = microseconds(redis).await;
        for _ in 0..FLUSHES {
            shop.flush_tag("all", Flush::Hard).await.unwrap();
        }
        let micros = microseconds(redis).await - micros;
        let calls = before("commandstats", "cmdstat_evalsha:calls=").await - calls;
        let reads = before("stats", "total_reads_processed:").await - reads;
        assert_eq!(calls, FLUSHES);
        // Those of the figures are among them.
        assert!((FLUSHES..FLUSHES + 10).contains(&reads), "{reads}");
        assert!(
            micros / FLUSHES < 1_000,
            "{micros} µs for {entries} entries"
        );
    }
}

async fn copy_entries(redis: &Redis, prefix: &str, copies: i64) {
    let script = "for _, key in ipairs(redis.call('KEYS', ARGV[1] .. '{e*')) do
        for i = 1, ARGV[2] do redis.call('COPY', key, key .. i) end
    end";
    let arguments = [prefix.to_owned(), copies.to_string()];
    let copy = Script::new(script).call(Vec::<String>::new(), arguments);
    redis.command(copy).await.unwrap();
}

/// What scripts have taken, on the server.
async fn microseconds(redis: &Redis) -> u64 {
    let answer = redis.command(RedisCommand::new("INFO").arg("commandstats"));
    let text = answer.await.unwrap().into_bytes().unwrap().unwrap();
    let text = String::from_utf8(text.to_vec()).unwrap();
    let (_, line) = text.split_once("cmdstat_evalsha:").unwrap();
    let (_, rest) = line.split_once("usec=").unwrap();
    let digits: String = rest.chars().take_while(char::is_ascii_digit).collect();
    digits.parse().unwrap()
}
