use std::fmt;

use super::call::{Call, Scoped};
use super::connection::{Mode, TxConnection};
use super::database::Database;
use super::idempotency::{HeldKey, Reply};
use super::transaction::Transaction;
use crate::error::{Error, ErrorKind};
use crate::journal::{Change, append};
use crate::on_tx;
use crate::scope::TenantScope;
use crate::tenant::TenantId;

/// An open transaction on one tenant's data.
///
/// Statements run through [`on_tx!`](crate::on_tx). What changed is told with
/// [`record`](Self::record) and written to the tenant's journal by [`commit`](Self::commit), in
/// the same transaction. Dropped, it rolls back.
pub struct TenantTx {
    tx: Transaction,
    scope: TenantScope,
    changes: Vec<Change>,
    key: Option<HeldKey>,
    database: Database,
}

impl TenantTx {
    pub(super) fn new(tx: Transaction, scope: TenantScope, database: Database) -> Self {
        Self {
            tx,
            scope,
            changes: Vec::new(),
            key: None,
            database,
        }
    }

    pub(super) fn hold(&mut self, key: HeldKey) {
        self.key = Some(key);
    }

    /// For whom, and by whom.
    pub fn scope(&self) -> &TenantScope {
        &self.scope
    }

    /// Whose data this is.
    pub fn tenant_id(&self) -> TenantId {
        self.scope.tenant_id()
    }

    /// Fails unless a record belongs to this transaction's tenant.
    ///
    /// # Errors
    /// [`WrongTenant`](ErrorKind::WrongTenant).
    pub fn require_own(&self, owner: TenantId) -> Result<(), Error> {
        if owner == self.tenant_id() {
            Ok(())
        } else {
            Err(ErrorKind::WrongTenant.into())
        }
    }

    /// Notes a change for the journal; written when the transaction commits.
    pub fn record(&mut self, change: Change) {
        self.changes.push(change);
    }

    /// Makes rows and journal durable together. A reading transaction just ends.
    ///
    /// # Errors
    /// [`ReadOnly`](ErrorKind::ReadOnly) when changes were recorded in a reading transaction,
    /// [`Interrupted`](ErrorKind::Interrupted) when an earlier statement failed or was cut off
    /// so that the database cannot commit; then everything is rolled back.
    ///
    /// # Cancellation
    /// Dropped while it waits, the outcome is unknown: both rows and journal, or neither.
    pub async fn commit(self) -> Result<(), Error> {
        self.finish(None).await
    }

    /// Commits, and stores the answer that a repetition of the request will get, in the same
    /// transaction. Without a key (see [`Database::write_once`](super::Database::write_once)) it
    /// is a plain commit.
    ///
    /// # Errors
    /// As [`commit`](Self::commit), and [`ReplyTooLarge`](ErrorKind::ReplyTooLarge) when the answer
    /// has more than 8 MiB.
    pub async fn commit_with(self, reply: &Reply) -> Result<(), Error> {
        self.finish(Some(reply)).await
    }

    /// Undoes everything and waits until that is done; dropping does it in the background.
    ///
    /// # Errors
    /// Those of the connection; it is closed then, and the database undoes the rest.
    pub async fn roll_back(self) -> Result<(), Error> {
        self.tx.roll_back().await
    }

    /// Runs a part of the work so that its failure undoes only that part, recorded changes
    /// included.
    ///
    /// # Errors
    /// Those of the part, and those of the connection.
    ///
    /// # Cancellation
    /// Dropped inside the part, the whole transaction can no longer be committed.
    pub async fn part<T, E: From<Error>>(
        &mut self,
        work: impl AsyncFnOnce(&mut Self) -> Result<T, E>,
    ) -> Result<T, E> {
        const BEGIN: &str = "SAVEPOINT tenancy_part";
        const KEEP: &str = "RELEASE SAVEPOINT tenancy_part";
        const UNDO: &str = "ROLLBACK TO SAVEPOINT tenancy_part";
        let recorded = self.changes.len();
        on_tx!(&mut self.tx, |conn| sqlx::query(BEGIN)
            .execute(conn)
            .await
            .map(|done| done.rows_affected()))?;
        let outcome = work(self).await;
        if outcome.is_err() {
            self.changes.truncate(recorded);
            on_tx!(&mut self.tx, |conn| sqlx::query(UNDO)
                .execute(conn)
                .await
                .map(|done| done.rows_affected()))?;
        }
        on_tx!(&mut self.tx, |conn| sqlx::query(KEEP)
            .execute(conn)
            .await
            .map(|done| done.rows_affected()))?;
        outcome
    }

    async fn finish(mut self, reply: Option<&Reply>) -> Result<(), Error> {
        let proven = match self.complete(reply).await {
            Ok(proven) => proven,
            Err(error) => {
                // Waited for where the database answers, so that an idempotency key is free again
                // when the caller hears of the failure.
                if !matches!(error.kind(), ErrorKind::TimedOut | ErrorKind::Unavailable)
                    && let Err(error) = self.tx.roll_back().await
                {
                    tracing::warn!(%error, "a failed commit was undone by closing its connection");
                }
                return Err(error);
            }
        };
        let doubt = self.database.observers().doubt(&self.scope, &self.changes);
        self.tx.commit_in_doubt(proven, doubt).await?;
        if !self.changes.is_empty() {
            self.database.committed().notify_one();
        }
        Ok(())
    }

    /// Writes what belongs to the commit; says whether the transaction is proven alive by it.
    async fn complete(&mut self, reply: Option<&Reply>) -> Result<bool, Error> {
        if self.tx.mode() == Mode::Read && !self.changes.is_empty() {
            return Err(ErrorKind::ReadOnly.into());
        }
        let mut proven = false;
        if let (Some(key), Some(reply)) = (&self.key, reply) {
            key.store(&mut self.tx, &self.scope, reply).await?;
            proven = true;
        }
        if !self.changes.is_empty() {
            append::tenant(&mut self.tx, &self.database, &self.scope, &self.changes).await?;
            proven = true;
        }
        Ok(proven)
    }
}

impl Scoped for TenantTx {
    #[track_caller]
    fn call(&mut self) -> (Call, TxConnection<'_>) {
        self.tx.call()
    }
}

impl fmt::Debug for TenantTx {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TenantTx")
            .field("tenant_id", &self.tenant_id())
            .finish_non_exhaustive()
    }
}
