use std::collections::HashSet;
use std::fmt;
use std::sync::{Arc, Mutex};

use tokio::sync::Notify;

use super::connection::Mode;
use super::idempotency::{Attempt, IdempotencyKey};
use super::migrate::{self, MigrationSet};
use super::platform_tx::PlatformTx;
use super::storage::SqlStorage;
use super::tenant_tx::TenantTx;
use super::transaction::Transaction;
use crate::error::{Error, ErrorKind};
use crate::journal::ObserveCommits;
use crate::journal::observe::Observers;
use crate::meter::Meter;
use crate::scope::{PlatformScope, Purpose, TenantScope};
use crate::tenants::{Realm, Tenants};

/// Opens transactions for the scopes of one realm.
///
/// Cheap to clone. Whatever cannot name a tenant by a scope of this realm gets nothing from it.
///
/// ```no_run
/// # #[cfg(feature = "sqlite")]
/// # async fn run() -> Result<(), tenancy_core::Error> {
/// use tenancy_core::registry::SqlTenants;
/// use tenancy_core::sql::{Database, SqlStorage};
/// use tenancy_core::{Actor, Purpose, Tenants};
///
/// let storage = SqlStorage::builder().sqlite("./data").await?;
/// let tenants = Tenants::new(SqlTenants::new(&storage));
/// let database = Database::new(&storage, &tenants);
/// let acme = tenants.find(&tenancy_core::registry::Address::Slug("acme".parse().unwrap())).await?;
/// let scope = tenants.scope(acme.id, Actor::system("report"), Purpose::Job).await?;
/// let tx = database.read(&scope).await?;
/// tx.commit().await
/// # }
/// ```
#[derive(Clone)]
pub struct Database(Arc<Inner>);

struct Inner {
    storage: SqlStorage,
    realm: Realm,
    migrations: Vec<&'static MigrationSet>,
    /// Idempotency keys that requests of this process are working on; PostgreSQL keeps its own.
    in_flight: Arc<Mutex<HashSet<u128>>>,
    /// Tells the journal's worker in this process that something was committed.
    committed: Notify,
    /// Tells it that entries have their numbers.
    numbered: Notify,
    observers: Observers,
}

/// What a [`Database`] holds besides the journal.
#[derive(Debug)]
#[must_use]
pub struct DatabaseBuilder {
    storage: SqlStorage,
    realm: Realm,
    migrations: Vec<&'static MigrationSet>,
}

impl DatabaseBuilder {
    /// Adds the tables of another crate or of the application. The order is kept.
    pub fn migrations(mut self, set: &'static MigrationSet) -> Self {
        self.migrations.push(set);
        self
    }

    /// The database; nothing is opened or changed yet.
    pub fn build(self) -> Database {
        Database(Arc::new(Inner {
            storage: self.storage,
            realm: self.realm,
            migrations: self.migrations,
            in_flight: Arc::default(),
            committed: Notify::new(),
            numbered: Notify::new(),
            observers: Observers::default(),
        }))
    }
}

impl Database {
    /// The storage for the scopes of `tenants`, with this crate's tables only.
    pub fn new(storage: &SqlStorage, tenants: &Tenants) -> Self {
        Self::builder(storage, tenants).build()
    }

    /// The storage for the scopes of `tenants`, with tables of its own to name.
    pub fn builder(storage: &SqlStorage, tenants: &Tenants) -> DatabaseBuilder {
        DatabaseBuilder {
            storage: storage.clone(),
            realm: tenants.realm(),
            migrations: vec![&migrate::CORE],
        }
    }

    /// Opens a transaction that only reads the tenant's data, from one consistent snapshot of it
    /// on SQLite and statement by statement on PostgreSQL.
    ///
    /// # Errors
    /// [`WrongRealm`](ErrorKind::WrongRealm), what [`TenantScope::check`] refuses, and
    /// [`Unavailable`](ErrorKind::Unavailable) or [`TimedOut`](ErrorKind::TimedOut).
    pub async fn read(&self, scope: &TenantScope) -> Result<TenantTx, Error> {
        self.open(scope, Mode::Read).await
    }

