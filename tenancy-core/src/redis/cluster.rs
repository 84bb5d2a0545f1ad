use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures_util::future::join_all;
use tokio::sync::{Notify, watch};
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep, timeout, timeout_at};

use super::address::Address;
use super::breaker::BreakerState;
use super::command::Command;
use super::node::{Node, Settings};
use super::reply::{self, Failure, Redirect, Reply};
use super::topology::Topology;

/// How often a command follows where a cluster that is changing its shape sends it.
const REDIRECTS_MAX: usize = 4;

/// The rest between two looks at the cluster's shape.
const REST: Duration = Duration::from_millis(100);

/// How long a node may take to tell the cluster's shape.
const PATIENCE: Duration = Duration::from_secs(1);

/// The masters of a cluster, each behind a breaker of its own, and who owns which slot.
///
/// The shape is learned from any node that answers, and again whenever a node is away or sends a
/// command elsewhere, until every slot has an owner who can be reached.
#[derive(Debug)]
pub(super) struct Cluster {
    shared: Arc<Shared>,
    refresher: JoinHandle<()>,
}

impl Cluster {
    /// Begins to connect; must be called in a tokio runtime.
    pub(super) fn start(settings: Settings) -> Self {
        let shared = Arc::new(Shared {
            settings,
            topology: watch::Sender::new(None),
            nodes: Mutex::default(),
            doubted: Notify::new(),
        });
        let refresher = tokio::spawn(shared.clone().refresh());
        Self { shared, refresher }
    }

    /// Sends each command to the owner of its key, in one round trip for all nodes together, and
    /// returns as many replies.
    pub(super) async fn send(&self, commands: &[&Command], deadline: Instant) -> Vec<Reply> {
        let Some(topology) = self.shared.topology(deadline).await else {
            return vec![Err(unknown()); commands.len()];
        };
        let mut replies = vec![Err(unknown()); commands.len()];
        let mut pending = Vec::with_capacity(commands.len());
        for (index, command) in commands.iter().enumerate() {
            match topology.route(command) {
                Some(node) => pending.push((index, node.clone(), false)),
                None => replies[index] = Err(Failure::Away("nobody serves the slot".to_owned())),
            }
        }
        for _ in 0..=REDIRECTS_MAX {
            let mut batches: HashMap<Address, Batch> = HashMap::new();
            for (index, node, is_asking) in pending.drain(..) {
                let batch = batches.entry(node.address().clone());
                let batch = batch.or_insert_with(|| Batch::new(node));
                batch.entries.push((index, is_asking));
            }
            let sent = batches
                .into_values()
                .map(|batch| batch.send(commands, deadline));
            for (node, batch) in join_all(sent).await {
                for (index, reply) in batch {
                    if reply::is_reshaping(&reply) {
                        self.shared.doubted.notify_one();
                    }
                    if let Some(redirect) = Redirect::read(&reply, node.address()) {
                        let node = self.shared.node(redirect.to);
                        pending.push((index, node, redirect.is_asking));
                    }
                    replies[index] = reply;
                }
            }
            if pending.is_empty() {
                break;
            }
        }
        replies
    }

    /// Sends a command to every master.
    pub(super) async fn send_to_all(
        &self,
        command: &Command,
        deadline: Instant,
    ) -> Result<Vec<(Address, Reply)>, Failure> {
        let topology = self.shared.topology(deadline).await.ok_or_else(unknown)?;
        let commands = [command];
        let asked = topology.nodes().iter().map(|node| async {
            let reply = node.send(&commands, deadline).await.pop();
            (
                node.address().clone(),
                reply.unwrap_or_else(|| Err(unknown())),
            )
        });
        Ok(join_all(asked).await)
    }

    /// The masters that are known now.
    pub(super) fn states(&self) -> Vec<(Address, BreakerState)> {
        let topology = self.shared.topology.borrow().clone();
        let nodes = topology.iter().flat_map(|topology| topology.nodes());
        nodes
            .map(|node| (node.address().clone(), node.state()))
            .collect()
    }

    /// Where a subscription may be kept: any node hears what is published at any other.
    pub(super) fn addresses(&self) -> Vec<Address> {
        self.shared.candidates()
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        self.refresher.abort();
    }
}

