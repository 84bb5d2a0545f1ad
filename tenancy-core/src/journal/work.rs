//! Which tenants have entries that a consumer has not taken: marks that name a tenant and hold
//! nothing of it.
//!
//! A mark is written before or with what it points to and taken away only by a token that has
//! not changed since everything was found done, so a crash leaves a needless mark and never a
//! missing one.

use uuid::Uuid;

use crate::error::Error;
use crate::meter::Meter;
use crate::on_tx;
use crate::scope::TenantScope;
use crate::sql::{Database, Mode, Transaction};
use crate::tenant::TenantId;

/// How many tenants one look finds.
const TENANTS_MAX: i64 = 100;

/// A tenant with work to do, and the token that its mark had then.
#[derive(Clone, Copy, Debug, sqlx::FromRow)]
pub(super) struct Mark {
    tenant_id: Uuid,
    token: Uuid,
}

impl Mark {
    pub(super) fn tenant_id(self) -> TenantId {
        self.tenant_id.into()
    }
}

/// Marks the tenant, in a transaction of its own.
pub(crate) async fn mark(database: &Database, tenant: TenantId) -> Result<(), Error> {
    const MARK: &str = "INSERT INTO tenancy_journal_work (tenant_id, token) VALUES ($1, $2) \
         ON CONFLICT (tenant_id) DO UPDATE SET token = $2";
    let mut tx =
        Transaction::begin(database.storage(), Mode::Write, None, Meter::default()).await?;
    on_tx!(&mut tx, |conn| {
        sqlx::query(MARK)
            .bind(tenant.as_uuid())
            .bind(Uuid::now_v7())
            .execute(conn)
            .await
            .map(|done| done.rows_affected())
    })?;
    tx.commit(true).await
}

/// Marked tenants, in order of id after `after`.
pub(super) async fn marked(database: &Database, after: Uuid) -> Result<Vec<Mark>, Error> {
    const FIND: &str = "SELECT tenant_id, token FROM tenancy_journal_work \
         WHERE tenant_id > $1 ORDER BY tenant_id LIMIT $2";
    let mut tx = Transaction::begin(database.storage(), Mode::Read, None, Meter::default()).await?;
    let marks = on_tx!(&mut tx, |conn| {
        sqlx::query_as(FIND)
            .bind(after)
            .bind(TENANTS_MAX)
            .fetch_all(conn)
            .await
    })?;
    tx.commit(true).await?;
    Ok(marks)
}

/// Takes a mark away unless it was renewed since.
pub(super) async fn unmark(database: &Database, mark: Mark) -> Result<(), Error> {
    const UNMARK: &str = "DELETE FROM tenancy_journal_work WHERE tenant_id = $1 AND token = $2";
    let mut tx =
        Transaction::begin(database.storage(), Mode::Write, None, Meter::default()).await?;
    on_tx!(&mut tx, |conn| {
        sqlx::query(UNMARK)
            .bind(mark.tenant_id)
            .bind(mark.token)
            .execute(conn)
            .await
            .map(|done| done.rows_affected())
    })?;
    tx.commit(true).await
}

/// Takes the mark away if every consumer has taken everything.
///
/// On SQLite the tenant's own file remembers that it is marked, and is told otherwise first,
/// inside the file's write lock: a writer that comes after marks again, with another token.
pub(super) async fn settle(
    database: &Database,
    scope: &TenantScope,
    mark: Mark,
    consumers: &[&'static str],
) -> Result<(), Error> {
    const BEHIND: &str = "SELECT CAST(count(*) AS BIGINT) FROM tenancy_journal_head h \
         LEFT JOIN tenancy_journal_cursors c ON c.tenant_id = h.tenant_id AND c.consumer = $2 \
         WHERE h.tenant_id = $1 AND h.sequence > coalesce(c.sequence, 0)";
    const RETRIES: &str = "SELECT CAST(count(*) AS BIGINT) FROM tenancy_journal_parked \
         WHERE tenant_id = $1 AND retry = 1";
    const UNMARKED: &str =
        "UPDATE tenancy_journal_head SET marked = 0 WHERE tenant_id = $1 AND marked = 1";
    let tenant = mark.tenant_id;
    let mut tx = database.write(scope).await?;
    for consumer in consumers {
        let behind: i64 = on_tx!(&mut tx, |conn| {
            sqlx::query_scalar(BEHIND)
                .bind(tenant)
                .bind(*consumer)
                .fetch_one(conn)
                .await
        })?;
        if behind > 0 {
            return tx.roll_back().await;
        }
    }
    let retries: i64 = on_tx!(&mut tx, |conn| sqlx::query_scalar(RETRIES)
        .bind(tenant)
        .fetch_one(conn)
        .await)?;
    if retries > 0 && !consumers.is_empty() {
        return tx.roll_back().await;
    }
    on_tx!(&mut tx, |conn| {
        sqlx::query(UNMARKED)
            .bind(tenant)
            .execute(conn)
            .await
            .map(|done| done.rows_affected())
    })?;
    tx.commit().await?;
    unmark(database, mark).await
}