    /// Opens a transaction that may change the tenant's data. On SQLite it is the only writer
    /// from here to its end.
    ///
    /// # Errors
    /// As [`read`](Self::read).
    pub async fn write(&self, scope: &TenantScope) -> Result<TenantTx, Error> {
        self.open(scope, Mode::Write).await
    }

    /// Opens a writing transaction for a request that must take effect once, however often the
    /// client sends it; see [`Attempt`].
    ///
    /// # Errors
    /// [`KeyInFlight`](ErrorKind::KeyInFlight) while another request with the key is being worked
    /// on, [`KeyReused`](ErrorKind::KeyReused) when the key came with another request before, and
    /// as [`read`](Self::read).
    pub async fn write_once(
        &self,
        scope: &TenantScope,
        key: &IdempotencyKey,
    ) -> Result<Attempt, Error> {
        Attempt::begin(self, scope, key).await
    }

    /// Opens a transaction on what belongs to the platform itself. It sees no tenant's rows.
    ///
    /// # Errors
    /// As [`read`](Self::read).
    pub async fn platform(&self, scope: &PlatformScope) -> Result<PlatformTx, Error> {
        self.open_platform(scope, Mode::Write).await
    }

    /// As [`platform`](Self::platform), for reading only, so that it waits for no writer.
    ///
    /// # Errors
    /// As [`read`](Self::read).
    pub async fn platform_read(&self, scope: &PlatformScope) -> Result<PlatformTx, Error> {
        self.open_platform(scope, Mode::Read).await
    }

    /// Makes the place for a tenant's data: its file on SQLite, nothing on PostgreSQL.
    /// Doing it again changes nothing.
    ///
    /// # Errors
    /// [`InvalidInput`](ErrorKind::InvalidInput) unless the scope is for
    /// [`Purpose::Platform`], and as [`read`](Self::read).
    pub async fn provision(&self, scope: &TenantScope) -> Result<(), Error> {
        self.admit(scope).await?;
        if scope.purpose() != Purpose::Platform {
            return Err(Error::with_source(
                ErrorKind::InvalidInput,
                "a tenant is provisioned by platform work",
            ));
        }
        migrate::tenant(&self.0.storage, &self.0.migrations, scope.tenant_id(), true).await
    }

    /// Lets an observer hear of every commit from now on that has changes to tell of.
    pub fn observe_commits(&self, observer: Arc<dyn ObserveCommits>) {
        self.0.observers.add(observer);
    }

    /// The connections beneath, for their state.
    pub fn storage(&self) -> &SqlStorage {
        &self.0.storage
    }

    /// The tables this database knows.
    pub fn migration_sets(&self) -> &[&'static MigrationSet] {
        &self.0.migrations
    }

    pub(crate) fn committed(&self) -> &Notify {
        &self.0.committed
    }

    pub(crate) fn numbered(&self) -> &Notify {
        &self.0.numbered
    }

    pub(crate) fn observers(&self) -> &Observers {
        &self.0.observers
    }

    pub(crate) fn keys_in_flight(&self) -> &Arc<Mutex<HashSet<u128>>> {
        &self.0.in_flight
    }

    async fn admit(&self, scope: &TenantScope) -> Result<(), Error> {
        if scope.realm() != self.0.realm {
            return Err(ErrorKind::WrongRealm.into());
        }
        scope.check().await
    }

    async fn open_platform(&self, scope: &PlatformScope, mode: Mode) -> Result<PlatformTx, Error> {
        if scope.realm() != self.0.realm {
            return Err(ErrorKind::WrongRealm.into());
        }
        let tx = Transaction::begin(&self.0.storage, mode, None, Meter::default()).await?;
        Ok(PlatformTx::new(tx, scope.actor().clone()))
    }

    async fn open(&self, scope: &TenantScope, mode: Mode) -> Result<TenantTx, Error> {
        self.admit(scope).await?;
        let tenant = scope.tenant();
        migrate::tenant(&self.0.storage, &self.0.migrations, tenant.id, false).await?;
        let meter = scope.meter().clone();
        let tx = Transaction::begin(&self.0.storage, mode, Some(&tenant), meter).await?;
        Ok(TenantTx::new(tx, scope.clone(), self.clone()))
    }
}

impl fmt::Debug for Database {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Database")
            .field("storage", &self.0.storage)
            .finish_non_exhaustive()
    }
}