impl Topology {
    fn route(&self, command: &Command) -> Option<&Arc<Node>> {
        if let Some(slot) = command.slot() {
            return self.owner(slot);
        }
        let is_closed = |node: &&Arc<Node>| node.state() == BreakerState::Closed;
        self.nodes().iter().find(is_closed).or(self.nodes().first())
    }
}

/// What goes to one node together.
struct Batch {
    node: Arc<Node>,
    /// Which commands, and whether each is announced by `ASKING`.
    entries: Vec<(usize, bool)>,
}

impl Batch {
    fn new(node: Arc<Node>) -> Self {
        Self {
            node,
            entries: Vec::new(),
        }
    }

    async fn send(
        self,
        commands: &[&Command],
        deadline: Instant,
    ) -> (Arc<Node>, Vec<(usize, Reply)>) {
        let asking = Command::asking();
        let mut sent = Vec::with_capacity(self.entries.len());
        let mut origins = Vec::with_capacity(self.entries.len());
        for (index, is_asking) in self.entries {
            // Somebody else's command may come in between and use the announcement up. Then this
            // one is sent here once more.
            if is_asking {
                sent.push(&asking);
                origins.push(None);
            }
            sent.push(commands[index]);
            origins.push(Some(index));
        }
        let replies = self.node.send(&sent, deadline).await;
        let replies = origins.into_iter().zip(replies);
        let replies = replies.filter_map(|(origin, reply)| Some((origin?, reply)));
        (self.node, replies.collect())
    }
}

#[derive(Debug)]
struct Shared {
    settings: Settings,
    /// `None` until any node has told it.
    topology: watch::Sender<Option<Arc<Topology>>>,
    nodes: Mutex<HashMap<Address, Arc<Node>>>, // std's: never held across an await
    doubted: Notify,
}

impl Shared {
    async fn topology(&self, deadline: Instant) -> Option<Arc<Topology>> {
        if let Some(topology) = &*self.topology.borrow() {
            return Some(topology.clone());
        }
        let mut topologies = self.topology.subscribe();
        let known = timeout_at(deadline, topologies.wait_for(Option::is_some));
        known.await.ok()?.ok()?.clone()
    }

    fn node(&self, address: Address) -> Arc<Node> {
        let mut nodes = self.nodes.lock().unwrap_or_else(PoisonError::into_inner);
        let node = nodes
            .entry(address)
            .or_insert_with_key(|address| Arc::new(Node::start(address.clone(), &self.settings)));
        node.clone()
    }

    /// Who can be asked for the cluster's shape: the masters, then the nodes of the configuration.
    fn candidates(&self) -> Vec<Address> {
        let topology = self.topology.borrow().clone();
        let masters = topology.iter().flat_map(|topology| topology.nodes());
        let mut candidates: Vec<_> = masters.map(|node| node.address().clone()).collect();
        for seed in &self.settings.dialer.target().addresses {
            if !candidates.contains(seed) {
                candidates.push(seed.clone());
            }
        }
        candidates
    }

    async fn refresh(self: Arc<Self>) {
        loop {
            let is_settled = self.look().await;
            let patience = if is_settled { Duration::MAX } else { REST };
            let _ = timeout(patience, self.doubted.notified()).await;
            sleep(REST).await;
        }
    }

    /// Asks for the cluster's shape. Whether all of it was seen in order.
    async fn look(&self) -> bool {
        for address in self.candidates() {
            let Some(topology) = self.ask(address).await else {
                continue;
            };
            let mut nodes = self.nodes.lock().unwrap_or_else(PoisonError::into_inner);
            let masters = topology.addresses();
            nodes.retain(|address, _| masters.contains(address));
            drop(nodes);
            let is_settled = topology.is_complete()
                && (topology.nodes().iter()).all(|node| node.state() == BreakerState::Closed);
            self.topology.send_replace(Some(Arc::new(topology)));
            return is_settled;
        }
        false
    }

    async fn ask(&self, address: Address) -> Option<Topology> {
        let node = self.node(address);
        let command = Command::new("CLUSTER").arg("SLOTS");
        let commands = [&command];
        let mut replies = node.send(&commands, Instant::now() + PATIENCE).await;
        let answer = replies.pop()?.ok()?;
        Topology::read(answer, node.address(), |address| self.node(address))
    }
}

fn unknown() -> Failure {
    Failure::Away("no node of the Redis cluster has answered".to_owned())
}
