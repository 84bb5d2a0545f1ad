use askama::Template;

use super::check_harmless;
use super::markup::Markup;
use super::sample;
use crate::demo;
use crate::pages::{
    CategoriesPage, CategoryNode, CategoryPage, ErrorPage, Filters, FrontPage, LandingPage,
    Language, Link, ListPage, Listing, Picture, Place, ShopCard, Trouble,
};

const HOSTILE: [&str; 6] = [
    "<script>alert(1)</script>",
    "\"><img src=x onerror=alert(1)>",
    "' onmouseover='alert(1)",
    "</title></script><script>alert(1)//",
    "javascript:alert(1)",
    "\u{202e}gpj.exe\u{2066}<!--",
];

/// Every page with `hostile` wherever a merchant or a visitor can write.
fn pages(hostile: &str) -> Vec<String> {
    let text = hostile.to_owned();
    let mut demo = demo::shops().remove(0);
    demo.name.clone_from(&text);
    demo.tagline.clone_from(&text);
    let mut product = demo.products.swap_remove(0);
    product.name.clone_from(&text);
    product.slug.clone_from(&text);
    product.description.clone_from(&text);
    product.options = vec![text.clone(), text.clone()];
    for (index, variant) in product.variants.iter_mut().enumerate() {
        variant.sku = format!("{hostile}{index}");
        variant.values = vec![text.clone(), format!("{hostile}{index}")];
    }
    let mut shop = sample::shop(&demo);
    shop.locale.clone_from(&text);
    let mut card = sample::card(&demo, &product);
    card.price_text.clone_from(&text);
    card.compare_at_text = Some(text.clone());
    let mut detail = sample::product(&demo, &product);
    detail.currency.clone_from(&text);
    detail.shop = shop.clone();
    detail.picture = Picture::of(hostile, hostile, Some(hostile), hostile);
    let node = CategoryNode {
        name: text.clone(),
        slug: text.clone(),
        count: Some(1),
        current: true,
        children: vec![],
    };
    let categories = vec![CategoryNode {
        children: vec![node.clone()],
        ..node
    }];
    let filters = Filters {
        q: text.clone(),
        category: Some(text.clone()),
        cursor: Some(text.clone()),
        ..Filters::default()
    };
    let listing = Listing {
        path: Link::category(hostile),
        filters,
        cards: vec![card.clone()],
        total: None,
        next_cursor: Some(text.clone()),
    };
    let landing = LandingPage {
        name: text.clone(),
        language: Language::English,
        first: None,
        next: None,
        shops: vec![ShopCard {
            name: text.clone(),
            slug: text.clone(),
            tagline: text.clone(),
            url: Link::home(),
        }],
    };
    let category = CategoryPage {
        shop: shop.clone(),
        name: text.clone(),
        slug: text.clone(),
        breadcrumbs: vec![],
        categories: categories.clone(),
        subcategories: categories.clone(),
        listing: listing.clone(),
    };
    let error = ErrorPage {
        status: http::StatusCode::NOT_FOUND,
        trouble: Trouble::NotFound,
        language: Language::English,
        place: Place::Shop(shop.clone()),
        request_id: Some(text),
    };
    let list = ListPage {
        shop: shop.clone(),
        categories: categories.clone(),
        listing,
    };
    let tree = CategoriesPage {
        shop: shop.clone(),
        categories: categories.clone(),
    };
    let mut login = sample::sign_in(Place::Shop(shop.clone()), Language::English, None);
    login.email = format!("{hostile}@example.com");
    login.next = Link::local(&format!("/{hostile}")).unwrap_or_else(Link::admin);
    let back_office = sample::admin(shop.clone(), hostile);
    let mut console = sample::console(&[demo], Language::English, hostile);
    console.shops[0].plan = hostile.to_owned();
    let cards = vec![card];
    let front = FrontPage {
        shop,
        featured: cards.clone(),
        newest: cards,
        categories,
    };
    [
        landing.render(),
        category.render(),
        error.render(),
        list.render(),
        tree.render(),
        front.render(),
        detail.render(),
        login.render(),
        back_office.render(),
        console.render(),
        sample::table(Language::English, hostile).render(),
    ]
    .map(Result::unwrap)
    .into()
}

#[test]
fn hostile_text_stays_text() {
    for hostile in HOSTILE {
        for html in pages(hostile) {
            let page = Markup::read(&html);
            check_harmless(hostile, &page);
            assert!(
                page.text.contains(hostile),
                "{hostile} is missing from {}",
                page.text
            );
        }
    }
}

#[test]
fn a_title_cannot_turn_the_reading_direction() {
    for html in pages("Mug\u{202e}gpj.exe") {
        let title = html
            .split("<title>")
            .nth(1)
            .unwrap()
            .split("</title>")
            .next()
            .unwrap();
        assert!(!title.contains('\u{202e}'), "{title:?}");
    }
}
