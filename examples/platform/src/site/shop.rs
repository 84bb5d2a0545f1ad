use axum::extract::rejection::{PathRejection, QueryRejection};
use axum::extract::{Path, Query, State};
use axum::response::Response;
use http::StatusCode;
use serde::Deserialize;
use tenancy_commerce::catalog::{
    Catalog as _, Category, CategoryNode, CategoryRef, Handle, Position, Product, ProductQuery,
    ProductStatus, Sort as Order,
};
use tenancy_commerce::{Limit, Page};
use tenancy_core::TenantScope;

use super::asker::Reads;
use super::landing::{self, Place};
use super::refuse::NoPage;
use super::view;
use crate::pages::{
    self, CategoriesPage, CategoryPage, Crumb, Filters, FrontPage, Link, ListPage, Listing,
    ProductPage, RichText, ShopView, Sort,
};
use crate::platform::Platform;

const CARDS: u32 = 24;
const CARDS_IN_A_ROW: u32 = 8;

/// The list that a cursor of these pages belongs to.
const LIST: &str = "shop products";

/// A shop's front page; on the platform's own host the shops it has.
pub(super) async fn front(
    State(platform): State<Platform>,
    scope: Option<TenantScope>,
    Reads(language): Reads,
    place: Result<Query<Place>, QueryRejection>,
) -> Result<Response, NoPage> {
    let Some(scope) = scope else {
        let place = place.map_err(|_| NoPage::not_found())?.0;
        return landing::page(&platform, language, place).await;
    };
    let row = |featured, cards| ProductQuery {
        featured,
        limit: Limit::new(cards),
        ..ProductQuery::default()
    };
    let featured = published(&platform, &scope, row(Some(true), CARDS_IN_A_ROW)).await?;
    // Twice as many, of which those above are left out.
    let newest = published(&platform, &scope, row(None, 2 * CARDS_IN_A_ROW)).await?;
    let shown = |product: &&Product| featured.items.iter().any(|above| above.id == product.id);
    let newest = newest.items.iter().filter(|product| !shown(product));
    let page = FrontPage {
        shop: shop(&platform, &scope),
        featured: view::cards(&scope, &featured.items),
        newest: view::cards(&scope, newest.take(CARDS_IN_A_ROW as usize)),
        categories: view::tree(forest(&platform, &scope).await?, ""),
    };
    Ok(pages::respond(StatusCode::OK, &page))
}

pub(super) async fn list(
    State(platform): State<Platform>,
    scope: TenantScope,
    filters: Result<Query<Filters>, QueryRejection>,
) -> Result<Response, NoPage> {
    let filters = filters.map_err(|_| NoPage::not_found())?.0;
    let current = filters.category.clone().unwrap_or_default();
    let page = ListPage {
        shop: shop(&platform, &scope),
        categories: view::tree(forest(&platform, &scope).await?, &current),
        listing: listing(&platform, &scope, Link::products(), filters, None).await?,
    };
    Ok(pages::respond(StatusCode::OK, &page))
}

pub(super) async fn categories(
    State(platform): State<Platform>,
    scope: TenantScope,
) -> Result<Response, NoPage> {
    let page = CategoriesPage {
        shop: shop(&platform, &scope),
        categories: view::tree(forest(&platform, &scope).await?, ""),
    };
    Ok(pages::respond(StatusCode::OK, &page))
}

pub(super) async fn category(
    State(platform): State<Platform>,
    scope: TenantScope,
    slug: Result<Path<Handle>, PathRejection>,
    filters: Result<Query<Filters>, QueryRejection>,
) -> Result<Response, NoPage> {
    let slug = slug.map_err(|_| NoPage::not_found())?.0;
    let filters = filters.map_err(|_| NoPage::not_found())?.0;
    let all = all_categories(&platform, &scope).await?;
    let found = all.iter().find(|category| category.slug == slug);
    let category = found.cloned().ok_or_else(NoPage::not_found)?;
    let children = all
        .iter()
        .filter(|child| child.parent_id == Some(category.id));
    let subcategories = CategoryNode::forest(
        children
            .cloned()
            .map(|child| Category {
                parent_id: None,
                ..child
            })
            .collect(),
    );
    let path = Link::category(slug.as_str());
    let page = CategoryPage {
        shop: shop(&platform, &scope),
        breadcrumbs: above(&all, &category),
        subcategories: view::tree(subcategories, ""),
        categories: view::tree(CategoryNode::forest(all), slug.as_str()),
        listing: listing(&platform, &scope, path, filters, Some(&slug)).await?,
        name: category.name,
        slug: slug.to_string(),
    };
    Ok(pages::respond(StatusCode::OK, &page))
}

/// Which variant a visitor has chosen.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Choice {
    variant: String,
}

