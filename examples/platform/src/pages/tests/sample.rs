use std::collections::HashMap;

use askama::Template;
use askama::filters::{Html, escape};
use http::StatusCode;
use tenancy_commerce::money::Money;
use tenancy_core::html::SanitizedHtml;
use tenancy_core::tenant::Status;
use tenancy_security::block::Block;

use crate::blocks::BlockRecord;
use crate::demo::{self, DemoCategory, DemoProduct, DemoShop, DemoVariant};
use crate::pages::{
    AdminPage, Availability, Badge, CategoriesPage, CategoryNode, CategoryPage, Console, Crumb,
    ErrorPage, Filters, FrontPage, LandingPage, Language, Link, ListPage, Listing, LowStock,
    Notice, OrderRow, Picture, Place, Prices, ProductCard, ProductPage, RichText, Room, ShopCard,
    ShopRow, ShopView, ShopsPage, SignInPage, Sort, TablePage, Trouble, Variant, blocks,
};

/// A rendered page and the path that a browser would find it at.
pub(crate) struct Sample {
    pub(super) path: String,
    pub(super) html: String,
}

impl Sample {
    fn of(path: &str, page: &impl Template) -> Self {
        Self {
            path: path.to_owned(),
            html: page.render().unwrap(),
        }
    }
}

/// Every page of every demonstration shop, and of the platform.
pub(crate) fn all() -> Vec<Sample> {
    let shops = demo::shops();
    let cards = shops.iter().map(|shop| ShopCard {
        name: shop.name.clone(),
        slug: shop.slug.clone(),
        tagline: shop.tagline.clone(),
        url: Link::web(&format!("http://{}.localhost:8080/", shop.slug)).unwrap(),
    });
    let cards: Vec<_> = cards.collect();
    let mut samples = vec![];
    for language in [Language::English, Language::German] {
        let landing = |shops| LandingPage {
            name: "Market Row".to_owned(),
            language,
            shops,
            first: Some(Link::home()),
            next: Some(Link::shops_after("mistgate")),
        };
        samples.push(Sample::of(
            &format!("landing-{}", language.tag()),
            &landing(cards.clone()),
        ));
        samples.push(Sample::of(
            &format!("landing-{}-none", language.tag()),
            &landing(vec![]),
        ));
    }
    shops.iter().for_each(|shop| samples.extend(pages(shop)));
    for language in [Language::English, Language::German] {
        let tag = language.tag();
        let console = console(&shops, language, "Olga");
        samples.push(Sample::of(&format!("console-{tag}"), &console));
        let table = table(language, "scans");
        samples.push(Sample::of(&format!("console-table-{tag}"), &table));
        let notices = [
            None,
            Some(Notice::Wrong),
            Some(Notice::TooManyAttempts),
            Some(Notice::Busy),
        ];
        for (number, notice) in notices.into_iter().enumerate() {
            let place = Place::Platform("Market Row".to_owned());
            let page = sign_in(place, language, notice);
            samples.push(Sample::of(&format!("login-{tag}-{number}"), &page));
        }
    }
    samples
}

pub(super) fn sign_in(place: Place, language: Language, notice: Option<Notice>) -> SignInPage {
    SignInPage {
        place,
        language,
        email: "ann@example.com".to_owned(),
        next: Link::admin(),
        notice,
        token: Some("token".to_owned()),
    }
}

pub(super) fn console(shops: &[DemoShop], language: Language, user: &str) -> ShopsPage {
    let statuses = [Status::Active, Status::Suspended, Status::Trial];
    let row = |(shop, status): (&DemoShop, Status)| ShopRow {
        name: shop.name.clone(),
        slug: shop.slug.clone(),
        url: Link::web(&format!("http://{}.localhost:8080/", shop.slug)),
        plan: "free".to_owned(),
        status,
        in_maintenance: status == Status::Trial,
    };
    ShopsPage {
        console: operator(language, user),
        shops: shops.iter().zip(statuses).map(row).collect(),
        first: Some(Link::console()),
        next: Some(Link::console_after("mistgate")),
    }
}

fn operator(language: Language, user: &str) -> Console {
    Console {
        name: "Market Row".to_owned(),
        language,
        user: user.to_owned(),
        token: Some("token".to_owned()),
        room: Room::Blocks,
    }
}

/// A room with one table in which every text is `hostile`.
pub(super) fn table(language: Language, hostile: &str) -> TablePage {
    let record = BlockRecord::of(&Block::new(
        "203.0.113.0/24".parse().expect("a network"),
        hostile,
    ));
    let table = blocks(language, &[record], &HashMap::new());
    TablePage::new(operator(language, hostile), vec![table], None)
}

