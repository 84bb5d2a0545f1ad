//! Random histories of several nodes over one Redis, in every kind of trouble.

use std::array;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use fastrand::Rng;
use tenancy_cache::class::Class;
use tenancy_cache::testing::Chaos;
use tenancy_cache::{Flush, Key, Match, PlatformCache, Tag, TenantCache, Wanted};
use tenancy_core::Actor;
use tenancy_tests::Redis as Server;
use tokio::sync::Mutex;
use tokio::task::{JoinSet, yield_now};
use tokio::time::sleep;

use super::{Site, ready};

const KEYS: usize = 6;
const NODES: usize = 3;
const TASKS_PER_NODE: usize = 3;
const BOUND: Duration = Duration::from_millis(400);

/// The cache's clock is some milliseconds coarse.
const ALLOWANCE: Duration = Duration::from_millis(20);

const CLASSES: [Class; 2] = [Class::new("plain"), Class::new("eager").early_refresh(1e6)];

/// What is cached, and what of it may no longer be read.
#[derive(Default)]
struct Row {
    value: Mutex<u64>,
    /// Ended by hard flushes, removals among them.
    ended: Floor,
    /// Ended by flushes of either kind.
    doubted: Floor,
}

/// Below which values may not be read.
#[derive(Default)]
struct Floor(std::sync::Mutex<Marks>);

#[derive(Default)]
struct Marks {
    /// On the node where it was ended.
    here: [Mark; NODES],
    /// On all nodes, once the bound is over.
    everywhere: Mark,
    /// When what succeeded, until the bound is over.
    told: Vec<(Instant, Mark)>,
}

/// A value that ends those below, and what ended them where.
#[derive(Clone, Copy, Debug, Default)]
struct Mark {
    value: u64,
    by: &'static str,
    node: usize,
}

impl Floor {
    fn raise(&self, mark: Mark, is_told: bool) {
        let mut marks = self.0.lock().unwrap();
        let here = &mut marks.here[mark.node];
        *here = here.or(mark);
        if is_told {
            marks.told.push((Instant::now(), mark));
        }
    }

    fn now(&self, node: Option<usize>) -> Mark {
        let mut marks = self.0.lock().unwrap();
        let Marks {
            here,
            everywhere,
            told,
        } = &mut *marks;
        told.retain(|(at, mark)| {
            let is_over = at.elapsed() > BOUND + ALLOWANCE;
            if is_over {
                *everywhere = everywhere.or(*mark);
            }
            !is_over
        });
        node.map_or(*everywhere, |node| here[node].or(*everywhere))
    }
}

impl Mark {
    fn or(self, other: Self) -> Self {
        if self.value < other.value {
            other
        } else {
            self
        }
    }

    fn allows(self, value: u64, what: &str, node: Option<usize>) {
        let Self {
            by,
            node: at,
            value: floor,
        } = self;
        assert!(
            value >= floor,
            "{what} on node {node:?} gave {value}, below {floor} after {by} on node {at}"
        );
    }
}

struct Node {
    number: usize,
    shop: TenantCache,
    platform: PlatformCache,
    chaos: Chaos,
}

struct World {
    site: Site,
    nodes: [Node; NODES],
    rows: [[Arc<Row>; KEYS]; CLASSES.len()],
    readings: AtomicUsize,
    loads: Arc<AtomicUsize>,
}

const FLUSHES: [&str; 7] = [
    "a flush of a tag",
    "a flush of two tags together",
    "a flush of a class",
    "a flush of a tag of many",
    "a flush of the tenant",
    "a flush of a class of all tenants",
    "a flush of all",
];

/// Which rows a flush ends.
type Rows = Box<dyn Fn(usize, usize) -> bool + Send + Sync>;

impl World {
    async fn new(seed: u64) -> Self {
        let site = Site::at(&Server::shared().await.url()).await;
        let node = async |number: usize| {
            let chaos = Chaos::seeded(seed ^ number as u64);
            let remote = chaos.wrap(site.remote());
            let cache = site.cache(remote).staleness_max(BOUND).build();
            let platform = site.tenants.platform(Actor::system("test"));
            Node {
                number,
                shop: ready(site.open(&cache)).await,
                platform: cache.platform(&platform).unwrap(),
                chaos,
            }
        };
        let nodes = [node(0).await, node(1).await, node(2).await];
        Self {
            nodes,
            site,
            rows: array::from_fn(|_| array::from_fn(|_| Arc::default())),
            readings: AtomicUsize::new(0),
            loads: Arc::default(),
        }
    }

