use std::fmt;

use super::call::{Call, Scoped};
use super::connection::TxConnection;
use super::transaction::Transaction;
use crate::error::Error;
use crate::journal::{Change, append};
use crate::scope::Actor;
use crate::tenant::TenantId;

/// An open transaction on what belongs to the platform itself, such as an application's table
/// of key hashes. On PostgreSQL it names no tenant, so row-level security shows it no tenant's
/// rows; on SQLite it works in the registry's file. Dropped, it rolls back.
pub struct PlatformTx {
    tx: Transaction,
    actor: Actor,
    changes: Vec<(Option<TenantId>, Change)>,
}

impl PlatformTx {
    pub(crate) fn new(tx: Transaction, actor: Actor) -> Self {
        Self {
            tx,
            actor,
            changes: Vec::new(),
        }
    }

    /// Notes a change, about a tenant or about none, for the platform's journal.
    pub fn record(&mut self, about: Option<TenantId>, change: Change) {
        self.changes.push((about, change));
    }

    /// Counts a change of a tenant's record, so that every process looks at it again within a
    /// second of the commit; for what an application keeps beside the record, such as keys.
    /// Call it first: it locks the registry's count.
    ///
    /// # Errors
    /// [`NotFound`](crate::ErrorKind::NotFound) when there is no such tenant.
    pub async fn touch(&mut self, tenant: TenantId) -> Result<(), Error> {
        crate::registry::touch(self, tenant).await
    }

    /// Makes rows and journal durable together.
    ///
    /// # Errors
    /// As [`TenantTx::commit`](super::TenantTx::commit).
    pub async fn commit(mut self) -> Result<(), Error> {
        append::platform(&mut self.tx, &self.actor, &self.changes).await?;
        self.tx.commit(!self.changes.is_empty()).await
    }

    /// Undoes everything and waits until that is done; dropping does it in the background.
    ///
    /// # Errors
    /// Those of the connection; it is closed then, and the database undoes the rest.
    pub async fn roll_back(self) -> Result<(), Error> {
        self.tx.roll_back().await
    }
}

impl Scoped for PlatformTx {
    #[track_caller]
    fn call(&mut self) -> (Call, TxConnection<'_>) {
        self.tx.call()
    }
}

impl fmt::Debug for PlatformTx {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PlatformTx")
            .field("actor", &self.actor)
            .finish_non_exhaustive()
    }
}