pub(super) fn admin(shop: ShopView, user: &str) -> AdminPage {
    let order = |number: i64| OrderRow {
        number,
        placed_at: "2026-11-25 14:05".to_owned(),
        total: "$34.12".to_owned(),
        cancelled: number == 41,
    };
    let low = LowStock {
        name: user.to_owned(),
        sku: user.to_owned(),
        pieces: 2,
    };
    AdminPage {
        shop,
        user: user.to_owned(),
        products: 24,
        orders: 1042,
        customers: 12,
        recent: (40..50).rev().map(order).collect(),
        low: vec![low],
        token: Some("token".to_owned()),
    }
}

fn pages(demo: &DemoShop) -> Vec<Sample> {
    let shop = shop(demo);
    let published: Vec<_> = demo
        .products
        .iter()
        .filter(|product| !product.draft)
        .collect();
    let card = |product: &&DemoProduct| self::card(demo, product);
    let all: Vec<_> = published.iter().map(card).collect();
    let featured: Vec<_> = published
        .iter()
        .filter(|product| product.featured)
        .map(card)
        .collect();
    let listing = |path, cards: &[ProductCard], filters| Listing {
        path,
        filters,
        cards: cards.to_vec(),
        total: Some(cards.len() as u64),
        next_cursor: (cards.len() > 12).then(|| "c/2".to_owned()),
    };
    let list = |cards: &[ProductCard], filters| ListPage {
        shop: shop.clone(),
        categories: tree(demo, None, ""),
        listing: listing(Link::products(), cards, filters),
    };
    let narrow = Filters {
        q: "a \"quoted\" <word>".to_owned(),
        category: Some(demo.categories[0].slug.clone()),
        featured: true,
        in_stock: true,
        sort: Sort::PriceDescending,
        cursor: Some("c/2".to_owned()),
    };
    let prefix = &demo.slug;
    let mut samples = vec![
        Sample::of(
            &format!("{prefix}/index"),
            &FrontPage {
                shop: shop.clone(),
                featured: featured.iter().take(8).cloned().collect(),
                newest: all.iter().rev().take(8).cloned().collect(),
                categories: tree(demo, None, ""),
            },
        ),
        Sample::of(
            &format!("{prefix}/products"),
            &list(&all, Filters::default()),
        ),
        Sample::of(
            &format!("{prefix}/products-filtered"),
            &list(&featured, narrow.clone()),
        ),
        Sample::of(&format!("{prefix}/products-none"), &list(&[], narrow)),
        Sample::of(
            &format!("{prefix}/categories"),
            &CategoriesPage {
                shop: shop.clone(),
                categories: tree(demo, None, ""),
            },
        ),
    ];
    let language = shop.language();
    let login = sign_in(Place::Shop(shop.clone()), language, Some(Notice::Wrong));
    samples.push(Sample::of(&format!("{prefix}/login"), &login));
    let back_office = admin(shop.clone(), "Ann Lee");
    samples.push(Sample::of(&format!("{prefix}/admin"), &back_office));
    let fresh = AdminPage {
        recent: vec![],
        low: vec![],
        token: None,
        ..admin(shop.clone(), "Ann Lee")
    };
    samples.push(Sample::of(&format!("{prefix}/admin-fresh"), &fresh));
    for category in &demo.categories {
        let below = |product: &&&DemoProduct| is_below(demo, &product.category, &category.slug);
        let cards: Vec<_> = published.iter().filter(below).map(card).collect();
        let page = CategoryPage {
            shop: shop.clone(),
            name: category.name.clone(),
            slug: category.slug.clone(),
            breadcrumbs: category
                .parent
                .iter()
                .map(|slug| crumb(demo, slug))
                .collect(),
            categories: tree(demo, None, &category.slug),
            subcategories: tree(demo, Some(&category.slug), ""),
            listing: listing(Link::category(&category.slug), &cards, Filters::default()),
        };
        samples.push(Sample::of(
            &format!("{prefix}/categories/{}", category.slug),
            &page,
        ));
    }
    for product in &demo.products {
        let page = self::product(demo, product);
        samples.push(Sample::of(
            &format!("{prefix}/products/{}", product.slug),
            &page,
        ));
    }
    for trouble in Trouble::ALL {
        let page = ErrorPage {
            status: StatusCode::IM_A_TEAPOT,
            trouble,
            language: shop.language(),
            place: match trouble {
                Trouble::NotFound => Place::Shop(shop.clone()),
                Trouble::BadRequest => Place::Platform("Market Row".to_owned()),
                _ => Place::Nowhere,
            },
            request_id: (trouble == Trouble::Failed).then(|| "0198a3f2".to_owned()),
        };
        samples.push(Sample::of(&format!("{prefix}/error-{trouble:?}"), &page));
    }
    samples
}

