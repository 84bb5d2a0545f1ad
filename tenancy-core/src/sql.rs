//! Tenants' data in SQL: scoped transactions on PostgreSQL and SQLite.
//!
//! [`SqlStorage`] holds the connections and gives none of them out. A [`Database`] ties it to one
//! realm of [`Tenants`](crate::Tenants) and opens transactions for scopes: on PostgreSQL under
//! row-level security, on SQLite in the tenant's own file. What runs inside is written once, with
//! [`on_tx!`](crate::on_tx), which checks each statement against both real drivers.
//!
//! On PostgreSQL, [`policy`] writes the row-level security of an application's own tables, and
//! [`audit`] looks at start whether the database keeps tenants apart.
//!
//! # Cancellation
//! A transaction that is dropped before its commit rolls back, in a task of its own and under a
//! time-out, or else its connection is closed; it never returns to the pool with a transaction or
//! a tenant on it. A statement that is dropped while it runs makes the later commit fail with
//! [`Interrupted`](crate::ErrorKind::Interrupted), since nobody knows what it did.

#[cfg(feature = "postgres")]
pub mod audit;
#[cfg(feature = "postgres")]
mod breaker;
mod call;
mod connection;
mod database;
mod dispatch;
mod error;
pub mod filter;
mod idempotency;
pub mod migrate;
mod platform_tx;
#[cfg(feature = "postgres")]
pub mod policy;
#[cfg(feature = "sqlite")]
mod sqlite;
mod storage;
mod tenant_tx;
mod transaction;

pub use self::database::{Database, DatabaseBuilder};
pub use self::idempotency::{Attempt, IdempotencyKey, InvalidIdempotencyKey, Reply};
pub use self::platform_tx::PlatformTx;
pub use self::storage::{SqlStorage, SqlStorageBuilder};
pub use self::tenant_tx::TenantTx;

pub(crate) use self::connection::Mode;
pub(crate) use self::transaction::Transaction;

/// What [`on_tx!`](crate::on_tx) expands to; no interface of its own.
#[doc(hidden)]
pub mod dispatched {
    pub use super::call::{Call, Scoped};
    pub use super::connection::TxConnection;
}
