use tenancy_commerce::catalog::{CategoryNode as Node, Product, Variant as Sold};
use tenancy_commerce::money::Money;
use tenancy_core::TenantScope;
use tenancy_core::tenant::Locale;

use crate::pages::{
    Availability, Badge, CategoryNode, Link, Picture, Prices, ProductCard, ShopView, Variant,
};
use crate::shop::Tagline;

/// From how many pieces on nobody is told how many there are.
const PLENTY: i64 = 6;

pub(super) fn shop(scope: &TenantScope, origin: String) -> ShopView {
    let tenant = scope.tenant();
    ShopView {
        name: tenant.name.to_string(),
        slug: tenant.slug.to_string(),
        tagline: tenant.settings.get::<Tagline>(),
        locale: tenant.settings.get::<Locale>(),
        origin,
    }
}

pub(super) fn cards<'a>(
    scope: &TenantScope,
    products: impl IntoIterator<Item = &'a Product>,
) -> Vec<ProductCard> {
    let prices = prices(scope);
    let products = products.into_iter();
    products.map(|product| card(&prices, product)).collect()
}

pub(super) fn variants(scope: &TenantScope, product: &Product) -> Vec<Variant> {
    let prices = prices(scope);
    let sold = product.variants.iter();
    sold.map(|sold| variant(&prices, sold)).collect()
}

fn prices(scope: &TenantScope) -> Prices {
    Prices::of(&scope.tenant().settings.get::<Locale>())
}

fn card(prices: &Prices, product: &Product) -> ProductCard {
    let cheapest = product
        .variants
        .iter()
        .min_by_key(|variant| variant.price.amount());
    let before = cheapest.and_then(reduced_from);
    ProductCard {
        name: product.name.clone(),
        url: Link::product(product.slug.as_str()),
        picture: picture(product),
        price_text: prices.text(product.price_from),
        price_from: product
            .variants
            .iter()
            .any(|variant| variant.price != product.price_from),
        compare_at_text: before.map(|price| prices.text(price)),
        badge: badge(product, before.is_some()),
    }
}

pub(super) fn badge(product: &Product, reduced: bool) -> Option<Badge> {
    if !product.variants.iter().any(Sold::is_in_stock) {
        return Some(Badge::SoldOut);
    }
    if reduced {
        return Some(Badge::Sale);
    }
    product.featured.then_some(Badge::Featured)
}

pub(super) fn picture(product: &Product) -> Picture {
    let image = product.images.first();
    let category = product.categories.first();
    Picture::of(
        product.slug.as_str(),
        category.map_or("", |category| category.slug.as_str()),
        image.map(|image| image.url.as_str()),
        image.map_or("", |image| image.alt.as_str()),
    )
}

fn variant(prices: &Prices, sold: &Sold) -> Variant {
    Variant {
        sku: sold.sku.clone().unwrap_or_else(|| sold.id.to_string()),
        values: sold.option_values.clone(),
        price_text: prices.text(sold.price),
        price_decimal: sold.price.to_decimal(),
        compare_at_text: reduced_from(sold).map(|price| prices.text(price)),
        availability: match sold.stock {
            _ if !sold.is_in_stock() => Availability::SoldOut,
            Some(pieces @ 1..PLENTY) => {
                u32::try_from(pieces).map_or(Availability::InStock, Availability::Low)
            }
            _ => Availability::InStock,
        },
    }
}

/// The price before a reduction, where it was higher.
pub(super) fn reduced_from(sold: &Sold) -> Option<Money> {
    sold.compare_at_price
        .filter(|before| before.amount() > sold.price.amount())
}

pub(super) fn tree(nodes: Vec<Node>, current: &str) -> Vec<CategoryNode> {
    let nodes = nodes.into_iter();
    let node = |node: Node| CategoryNode {
        name: node.category.name,
        current: node.category.slug.as_str() == current,
        slug: node.category.slug.to_string(),
        count: None,
        children: tree(node.children, current),
    };
    nodes.map(node).collect()
}
