//! Random histories of many tasks on one tenant's entries.

use std::array;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use fastrand::Rng;
use tenancy_cache::class::Class;
use tenancy_cache::{
    CacheBuilder, Error, Flush, Key, Match, PlatformCache, Tag, TenantCache, Wanted,
};
use tenancy_core::Actor;
use tokio::sync::Mutex;
use tokio::task::{JoinSet, yield_now};

use crate::town::Town;

const KEYS: usize = 6;
const TASKS: u64 = 8;

/// Entries as they mostly are; entries that every reader refreshes; entries for which nobody waits.
const CLASSES: [Class; 3] = [
    Class::new("plain"),
    Class::new("eager").early_refresh(1e12),
    Class::new("impatient").soft_time_out(Duration::ZERO),
];

/// What is cached, and what of it may no longer be read.
#[derive(Default)]
struct Row {
    value: Mutex<u64>,
    /// Values below were ended by hard flushes, removals among them.
    ended: AtomicU64,
    /// Values below were ended by flushes of either kind.
    doubted: AtomicU64,
}

struct World {
    shop: TenantCache,
    other: TenantCache,
    platform: PlatformCache,
    rows: [[Arc<Row>; KEYS]; CLASSES.len()],
}

/// Which rows a flush ends.
type Rows = Box<dyn Fn(usize, usize) -> bool + Send + Sync>;

impl World {
    async fn new(set_up: impl FnOnce(CacheBuilder) -> CacheBuilder) -> Self {
        let town = Town::with(set_up);
        let platform = town.tenants.platform(Actor::system("test"));
        Self {
            shop: town.shop("acme").await,
            other: town.shop("umbrella").await,
            platform: town.cache.platform(&platform).unwrap(),
            rows: array::from_fn(|_| array::from_fn(|_| Arc::default())),
        }
    }

    async fn step(&self, rng: &mut Rng) {
        let (class, key) = (rng.usize(..CLASSES.len()), rng.usize(..KEYS));
        match rng.u8(..100) {
            0..10 => *self.rows[class][key].value.lock().await += 1,
            10..30 => self.flush(class, key, rng).await,
            30..35 => self.remove(class, key).await,
            35..45 => self.put(class, key).await,
            45..50 => self.visit_other(rng).await,
            50..60 => self.get(class, key).await,
            60..75 => self.remember_many(class, rng).await,
            _ => self.remember(class, key, rng).await,
        }
    }

    async fn flush(&self, class: usize, key: usize, rng: &mut Rng) {
        let how = *rng.choice(&[Flush::Hard, Flush::Soft]).unwrap();
        let which = rng.u8(..7);
        let rows: Rows = match which {
            0 | 1 => Box::new(move |_, row| row == key),
            2 => Box::new(move |row, _| row == class),
            3 => Box::new(move |_, row| row % 2 == key % 2),
            4 => Box::new(|_, _| true),
            5 => Box::new(move |row, _| row == class),
            _ => Box::new(|_, _| true),
        };
        let seen = self.see(&rows).await;
        let (shop, policy) = (&self.shop, &CLASSES[class]);
        match which {
            0 => shop.flush_tag(tag(key), how).await,
            1 => {
                shop.flush_tags(Match::All, &[tag(key), parity(key)], how)
                    .await
            }
            2 => shop.flush_class(policy, how).await,
            3 => shop.flush_tag(parity(key), how).await,
            4 => shop.flush_tenant(how).await,
            5 => self.platform.flush_class(policy, how).await,
            _ => self.platform.flush_all(how).await,
        }
        .unwrap();
        Self::end(seen, how);
    }

    async fn remove(&self, class: usize, key: usize) {
        let only: Rows = Box::new(move |row, place| (row, place) == (class, key));
        let seen = self.see(&only).await;
        self.shop
            .remove(&CLASSES[class], Key::new(key))
            .await
            .unwrap();
        Self::end(seen, Flush::Hard);
    }

    /// Reads and stores in one breath, as the method's contract wants it.
    async fn put(&self, class: usize, key: usize) {
        let value = self.rows[class][key].value.lock().await;
        let (policy, tags) = (&CLASSES[class], tags(key));
        let put = self.shop.put(policy, Key::new(key), &tags, *value);
        put.await.unwrap();
    }

    /// Where there is room for one tenant only, the other's entries have to go.
    async fn visit_other(&self, rng: &mut Rng) {
        let put = self
            .other
            .put(&CLASSES[0], Key::new(rng.u8(..)), &[], 0_u64);
        put.await.unwrap();
    }

    async fn get(&self, class: usize, key: usize) {
        let floor = self.rows[class][key].doubted.load(Ordering::SeqCst);
        let read = self.shop.get::<u64>(&CLASSES[class], Key::new(key)).await;
        if let Some(value) = read.unwrap() {
            assert!(
                *value >= floor,
                "get gave {value}, of which {floor} was flushed"
            );
        }
    }

