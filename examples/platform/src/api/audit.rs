use axum::extract::State;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tenancy_commerce::Page;
use tenancy_core::Actor;
use tenancy_core::journal::{self, EntryQuery};
use tenancy_core::json::Json;
use tenancy_core::time::Time;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::{List, ListOf, Paging, Params, Refused, Staff};
use crate::platform::Platform;

/// Entries on a page unless the client says how many.
const ROWS: u32 = 50;

/// Which entries.
#[derive(Clone, Debug, Deserialize, IntoParams, Serialize)]
#[into_params(parameter_in = Query)]
pub(super) struct Filters {
    /// What kind of record, such as `product` or `order`.
    resource: Option<String>,
    /// Which record; with `resource`.
    resource_id: Option<String>,
    /// The id of the user or key who did it.
    actor: Option<String>,
}

/// Who did what, and how the record looked before and after.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(super) struct Entry {
    id: Uuid,
    #[schema(value_type = String, format = DateTime)]
    at: Time,
    #[schema(value_type = Who)]
    actor: Actor,
    /// `created`, `updated`, `deleted`, or a word for what happened, such as `placed`.
    action: String,
    resource: String,
    resource_id: String,
    before: Option<Value>,
    after: Option<Value>,
    request_id: Option<String>,
}

/// Somebody who does something.
#[derive(ToSchema)]
#[schema(as = Actor)]
#[allow(dead_code, reason = "describes the actor's form in JSON")]
struct Who {
    /// `anonymous`, `job`, `key`, `system` or `user`.
    kind: String,
    id: Option<String>,
    name: String,
    /// For whom, where somebody acts for another; else it is left out.
    #[schema(no_recursion)]
    on_behalf_of: Option<Box<Self>>,
}

impl From<journal::Entry> for Entry {
    fn from(entry: journal::Entry) -> Self {
        Self {
            id: entry.id,
            at: entry.at,
            actor: entry.actor,
            action: entry.action,
            resource: entry.resource,
            resource_id: entry.resource_id,
            before: entry.before,
            after: entry.after,
            request_id: entry.request_id,
        }
    }
}

/// What happened in the shop, the newest first; 50 entries unless `limit` says otherwise
#[utoipa::path(
    get, path = "/api/audit", tag = "audit", operation_id = "list_audit_entries", params(Paging, Filters),
    responses((status = 200, body = ListOf<Entry>)),
)]
pub(super) async fn list(
    State(platform): State<Platform>,
    Staff(scope): Staff,
    Params(paging): Params<Paging>,
    Params(filters): Params<Filters>,
) -> Result<Json<ListOf<Entry>>, Refused> {
    let list = List::new(&platform, &scope, "audit", &filters);
    let query = EntryQuery {
        before: list.after(&paging)?,
        limit: u32::try_from(paging.limit_or(ROWS)?.rows()).ok(),
        resource: filters.resource,
        resource_id: filters.resource_id,
        actor_id: filters.actor,
    };
    let mut tx = platform.database().read(&scope).await?;
    let trail = journal::Entry::trail(&mut tx, &query).await?;
    tx.commit().await?;
    Ok(list.page(Page {
        items: trail.entries.into_iter().map(Entry::from).collect(),
        next: trail.next,
    }))
}
