use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::response::Response;
use serde::Deserialize;
use tenancy_core::registry::TenantRegistry as _;
use tenancy_core::tenant::Maintenance;
use tenancy_core::{Slug, Tenant};

use super::Operator;
use crate::pages::{Link, Room, ShopRow, ShopsPage};
use crate::platform::Platform;
use crate::site::refuse::NoPage;

/// How many shops a page shows.
const SHOPS: u32 = 100;

/// Where in the list of shops an operator is.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Place {
    /// The slug before the first one shown.
    after: Option<String>,
}

/// All shops, a page at a time.
pub(super) async fn page(
    State(platform): State<Platform>,
    operator: Operator,
    place: Result<Query<Place>, QueryRejection>,
) -> Result<Response, NoPage> {
    let after = place.map_err(|_| NoPage::not_found())?.0.after;
    let after: Option<Slug> = after
        .map(|slug| slug.parse())
        .transpose()
        .map_err(|_| NoPage::not_found())?;
    let shops = platform.registry().list(after.as_ref(), SHOPS + 1).await;
    let mut shops = shops.map_err(|error| NoPage::failed(&error))?;
    let more = shops.len() > SHOPS as usize;
    shops.truncate(SHOPS as usize);
    let last = shops.last().filter(|_| more);
    let page = ShopsPage {
        console: operator.at(Room::Shops),
        next: last.map(|tenant| Link::console_after(tenant.slug.as_str())),
        first: after.is_some().then(|| Room::Shops.link()),
        shops: shops.iter().map(|tenant| row(&platform, tenant)).collect(),
    };
    Ok(Operator::show(&page))
}

fn row(platform: &Platform, tenant: &Tenant) -> ShopRow {
    ShopRow {
        name: tenant.name.to_string(),
        slug: tenant.slug.to_string(),
        url: Link::web(&format!("{}/", platform.shop_url(&tenant.slug))),
        plan: tenant.plan.to_string(),
        status: tenant.status,
        in_maintenance: tenant.maintenance != Maintenance::Off,
    }
}