pub(crate) fn shop(demo: &DemoShop) -> ShopView {
    ShopView {
        name: demo.name.clone(),
        slug: demo.slug.clone(),
        tagline: demo.tagline.clone(),
        locale: demo.locale.clone(),
        origin: format!("http://{}.localhost:8080", demo.slug),
    }
}

pub(crate) fn card(demo: &DemoShop, product: &DemoProduct) -> ProductCard {
    let lowest = product
        .variants
        .iter()
        .min_by_key(|variant| variant.price)
        .unwrap();
    let sold_out = product.variants.iter().all(|variant| variant.stock == 0);
    ProductCard {
        name: product.name.clone(),
        url: Link::product(&product.slug),
        picture: Picture::of(&product.slug, &product.category, None, ""),
        price_text: price(demo, lowest.price),
        price_from: product
            .variants
            .iter()
            .any(|variant| variant.price != lowest.price),
        compare_at_text: lowest.compare_at.map(|before| price(demo, before)),
        badge: if sold_out {
            Some(Badge::SoldOut)
        } else if lowest.compare_at.is_some() {
            Some(Badge::Sale)
        } else {
            product.featured.then_some(Badge::Featured)
        },
    }
}

pub(crate) fn product(demo: &DemoShop, product: &DemoProduct) -> ProductPage {
    let related = demo.products.iter().filter(|other| {
        !other.draft && other.slug != product.slug && other.category == product.category
    });
    let category = find(demo, &product.category);
    let Ok(description) = escape(&product.description, Html);
    ProductPage {
        shop: shop(demo),
        name: product.name.clone(),
        slug: product.slug.clone(),
        summary: product.description.clone(),
        description: RichText::of(&SanitizedHtml::sanitize(&format!("<p>{description}</p>"))),
        picture: Picture::of(
            &product.slug,
            &product.category,
            product
                .featured
                .then_some("https://photos.example.com/1.jpg"),
            "",
        ),
        badge: card(demo, product).badge,
        breadcrumbs: category
            .parent
            .iter()
            .chain([&product.category])
            .map(|slug| crumb(demo, slug))
            .collect(),
        currency: demo.currency.clone(),
        option_names: product.options.clone(),
        variants: product
            .variants
            .iter()
            .map(|variant| self::variant(demo, variant))
            .collect(),
        chosen: 0,
        related: related.take(4).map(|other| card(demo, other)).collect(),
    }
}

fn variant(demo: &DemoShop, variant: &DemoVariant) -> Variant {
    Variant {
        sku: variant.sku.clone(),
        values: variant.values.clone(),
        price_text: price(demo, variant.price),
        price_decimal: Money::new(variant.price, demo.currency.parse().unwrap()).to_decimal(),
        compare_at_text: variant.compare_at.map(|before| price(demo, before)),
        availability: match variant.stock {
            0 => Availability::SoldOut,
            low @ 1..=5 => Availability::Low(low),
            _ => Availability::InStock,
        },
    }
}

fn price(demo: &DemoShop, amount: i64) -> String {
    let price = Money::new(amount, demo.currency.parse().unwrap());
    Prices::of(&demo.locale).text(price)
}

fn tree(demo: &DemoShop, parent: Option<&str>, current: &str) -> Vec<CategoryNode> {
    let below = demo
        .categories
        .iter()
        .filter(|category| category.parent.as_deref() == parent);
    below
        .map(|category| CategoryNode {
            name: category.name.clone(),
            slug: category.slug.clone(),
            count: Some(
                demo.products
                    .iter()
                    .filter(|product| is_below(demo, &product.category, &category.slug))
                    .count() as u64,
            ),
            current: category.slug == current,
            children: tree(demo, Some(&category.slug), current),
        })
        .collect()
}

fn is_below(demo: &DemoShop, slug: &str, top: &str) -> bool {
    slug == top
        || find(demo, slug)
            .parent
            .as_deref()
            .is_some_and(|up| is_below(demo, up, top))
}

fn find<'a>(demo: &'a DemoShop, slug: &str) -> &'a DemoCategory {
    demo.categories
        .iter()
        .find(|category| category.slug == slug)
        .unwrap()
}

fn crumb(demo: &DemoShop, slug: &str) -> Crumb {
    Crumb {
        name: find(demo, slug).name.clone(),
        url: Link::category(slug),
    }
}
