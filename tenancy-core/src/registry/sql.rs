use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use uuid::Uuid;

use super::{Address, Changes, DOMAINS_MAX, Directory, Domain, PAGE_ROWS_MAX, TenantRegistry};
use crate::error::{Error, ErrorKind};
use crate::journal::{Change, Resource};
use crate::meter::Meter;
use crate::on_tx;
use crate::resolve::Host;
use crate::scope::Actor;
use crate::sql::{Mode, PlatformTx, SqlStorage, Transaction};
use crate::tenant::{Maintenance, Slug, Tenant, TenantId};
use crate::time::Time;

/// How many changed tenants one answer names; beyond it everything is read again.
const CHANGES_MAX: i64 = 1_000;

/// A [`TenantRegistry`] in PostgreSQL, or in SQLite's registry file.
///
/// Every change locks one row that counts them, so that a reader who has seen revision *n* has
/// seen all changes up to *n*; and is written to the platform's journal with it.
#[derive(Clone)]
pub struct SqlTenants {
    storage: SqlStorage,
    local_changes: Arc<AtomicU64>,
}

impl SqlTenants {
    /// The registry in this storage.
    pub fn new(storage: &SqlStorage) -> Self {
        Self {
            storage: storage.clone(),
            local_changes: Arc::default(),
        }
    }

    /// Like [`update`](TenantRegistry::update), and does `also` in the same transaction: what
    /// stands beside the record, such as a key, changes with it or not at all.
    ///
    /// # Errors
    /// As for `update`, and those of `also`, which undo both.
    pub async fn update_with<T, E: From<Error>>(
        &self,
        tenant: &Tenant,
        by: &Actor,
        also: impl AsyncFnOnce(&mut PlatformTx) -> Result<T, E>,
    ) -> Result<T, E> {
        let mut tx = self.write(by).await?;
        update(&mut tx, tenant).await?;
        let done = also(&mut tx).await?;
        self.commit(tx).await?;
        Ok(done)
    }

    async fn read(&self) -> Result<Transaction, Error> {
        Transaction::begin(&self.storage, Mode::Read, None, Meter::default()).await
    }

    async fn write(&self, by: &Actor) -> Result<PlatformTx, Error> {
        let tx = Transaction::begin(&self.storage, Mode::Write, None, Meter::default()).await?;
        Ok(PlatformTx::new(tx, by.clone()))
    }

    async fn commit(&self, tx: PlatformTx) -> Result<(), Error> {
        // Counted before the outcome is known: a needless look does no harm.
        let counted = CountOnDrop(&self.local_changes);
        tx.commit().await?;
        drop(counted);
        Ok(())
    }
}

/// Counts even when the commit is cancelled after it took effect.
struct CountOnDrop<'a>(&'a AtomicU64);

impl Drop for CountOnDrop<'_> {
    fn drop(&mut self) {
        self.0.fetch_add(1, Ordering::AcqRel);
    }
}

impl fmt::Debug for SqlTenants {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SqlTenants")
            .field("storage", &self.storage)
            .finish_non_exhaustive()
    }
}

#[derive(sqlx::FromRow)]
struct TenantRow {
    id: Uuid,
    slug: String,
    name: String,
    status: String,
    maintenance_seconds: Option<i64>,
    plan: String,
    settings: String,
    key: Option<String>,
    created_at: i64,
    revision: i64,
}

impl TryFrom<TenantRow> for Tenant {
    type Error = Error;

    fn try_from(row: TenantRow) -> Result<Self, Error> {
        fn corrupt(error: impl std::error::Error + Send + Sync + 'static) -> Error {
            Error::with_source(ErrorKind::Corrupt, error)
        }
        Ok(Self {
            id: row.id.into(),
            slug: row.slug.parse().map_err(corrupt)?,
            name: row.name.into(),
            status: row.status.parse().map_err(corrupt)?,
            maintenance: match row.maintenance_seconds {
                None => Maintenance::Off,
                Some(seconds) => Maintenance::On {
                    retry_after_seconds: seconds.try_into().map_err(corrupt)?,
                },
            },
            plan: row.plan.parse().map_err(corrupt)?,
            settings: serde_json::from_str(&row.settings).map_err(corrupt)?,
            key: row
                .key
                .map(|key| key.parse())
                .transpose()
                .map_err(corrupt)?,
            created_at: Time::from_microseconds(row.created_at),
            revision: row.revision.try_into().map_err(corrupt)?,
        })
    }
}

