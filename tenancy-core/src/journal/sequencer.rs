//! Numbering PostgreSQL's entries after they have been committed.
//!
//! Writers take a number from nobody: a row that all writers of a tenant lock would serialise
//! them, and a sequence would number entries in an order in which they do not become visible.
//! Instead every entry takes a place in a line, and one sequencer at a time per tenant numbers
//! what is visible, by that place.
//!
//! Why this keeps commit order for each resource: the place is taken while the transaction still
//! holds the locks of the rows it changed. A later change of the same row takes its place only
//! after the earlier transaction has ended, so whoever sees the later entry sees the earlier one
//! too, at an earlier place. Running transactions hold nothing back.

use uuid::Uuid;

use super::aside::Aside;
use super::worker::platform_scope;
use crate::error::{Error, ErrorKind};
use crate::meter::Meter;
use crate::on_tx;
use crate::sql::{Database, Mode, Transaction};
use crate::tenant::TenantId;
use crate::tenants::Tenants;

/// How many tenants one look finds.
const TENANTS_MAX: i64 = 100;

/// How many entries one transaction numbers.
const BATCH: i64 = 5_000;

/// Numbers what is committed; says whether there was anything that could be done.
pub(super) async fn number(
    database: &Database,
    tenants: &Tenants,
    aside: &mut Aside,
) -> Result<bool, Error> {
    let mut busy = false;
    for tenant in waiting(database).await? {
        if aside.holds(tenant) {
            continue;
        }
        let outcome = match number_tenant(database, tenants, tenant).await {
            Err(error) if error.kind() == ErrorKind::NotFound => forget(database, tenant).await,
            outcome => outcome,
        };
        match outcome {
            Ok(()) => {
                aside.release(tenant);
                busy = true;
            }
            Err(error) => {
                // Where the line cannot be read either, the trouble is not the tenant's own.
                waiting(database).await?;
                aside.put(tenant, error);
            }
        }
    }
    Ok(busy)
}

async fn waiting(database: &Database) -> Result<Vec<TenantId>, Error> {
    const WAITING: &str = "SELECT DISTINCT tenant_id FROM tenancy_journal_line LIMIT $1";
    let mut tx = Transaction::begin(database.storage(), Mode::Read, None, Meter::default()).await?;
    let ids: Vec<Uuid> = on_tx!(&mut tx, |conn| {
        sqlx::query_scalar(WAITING)
            .bind(TENANTS_MAX)
            .fetch_all(conn)
            .await
    })?;
    tx.commit(true).await?;
    Ok(ids.into_iter().map(TenantId::from).collect())
}

async fn number_tenant(
    database: &Database,
    tenants: &Tenants,
    tenant: TenantId,
) -> Result<(), Error> {
    /// The lock on the head is the fence: another sequencer skips the tenant.
    const HEAD: &str = "SELECT sequence FROM tenancy_journal_head WHERE tenant_id = $1 \
         FOR UPDATE SKIP LOCKED";
    const FIRST: &str = "INSERT INTO tenancy_journal_head (tenant_id, sequence, marked) \
         VALUES ($1, 0, 0) ON CONFLICT (tenant_id) DO NOTHING";
    /// One statement, so that the line and the entries are seen in the same snapshot.
    const NUMBER: &str = "WITH taken AS (DELETE FROM tenancy_journal_line \
             WHERE tenant_id = $1 AND place IN (SELECT place FROM tenancy_journal_line \
                 WHERE tenant_id = $1 ORDER BY place LIMIT $4) RETURNING place, entry_id), \
         next AS (SELECT entry_id, row_number() OVER (ORDER BY place) AS step FROM taken), \
         numbered AS (UPDATE tenancy_journal AS j SET sequence = $2 + next.step FROM next \
             WHERE j.tenant_id = $1 AND j.id = next.entry_id RETURNING j.id), \
         total AS (SELECT count(*) AS entries FROM numbered), \
         head AS (UPDATE tenancy_journal_head SET sequence = $2 + (SELECT entries FROM total) \
             WHERE tenant_id = $1) \
         INSERT INTO tenancy_journal_work (tenant_id, token) \
             SELECT $1, $3 FROM total WHERE entries > 0 \
             ON CONFLICT (tenant_id) DO UPDATE SET token = $3";
    let scope = platform_scope(tenants, tenant).await?;
    let mut tx = database.write(&scope).await?;
    let id = tenant.as_uuid();
    let head: Option<i64> = on_tx!(&mut tx, |conn| sqlx::query_scalar(HEAD)
        .bind(id)
        .fetch_optional(conn)
        .await)?;
    let head = match head {
        Some(head) => head,
        None => {
            let first = on_tx!(&mut tx, |conn| {
                sqlx::query(FIRST)
                    .bind(id)
                    .execute(conn)
                    .await
                    .map(|done| done.rows_affected())
            })?;
            if first == 0 {
                return tx.roll_back().await;
            }
            0
        }
    };
    // Planned each time: a plan kept from when the journal was empty reads all of it for each entry.
    on_tx!(&mut tx, |conn| {
        sqlx::query(NUMBER)
            .persistent(false)
            .bind(id)
            .bind(head)
            .bind(Uuid::now_v7())
            .bind(BATCH)
            .execute(conn)
            .await
            .map(|done| done.rows_affected())
    })?;
    tx.commit().await
}

/// Empties the line of a tenant that the registry no longer has.
async fn forget(database: &Database, tenant: TenantId) -> Result<(), Error> {
    const FORGET: &str = "DELETE FROM tenancy_journal_line WHERE tenant_id = $1";
    let mut tx =
        Transaction::begin(database.storage(), Mode::Write, None, Meter::default()).await?;
    on_tx!(&mut tx, |conn| {
        sqlx::query(FORGET)
            .bind(tenant.as_uuid())
            .execute(conn)
            .await
            .map(|done| done.rows_affected())
    })?;
    tx.commit(true).await
}
