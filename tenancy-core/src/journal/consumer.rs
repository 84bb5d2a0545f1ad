use std::future::Future;
use std::pin::Pin;

use uuid::Uuid;

use super::entry::Entry;
use super::work;
use crate::error::Error;
use crate::on_tx;
use crate::scope::TenantScope;
use crate::sql::{Database, TenantTx};
use crate::time::Time;

/// What a consumer may fail with; kept as text beside its cursor.
pub type ConsumerError = Box<dyn std::error::Error + Send + Sync>;

/// Follows every tenant's journal.
///
/// Each entry is handed over at least once, in order within its tenant, by one worker at a time.
/// A repetition is possible after a crash or a lost lease, so handling must be idempotent; the
/// entry's id tells repetitions apart.
pub trait Consumer: Send + Sync + 'static {
    /// Names the consumer's place in every journal; never changed or given to another.
    fn name(&self) -> &'static str;

    /// What happens to an entry that cannot be handled.
    fn retry(&self) -> Retry {
        Retry::Forever
    }

    /// Takes one entry. It is given up after the worker's
    /// [`handling_time_out`](super::WorkerBuilder::handling_time_out).
    fn handle(
        &self,
        scope: &TenantScope,
        entry: &Entry,
    ) -> impl Future<Output = Result<(), ConsumerError>> + Send;

    /// How many entries it takes together, at most. Default: one.
    fn batch(&self) -> usize {
        1
    }

    /// Takes entries that follow each other, no more than a [`batch`](Self::batch) of them. By default
    /// one after the other.
    ///
    /// When that fails, each is handed over by itself, so that one is parked only if it alone cannot
    /// be taken.
    fn handle_batch(
        &self,
        scope: &TenantScope,
        entries: &[Entry],
    ) -> impl Future<Output = Result<(), ConsumerError>> + Send {
        async move {
            for entry in entries {
                self.handle(scope, entry).await?;
            }
            Ok(())
        }
    }
}

/// What happens to an entry that a consumer cannot handle.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Retry {
    /// It is tried again, ever less often, and nothing behind it is handed over: for sealing and
    /// invalidation, which must not skip.
    Forever,
    /// After this many attempts it is put aside, visibly, and the next one is handed over.
    Park {
        /// At least one.
        attempts: u32,
    },
}

/// [`Consumer`] as an object, so that a worker can hold several.
pub(super) trait DynConsumer: Send + Sync {
    fn name(&self) -> &'static str;
    fn retry(&self) -> Retry;
    fn batch(&self) -> usize;
    fn handle_batch<'a>(
        &'a self,
        scope: &'a TenantScope,
        entries: &'a [Entry],
    ) -> Pin<Box<dyn Future<Output = Result<(), ConsumerError>> + Send + 'a>>;
}

impl<C: Consumer> DynConsumer for C {
    fn name(&self) -> &'static str {
        Consumer::name(self)
    }

    fn retry(&self) -> Retry {
        Consumer::retry(self)
    }

    fn batch(&self) -> usize {
        Consumer::batch(self)
    }

    fn handle_batch<'a>(
        &'a self,
        scope: &'a TenantScope,
        entries: &'a [Entry],
    ) -> Pin<Box<dyn Future<Output = Result<(), ConsumerError>> + Send + 'a>> {
        Box::pin(Consumer::handle_batch(self, scope, entries))
    }
}

/// An entry that a consumer could not take and put aside.
#[derive(Clone, Debug, Eq, PartialEq, serde::Serialize)]
pub struct Parked {
    /// Whose cursor passed it.
    pub consumer: String,
    /// The entry's number.
    pub sequence: i64,
    /// Why it was not taken.
    pub error: String,
    /// When it was put aside.
    pub parked_at: Time,
}

impl Parked {
    /// A tenant's parked entries behind `after`, oldest first; at most 250.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn list(tx: &mut TenantTx, after: Option<&Self>) -> Result<Vec<Self>, Error> {
        const LIST: &str = "SELECT consumer, sequence, error, parked_at \
             FROM tenancy_journal_parked WHERE tenant_id = $1 AND (sequence, consumer) > ($2, $3) \
             ORDER BY sequence, consumer LIMIT 250";
        let tenant = tx.tenant_id().as_uuid();
        // Entries are numbered from one.
        let (sequence, consumer) = after.map_or((0, ""), |row| (row.sequence, &row.consumer));
        let rows: Vec<(String, i64, String, i64)> = on_tx!(tx, |conn| sqlx::query_as(LIST)
            .bind(tenant)
            .bind(sequence)
            .bind(consumer)
            .fetch_all(conn)
            .await)?;
        Ok(rows
            .into_iter()
            .map(|(consumer, sequence, error, parked_at)| Self {
                consumer,
                sequence,
                error,
                parked_at: Time::from_microseconds(parked_at),
            })
            .collect())
    }

    /// Asks for a tenant's parked entries to be handed over once more, and says how many there
    /// are. The worker does it, in whatever process it runs.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn retry_all(database: &Database, scope: &TenantScope) -> Result<u64, Error> {
        const RETRY: &str = "UPDATE tenancy_journal_parked SET retry = 1 WHERE tenant_id = $1";
        let mut tx = database.write(scope).await?;
        let tenant: Uuid = tx.tenant_id().as_uuid();
        let count = on_tx!(&mut tx, |conn| {
            sqlx::query(RETRY)
                .bind(tenant)
                .execute(conn)
                .await
                .map(|done| done.rows_affected())
        })?;
        work::mark(database, scope.tenant_id()).await?;
        tx.commit().await?;
        database.committed().notify_one();
        Ok(count)
    }
}