    async fn remember(&self, class: usize, key: usize, rng: &mut Rng) {
        let floor = self.rows[class][key].ended.load(Ordering::SeqCst);
        let (row, seed) = (self.rows[class][key].clone(), rng.u64(..));
        let load = || async move { load(vec![row], seed).await.map(|values| values[0]) };
        let tags = tags(key);
        let read = self
            .shop
            .remember(&CLASSES[class], Key::new(key), &tags, load);
        let read = or_leave(read, rng).await;
        if let Some(Ok(value)) = read {
            assert!(
                *value >= floor,
                "remember gave {value}, of which {floor} was flushed"
            );
        }
    }

    async fn remember_many(&self, class: usize, rng: &mut Rng) {
        let keys: Vec<usize> = (0..KEYS).filter(|_| rng.bool()).collect();
        let wanted = |key: &usize| Wanted {
            key: Key::new(key),
            tags: tags(*key),
        };
        let wanted: Vec<_> = keys.iter().map(wanted).collect();
        let rows = keys.iter().map(|key| &self.rows[class][*key]);
        let floors: Vec<_> = rows
            .clone()
            .map(|row| row.ended.load(Ordering::SeqCst))
            .collect();
        let rows: Vec<_> = rows.cloned().collect();
        let seed = rng.u64(..);
        let load = |places: Vec<usize>| {
            let rows = places.into_iter().map(|place| rows[place].clone());
            load(rows.collect(), seed)
        };
        let read = self.shop.remember_many(&CLASSES[class], &wanted, load);
        if let Some(Ok(values)) = or_leave(read, rng).await {
            for (value, floor) in values.into_iter().zip(floors) {
                assert!(*value >= floor, "remember_many gave {value} below {floor}");
            }
        }
    }

    /// The values of rows, before they are flushed.
    async fn see(&self, are_meant: &Rows) -> Vec<(&Row, u64)> {
        let mut seen = Vec::new();
        for (class, rows) in self.rows.iter().enumerate() {
            for (key, row) in rows.iter().enumerate() {
                if are_meant(class, key) {
                    seen.push((&**row, *row.value.lock().await));
                }
            }
        }
        seen
    }

    fn end(seen: Vec<(&Row, u64)>, how: Flush) {
        for (row, value) in seen {
            row.doubted.fetch_max(value, Ordering::SeqCst);
            if how == Flush::Hard {
                row.ended.fetch_max(value, Ordering::SeqCst);
            }
        }
    }
}

fn tag(key: usize) -> Tag {
    Tag::new("row").part(key)
}

fn parity(key: usize) -> Tag {
    Tag::new("parity").part(key % 2)
}

fn tags(key: usize) -> Vec<Tag> {
    vec![tag(key), parity(key)]
}

/// Reads rows, with pauses, and fails at times.
async fn load(rows: Vec<Arc<Row>>, seed: u64) -> io::Result<Vec<u64>> {
    let (mut values, mut rng) = (Vec::new(), Rng::with_seed(seed));
    for row in rows {
        pause(&mut rng).await;
        values.push(*row.value.lock().await);
    }
    pause(&mut rng).await;
    if rng.u8(..8) == 0 {
        return Err(io::Error::other("down"));
    }
    Ok(values)
}

async fn pause(rng: &mut Rng) {
    for _ in 0..rng.u8(..4) {
        yield_now().await;
    }
}

/// The outcome, unless the caller is one of those who leave before the end.
async fn or_leave<T>(
    work: impl Future<Output = Result<T, Error>>,
    rng: &mut Rng,
) -> Option<Result<T, Error>> {
    if rng.u8(..6) > 0 {
        return Some(work.await);
    }
    tokio::select! {
        biased;
        outcome = work => Some(outcome),
        () = pause(rng) => None,
    }
}

async fn run(seed: u64, steps: u32, set_up: impl FnOnce(CacheBuilder) -> CacheBuilder) {
    let world = Arc::new(World::new(set_up).await);
    let mut tasks = JoinSet::new();
    for task in 0..TASKS {
        let world = world.clone();
        tasks.spawn(async move {
            let mut rng = Rng::with_seed(seed ^ (task << 32));
            for _ in 0..steps {
                world.step(&mut rng).await;
                pause(&mut rng).await;
            }
        });
    }
    while let Some(ended) = tasks.join_next().await {
        ended.unwrap_or_else(|error| panic!("seed {seed}: {error}"));
    }
    let all_landed = async {
        while world.shop.loads_under_way() > 0 {
            yield_now().await;
        }
    };
    let landed = tokio::time::timeout(Duration::from_secs(10), all_landed).await;
    landed.unwrap_or_else(|_| panic!("seed {seed}: loads were left behind"));
}

#[tokio::test]
async fn nothing_is_read_that_was_flushed_before_in_tasks_that_take_turns() {
    for seed in 0..20 {
        run(seed, 500, |cache| cache).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 3)]
async fn nothing_is_read_that_was_flushed_before_on_several_threads() {
    for seed in 0..20 {
        run(seed, 500, |cache| cache).await;
    }
}

/// With room for one tenant, entries, versions and all make room over and over.
#[tokio::test(flavor = "multi_thread", worker_threads = 3)]
async fn nothing_is_read_that_was_flushed_before_where_tenants_take_each_others_room() {
    for seed in 0..20 {
        run(seed, 500, |cache| {
            cache.capacity_bytes(4096).guarantee_bytes(4096)
        })
        .await;
    }
}
