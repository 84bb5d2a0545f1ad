use axum::response::Response;
use http::StatusCode;
use http::header::{ACCEPT_LANGUAGE, HeaderValue, VARY};
use serde::Deserialize;
use tenancy_core::layer::Refusal;
use tenancy_core::tenant::Status;
use tenancy_core::{Slug, Tenant};

use super::refuse::NoPage;
use crate::failure::Failure;
use crate::logging;
use crate::pages::{self, LandingPage, Language, Link, ShopCard};
use crate::platform::Platform;
use crate::shop::Tagline;

/// How many shops a page shows.
const SHOPS: usize = 48;

/// How much of the registry one visit looks through, where most shops are closed.
const LOOKS_MAX: usize = 10;

/// Where in the list of shops a visitor is.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Place {
    /// The slug before the first one shown.
    after: Option<String>,
}

/// The platform's own page: the shops that are open, by slug.
pub(super) async fn page(
    platform: &Platform,
    language: Language,
    place: Place,
) -> Result<Response, NoPage> {
    let after = place.after.as_deref().map(str::parse).transpose();
    let after: Option<Slug> = after.map_err(|_| NoPage::not_found())?;
    let later = after.is_some();
    let shops = open_shops(platform, after).await.map_err(|failure| {
        if let Some(left_out) = logging::admit(true) {
            tracing::error!(%failure, left_out, "the shops could not be listed");
        }
        NoPage::Closed(Refusal::RegistryUnavailable)
    })?;
    let cards = shops.open.into_iter().filter_map(|tenant| {
        Some(ShopCard {
            url: Link::web(&format!("{}/", platform.shop_url(&tenant.slug)))?,
            name: tenant.name.to_string(),
            slug: tenant.slug.to_string(),
            tagline: tenant.settings.get::<Tagline>(),
        })
    });
    let page = LandingPage {
        name: platform.config().name().to_owned(),
        language,
        shops: cards.collect(),
        first: later.then(Link::home),
        next: shops.next.map(|slug| Link::shops_after(slug.as_str())),
    };
    let mut response = pages::respond(StatusCode::OK, &page);
    let varies = HeaderValue::from_name(ACCEPT_LANGUAGE);
    response.headers_mut().insert(VARY, varies);
    Ok(response)
}

struct Shops {
    open: Vec<Tenant>,
    /// The slug after which there may be more.
    next: Option<Slug>,
}

async fn open_shops(platform: &Platform, mut after: Option<Slug>) -> Result<Shops, Failure> {
    let mut open: Vec<Tenant> = vec![];
    for _ in 0..LOOKS_MAX {
        let tenants = platform.tenant_page(after.as_ref()).await?;
        let Some(last) = tenants.last() else {
            return Ok(Shops { open, next: None });
        };
        after = Some(last.slug.clone());
        for tenant in tenants.into_iter().filter(is_open) {
            if open.len() == SHOPS {
                let next = open.last().map(|shown| shown.slug.clone());
                return Ok(Shops { open, next });
            }
            open.push(tenant);
        }
    }
    Ok(Shops { open, next: after })
}

fn is_open(tenant: &Tenant) -> bool {
    matches!(tenant.status, Status::Active | Status::Trial) && tenant.unavailability().is_none()
}
