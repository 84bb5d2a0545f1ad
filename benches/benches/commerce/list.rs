//! A page of products, from the whole server and from nothing but the transaction.

use std::error::Error;
use std::time::Duration;

use serde_json::{Value, json};
use tenancy_benches::clients::Clients;
use tenancy_benches::{Report, Row, paired, quantile};
use tenancy_commerce::catalog::{Catalog as _, ProductDraft, SqlCatalog};
use tenancy_core::Purpose;

use crate::bare;
use crate::place::{self, Place, Shop};

const PRODUCTS: usize = 250;
const CLIENTS: usize = 8;
const ROUNDS: usize = 21;
const REQUESTS: usize = 480;

pub(crate) async fn measure(report: &mut Report, place: &Place) -> Result<(), Box<dyn Error>> {
    let shop = place.shop("list")?;
    fill(place, &shop).await?;
    measure_served(report, place, &shop, false).await?;
    measure_served(report, place, &shop, true).await
}

/// With the platform's cache the rows only report: the baseline has none.
async fn measure_served(
    report: &mut Report,
    place: &Place,
    shop: &Shop,
    cached: bool,
) -> Result<(), Box<dyn Error>> {
    let (_server, address) = place.serve(cached).await;
    let visitor = request(shop, None);
    let answer = Clients::connect(1, address, &visitor)?;
    let answer: Value = serde_json::from_slice(answer.expected())?;
    let cursor = answer["next_cursor"].as_str();
    let (_baseline, bare) = bare::start(&place.location(), &shop.slug, cursor).await?;
    let (how, budget) = if cached {
        (" cached", None)
    } else {
        ("", Some(1.25))
    };
    for (who, key, budget) in [
        ("", None, budget),
        (" with an API key", Some(&*shop.key), None),
    ] {
        let name = format!("product list over HTTP{who}{how}, {}", place.name);
        let mut ours = Clients::connect(CLIENTS, address, &request(shop, key))?;
        let mut bare = Clients::connect(CLIENTS, bare, &visitor)?;
        assert!(ours.expected() == bare.expected(), "not the same bytes");
        compare(report, &name, budget, &mut ours, &mut bare).await;
    }
    Ok(())
}

async fn compare(
    report: &mut Report,
    name: &str,
    budget: Option<f64>,
    ours: &mut Clients,
    bare: &mut Clients,
) {
    // Opens the servers' connections to the database.
    ours.ask(REQUESTS);
    bare.ask(REQUESTS);
    drop((ours.take_times(), bare.take_times()));
    let size = (ROUNDS, REQUESTS);
    let run = paired(
        name,
        budget,
        size,
        async |requests| ours.ask(requests),
        async |requests| bare.ask(requests),
    );
    report.row(run.await);
    let (mut ours, mut bare) = (ours.take_times(), bare.take_times());
    for (share, what) in [(0.5, "median"), (0.99, "99th percentile")] {
        let seconds = |times: &mut Vec<Duration>| quantile(times, share).as_secs_f64();
        let (ours, baseline) = (seconds(&mut ours), seconds(&mut bare));
        report.row(Row {
            name: format!("{name}: {what} of the answer's time"),
            ours,
            baseline,
            ratio: ours / baseline,
            budget: None,
        });
    }
}

fn request(shop: &Shop, key: Option<&str>) -> String {
    let host = format!("{}.localhost", shop.slug);
    let authorization = key.map_or(String::new(), |key| {
        format!("authorization: Bearer {key}\r\n")
    });
    format!("GET /api/products HTTP/1.1\r\nhost: {host}\r\n{authorization}\r\n")
}

async fn fill(place: &Place, shop: &Shop) -> Result<(), Box<dyn Error>> {
    let (database, scope) = place::open(&place.location(), &shop.slug, Purpose::Platform).await?;
    let catalog = SqlCatalog::new(&database);
    for number in 0..PRODUCTS {
        let draft: ProductDraft = serde_json::from_value(product(number))?;
        catalog.insert(&scope, &draft).await?;
    }
    place.settle().await?;
    Ok(())
}

/// A product as merchants have them: some text, a choice, pictures and a place in the shop.
fn product(number: usize) -> Value {
    const KINDS: [&str; 5] = ["Kettle", "Lamp", "Blanket", "Basket", "Mug"];
    let kind = KINDS[number % KINDS.len()];
    let name = format!("{kind} number {number}");
    let sizes = ["Small", "Medium", "Large"];
    let variants = sizes.iter().enumerate().map(|(at, size)| {
        json!({
            "sku": format!("{kind}-{number}-{at}"),
            "option_values": [size],
            "price": {"amount": 1_900 + 700 * at + number, "currency": "USD"},
            "stock": 10 + at,
            "weight_grams": 400 + 200 * at,
        })
    });
    let picture = |view: &str| {
        let url = format!("https://pictures.example/{number}-{view}.jpg");
        json!({"url": url, "alt": format!("{name}, {view}")})
    };
    json!({
        "name": name,
        "status": "published",
        "featured": number.is_multiple_of(10),
        "description": format!(
            "<p>{name} is made by hand in a small workshop, from what grows and is found there.</p>\
             <ul><li>Lasts for years</li><li>Can be <strong>repaired</strong></li></ul>"
        ),
        "vendor": "The workshop",
        "product_type": kind,
        "tags": ["made by hand", kind],
        "categories": [["Home", kind]],
        "options": [{"name": "Size", "values": sizes}],
        "variants": variants.collect::<Vec<_>>(),
        "images": [picture("front"), picture("side")],
    })
}
