use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep, timeout};

use super::address::Address;
use super::backoff::Backoff;
use super::command::Command;
use super::inbox::Inbox;
use super::reply::Failure;
use super::wire::{Connection, Dialer, Lifetime, Messages};

/// How often a subscription's connection is tried, and how long it may take to answer. A server
/// that hangs is noticed after the sum.
const HEARTBEAT: Duration = Duration::from_secs(1);

/// What happens on a channel.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Event {
    /// The connection was lost. Nothing arrives until [`Subscribed`](Self::Subscribed), and what is
    /// published meanwhile never does.
    Disconnected,
    /// The reader was too slow, and this many messages were dropped.
    Lagged(u64),
    /// What was published.
    Message(Bytes),
    /// The subscription stands from here on; what was published earlier may be missing. Comes
    /// first of all, and after every [`Disconnected`](Self::Disconnected).
    Subscribed,
}

impl Event {
    /// Whether messages may be missing at this point, so that what they were about has to be
    /// looked up. Only a message says that none is.
    pub fn is_gap(&self) -> bool {
        !matches!(self, Self::Message(_))
    }

    /// How many messages are missed with this event.
    pub(super) fn missed(&self) -> u64 {
        match self {
            Self::Lagged(missed) => *missed,
            Self::Message(_) => 1,
            Self::Disconnected | Self::Subscribed => 0,
        }
    }
}

/// What is published on a channel, from now until this is dropped.
///
/// Redis delivers each message at most once. This tells where some may be missing, connects again
/// for ever and never ends by itself. In a cluster it listens at one node, which hears what is
/// published at any other, and moves to the next when that one is away.
#[derive(Debug)]
pub struct Subscription {
    inbox: Arc<Inbox>,
    listener: JoinHandle<()>,
}

impl Subscription {
    /// Begins to connect; must be called in a tokio runtime. `addresses` says who can be listened
    /// to, best first.
    pub(super) fn start(
        dialer: Dialer,
        channel: &str,
        events_max: usize,
        addresses: impl Fn() -> Vec<Address> + Send + 'static,
    ) -> Self {
        let inbox = Arc::new(Inbox::new(events_max));
        let listener = Listener {
            dialer,
            channel: channel.to_owned(),
            inbox: inbox.clone(),
        };
        Self {
            inbox,
            listener: tokio::spawn(async move { listener.run(addresses).await }),
        }
    }

    /// The next event. A call that is dropped before it returns has taken none.
    pub async fn next(&mut self) -> Event {
        self.inbox.next().await
    }
}

impl Drop for Subscription {
    fn drop(&mut self) {
        self.listener.abort();
    }
}

struct Listener {
    dialer: Dialer,
    channel: String,
    inbox: Arc<Inbox>,
}

impl Listener {
    async fn run(self, addresses: impl Fn() -> Vec<Address>) {
        let mut backoff = Backoff::default();
        loop {
            for address in addresses() {
                let began = Instant::now();
                let cause = self.listen(&address).await;
                tracing::debug!(server = %address, cause, "a subscription has ended");
                backoff.note_success(began.elapsed());
                sleep(backoff.next()).await;
            }
        }
    }

    /// Returns why it cannot listen to a server, or no longer can.
    async fn listen(&self, address: &Address) -> String {
        let (connection, lifetime) = match self.dialer.dial_for_messages(address).await {
            Ok(dialed) => dialed,
            Err(cause) => return cause,
        };
        let confirmed = timeout(HEARTBEAT, connection.subscribe(&self.channel)).await;
        let messages = match confirmed {
            Ok(Ok(messages)) => messages,
            Ok(Err(Failure::Away(cause) | Failure::Refused(cause) | Failure::TimedOut(cause))) => {
                return cause;
            }
            Err(_) => return "the subscription was not confirmed".to_owned(),
        };
        self.inbox.push(Event::Subscribed);
        let cause = self.receive(messages, &connection, lifetime).await;
        self.inbox.push(Event::Disconnected);
        cause
    }

    async fn receive(
        &self,
        mut messages: Messages,
        connection: &Connection,
        mut lifetime: Lifetime,
    ) -> String {
        let heartbeat = async {
            let ping = Command::new("PING");
            loop {
                sleep(HEARTBEAT).await;
                if timeout(HEARTBEAT, connection.send(&[&ping])).await.is_err() {
                    return;
                }
            }
        };
        tokio::pin!(heartbeat);
        loop {
            tokio::select! {
                message = messages.next() => self.inbox.push(match message {
                    Ok(message) => Event::Message(message),
                    Err(missed) => Event::Lagged(missed),
                }),
                cause = lifetime.ended() => return cause,
                () = &mut heartbeat => return "the server does not answer".to_owned(),
            }
        }
    }
}
