use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Semaphore, watch};
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep, timeout, timeout_at};

use super::address::Address;
use super::backoff::Backoff;
use super::breaker::BreakerState;
use super::command::Command;
use super::reply::{Failure, Reply};
use super::wire::{Connection, Dialer, Lifetime};

/// How long a server that let a command time out may take to answer a `PING` before its connection
/// is given up. Nobody waits for it.
const PROBE_TIME_OUT: Duration = Duration::from_secs(1);

/// What it takes to reach a server.
#[derive(Clone, Debug)]
pub(super) struct Settings {
    pub(super) dialer: Dialer,
    /// How many commands may wait for their answers from one server.
    pub(super) commands_max: usize,
    /// How many events may wait for a subscriber.
    pub(super) events_max: usize,
}

/// One server: a connection that is made anew whenever it is lost, behind a breaker.
#[derive(Debug)]
pub(super) struct Node {
    shared: Arc<Shared>,
    supervisor: JoinHandle<()>,
}

impl Node {
    /// Begins to connect; must be called in a tokio runtime.
    pub(super) fn start(address: Address, settings: &Settings) -> Self {
        let shared = Arc::new(Shared {
            address,
            dialer: settings.dialer.clone(),
            state: watch::Sender::new(State::Connecting),
            permits: Semaphore::new(settings.commands_max),
            commands_max: settings.commands_max,
        });
        let supervisor = tokio::spawn(shared.clone().supervise());
        Self { shared, supervisor }
    }

    pub(super) fn address(&self) -> &Address {
        &self.shared.address
    }

    pub(super) fn state(&self) -> BreakerState {
        self.shared.state.borrow().breaker()
    }

    /// Sends commands together and returns as many replies.
    pub(super) async fn send(&self, commands: &[&Command], deadline: Instant) -> Vec<Reply> {
        let replies = self.shared.send(commands, deadline).await;
        replies.unwrap_or_else(|failure| vec![Err(failure); commands.len()])
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        self.supervisor.abort();
    }
}

#[derive(Clone, Debug)]
enum State {
    /// Nothing is known yet.
    Connecting,
    /// There is a connection, and it answers.
    Closed(Connection),
    /// There is none, or it does not answer; the text says why.
    Open(Arc<str>),
    /// The server is being tried.
    HalfOpen(Arc<str>),
}

impl State {
    fn breaker(&self) -> BreakerState {
        match self {
            Self::Closed(_) => BreakerState::Closed,
            Self::Connecting | Self::HalfOpen(_) => BreakerState::HalfOpen,
            Self::Open(_) => BreakerState::Open,
        }
    }
}

#[derive(Debug)]
struct Shared {
    address: Address,
    dialer: Dialer,
    state: watch::Sender<State>,
    permits: Semaphore,
    commands_max: usize,
}

impl Shared {
    async fn send(&self, commands: &[&Command], deadline: Instant) -> Result<Vec<Reply>, Failure> {
        let connection = self.connection(deadline).await?;
        let wanted = u32::try_from(commands.len()).unwrap_or(u32::MAX);
        let _permit = self
            .permits
            .try_acquire_many(wanted)
            .map_err(|_| self.away(&format!("at most {} commands may wait", self.commands_max)))?;
        match timeout_at(deadline, connection.send(commands)).await {
            Ok(replies) => Ok(replies),
            Err(_) => {
                self.suspect();
                Err(self.timed_out())
            }
        }
    }

    async fn connection(&self, deadline: Instant) -> Result<Connection, Failure> {
        let state = self.state.borrow().clone();
        let state = match state {
            State::Connecting => {
                let mut states = self.state.subscribe();
                let known = states.wait_for(|state| !matches!(state, State::Connecting));
                match timeout_at(deadline, known).await {
                    Ok(Ok(state)) => state.clone(),
                    _ => return Err(self.timed_out()),
                }
            }
            known => known,
        };
        match state {
            State::Closed(connection) => Ok(connection),
            State::Open(cause) | State::HalfOpen(cause) => Err(self.away(&cause)),
            State::Connecting => Err(self.timed_out()),
        }
    }

    /// Opens the breaker after a time-out. The supervisor looks into it.
    fn suspect(&self) {
        let is_closed = |state: &State| matches!(state, State::Closed(_));
        self.open_if(is_closed, "a command timed out");
    }

    fn open_if(&self, condition: impl FnOnce(&State) -> bool, cause: &str) {
        self.state.send_if_modified(|state| {
            let is_open = condition(state);
            if is_open {
                if matches!(state, State::Closed(_) | State::Connecting) {
                    tracing::warn!(server = %self.address, cause, "Redis is away");
                }
                *state = State::Open(cause.into());
            }
            is_open
        });
    }

    fn close(&self, connection: &Connection) {
        let before = self.state.send_replace(State::Closed(connection.clone()));
        if matches!(before, State::Open(_) | State::HalfOpen(_)) {
            tracing::info!(server = %self.address, "Redis answers again");
        }
    }

    async fn supervise(self: Arc<Self>) {
        let mut backoff = Backoff::default();
        loop {
            let began = Instant::now();
            let cause = match self.dialer.dial(&self.address).await {
                Ok((connection, lifetime)) => {
                    let cause = self.serve(connection, lifetime).await;
                    backoff.note_success(began.elapsed());
                    cause
                }
                Err(cause) => cause,
            };
            self.open_if(|_| true, &cause);
            sleep(backoff.next()).await;
            self.state.send_if_modified(State::try_again);
        }
    }

    /// Returns why the connection is of no more use.
    async fn serve(&self, connection: Connection, mut lifetime: Lifetime) -> String {
        let mut states = self.state.subscribe();
        loop {
            self.close(&connection);
            let suspected = states.wait_for(|state| !matches!(state, State::Closed(_)));
            tokio::select! {
                cause = lifetime.ended() => return cause,
                _ = suspected => {}
            }
            self.state.send_if_modified(State::try_again);
            let ping = Command::new("PING");
            let ping = [&ping];
            tokio::select! {
                cause = lifetime.ended() => return cause,
                answer = timeout(PROBE_TIME_OUT, connection.send(&ping)) => match answer {
                    Ok(replies) => {
                        if let Some(Err(Failure::Away(cause))) = replies.into_iter().next() {
                            return cause;
                        }
                    }
                    Err(_) => return format!("no answer within {PROBE_TIME_OUT:?}"),
                },
            }
        }
    }

    fn away(&self, cause: &str) -> Failure {
        Failure::Away(format!("Redis at {}: {cause}", self.address))
    }

    fn timed_out(&self) -> Failure {
        Failure::TimedOut(format!("Redis at {} did not answer in time", self.address))
    }
}

impl State {
    fn try_again(&mut self) -> bool {
        let Self::Open(cause) = self else {
            return false;
        };
        *self = Self::HalfOpen(cause.clone());
        true
    }
}