pub(super) async fn product(
    State(platform): State<Platform>,
    scope: TenantScope,
    slug: Result<Path<Handle>, PathRejection>,
    choice: Result<Query<Choice>, QueryRejection>,
) -> Result<Response, NoPage> {
    let slug = slug.map_err(|_| NoPage::not_found())?.0;
    let choice = choice.map_err(|_| NoPage::not_found())?.0;
    let found = platform.catalog().find_by_slug(&scope, &slug).await;
    let product = found.map_err(|error| NoPage::of(&scope, &error))?;
    if product.status != ProductStatus::Published {
        return Err(NoPage::not_found());
    }
    let category = product.categories.first();
    let related = published(
        &platform,
        &scope,
        ProductQuery {
            category: Some(match category {
                Some(category) => CategoryRef::Id(category.id),
                None => return Ok(product_page(&platform, &scope, &product, &choice, &[])),
            }),
            limit: Limit::new(CARDS_IN_A_ROW + 1),
            ..ProductQuery::default()
        },
    )
    .await?;
    Ok(product_page(
        &platform,
        &scope,
        &product,
        &choice,
        &related.items,
    ))
}

fn product_page(
    platform: &Platform,
    scope: &TenantScope,
    product: &Product,
    choice: &Choice,
    related: &[Product],
) -> Response {
    let variants = view::variants(scope, product);
    let chosen = variants
        .iter()
        .position(|variant| variant.sku == choice.variant)
        .or_else(|| product.variants.iter().position(|one| one.is_in_stock()))
        .unwrap_or_default();
    let reduced = product
        .variants
        .iter()
        .any(|one| view::reduced_from(one).is_some());
    let related = related.iter().filter(|other| other.id != product.id);
    let page = ProductPage {
        shop: shop(platform, scope),
        name: product.name.clone(),
        slug: product.slug.to_string(),
        summary: product.description.to_text(),
        description: RichText::of(&product.description),
        picture: view::picture(product),
        badge: view::badge(product, reduced),
        breadcrumbs: product
            .categories
            .first()
            .map(|category| Crumb {
                name: category.path.0.last().cloned().unwrap_or_default(),
                url: Link::category(category.slug.as_str()),
            })
            .into_iter()
            .collect(),
        currency: product.price_from.currency().to_string(),
        option_names: product.options.iter().map(|one| one.name.clone()).collect(),
        variants,
        chosen,
        related: view::cards(scope, related.take(4)),
    };
    pages::respond(StatusCode::OK, &page)
}

async fn listing(
    platform: &Platform,
    scope: &TenantScope,
    path: Link,
    filters: Filters,
    category: Option<&Handle>,
) -> Result<Listing, NoPage> {
    let cursors = platform.cursor_key();
    let open = |cursor: &str| cursors.open::<Position>(scope.tenant_id(), LIST, cursor);
    let after = filters.cursor.as_deref().map(open).transpose();
    let chosen = match category {
        Some(slug) => Some(slug.clone()),
        None => filters
            .category
            .as_deref()
            .filter(|slug| !slug.is_empty())
            .map(str::parse)
            .transpose()
            .map_err(|_| NoPage::not_found())?,
    };
    let query = ProductQuery {
        category: chosen.map(CategoryRef::Slug),
        featured: filters.featured.then_some(true),
        in_stock: filters.in_stock.then_some(true),
        q: Some(filters.q.clone()).filter(|words| !words.trim().is_empty()),
        sort: match filters.sort {
            Sort::Name => Order::Name,
            Sort::Newest => Order::Newest,
            Sort::PriceAscending => Order::Price,
            Sort::PriceDescending => Order::PriceDown,
        },
        after: after.map_err(|_| NoPage::not_found())?,
        limit: Limit::new(CARDS),
        status: None,
    };
    let page = published(platform, scope, query).await?;
    let next = page.next.as_ref();
    Ok(Listing {
        path,
        filters,
        cards: view::cards(scope, &page.items),
        total: None,
        next_cursor: next.map(|next| cursors.seal(scope.tenant_id(), LIST, next)),
    })
}

/// A list as visitors may see it: whatever was asked for, only what is published, without costs.
async fn published(
    platform: &Platform,
    scope: &TenantScope,
    query: ProductQuery,
) -> Result<Page<Product, Position>, NoPage> {
    let query = ProductQuery {
        status: Some(ProductStatus::Published),
        ..query
    };
    let page = platform.catalog().list(scope, &query).await;
    let page = page.map_err(|error| NoPage::of(scope, &error))?;
    Ok(Page {
        items: page.items.into_iter().map(Product::for_buyers).collect(),
        next: page.next,
    })
}

async fn all_categories(platform: &Platform, scope: &TenantScope) -> Result<Vec<Category>, NoPage> {
    let all = platform.catalog().categories(scope).await;
    all.map_err(|error| NoPage::of(scope, &error))
}

async fn forest(platform: &Platform, scope: &TenantScope) -> Result<Vec<CategoryNode>, NoPage> {
    Ok(CategoryNode::forest(all_categories(platform, scope).await?))
}

/// The categories above one, the root first.
fn above(all: &[Category], category: &Category) -> Vec<Crumb> {
    let mut crumbs = vec![];
    let mut next = category.parent_id;
    while let Some(parent) = next.and_then(|id| all.iter().find(|one| one.id == id)) {
        crumbs.push(Crumb {
            name: parent.name.clone(),
            url: Link::category(parent.slug.as_str()),
        });
        next = parent.parent_id;
    }
    crumbs.reverse();
    crumbs
}

fn shop(platform: &Platform, scope: &TenantScope) -> ShopView {
    view::shop(scope, platform.shop_url(&scope.tenant().slug))
}
