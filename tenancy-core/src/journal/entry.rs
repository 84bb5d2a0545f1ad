use serde::Serialize;
use serde_json::Value;
use uuid::Uuid;

use crate::error::{Error, ErrorKind};
use crate::on_tx;
use crate::scope::Actor;
use crate::sql::filter::Query;
use crate::sql::{PlatformTx, TenantTx};
use crate::tenant::TenantId;
use crate::time::Time;

/// The most entries that one page of a trail holds.
const PAGE_ROWS_MAX: u32 = 250;

/// One entry of a tenant's journal.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Entry {
    /// Its identity; later entries of one process have greater ids.
    pub id: Uuid,
    /// Its number in the tenant, once it has one.
    pub sequence: Option<i64>,
    /// When it was written.
    pub at: Time,
    /// Who did it.
    pub actor: Actor,
    /// What was done, such as `created`.
    pub action: String,
    /// To what kind of thing.
    pub resource: String,
    /// To which one.
    pub resource_id: String,
    /// How it looked before.
    pub before: Option<Value>,
    /// How it looked after.
    pub after: Option<Value>,
    /// The request it belonged to.
    pub request_id: Option<String>,
}

/// One entry of the platform's own journal.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct PlatformEntry {
    /// The tenant it is about, if about one.
    pub about: Option<TenantId>,
    /// What happened.
    #[serde(flatten)]
    pub entry: Entry,
}

/// Some entries of a trail, newest first.
#[derive(Clone, Debug, PartialEq)]
pub struct Trail<E = Entry> {
    /// The entries.
    pub entries: Vec<E>,
    /// What to give as [`EntryQuery::before`] for those that follow, when there are more.
    pub next: Option<Uuid>,
}

impl<E> Trail<E> {
    /// The trail of entries that were asked for with one more than there is room for.
    fn cut(mut entries: Vec<E>, wanted: &EntryQuery, id: impl FnOnce(&E) -> Uuid) -> Self {
        let rows = wanted.rows() as usize;
        let more = entries.len() > rows;
        entries.truncate(rows);
        let next = if more { entries.last().map(id) } else { None };
        Self { entries, next }
    }
}

/// Which entries of a trail to read, newest first.
#[derive(Clone, Debug, Default)]
pub struct EntryQuery {
    /// Only this kind of resource.
    pub resource: Option<String>,
    /// Only this resource; with `resource`.
    pub resource_id: Option<String>,
    /// Only what this user or key did.
    pub actor_id: Option<String>,
    /// Only entries older than this one.
    pub before: Option<Uuid>,
    /// How many; 50 by default, between 1 and 250.
    pub limit: Option<u32>,
}

#[derive(sqlx::FromRow)]
pub(super) struct EntryRow {
    id: Uuid,
    sequence: Option<i64>,
    at: i64,
    actor: String,
    action: String,
    resource: String,
    resource_id: String,
    before: Option<String>,
    after: Option<String>,
    request_id: Option<String>,
}

impl TryFrom<EntryRow> for Entry {
    type Error = Error;

    fn try_from(row: EntryRow) -> Result<Self, Error> {
        let corrupt = |error| Error::with_source(ErrorKind::Corrupt, error);
        let picture = |text: Option<String>| {
            text.map(|text| serde_json::from_str(&text))
                .transpose()
                .map_err(corrupt)
        };
        Ok(Self {
            id: row.id,
            sequence: row.sequence,
            at: Time::from_microseconds(row.at),
            actor: serde_json::from_str(&row.actor).map_err(corrupt)?,
            action: row.action,
            resource: row.resource,
            resource_id: row.resource_id,
            before: picture(row.before)?,
            after: picture(row.after)?,
            request_id: row.request_id,
        })
    }
}

impl EntryQuery {
    fn rows(&self) -> u32 {
        self.limit.unwrap_or(50).clamp(1, PAGE_ROWS_MAX)
    }

    fn filter(&self, query: &mut Query) {
        if let Some(resource) = &self.resource {
            query.push(" AND resource = ?", [resource.as_str().into()]);
        }
        if let Some(resource_id) = &self.resource_id {
            query.push(" AND resource_id = ?", [resource_id.as_str().into()]);
        }
        if let Some(actor_id) = &self.actor_id {
            query.push(" AND actor_id = ?", [actor_id.as_str().into()]);
        }
        if let Some(before) = self.before {
            query.push(" AND id < ?", [before.into()]);
        }
        let one_more = i64::from(self.rows()) + 1;
        query.push(" ORDER BY id DESC LIMIT ?", [one_more.into()]);
    }
}

impl Entry {
    /// A tenant's trail, newest first.
    ///
    /// # Errors
    /// Those of the database, and [`Corrupt`](ErrorKind::Corrupt) when an entry cannot be read.
    pub async fn trail(tx: &mut TenantTx, wanted: &EntryQuery) -> Result<Trail, Error> {
        const FIND: &str = "SELECT id, sequence, at, actor, action, resource, resource_id, \
             before, after, request_id FROM tenancy_journal WHERE tenant_id = ?";
        let mut query = Query::new(FIND, [tx.tenant_id().as_uuid().into()]);
        wanted.filter(&mut query);
        let rows: Vec<EntryRow> = on_tx!(tx, |conn| query.query_as()?.fetch_all(conn).await)?;
        let entries: Result<Vec<Self>, _> = rows.into_iter().map(Self::try_from).collect();
        Ok(Trail::cut(entries?, wanted, |entry| entry.id))
    }
}

#[derive(sqlx::FromRow)]
struct PlatformEntryRow {
    about: Option<Uuid>,
    #[sqlx(flatten)]
    entry: EntryRow,
}

impl PlatformEntry {
    /// The platform's own trail, newest first.
    ///
    /// # Errors
    /// As [`Entry::trail`].
    pub async fn trail(tx: &mut PlatformTx, wanted: &EntryQuery) -> Result<Trail<Self>, Error> {
        const FIND: &str = "SELECT id, CAST(NULL AS BIGINT) AS sequence, at, actor, about, action, \
             resource, resource_id, before, after, request_id FROM tenancy_platform_journal \
             WHERE 1 = 1";
        let mut query = Query::new(FIND, []);
        wanted.filter(&mut query);
        let rows: Vec<PlatformEntryRow> =
            on_tx!(tx, |conn| query.query_as()?.fetch_all(conn).await)?;
        let entries: Result<Vec<Self>, Error> = rows
            .into_iter()
            .map(|row| {
                let about = row.about.map(TenantId::from);
                row.entry.try_into().map(|entry| Self { about, entry })
            })
            .collect();
        Ok(Trail::cut(entries?, wanted, |one| one.entry.id))
    }
}
