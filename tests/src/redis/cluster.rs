use std::sync::{Arc, OnceLock};
use std::thread;
use std::time::{Duration, Instant};

use super::ask::ask;
use super::{Redis, RedisBuilder};
use crate::StartError;
use crate::supervise::blocking;

const MASTERS: usize = 3;
const SLOTS: usize = 16_384;

/// How long the nodes may take to agree, on a machine that does much else.
const PATIENCE: Duration = Duration::from_secs(30);

/// A private cluster of three masters with a replica each.
///
/// A master that does not answer for a second is replaced by its replica. Starting one takes over
/// two seconds, which a master waits before it serves; use [`shared`](Self::shared) unless the test
/// breaks the cluster. It ends as a [`Redis`] does.
#[derive(Clone, Debug)]
pub struct RedisCluster {
    nodes: Arc<[Redis]>,
}

impl RedisCluster {
    /// The cluster that the tests of this process share, started on first use.
    ///
    /// # Panics
    /// When it cannot be started, for example because Redis is not installed.
    pub async fn shared() -> &'static Self {
        static SHARED: OnceLock<Result<RedisCluster, StartError>> = OnceLock::new();
        match blocking(|| SHARED.get_or_init(Self::start_blocking)).await {
            Ok(cluster) => cluster,
            Err(error) => panic!("{error}"),
        }
    }

    /// Starts a cluster for one test, which may break it.
    ///
    /// # Panics
    /// When it cannot be started, for example because Redis is not installed.
    pub async fn start() -> Self {
        let started = blocking(Self::start_blocking).await;
        started.unwrap_or_else(|error| panic!("{error}"))
    }

    /// The connection string, which names all nodes.
    pub fn url(&self) -> String {
        let others = self.nodes[1..].iter();
        let others: Vec<_> = others
            .map(|node| format!("node=127.0.0.1:{}", node.port))
            .collect();
        let first = self.nodes[0].port;
        format!("redis-cluster://127.0.0.1:{first}?{}", others.join("&"))
    }

    /// Its servers: first those that began as masters, then those that began as their replicas.
    pub fn nodes(&self) -> &[Redis] {
        &self.nodes
    }

    /// The master that serves a key, as soon as all nodes that answer agree on it.
    ///
    /// # Panics
    /// When they do not agree in time.
    pub async fn master_of(&self, key: &str) -> Redis {
        self.agreed_master(key, None).await
    }

    /// The master that has taken a key over from one that was killed or paused, as soon as all
    /// nodes that answer agree on it.
    ///
    /// # Panics
    /// When none has in time.
    pub async fn successor_of(&self, old: &Redis, key: &str) -> Redis {
        self.agreed_master(key, Some(old.port)).await
    }

    /// Has the replica of a key's master take over from it, while both are alive and without the
    /// loss of a write. Returns the new master.
    ///
    /// # Panics
    /// When it does not in time.
    pub async fn fail_over(&self, key: &str) -> Redis {
        let old = self.master_of(key).await;
        let (nodes, old_port) = (self.nodes.clone(), old.port);
        blocking(move || {
            let id = ask(old_port, &["CLUSTER", "MYID"]).expect("the master answers");
            wait_until("the replica takes over", || {
                nodes.iter().any(|node| {
                    let view = ask(node.port, &["CLUSTER", "NODES"]).unwrap_or_default();
                    let is_replica = view
                        .lines()
                        .any(|line| line.contains("myself,slave") && line.contains(&id));
                    is_replica
                        && ask(node.port, &["CLUSTER", "FAILOVER"]).is_ok_and(|text| text == "OK")
                })
            })
        })
        .await
        .unwrap_or_else(|error| panic!("{error}"));
        self.successor_of(&old, key).await
    }

    async fn agreed_master(&self, key: &str, other_than: Option<u16>) -> Redis {
        let (nodes, key) = (self.nodes.clone(), key.to_owned());
        let port = blocking(move || {
            let mut agreed = None;
            let what = format!("the nodes agree on a master for {key}");
            wait_until(&what, || {
                let asked = nodes.iter().filter(|node| Some(node.port) != other_than);
                let mut views: Vec<_> = asked.filter_map(|node| master(node.port, &key)).collect();
                views.dedup();
                agreed = match views[..] {
                    [port] if Some(port) != other_than => Some(port),
                    _ => None,
                };
                agreed.is_some()
            })
            .map(|()| agreed.expect("they agree"))
        })
        .await
        .unwrap_or_else(|error| panic!("{error}"));
        let mut nodes = self.nodes.iter();
        let master = nodes.find(|node| node.port == port);
        master.expect("the master is one of ours").clone()
    }

    fn start_blocking() -> Result<Self, StartError> {
        let nodes: Result<Vec<_>, _> = thread::scope(|scope| {
            let starting: Vec<_> = (0..2 * MASTERS)
                .map(|_| scope.spawn(|| node().start_blocking()))
                .collect();
            let started = starting.into_iter();
            started
                .map(|node| node.join().expect("a start does not panic"))
                .collect()
        });
        let nodes = nodes?;
        let (masters, replicas) = nodes.split_at(MASTERS);
        introduce(&nodes)?;
        for (index, master) in masters.iter().enumerate() {
            let first = (SLOTS * index / MASTERS).to_string();
            let last = (SLOTS * (index + 1) / MASTERS - 1).to_string();
            command(master, &["CLUSTER", "ADDSLOTSRANGE", &first, &last])?;
        }
        for (master, replica) in masters.iter().zip(replicas) {
            let id = command(master, &["CLUSTER", "MYID"])?;
            wait_until("the replicas know their masters", || {
                ask(replica.port, &["CLUSTER", "REPLICATE", &id]).is_ok_and(|text| text == "OK")
            })?;
        }
        wait_until("the cluster serves", || nodes.iter().all(serves))?;
        wait_until("the replicas are up to date", || {
            replicas.iter().all(is_up_to_date)
        })?;
        let nodes = nodes.into();
        Ok(Self { nodes })
    }
}

