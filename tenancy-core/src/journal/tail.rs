use std::collections::HashSet;
use std::mem;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::error::Error;
use crate::on_tx;
use crate::sql::TenantTx;
use crate::sql::dispatched::{Scoped as _, TxConnection};

/// A place in a tenant's journal, for a process that must notice what others have changed.
///
/// Unlike a [`Consumer`](super::Consumer)'s it is kept nowhere, unless the process does, and does not
/// wait for entries to be numbered. Each entry is told once. Where nothing numbers them, as no
/// [`Worker`](super::Worker) runs on any node, a thousand are told and then [`News::Unknown`] for ever.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Tail {
    head: i64,
    /// Those that were told without a number, so that they are not told again with it.
    told: HashSet<Uuid>,
}

/// What was committed since a [`Tail`] was last asked.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum News {
    /// These changes.
    Changes(Vec<Changed>),
    /// More than is told one by one, or the journal is another than before: anything may have
    /// changed.
    Unknown,
}

/// What an entry is about.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Changed {
    /// What was done, such as `created`.
    pub action: String,
    /// To what kind of thing.
    pub resource: String,
    /// To which one.
    pub resource_id: String,
    id: Uuid,
    sequence: Option<i64>,
}

/// How many changes are told one by one.
const CHANGES_MAX: usize = 1_000;

/// The journal's head, and an entry, if there is one.
#[derive(sqlx::FromRow)]
struct Row {
    head: i64,
    id: Option<Uuid>,
    sequence: Option<i64>,
    action: Option<String>,
    resource: Option<String>,
    resource_id: Option<String>,
}

impl Row {
    fn change(self) -> Option<Changed> {
        Some(Changed {
            action: self.action?,
            resource: self.resource?,
            resource_id: self.resource_id?,
            id: self.id?,
            sequence: self.sequence,
        })
    }
}

impl Tail {
    /// The present end of the journal. What is read from the database after this holds all that was
    /// committed before.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn at_end(tx: &mut TenantTx) -> Result<Self, Error> {
        const HEAD: &str = "SELECT CAST(coalesce(max(sequence), 0) AS BIGINT) \
             FROM tenancy_journal_head WHERE tenant_id = $1";
        let tenant = tx.tenant_id().as_uuid();
        let head = on_tx!(tx, |conn| sqlx::query_scalar(HEAD)
            .bind(tenant)
            .fetch_one(conn)
            .await)?;
        let told = HashSet::new();
        Ok(Self { head, told })
    }

    /// Whether a change lies before this place.
    pub fn has_told(&self, change: &Changed) -> bool {
        let is_before = change.sequence.is_some_and(|number| number <= self.head);
        is_before || self.told.contains(&change.id)
    }

    /// What was committed since, and moves to the present end.
    ///
    /// # Errors
    /// Those of the database; the place stays where it was.
    pub async fn advance(&mut self, tx: &mut TenantTx) -> Result<News, Error> {
        let rows = self.rows(tx).await?;
        let head = rows.first().map_or(self.head, |row| row.head);
        let is_another = head < self.head;
        self.head = head;
        if is_another || rows.len() > CHANGES_MAX {
            self.told.clear();
            return Ok(News::Unknown);
        }
        let unnumbered = rows.iter().filter(|row| row.sequence.is_none());
        let unnumbered = unnumbered.filter_map(|row| row.id).collect();
        let told = mem::replace(&mut self.told, unnumbered);
        let is_new = |row: &Row| row.id.is_some_and(|id| !told.contains(&id));
        let changes = rows.into_iter().filter(is_new).filter_map(Row::change);
        Ok(News::Changes(changes.collect()))
    }

    /// The databases differ on purpose: on PostgreSQL an entry may be committed and not yet
    /// numbered. It is in the line then, and one statement sees it either there or with its number.
    async fn rows(&self, tx: &mut TenantTx) -> Result<Vec<Row>, Error> {
        let (tenant, limit) = (tx.tenant_id().as_uuid(), CHANGES_MAX as i64 + 1);
        let head = self.head;
        match tx.call() {
            #[cfg(feature = "postgres")]
            (call, TxConnection::Postgres(conn)) => {
                const SINCE: &str = "SELECT h.head, e.id, e.sequence, e.action, e.resource, \
                     e.resource_id FROM (SELECT coalesce(max(sequence), 0) AS head \
                         FROM tenancy_journal_head WHERE tenant_id = $1) h \
                     LEFT JOIN (SELECT id, sequence, action, resource, resource_id \
                         FROM tenancy_journal WHERE tenant_id = $1 AND sequence > $2 \
                         UNION ALL SELECT j.id, j.sequence, j.action, j.resource, j.resource_id \
                         FROM tenancy_journal_line l JOIN tenancy_journal j \
                         ON j.tenant_id = l.tenant_id AND j.id = l.entry_id \
                         WHERE l.tenant_id = $1) e ON true LIMIT $3";
                call.run(async move {
                    sqlx::query_as(SINCE)
                        .bind(tenant)
                        .bind(head)
                        .bind(limit)
                        .fetch_all(conn)
                        .await
                })
                .await
            }
            #[cfg(feature = "sqlite")]
            (call, TxConnection::Sqlite(conn)) => {
                const SINCE: &str = "SELECT h.head, e.id, e.sequence, e.action, e.resource, \
                     e.resource_id FROM (SELECT coalesce(max(sequence), 0) AS head \
                         FROM tenancy_journal_head WHERE tenant_id = $1) h \
                     LEFT JOIN (SELECT id, sequence, action, resource, resource_id \
                         FROM tenancy_journal WHERE tenant_id = $1 AND sequence > $2) e ON 1 = 1 LIMIT $3";
                call.run(async move {
                    sqlx::query_as(SINCE)
                        .bind(tenant)
                        .bind(head)
                        .bind(limit)
                        .fetch_all(conn)
                        .await
                })
                .await
            }
        }
    }
}
