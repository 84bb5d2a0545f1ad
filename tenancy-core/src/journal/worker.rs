use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use uuid::Uuid;

use super::aside::Aside;
use super::consumer::{Consumer, DynConsumer};
use super::cursor::{self, Lease};
use super::work::{self, Mark};
use crate::error::{Error, ErrorKind};
use crate::log_throttle::LogThrottle;
use crate::scope::{Actor, Purpose, TenantScope};
use crate::sql::Database;
use crate::tenant::TenantId;
use crate::tenants::Tenants;

/// How often work is looked for without having been woken: what a missed wake costs at the most.
const SWEEP: Duration = Duration::from_secs(1);

/// The longest handling of one entry, unless chosen otherwise.
const HANDLING_TIME_OUT: Duration = Duration::from_secs(30);

/// Numbers entries and hands them to consumers.
///
/// Every node may run one: they keep out of each other's way, and what a node leaves behind when
/// it is killed, another takes up. All nodes of one database must run the same consumers.
pub struct Worker {
    database: Database,
    tenants: Tenants,
    consumers: Vec<Arc<dyn DynConsumer>>,
    handling: Duration,
}

/// Which consumers a [`Worker`] runs.
#[must_use]
pub struct WorkerBuilder(Worker);

impl WorkerBuilder {
    /// Adds a consumer. A new one begins with each tenant's first entry, as soon as the tenant
    /// has work again.
    pub fn consumer(mut self, consumer: impl Consumer) -> Self {
        self.0.consumers.push(Arc::new(consumer));
        self
    }

    /// The longest that a consumer may take for one entry, after which it has failed. A worker
    /// that is killed keeps its place in a journal from others for twice as long. Default: 30
    /// seconds.
    pub fn handling_time_out(mut self, time_out: Duration) -> Self {
        self.0.handling = time_out;
        self
    }

    /// The worker, not running yet.
    pub fn build(self) -> Worker {
        self.0
    }
}

impl Worker {
    /// A worker for this database; `tenants` must be of its realm.
    pub fn builder(database: &Database, tenants: &Tenants) -> WorkerBuilder {
        WorkerBuilder(Self {
            database: database.clone(),
            tenants: tenants.clone(),
            consumers: Vec::new(),
            handling: HANDLING_TIME_OUT,
        })
    }

    /// Works until dropped, woken by this process's commits and by a sweep every second.
    ///
    /// Failures of the database are logged and tried again; nothing is skipped. A tenant whose data
    /// alone cannot be reached is tried again ever less often, at least once a minute, and holds up
    /// no other.
    ///
    /// # Cancellation
    /// Safe at any point: what was not finished is done again by the next run, an entry whose
    /// handling was cut off after twice the
    /// [`handling_time_out`](WorkerBuilder::handling_time_out).
    pub async fn run(&self) {
        self.run_until(std::future::pending()).await;
    }

    /// The same until `end` comes: then finishes with the tenant in hand, and returns.
    ///
    /// # Cancellation
    /// As with [`run`](Self::run).
    pub async fn run_until(&self, end: impl Future<Output = ()>) {
        let (ending, ended) = watch::channel(false);
        let ending = async {
            end.await;
            ending.send_replace(true);
        };
        tokio::join!(
            ending,
            self.keep_numbering(&ended),
            self.keep_consuming(&ended)
        );
    }

    async fn keep_numbering(&self, ended: &watch::Receiver<bool>) {
        let (mut aside, away) = (Aside::default(), LogThrottle::default());
        while !*ended.borrow() {
            let woken = self.database.committed().notified();
            let busy = match self.number(&mut aside).await {
                Ok(busy) => busy,
                Err(error) => {
                    if let Some(left_out) = away.admit() {
                        let error = Chain(&error);
                        tracing::warn!(%error, left_out, "journal entries wait for their numbers");
                    }
                    false
                }
            };
            if !busy {
                rest(woken, ended).await;
            }
        }
    }

    async fn keep_consuming(&self, ended: &watch::Receiver<bool>) {
        let lease = Lease::new(self.handling);
        let (mut aside, away) = (Aside::default(), LogThrottle::default());
        let mut after = Uuid::nil();
        while !*ended.borrow() {
            let woken = self.database.numbered().notified();
            match self.consume(after, lease, &mut aside, ended).await {
                Ok(Some(last)) => after = last,
                Ok(None) => {
                    after = Uuid::nil();
                    rest(woken, ended).await;
                }
                Err(error) => {
                    if let Some(left_out) = away.admit() {
                        let error = Chain(&error);
                        tracing::warn!(%error, left_out, "journal entries wait for their consumers");
                    }
                    rest(woken, ended).await;
                }
            }
        }
    }

