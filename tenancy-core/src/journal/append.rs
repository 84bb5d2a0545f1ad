//! Writing entries, as the last statements of a transaction.

use serde_json::Value;
use uuid::Uuid;

use super::change::{Change, PICTURE_BYTES_MAX};
use super::work;
use crate::error::{Error, ErrorKind};
use crate::on_tx;
use crate::scope::{Actor, TenantScope};
use crate::sql::Database;
use crate::sql::dispatched::{Scoped, TxConnection};
use crate::tenant::TenantId;
use crate::time::Time;

/// A change in the form of the table's columns.
struct Row {
    id: Uuid,
    at: i64,
    actor: String,
    actor_id: Option<String>,
    action: &'static str,
    resource: &'static str,
    resource_id: String,
    before: Option<String>,
    after: Option<String>,
}

impl Row {
    fn new(actor: &Actor, change: &Change) -> Result<Self, Error> {
        let invalid = |error| Error::with_source(ErrorKind::InvalidInput, error);
        Ok(Self {
            id: Uuid::now_v7(),
            at: Time::now().as_microseconds(),
            actor: serde_json::to_string(actor).map_err(invalid)?,
            actor_id: actor.id().map(str::to_owned),
            action: change.action,
            resource: change.resource,
            resource_id: change.resource_id.clone(),
            before: bounded(change.before.as_ref())?,
            after: bounded(change.after.as_ref())?,
        })
    }
}

fn bounded(picture: Option<&Value>) -> Result<Option<String>, Error> {
    let text = picture.map(Value::to_string);
    match &text {
        Some(text) if text.len() > PICTURE_BYTES_MAX => Err(Error::with_source(
            ErrorKind::InvalidInput,
            format!("a journal entry shows at most {PICTURE_BYTES_MAX} bytes of a resource"),
        )),
        _ => Ok(text),
    }
}

/// Writes a tenant's entries, and what makes them found again.
pub(crate) async fn tenant(
    tx: &mut impl Scoped,
    database: &Database,
    scope: &TenantScope,
    changes: &[Change],
) -> Result<(), Error> {
    const MARKED: &str = "UPDATE tenancy_journal_head SET marked = 1 WHERE tenant_id = $1";
    for change in changes {
        let row = Row::new(scope.actor(), change)?;
        let marked = insert(tx, scope, &row).await?;
        if !marked {
            // Before the commit, and inside the file's write lock; see `work::settle`.
            // Boxed because it is seldom needed and large, and every commit would make room for it.
            Box::pin(work::mark(database, scope.tenant_id())).await?;
            on_tx!(tx, |conn| {
                sqlx::query(MARKED)
                    .bind(scope.tenant_id().as_uuid())
                    .execute(conn)
                    .await
                    .map(|done| done.rows_affected())
            })?;
        }
    }
    Ok(())
}

/// The databases differ here on purpose: PostgreSQL must not order writers by a number, so the
/// entry takes a place in the sequencer's line, in the same statement; SQLite has one writer, so
/// the number is given at once, and the registry is marked only where it is not yet. Says whether
/// it is.
async fn insert(tx: &mut impl Scoped, scope: &TenantScope, row: &Row) -> Result<bool, Error> {
    let tenant = scope.tenant_id().as_uuid();
    match tx.call() {
        #[cfg(feature = "postgres")]
        (call, TxConnection::Postgres(conn)) => {
            const INSERT: &str = "WITH line AS (INSERT INTO tenancy_journal_line \
                 (tenant_id, entry_id) VALUES ($1, $2)) \
                 INSERT INTO tenancy_journal (tenant_id, id, at, actor, actor_id, \
                 action, resource, resource_id, before, after, request_id) \
                 VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)";
            call.run(async move {
                sqlx::query(INSERT)
                    .bind(tenant)
                    .bind(row.id)
                    .bind(row.at)
                    .bind(&row.actor)
                    .bind(&row.actor_id)
                    .bind(row.action)
                    .bind(row.resource)
                    .bind(&row.resource_id)
                    .bind(&row.before)
                    .bind(&row.after)
                    .bind(scope.request_id())
                    .execute(conn)
                    .await
            })
            .await?;
            Ok(true)
        }
        #[cfg(feature = "sqlite")]
        (call, TxConnection::Sqlite(conn)) => {
            const NEXT: &str = "INSERT INTO tenancy_journal_head (tenant_id, sequence, marked) \
                 VALUES ($1, 1, 0) ON CONFLICT (tenant_id) \
                 DO UPDATE SET sequence = tenancy_journal_head.sequence + 1 RETURNING sequence, marked";
            const INSERT: &str = "INSERT INTO tenancy_journal (tenant_id, id, at, actor, actor_id, \
                 action, resource, resource_id, before, after, request_id, sequence) \
                 VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)";
            call.run(async move {
                let (sequence, marked): (i64, i64) = sqlx::query_as(NEXT)
                    .bind(tenant)
                    .fetch_one(&mut *conn)
                    .await?;
                sqlx::query(INSERT)
                    .bind(tenant)
                    .bind(row.id)
                    .bind(row.at)
                    .bind(&row.actor)
                    .bind(&row.actor_id)
                    .bind(row.action)
                    .bind(row.resource)
                    .bind(&row.resource_id)
                    .bind(&row.before)
                    .bind(&row.after)
                    .bind(scope.request_id())
                    .bind(sequence)
                    .execute(conn)
                    .await?;
                Ok(marked == 1)
            })
            .await
        }
    }
}

/// Writes the platform's own entries.
pub(crate) async fn platform(
    tx: &mut impl Scoped,
    actor: &Actor,
    changes: &[(Option<TenantId>, Change)],
) -> Result<(), Error> {
    const INSERT: &str = "INSERT INTO tenancy_platform_journal \
         (id, at, actor, actor_id, about, action, resource, resource_id, before, after) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)";
    for (about, change) in changes {
        let row = Row::new(actor, change)?;
        on_tx!(tx, |conn| {
            sqlx::query(INSERT)
                .bind(row.id)
                .bind(row.at)
                .bind(&row.actor)
                .bind(&row.actor_id)
                .bind(about.map(TenantId::as_uuid))
                .bind(row.action)
                .bind(row.resource)
                .bind(&row.resource_id)
                .bind(&row.before)
                .bind(&row.after)
                .execute(conn)
                .await
                .map(|done| done.rows_affected())
        })?;
    }
    Ok(())
}
