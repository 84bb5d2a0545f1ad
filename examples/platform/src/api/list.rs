use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use tenancy_commerce::{Limit, Page};
use tenancy_core::TenantScope;
use tenancy_core::json::Json;
use utoipa::{IntoParams, ToSchema};

use super::refused::Refused;
use crate::platform::Platform;

/// Which page of a list.
#[derive(Clone, Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Paging {
    /// How many records, 20 by default; more than 250 is taken for 250.
    #[param(minimum = 1)]
    limit: Option<u32>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
}

impl Paging {
    /// How many records, `otherwise` where the client does not say.
    pub(super) fn limit_or(&self, otherwise: u32) -> Result<Limit, Refused> {
        match self.limit {
            Some(0) => Err(Refused::invalid("limit", "must be at least 1")),
            Some(rows) => Ok(Limit::new(rows)),
            None => Ok(Limit::new(otherwise)),
        }
    }

    pub(super) fn limit(&self) -> Result<Limit, Refused> {
        self.limit_or(u32::try_from(Limit::default().rows()).unwrap_or(u32::MAX))
    }
}

/// A page of a list.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(super) struct ListOf<T> {
    data: Vec<T>,
    /// For the next page, as `cursor`; null on the last.
    next_cursor: Option<String>,
}

/// One list of one shop, whose cursors no other list takes.
pub(super) struct List<'a> {
    platform: &'a Platform,
    scope: &'a TenantScope,
    name: String,
}

impl<'a> List<'a> {
    /// The list `name` with these filters and this order.
    pub(super) fn new(
        platform: &'a Platform,
        scope: &'a TenantScope,
        name: &str,
        filters: &impl Serialize,
    ) -> Self {
        let filters = serde_json::to_string(filters).expect("filters are plain data");
        Self {
            platform,
            scope,
            name: format!("{name} {filters}"),
        }
    }

    /// The place after which the page begins.
    pub(super) fn after<P: DeserializeOwned>(&self, paging: &Paging) -> Result<Option<P>, Refused> {
        let cursors = self.platform.cursor_key();
        let open = |cursor: &String| cursors.open(self.scope.tenant_id(), &self.name, cursor);
        let place = paging.cursor.as_ref().map(open).transpose();
        place.map_err(|_| Refused::cursor())
    }

    /// The page as the client gets it.
    pub(super) fn page<T, P: Serialize>(&self, page: Page<T, P>) -> Json<ListOf<T>> {
        let cursors = self.platform.cursor_key();
        let seal = |place: &P| cursors.seal(self.scope.tenant_id(), &self.name, place);
        Json(ListOf {
            next_cursor: page.next.as_ref().map(seal),
            data: page.items,
        })
    }
}