    async fn step(&self, node: &Node, rng: &mut Rng) {
        let (class, key) = (rng.usize(..CLASSES.len()), rng.usize(..KEYS));
        match rng.u16(..1000) {
            0..60 => self.flush(node, class, key, rng).await,
            60..80 => self.remove(node, class, key).await,
            80..100 => self.put(node, class, key).await,
            100..400 => self.get(&node.shop, Some(node.number), class, key).await,
            400..500 => self.remember_many(node, class, rng).await,
            500..504 => self.visit(class, key).await,
            _ => self.remember(node, class, key, rng).await,
        }
    }

    async fn flush(&self, node: &Node, class: usize, key: usize, rng: &mut Rng) {
        let how = *rng.choice(&[Flush::Hard, Flush::Soft]).unwrap();
        // What ends much is rare, or else nothing would be left to be found.
        let which = *rng
            .choice(&[0, 0, 0, 0, 0, 0, 1, 2, 3, 3, 4, 5, 6])
            .unwrap();
        let rows: Rows = match which {
            0 | 1 => Box::new(move |_, row| row == key),
            2 | 5 => Box::new(move |row, _| row == class),
            3 => Box::new(move |_, row| row % 2 == key % 2),
            _ => Box::new(|_, _| true),
        };
        let changed = self.change(&rows).await;
        let (shop, policy) = (&node.shop, &CLASSES[class]);
        let told = match which {
            0 => shop.flush_tag(tag(key), how).await,
            1 => {
                let both = [tag(key), parity(key)];
                shop.flush_tags(Match::All, &both, how).await
            }
            2 => shop.flush_class(policy, how).await,
            3 => shop.flush_tag(parity(key), how).await,
            4 => shop.flush_tenant(how).await,
            5 => node.platform.flush_class(policy, how).await,
            _ => node.platform.flush_all(how).await,
        };
        let by = FLUSHES[which];
        Self::end(node, changed, how, told.is_ok(), by);
    }

    async fn remove(&self, node: &Node, class: usize, key: usize) {
        let row = &*self.rows[class][key];
        let value = {
            let mut value = row.value.lock().await;
            *value += 1;
            *value
        };
        let removed = node.shop.remove(&CLASSES[class], Key::new(key)).await;
        Self::end(
            node,
            vec![(row, value)],
            Flush::Hard,
            removed.is_ok(),
            "a removal",
        );
    }

    /// Changes and stores in one breath, as the method's contract wants it.
    async fn put(&self, node: &Node, class: usize, key: usize) {
        let row = &*self.rows[class][key];
        let mut value = row.value.lock().await;
        *value += 1;
        let (policy, tags) = (&CLASSES[class], tags(key));
        let put = node.shop.put(policy, Key::new(key), &tags, *value).await;
        Self::end(node, vec![(row, *value)], Flush::Hard, put.is_ok(), "a put");
    }

    async fn get(&self, shop: &TenantCache, node: Option<usize>, class: usize, key: usize) {
        let floor = self.rows[class][key].doubted.now(node);
        let read = shop.get::<u64>(&CLASSES[class], Key::new(key)).await;
        if let Some(value) = read.unwrap() {
            self.readings.fetch_add(1, Ordering::SeqCst);
            floor.allows(*value, "get", node);
        }
    }

    /// Reads on a node that has just begun, and so has only what is stored.
    async fn visit(&self, class: usize, key: usize) {
        let cache = self.site.cache(self.site.remote()).build();
        let shop = ready(self.site.open(&cache)).await;
        self.get(&shop, None, class, key).await;
    }

    async fn remember(&self, node: &Node, class: usize, key: usize, rng: &mut Rng) {
        let floor = self.rows[class][key].ended.now(Some(node.number));
        let (rows, seed) = (vec![self.rows[class][key].clone()], rng.u64(..));
        let (loads, tags) = (self.loads.clone(), tags(key));
        let load = || async move { load(rows, seed, &loads).await.map(|values| values[0]) };
        let read = node
            .shop
            .remember(&CLASSES[class], Key::new(key), &tags, load);
        if let Ok(value) = read.await {
            self.readings.fetch_add(1, Ordering::SeqCst);
            floor.allows(*value, "remember", Some(node.number));
        }
    }

    async fn remember_many(&self, node: &Node, class: usize, rng: &mut Rng) {
        let keys: Vec<usize> = (0..KEYS).filter(|_| rng.bool()).collect();
        let wanted = |key: &usize| Wanted {
            key: Key::new(key),
            tags: tags(*key),
        };
        let wanted: Vec<_> = keys.iter().map(wanted).collect();
        let rows = keys.iter().map(|key| &self.rows[class][*key]);
        let floor = |row: &Arc<Row>| row.ended.now(Some(node.number));
        let floors: Vec<_> = rows.clone().map(floor).collect();
        let rows: Vec<_> = rows.cloned().collect();
        let seed = rng.u64(..);
        let load = |places: Vec<usize>| {
            let rows = places.into_iter().map(|place| rows[place].clone());
            let (rows, loads) = (rows.collect(), self.loads.clone());
            async move { load(rows, seed, &loads).await }
        };
        let read = node.shop.remember_many(&CLASSES[class], &wanted, load);
        if let Ok(values) = read.await {
            self.readings.fetch_add(values.len(), Ordering::SeqCst);
            for (value, floor) in values.into_iter().zip(floors) {
                floor.allows(*value, "remember_many", Some(node.number));
            }
        }
    }