impl Resource for Tenant {
    const KIND: &'static str = "tenant";

    fn resource_id(&self) -> String {
        self.id.to_string()
    }
}

impl Resource for Domain {
    const KIND: &'static str = "domain";

    fn resource_id(&self) -> String {
        self.host.to_string()
    }
}

/// What is unique in the registry is an address.
fn taken(error: Error) -> Error {
    match error.kind() {
        ErrorKind::UniqueViolation => Error::with_source(ErrorKind::AddressTaken, error),
        _ => error,
    }
}

async fn next_revision(tx: &mut PlatformTx) -> Result<i64, Error> {
    const NEXT: &str =
        "UPDATE tenancy_registry SET revision = revision + 1 WHERE id = 1 RETURNING revision";
    on_tx!(tx, |conn| sqlx::query_scalar(NEXT).fetch_one(conn).await)
}

async fn find_by_id(tx: &mut PlatformTx, id: TenantId) -> Result<Tenant, Error> {
    const FIND: &str = "SELECT id, slug, name, status, maintenance_seconds, plan, settings, key, \
         created_at, revision FROM tenancy_tenants WHERE id = $1";
    let row: Option<TenantRow> = on_tx!(tx, |conn| {
        sqlx::query_as(FIND)
            .bind(id.as_uuid())
            .fetch_optional(conn)
            .await
    })?;
    row.ok_or(ErrorKind::NotFound)?.try_into()
}

pub(crate) async fn touch(tx: &mut PlatformTx, id: TenantId) -> Result<(), Error> {
    const TOUCH: &str = "UPDATE tenancy_tenants SET revision = $2 WHERE id = $1";
    let revision = next_revision(tx).await?;
    let done = on_tx!(tx, |conn| {
        let done = sqlx::query(TOUCH)
            .bind(id.as_uuid())
            .bind(revision)
            .execute(conn)
            .await?;
        Ok(done.rows_affected())
    })?;
    if done == 1 {
        Ok(())
    } else {
        Err(ErrorKind::NotFound.into())
    }
}

/// Stores a record that is still at the revision it was read at.
async fn update(tx: &mut PlatformTx, tenant: &Tenant) -> Result<Tenant, Error> {
    const UPDATE: &str = "UPDATE tenancy_tenants SET slug = $2, name = $3, status = $4, \
         maintenance_seconds = $5, plan = $6, settings = $7, key = $8, revision = $9 \
         WHERE id = $1";
    let settings = settings_json(tenant)?;
    let revision = next_revision(tx).await?;
    let before = find_by_id(tx, tenant.id).await?;
    if before.revision != tenant.revision {
        return Err(ErrorKind::SerializationFailure.into());
    }
    on_tx!(tx, |conn| {
        sqlx::query(UPDATE)
            .bind(tenant.id.as_uuid())
            .bind(tenant.slug.as_str())
            .bind(&*tenant.name)
            .bind(tenant.status.as_str())
            .bind(maintenance_seconds(tenant))
            .bind(tenant.plan.as_str())
            .bind(&settings)
            .bind(tenant.key.as_ref().map(|key| key.as_str()))
            .bind(revision)
            .execute(conn)
            .await
            .map(|done| done.rows_affected())
    })
    .map_err(taken)?;
    let stored = Tenant {
        revision: revision.cast_unsigned(),
        created_at: before.created_at,
        ..tenant.clone()
    };
    tx.record(Some(stored.id), Change::updated(&before, &stored));
    Ok(stored)
}

fn maintenance_seconds(tenant: &Tenant) -> Option<i64> {
    match tenant.maintenance {
        Maintenance::Off => None,
        Maintenance::On {
            retry_after_seconds,
        } => Some(i64::from(retry_after_seconds)),
    }
}

fn settings_json(tenant: &Tenant) -> Result<String, Error> {
    serde_json::to_string(&tenant.settings)
        .map_err(|error| Error::with_source(ErrorKind::InvalidInput, error))
}

