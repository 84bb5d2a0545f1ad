use std::fmt;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use tokio::time::Instant;

use super::address::Target;
use super::breaker::BreakerState;
use super::cluster::Cluster;
use super::command::Command;
use super::eviction::Eviction;
use super::node::{Node, Settings};
use super::reply::{self, Failure, Reply};
use super::subscription::Subscription;
use super::value::Value;
use super::wire::Dialer;
use crate::error::Error;

/// A handle to a Redis or Valkey server or cluster. Clones share its connections.
///
/// It connects with its first command, in the runtime of that command, and the last clone closes
/// the connections. See the [module](super) for what happens while the server is away.
#[derive(Clone, Debug)]
pub struct Redis {
    inner: Arc<Inner>,
    time_out: Duration,
}

#[derive(Debug)]
struct Inner {
    settings: Settings,
    server: OnceLock<Server>,
}

#[derive(Debug)]
enum Server {
    Cluster(Cluster),
    Single(Node),
}

impl Redis {
    /// A handle to what a connection string names, with other settings than the usual.
    ///
    /// The schemes are `redis` and, for a cluster, `redis-cluster`, each with an `s` after `redis`
    /// for TLS: `rediss://user:password@host:6380/1`,
    /// `redis-cluster://host:7000?node=other:7000`. In a cluster, one node that can be reached is
    /// enough to find the others.
    pub fn builder(url: &str) -> RedisBuilder {
        RedisBuilder {
            url: url.to_owned(),
            commands_max: 4096,
            connect_time_out: Duration::from_secs(1),
            events_max: 1024,
            time_out: Duration::from_millis(50),
        }
    }

    /// The same connections under another time-out.
    #[must_use]
    pub fn with_time_out(&self, time_out: Duration) -> Self {
        Self {
            inner: self.inner.clone(),
            time_out,
        }
    }

    /// Sends a command.
    pub async fn command(&self, command: Command) -> Result<Value, Error> {
        let mut replies = self.pipeline(vec![command]).await;
        let reply = replies.pop();
        reply.unwrap_or_else(|| unanswered().map_err(reply::error))
    }

    /// Sends commands together, in one round trip, and returns as many answers.
    ///
    /// It is no transaction: each command succeeds or fails by itself, and those of others come in
    /// between. They are carried out in order where one server has their keys; a script that the
    /// server does not know yet is carried out after the others, in a second round trip.
    pub async fn pipeline(&self, commands: Vec<Command>) -> Vec<Result<Value, Error>> {
        let deadline = Instant::now() + self.time_out;
        let supported = commands.iter().filter(|command| command.is_supported());
        let supported: Vec<_> = supported.collect();
        let mut replies = self.send(&supported, deadline).await;
        self.teach(&supported, &mut replies, deadline).await;
        let mut replies = replies.into_iter();
        let mut next = |command: &Command| {
            let reply = match command.is_supported() {
                true => replies.next().unwrap_or_else(unanswered),
                false => return Err(command.unsupported()),
            };
            match reply {
                Ok(value) if command.is_script() => reply::unwrapped(value),
                Ok(value) => Ok(value),
                Err(failure) => Err(reply::error(failure)),
            }
        };
        commands.iter().map(&mut next).collect()
    }

    /// Listens to a channel. Returns at once; the subscription stands when it says so.
    ///
    /// # Panics
    /// Outside of a tokio runtime.
    pub fn subscribe(&self, channel: &str) -> Subscription {
        let settings = &self.inner.settings;
        let inner = self.inner.clone();
        let addresses = move || match inner.server() {
            Server::Cluster(cluster) => cluster.addresses(),
            Server::Single(node) => vec![node.address().clone()],
        };
        Subscription::start(
            settings.dialer.clone(),
            channel,
            settings.events_max,
            addresses,
        )
    }

    /// Which keys the server or cluster may drop when its memory is full. Ask before relying on
    /// keys to stay.
    pub async fn eviction(&self) -> Result<Eviction, Error> {
        let deadline = Instant::now() + self.time_out;
        let command = Command::new("INFO").arg("memory");
        let answers = match self.inner.server() {
            Server::Cluster(cluster) => cluster.send_to_all(&command, deadline).await,
            Server::Single(node) => {
                let reply = node.send(&[&command], deadline).await.pop();
                let reply = reply.unwrap_or_else(unanswered);
                Ok(vec![(node.address().clone(), reply)])
            }
        };
        Eviction::worst(answers.map_err(reply::error)?)
    }