    /// Changes rows, before they are flushed. Who reads them later must not get what was before.
    async fn change(&self, are_meant: &Rows) -> Vec<(&Row, u64)> {
        let mut changed = Vec::new();
        for (class, rows) in self.rows.iter().enumerate() {
            for (key, row) in rows.iter().enumerate() {
                if are_meant(class, key) {
                    let mut value = row.value.lock().await;
                    *value += 1;
                    changed.push((&**row, *value));
                }
            }
        }
        changed
    }

    fn end(node: &Node, changed: Vec<(&Row, u64)>, how: Flush, is_told: bool, by: &'static str) {
        for (row, value) in changed {
            let node = node.number;
            let mark = Mark { value, by, node };
            row.doubted.raise(mark, is_told);
            if how == Flush::Hard {
                row.ended.raise(mark, is_told);
            }
        }
    }
}

impl Node {
    /// Changes what troubles the node.
    fn turn(&self, rng: &mut Rng) {
        let chaos = &self.chaos;
        chaos.relent();
        match rng.u8(..8) {
            0 => chaos.fail(0.3),
            1 => chaos.fail(1.0),
            2 => chaos.lose_answers(0.3),
            3 => chaos.hide_news(true),
            4 => chaos.swallow_wakes(true),
            5 => chaos.delay(Duration::ZERO..=Duration::from_millis(20)),
            _ => {}
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
async fn load(rows: Vec<Arc<Row>>, seed: u64, loads: &AtomicUsize) -> io::Result<Vec<u64>> {
    loads.fetch_add(rows.len(), Ordering::SeqCst);
    let (mut values, mut rng) = (Vec::new(), Rng::with_seed(seed));
    for row in rows {
        pause(&mut rng).await;
        values.push(*row.value.lock().await);
    }
    pause(&mut rng).await;
    if rng.u8(..16) == 0 {
        return Err(io::Error::other("down"));
    }
    Ok(values)
}

/// Mostly a moment, sometimes long enough for another node to flush meanwhile.
async fn pause(rng: &mut Rng) {
    if rng.u8(..8) == 0 {
        sleep(Duration::from_micros(rng.u64(..3_000))).await;
    }
    for _ in 0..rng.u8(..3) {
        yield_now().await;
    }
}

async fn run(seed: u64, time: Duration) {
    let world = Arc::new(World::new(seed).await);
    let end = Instant::now() + time;
    let mut tasks = JoinSet::new();
    for number in 0..NODES * TASKS_PER_NODE {
        let world = world.clone();
        let mut rng = Rng::with_seed(seed ^ (number as u64 + 1) << 32);
        tasks.spawn(async move {
            while Instant::now() < end {
                let node = &world.nodes[number % NODES];
                world.step(node, &mut rng).await;
                pause(&mut rng).await;
            }
        });
    }
    tasks.spawn({
        let (world, mut rng) = (world.clone(), Rng::with_seed(seed ^ 1 << 63));
        async move {
            while Instant::now() < end {
                rng.choice(&world.nodes).unwrap().turn(&mut rng);
                sleep(Duration::from_millis(rng.u64(..150))).await;
            }
        }
    });
    while let Some(ended) = tasks.join_next().await {
        ended.unwrap_or_else(|error| panic!("seed {seed}: {error}"));
    }
    // It has tried something only where much was found, and much went wrong.
    let (readings, loads) = (&world.readings, &world.loads);
    let (readings, loads) = (
        readings.load(Ordering::SeqCst),
        loads.load(Ordering::SeqCst),
    );
    let troubles = world.nodes.iter().map(|node| node.chaos.troubles());
    let troubles: u64 = troubles.sum();
    println!("seed {seed}: {readings} readings, {loads} loads, {troubles} troubles");
    assert!(
        loads < readings / 4 * 3,
        "{loads} loads, {readings} readings"
    );
    assert!(readings > 500 && troubles > 50, "{readings}, {troubles}");
}

#[tokio::test]
async fn nothing_is_read_on_any_node_that_was_flushed_on_one_for_longer_than_the_bound() {
    run(fastrand::u64(..), Duration::from_millis(2_500)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 3)]
async fn nothing_is_read_that_was_flushed_on_nodes_with_several_threads() {
    run(fastrand::u64(..), Duration::from_millis(2_500)).await;
}
