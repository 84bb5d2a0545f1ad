use crate::error::Error;
use crate::on_tx;
use crate::sql::TenantTx;
use crate::sql::dispatched::{Scoped as _, TxConnection};

/// A place in a tenant's journal, for a process that must notice what others have changed.
///
/// Unlike a [`Consumer`](super::Consumer)'s it is nobody else's, is kept nowhere and does not wait
/// for entries to be numbered. An entry may be told twice.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Tail {
    head: i64,
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
}

/// How many changes are told one by one.
const CHANGES_MAX: usize = 1_000;

/// The journal's head, and what an entry is about, if there is one.
type Row = (i64, Option<String>, Option<String>, Option<String>);

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
        Ok(Self { head })
    }

    /// What was committed since, and moves to the present end.
    ///
    /// # Errors
    /// Those of the database; the place stays where it was.
    pub async fn advance(&mut self, tx: &mut TenantTx) -> Result<News, Error> {
        let rows = self.rows(tx).await?;
        let head = rows.first().map_or(self.head, |(head, ..)| *head);
        let is_another = head < self.head;
        self.head = head;
        if is_another || rows.len() > CHANGES_MAX {
            return Ok(News::Unknown);
        }
        let changes = rows.into_iter().filter_map(|(_, action, resource, id)| {
            Some(Changed {
                action: action?,
                resource: resource?,
                resource_id: id?,
            })
        });
        Ok(News::Changes(changes.collect()))
    }

    /// The databases differ on purpose: on PostgreSQL an entry may be committed and not yet
    /// numbered. It is in the line then, and one statement sees it either there or with its number.
    async fn rows(self, tx: &mut TenantTx) -> Result<Vec<Row>, Error> {
        let (tenant, limit) = (tx.tenant_id().as_uuid(), CHANGES_MAX as i64 + 1);
        match tx.call() {
            #[cfg(feature = "postgres")]
            (call, TxConnection::Postgres(conn)) => {
                const SINCE: &str = "SELECT head.sequence, e.action, e.resource, e.resource_id \
                     FROM (SELECT coalesce(max(sequence), 0) AS sequence \
                         FROM tenancy_journal_head WHERE tenant_id = $1) head \
                     LEFT JOIN (SELECT action, resource, resource_id FROM tenancy_journal \
                         WHERE tenant_id = $1 AND sequence > $2 \
                         UNION ALL SELECT j.action, j.resource, j.resource_id \
                         FROM tenancy_journal_line l JOIN tenancy_journal j \
                         ON j.tenant_id = l.tenant_id AND j.id = l.entry_id \
                         WHERE l.tenant_id = $1) e ON true LIMIT $3";
                call.run(async move {
                    sqlx::query_as(SINCE)
                        .bind(tenant)
                        .bind(self.head)
                        .bind(limit)
                        .fetch_all(conn)
                        .await
                })
                .await
            }
            #[cfg(feature = "sqlite")]
            (call, TxConnection::Sqlite(conn)) => {
                const SINCE: &str = "SELECT head.sequence, e.action, e.resource, e.resource_id \
                     FROM (SELECT coalesce(max(sequence), 0) AS sequence \
                         FROM tenancy_journal_head WHERE tenant_id = $1) head \
                     LEFT JOIN (SELECT action, resource, resource_id FROM tenancy_journal \
                         WHERE tenant_id = $1 AND sequence > $2) e ON 1 = 1 LIMIT $3";
                call.run(async move {
                    sqlx::query_as(SINCE)
                        .bind(tenant)
                        .bind(self.head)
                        .bind(limit)
                        .fetch_all(conn)
                        .await
                })
                .await
            }
        }
    }
}