    /// The state of each server's breaker, by its address. For a cluster, of the masters that are
    /// known; nothing before the first command.
    pub fn breakers(&self) -> Vec<(String, BreakerState)> {
        let states = match self.inner.server.get() {
            None => Vec::new(),
            Some(Server::Cluster(cluster)) => cluster.states(),
            Some(Server::Single(node)) => vec![(node.address().clone(), node.state())],
        };
        let named = states.into_iter();
        named
            .map(|(address, state)| (address.to_string(), state))
            .collect()
    }

    async fn send(&self, commands: &[&Command], deadline: Instant) -> Vec<Reply> {
        match self.inner.server() {
            Server::Cluster(cluster) => cluster.send(commands, deadline).await,
            Server::Single(node) => node.send(commands, deadline).await,
        }
    }

    /// Sends the scripts that a server did not know once more, with their text.
    async fn teach(&self, commands: &[&Command], replies: &mut [Reply], deadline: Instant) {
        let (mut places, mut taught) = (Vec::new(), Vec::new());
        for (place, command) in commands.iter().enumerate() {
            if reply::is_unknown_script(&replies[place]) {
                places.push(place);
                taught.extend(command.with_source());
            }
        }
        if places.is_empty() {
            return;
        }
        let taught: Vec<_> = taught.iter().collect();
        let answers = self.send(&taught, deadline).await;
        for (place, answer) in places.into_iter().zip(answers) {
            replies[place] = answer;
        }
    }
}

impl Inner {
    /// Connects at the first call, which must be in a tokio runtime.
    fn server(&self) -> &Server {
        self.server.get_or_init(|| {
            let target = self.settings.dialer.target();
            match target.addresses.first() {
                Some(address) if !target.is_cluster => {
                    Server::Single(Node::start(address.clone(), &self.settings))
                }
                _ => Server::Cluster(Cluster::start(self.settings.clone())),
            }
        })
    }
}

fn unanswered() -> Reply {
    Err(Failure::Away("no answer".to_owned()))
}

/// A [`Redis`] handle about to be made.
#[derive(Clone)]
#[must_use]
pub struct RedisBuilder {
    url: String,
    commands_max: usize,
    connect_time_out: Duration,
    events_max: usize,
    time_out: Duration,
}

impl RedisBuilder {
    /// Sets how many commands may wait for answers from one server; more fail at once. Default:
    /// 4096.
    pub fn commands_max(mut self, commands_max: usize) -> Self {
        self.commands_max = commands_max;
        self
    }

    /// Sets how long an attempt to connect and to sign in may take. No command waits longer than
    /// its own time-out for it. Default: one second.
    pub fn connect_time_out(mut self, connect_time_out: Duration) -> Self {
        self.connect_time_out = connect_time_out;
        self
    }

    /// Sets how many events may wait for the reader of a [`Subscription`]. Default: 1024.
    pub fn events_max(mut self, events_max: usize) -> Self {
        self.events_max = events_max;
        self
    }

    /// Sets how long a command or a pipeline may take, all told. Default: 50 milliseconds, a
    /// hundred times what it takes in one data centre; allow more where the server is far away.
    pub fn time_out(mut self, time_out: Duration) -> Self {
        self.time_out = time_out;
        self
    }

    /// Makes the handle, without connecting. Fails with
    /// [`InvalidInput`](crate::ErrorKind::InvalidInput) where the connection string is not one,
    /// and with [`Unavailable`](crate::ErrorKind::Unavailable) where TLS finds no certificate
    /// authorities to trust.
    pub fn build(self) -> Result<Redis, Error> {
        let target = Target::parse(&self.url)?;
        let settings = Settings {
            dialer: Dialer::new(target, self.connect_time_out, self.events_max)?,
            commands_max: self.commands_max,
            events_max: self.events_max,
        };
        Ok(Redis {
            inner: Arc::new(Inner {
                settings,
                server: OnceLock::new(),
            }),
            time_out: self.time_out,
        })
    }
}

impl fmt::Debug for RedisBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The connection string can hold a password.
        f.debug_struct("RedisBuilder").finish_non_exhaustive()
    }
}