    /// Numbers and hands over all that is there now, for a command that ends.
    ///
    /// # Errors
    /// The first failure of the database, or that of a tenant whose data cannot be reached, after
    /// all others have been served. A consumer's failure is no error here: it waits beside its
    /// cursor.
    pub async fn run_once(&self) -> Result<(), Error> {
        let (mut numbering, mut consuming) = (Aside::default(), Aside::default());
        while self.number(&mut numbering).await? {}
        let lease = Lease::new(self.handling);
        let mut after = Uuid::nil();
        let (_never, ended) = watch::channel(false);
        while let Some(last) = self.consume(after, lease, &mut consuming, &ended).await? {
            after = last;
        }
        numbering.finish()?;
        consuming.finish()
    }

    async fn number(&self, aside: &mut Aside) -> Result<bool, Error> {
        #[cfg(feature = "postgres")]
        if self.database.storage().is_postgres() {
            let busy = super::sequencer::number(&self.database, &self.tenants, aside).await?;
            if busy {
                self.database.numbered().notify_one();
            }
            return Ok(busy);
        }
        let _ = aside;
        // SQLite numbers as it writes, so a commit is work for the consumers at once.
        self.database.numbered().notify_one();
        Ok(false)
    }

    /// Serves the next marked tenants; `None` when there are no more.
    async fn consume(
        &self,
        after: Uuid,
        lease: Lease,
        aside: &mut Aside,
        ended: &watch::Receiver<bool>,
    ) -> Result<Option<Uuid>, Error> {
        let marks = work::marked(&self.database, after).await?;
        for mark in &marks {
            if *ended.borrow() {
                break;
            }
            let tenant = mark.tenant_id();
            if aside.holds(tenant) {
                continue;
            }
            match self.serve(*mark, lease).await {
                Ok(()) => aside.release(tenant),
                Err(error) => {
                    // Where the marks cannot be read either, the trouble is not the tenant's own.
                    work::marked(&self.database, after).await?;
                    aside.put(tenant, error);
                }
            }
        }
        Ok(marks.last().map(|mark| mark.tenant_id().as_uuid()))
    }

    async fn serve(&self, mark: Mark, lease: Lease) -> Result<(), Error> {
        let scope = match platform_scope(&self.tenants, mark.tenant_id()).await {
            Ok(scope) => scope,
            Err(error) if error.kind() == ErrorKind::NotFound => {
                return work::unmark(&self.database, mark).await;
            }
            Err(error) => return Err(error),
        };
        let mut done = true;
        for consumer in &self.consumers {
            done &= cursor::follow(&self.database, &scope, &**consumer, lease).await?;
        }
        if done {
            work::settle(&self.database, &scope, mark, &self.names()).await?;
        }
        Ok(())
    }

    fn names(&self) -> Vec<&'static str> {
        let consumers = self.consumers.iter();
        consumers.map(|consumer| consumer.name()).collect()
    }
}

/// Waits for work, for the next sweep or for the end.
async fn rest(woken: impl Future<Output = ()>, ended: &watch::Receiver<bool>) {
    let mut ended = ended.clone();
    tokio::select! {
        _ = tokio::time::timeout(SWEEP, woken) => {}
        _ = ended.wait_for(|ended| *ended) => {}
    }
}

/// The journal serves tenants in every state: what happened before a suspension still counts.
pub(super) async fn platform_scope(
    tenants: &Tenants,
    tenant: TenantId,
) -> Result<TenantScope, Error> {
    tenants
        .scope(tenant, Actor::system("journal"), Purpose::Platform)
        .await
}

/// An error with its causes, for one log line.
pub(super) struct Chain<'a>(pub(super) &'a Error);

impl fmt::Display for Chain<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut cause: Option<&dyn std::error::Error> = Some(self.0);
        let mut separator = "";
        while let Some(error) = cause {
            write!(f, "{separator}{error}")?;
            (separator, cause) = (": ", error.source());
        }
        Ok(())
    }
}

impl fmt::Debug for Worker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Worker")
            .field("consumers", &self.names())
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for WorkerBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("WorkerBuilder").field(&self.0).finish()
    }
}
