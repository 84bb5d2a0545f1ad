use std::collections::{BTreeMap, HashSet};

use super::{DemoProduct, DemoShop, shops};

fn variants(shop: &DemoShop) -> impl Iterator<Item = &super::DemoVariant> {
    shop.products.iter().flat_map(|product| &product.variants)
}

#[test]
fn the_shops_differ_in_language_and_currency() {
    let kinds: Vec<_> = shops()
        .into_iter()
        .map(|shop| (shop.slug, shop.locale, shop.currency, shop.time_zone))
        .collect();
    let expected = [
        ("quillmoor", "en-US", "USD", "America/New_York"),
        ("kettenspatz", "de-DE", "EUR", "Europe/Berlin"),
        ("mistgate", "en", "JPY", "Asia/Tokyo"),
    ];
    for (found, expected) in kinds.iter().zip(expected) {
        assert_eq!((&*found.0, &*found.1, &*found.2, &*found.3), expected);
    }
    assert_eq!(kinds.len(), expected.len());
}

#[test]
fn nothing_has_the_same_name_twice() {
    for shop in shops() {
        let mut seen = HashSet::new();
        let slugs = shop
            .products
            .iter()
            .map(|product| format!("product {}", product.slug));
        let categories = shop
            .categories
            .iter()
            .map(|category| format!("category {}", category.slug));
        let skus = variants(&shop).map(|variant| format!("sku {}", variant.sku));
        let emails = shop
            .customers
            .iter()
            .map(|customer| format!("email {}", customer.email));
        for name in slugs.chain(categories).chain(skus).chain(emails) {
            assert!(seen.insert(name.clone()), "{}: {name}", shop.slug);
        }
    }
}

#[test]
fn every_category_is_known_before_it_is_used() {
    for shop in shops() {
        let mut known = HashSet::new();
        for category in &shop.categories {
            if let Some(parent) = &category.parent {
                assert!(known.contains(parent), "{parent}");
            }
            assert!(!category.name.is_empty());
            known.insert(&category.slug);
        }
        for product in &shop.products {
            assert!(
                known.contains(&product.category),
                "{}: {}",
                product.slug,
                product.category
            );
        }
    }
}

#[test]
fn variants_fit_the_options_and_have_sensible_prices() {
    for product in shops().iter().flat_map(|shop| &shop.products) {
        let DemoProduct {
            slug,
            name,
            options,
            variants,
            description,
            ..
        } = product;
        assert!(
            !name.is_empty() && description.matches(". ").count() >= 1,
            "{slug}"
        );
        assert!(
            !variants.is_empty() && (variants.len() == 1 || !options.is_empty()),
            "{slug}"
        );
        let combinations: HashSet<_> = variants.iter().map(|variant| &variant.values).collect();
        assert_eq!(combinations.len(), variants.len(), "{slug}");
        for variant in variants {
            assert_eq!(variant.values.len(), options.len(), "{}", variant.sku);
            assert!(variant.price > 0, "{}", variant.sku);
            assert!(
                variant
                    .compare_at
                    .is_none_or(|before| before > variant.price),
                "{}",
                variant.sku
            );
        }
    }
}

#[test]
fn the_stock_suffices_for_the_orders() {
    for shop in shops() {
        let mut left: BTreeMap<_, _> = variants(&shop)
            .map(|variant| (&variant.sku, variant.stock))
            .collect();
        for order in &shop.orders {
            let customer = &shop.customers[order.customer];
            assert!(customer.email.ends_with("@example.com") && !customer.name.is_empty());
            assert!(!order.lines.is_empty());
            for (sku, quantity) in &order.lines {
                let stock = left
                    .get_mut(sku)
                    .unwrap_or_else(|| panic!("{}: {sku}", shop.slug));
                *stock = stock
                    .checked_sub(*quantity)
                    .unwrap_or_else(|| panic!("{sku} sold out"));
            }
        }
    }
}

#[test]
fn a_shop_shows_every_state_a_visitor_can_meet() {
    for shop in shops() {
        assert_eq!(
            (
                shop.categories.len(),
                shop.customers.len(),
                shop.orders.len()
            ),
            (7, 12, 20)
        );
        assert_eq!(shop.products.len(), 24);
        assert!(!shop.tagline.is_empty() && !shop.name.is_empty());
        assert!(
            shop.products
                .iter()
                .filter(|product| product.featured)
                .count()
                >= 6
        );
        assert_eq!(
            shop.products.iter().filter(|product| product.draft).count(),
            1
        );
        assert!(variants(&shop).any(|variant| variant.stock == 0));
        assert!(variants(&shop).any(|variant| (1..=3).contains(&variant.stock)));
        assert!(variants(&shop).any(|variant| variant.compare_at.is_some()));
    }
}