impl Directory for SqlTenants {
    async fn find(&self, address: &Address) -> Result<Option<Tenant>, Error> {
        const BY_ID: &str = "SELECT id, slug, name, status, maintenance_seconds, plan, settings, \
             key, created_at, revision FROM tenancy_tenants WHERE id = $1";
        const BY_SLUG: &str = "SELECT id, slug, name, status, maintenance_seconds, plan, settings, \
             key, created_at, revision FROM tenancy_tenants WHERE slug = $1";
        const BY_DOMAIN: &str = "SELECT t.id, t.slug, t.name, t.status, t.maintenance_seconds, \
             t.plan, t.settings, t.key, t.created_at, t.revision FROM tenancy_domains d \
             JOIN tenancy_tenants t ON t.id = d.tenant_id WHERE d.host = $1";
        let mut tx = self.read().await?;
        let row: Option<TenantRow> = match address {
            Address::Domain(host) => on_tx!(&mut tx, |conn| {
                sqlx::query_as(BY_DOMAIN)
                    .bind(host.as_str())
                    .fetch_optional(conn)
                    .await
            }),
            Address::Id(id) => on_tx!(&mut tx, |conn| {
                sqlx::query_as(BY_ID)
                    .bind(id.as_uuid())
                    .fetch_optional(conn)
                    .await
            }),
            Address::Slug(slug) => on_tx!(&mut tx, |conn| {
                sqlx::query_as(BY_SLUG)
                    .bind(slug.as_str())
                    .fetch_optional(conn)
                    .await
            }),
        }?;
        tx.commit(true).await?;
        row.map(Tenant::try_from).transpose()
    }

    async fn changes(&self, revision: u64) -> Result<Option<Changes>, Error> {
        const NOW: &str = "SELECT revision FROM tenancy_registry WHERE id = 1";
        const CHANGED: &str = "SELECT id FROM tenancy_tenants WHERE revision > $1 \
             ORDER BY revision LIMIT $2";
        let since = i64::try_from(revision).unwrap_or(i64::MAX);
        let mut tx = self.read().await?;
        let now: i64 = on_tx!(&mut tx, |conn| sqlx::query_scalar(NOW)
            .fetch_one(conn)
            .await)?;
        let ids: Vec<Uuid> = if now > since {
            on_tx!(&mut tx, |conn| {
                sqlx::query_scalar(CHANGED)
                    .bind(since)
                    .bind(CHANGES_MAX)
                    .fetch_all(conn)
                    .await
            })?
        } else {
            Vec::new()
        };
        tx.commit(true).await?;
        Ok(Some(Changes {
            revision: u64::try_from(now).unwrap_or_default(),
            overflowed: ids.len() as i64 == CHANGES_MAX,
            tenants: ids.into_iter().map(TenantId::from).collect(),
        }))
    }

    fn local_changes(&self) -> u64 {
        self.local_changes.load(Ordering::Acquire)
    }
}

impl TenantRegistry for SqlTenants {
    async fn insert(&self, tenant: &Tenant, by: &Actor) -> Result<Tenant, Error> {
        const INSERT: &str = "INSERT INTO tenancy_tenants (id, slug, name, status, \
             maintenance_seconds, plan, settings, key, created_at, revision) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)";
        let settings = settings_json(tenant)?;
        let mut tx = self.write(by).await?;
        let revision = next_revision(&mut tx).await?;
        on_tx!(&mut tx, |conn| {
            sqlx::query(INSERT)
                .bind(tenant.id.as_uuid())
                .bind(tenant.slug.as_str())
                .bind(&*tenant.name)
                .bind(tenant.status.as_str())
                .bind(maintenance_seconds(tenant))
                .bind(tenant.plan.as_str())
                .bind(&settings)
                .bind(tenant.key.as_ref().map(|key| key.as_str()))
                .bind(tenant.created_at.as_microseconds())
                .bind(revision)
                .execute(conn)
                .await
                .map(|done| done.rows_affected())
        })
        .map_err(taken)?;
        let stored = Tenant {
            revision: revision.cast_unsigned(),
            ..tenant.clone()
        };
        tx.record(Some(stored.id), Change::created(&stored));
        self.commit(tx).await?;
        Ok(stored)
    }

    async fn update(&self, tenant: &Tenant, by: &Actor) -> Result<Tenant, Error> {
        let mut tx = self.write(by).await?;
        let stored = update(&mut tx, tenant).await?;
        self.commit(tx).await?;
        Ok(stored)
    }