fn node() -> RedisBuilder {
    let mut builder = Redis::builder();
    builder.is_cluster_node = true;
    builder
        .setting("cluster-node-timeout", "1000")
        .setting("cluster-replica-validity-factor", "0")
        .setting("cluster-require-full-coverage", "no")
        .setting("repl-diskless-sync-delay", "0")
}

/// Has every node meet every other, which is faster than waiting for the news to get round.
fn introduce(nodes: &[Redis]) -> Result<(), StartError> {
    // A node takes its epoch only as long as it knows nobody.
    for (index, node) in nodes.iter().enumerate() {
        set_epoch(node, index + 1)?;
    }
    for (index, node) in nodes.iter().enumerate() {
        for other in &nodes[index + 1..] {
            let (port, bus) = (other.port.to_string(), bus_port(other)?);
            command(node, &["CLUSTER", "MEET", "127.0.0.1", &port, &bus])?;
        }
    }
    Ok(())
}

/// Gives a node an epoch, unless it has one: those that have the same settle that by themselves.
fn set_epoch(node: &Redis, epoch: usize) -> Result<(), StartError> {
    match command(node, &["CLUSTER", "SET-CONFIG-EPOCH", &epoch.to_string()]) {
        Err(error) if error.to_string().ends_with("epoch is already non-zero") => Ok(()),
        outcome => outcome.map(drop),
    }
}

/// Where a node listens to its like, in `ID ADDRESS:PORT@BUS,NAME myself,master …`.
fn bus_port(node: &Redis) -> Result<String, StartError> {
    let view = command(node, &["CLUSTER", "NODES"])?;
    let mut lines = view.lines().filter(|line| line.contains("myself"));
    let port = lines.next().and_then(|line| {
        let (_, port) = line.split_once('@')?;
        port.split([' ', ',']).next()
    });
    port.map(ToOwned::to_owned)
        .ok_or_else(|| StartError::new(format!("a node of a cluster says of itself: {view}")))
}

fn command(node: &Redis, words: &[&str]) -> Result<String, StartError> {
    let failed = |why: &str| StartError::new(format!("{} failed: {why}", words.join(" ")));
    match ask(node.port, words) {
        Ok(text) if text.starts_with('-') => Err(failed(&text)),
        Ok(text) => Ok(text),
        Err(error) => Err(failed(&error.to_string())),
    }
}

fn serves(node: &Redis) -> bool {
    let info = ask(node.port, &["CLUSTER", "INFO"]).unwrap_or_default();
    info.contains("cluster_state:ok")
        && info.contains("cluster_known_nodes:6")
        && info.contains("cluster_size:3")
}

fn is_up_to_date(replica: &Redis) -> bool {
    let info = ask(replica.port, &["INFO", "replication"]).unwrap_or_default();
    info.contains("role:slave") && info.contains("master_link_status:up")
}

/// The port of the master that serves `key`, as the node at `port` sees it.
fn master(port: u16, key: &str) -> Option<u16> {
    let slot: u16 = ask(port, &["CLUSTER", "KEYSLOT", key]).ok()?.parse().ok()?;
    let view = ask(port, &["CLUSTER", "NODES"]).ok()?;
    let owns = |range: &str| {
        let (first, last) = range.split_once('-').unwrap_or((range, range));
        let is_inside = |first: u16, last: u16| (first..=last).contains(&slot);
        matches!((first.parse(), last.parse()), (Ok(first), Ok(last)) if is_inside(first, last))
    };
    // ID, ADDRESS:PORT@BUS, flags, master, ping, pong, epoch, link, ranges of slots.
    view.lines().find_map(|line| {
        let words: Vec<_> = line.split(' ').collect();
        let is_owner = words.get(8..)?.iter().any(|range| owns(range));
        let (_, port) = words[1].split('@').next()?.rsplit_once(':')?;
        is_owner.then(|| port.parse().ok())?
    })
}

fn wait_until(what: &str, mut done: impl FnMut() -> bool) -> Result<(), StartError> {
    let deadline = Instant::now() + PATIENCE;
    while !done() {
        if Instant::now() > deadline {
            let text = format!("in a Redis cluster it takes too long until {what}");
            return Err(StartError::new(text));
        }
        thread::sleep(Duration::from_millis(10));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_node_that_has_an_epoch_keeps_it_and_one_that_knows_another_gets_none() {
        let [one, other] = [(); 2].map(|()| node().start_blocking().unwrap());
        set_epoch(&one, 1).unwrap();
        set_epoch(&one, 2).unwrap();
        let info = ask(one.port, &["CLUSTER", "INFO"]).unwrap();
        assert!(info.contains("cluster_my_epoch:1\r"), "{info}");
        let (port, bus) = (other.port.to_string(), bus_port(&other).unwrap());
        command(&one, &["CLUSTER", "MEET", "127.0.0.1", &port, &bus]).unwrap();
        set_epoch(&one, 3).unwrap_err();
    }
}