    async fn list(&self, after: Option<&Slug>, limit: u32) -> Result<Vec<Tenant>, Error> {
        const LIST: &str = "SELECT id, slug, name, status, maintenance_seconds, plan, settings, \
             key, created_at, revision FROM tenancy_tenants WHERE slug > $1 ORDER BY slug LIMIT $2";
        let after = after.map_or("", Slug::as_str);
        let limit = i64::from(limit.min(PAGE_ROWS_MAX));
        let mut tx = self.read().await?;
        let rows: Vec<TenantRow> = on_tx!(&mut tx, |conn| {
            sqlx::query_as(LIST)
                .bind(after)
                .bind(limit)
                .fetch_all(conn)
                .await
        })?;
        tx.commit(true).await?;
        rows.into_iter().map(Tenant::try_from).collect()
    }

    async fn add_domain(&self, tenant: TenantId, host: &Host, by: &Actor) -> Result<(), Error> {
        const OWNER: &str = "SELECT tenant_id FROM tenancy_domains WHERE host = $1";
        const COUNT: &str =
            "SELECT CAST(count(*) AS BIGINT) FROM tenancy_domains WHERE tenant_id = $1";
        const INSERT: &str =
            "INSERT INTO tenancy_domains (host, tenant_id, created_at) VALUES ($1, $2, $3)";
        let domain = Domain {
            host: host.clone(),
            tenant_id: tenant,
            created_at: Time::now(),
        };
        let mut tx = self.write(by).await?;
        touch(&mut tx, tenant).await?;
        let owner: Option<Uuid> = on_tx!(&mut tx, |conn| {
            sqlx::query_scalar(OWNER)
                .bind(host.as_str())
                .fetch_optional(conn)
                .await
        })?;
        match owner {
            Some(owner) if owner == tenant.as_uuid() => return tx.roll_back().await,
            Some(_) => return Err(ErrorKind::AddressTaken.into()),
            None => {}
        }
        let count: i64 = on_tx!(&mut tx, |conn| {
            sqlx::query_scalar(COUNT)
                .bind(tenant.as_uuid())
                .fetch_one(conn)
                .await
        })?;
        if count >= DOMAINS_MAX as i64 {
            return Err(Error::with_source(
                ErrorKind::InvalidInput,
                format!("a tenant has at most {DOMAINS_MAX} domains"),
            ));
        }
        on_tx!(&mut tx, |conn| {
            sqlx::query(INSERT)
                .bind(host.as_str())
                .bind(tenant.as_uuid())
                .bind(domain.created_at.as_microseconds())
                .execute(conn)
                .await
                .map(|done| done.rows_affected())
        })
        .map_err(taken)?;
        tx.record(Some(tenant), Change::created(&domain));
        self.commit(tx).await
    }

    async fn remove_domain(
        &self,
        tenant: TenantId,
        host: &Host,
        by: &Actor,
    ) -> Result<bool, Error> {
        const REMOVE: &str =
            "DELETE FROM tenancy_domains WHERE host = $1 AND tenant_id = $2 RETURNING created_at";
        let mut tx = self.write(by).await?;
        touch(&mut tx, tenant).await?;
        let removed: Option<i64> = on_tx!(&mut tx, |conn| {
            sqlx::query_scalar(REMOVE)
                .bind(host.as_str())
                .bind(tenant.as_uuid())
                .fetch_optional(conn)
                .await
        })?;
        let Some(created_at) = removed else {
            tx.roll_back().await?;
            return Ok(false);
        };
        let created_at = Time::from_microseconds(created_at);
        let domain = Domain {
            host: host.clone(),
            tenant_id: tenant,
            created_at,
        };
        tx.record(Some(tenant), Change::deleted(&domain));
        self.commit(tx).await?;
        Ok(true)
    }

    async fn domains(&self, tenant: TenantId) -> Result<Vec<Domain>, Error> {
        const LIST: &str = "SELECT host, created_at FROM tenancy_domains WHERE tenant_id = $1 \
             ORDER BY host LIMIT $2";
        let mut tx = self.read().await?;
        let rows: Vec<(String, i64)> = on_tx!(&mut tx, |conn| {
            sqlx::query_as(LIST)
                .bind(tenant.as_uuid())
                .bind(DOMAINS_MAX as i64)
                .fetch_all(conn)
                .await
        })?;
        tx.commit(true).await?;
        rows.into_iter()
            .map(|(host, created_at)| {
                let host = host
                    .parse()
                    .map_err(|error| Error::with_source(ErrorKind::Corrupt, error))?;
                let created_at = Time::from_microseconds(created_at);
                Ok(Domain {
                    host,
                    tenant_id: tenant,
                    created_at,
                })
            })
            .collect()
    }
}
