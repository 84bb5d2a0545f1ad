use std::collections::HashMap;

use bytes::Bytes;
use clap::ValueEnum;
use http::Request;
use http::header::CONTENT_TYPE;
use serde_json::{Value, json};
use tenancy_observability::load_test::{Call, Endpoint};
use uuid::Uuid;

use super::BenchShops;
use super::shops::MADE;

/// What is asked of a shop.
#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
pub(crate) enum Kind {
    /// All of the others
    All,
    /// POST /api/orders
    CreateOrder,
    /// POST /api/products
    CreateProduct,
    /// GET /api/customers
    Customers,
    /// GET /api/orders
    Orders,
    /// GET /api/products
    Products,
    /// GET /api/products?q=…
    Search,
    /// POST /api/media
    Upload,
}

const EACH: [Kind; 7] = [
    Kind::Products,
    Kind::CreateProduct,
    Kind::Orders,
    Kind::CreateOrder,
    Kind::Customers,
    Kind::Search,
    Kind::Upload,
];

const BOUNDARY: &str = "load-test-boundary";

/// Words of which the demonstration shops have some.
const WORDS: [&str; 4] = ["vase", "tea", "ring", "lamp"];

impl Kind {
    /// The endpoints of what was chosen, each once.
    pub(crate) fn endpoints(chosen: &[Self], shops: &BenchShops) -> Vec<Endpoint> {
        let is_chosen = |kind: &Self| chosen.contains(kind) || chosen.contains(&Self::All);
        let kinds = EACH.into_iter().filter(is_chosen);
        kinds.map(|kind| kind.endpoint(shops)).collect()
    }

    fn endpoint(self, shops: &BenchShops) -> Endpoint {
        match self {
            Self::All | Self::Products => Endpoint::get("/api/products"),
            Self::Orders => Endpoint::get("/api/orders"),
            Self::Customers => Endpoint::get("/api/customers"),
            Self::Search => Endpoint::new("GET /api/products?q=…", |call| {
                let word = WORDS[call.number as usize % WORDS.len()];
                let path = format!("/api/products?q={word}");
                Request::get(path).body(Bytes::default())
            }),
            Self::CreateProduct => {
                let currencies = shops.open.iter();
                let currencies = currencies.map(|shop| (shop.slug.to_string(), shop.currency));
                let currencies: HashMap<_, _> = currencies.collect();
                Endpoint::new("POST /api/products", move |call| {
                    let slug = fresh(call);
                    let currency = currencies.get(call.caller.name());
                    let price = json!({"amount": 1900, "currency": currency});
                    let variant = json!({"sku": slug, "price": price, "stock": 5});
                    let product = json!({
                        "name": "Load test", "slug": slug, "status": "published",
                        "description": "<p>Made by a load test.</p>", "variants": [variant],
                    });
                    post("/api/products", &product)
                })
            }
            Self::CreateOrder => {
                let variants = shops.open.iter();
                let variants = variants.map(|shop| (shop.slug.to_string(), shop.variant));
                let variants: HashMap<_, _> = variants.collect();
                Endpoint::new("POST /api/orders", move |call| {
                    let variant = variants.get(call.caller.name());
                    let line = json!({"variant_id": variant, "quantity": 1});
                    post("/api/orders", &json!({"lines": [line]}))
                })
            }
            Self::Upload => {
                let form = Bytes::from(form());
                Endpoint::new("POST /api/media", move |_| {
                    let content_type = format!("multipart/form-data; boundary={BOUNDARY}");
                    Request::post("/api/media")
                        .header(CONTENT_TYPE, content_type)
                        .body(form.clone())
                })
            }
        }
    }
}

/// A slug that no product has: numbers are the same in each run.
fn fresh(call: &Call<'_>) -> String {
    format!("{MADE}{}-{}", call.number, Uuid::now_v7().simple())
}

fn post(path: &str, body: &Value) -> http::Result<Request<Bytes>> {
    Request::post(path)
        .header(CONTENT_TYPE, "application/json")
        .body(body.to_string().into())
}

/// A form with the smallest picture there is.
fn form() -> Vec<u8> {
    let head = format!(
        "--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"file\"; filename=\"load-test.png\"\r\n\
         Content-Type: image/png\r\n\r\n"
    );
    let end = format!("\r\n--{BOUNDARY}--\r\n");
    [head.as_bytes(), PICTURE, end.as_bytes()].concat()
}

/// One transparent pixel.
const PICTURE: &[u8] = &[
    0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0x00, 0x00, 0x00, 0x0d, 0x49, 0x48, 0x44, 0x52,
    0x00, 0x00, 0x00, 0x01, 0x00, 0x00, 0x00, 0x01, 0x08, 0x06, 0x00, 0x00, 0x00, 0x1f, 0x15, 0xc4,
    0x89, 0x00, 0x00, 0x00, 0x0b, 0x49, 0x44, 0x41, 0x54, 0x78, 0x9c, 0x63, 0x60, 0x00, 0x02, 0x00,
    0x00, 0x05, 0x00, 0x01, 0x7a, 0x5e, 0xab, 0x3f, 0x00, 0x00, 0x00, 0x00, 0x49, 0x45, 0x4e, 0x44,
    0xae, 0x42, 0x60, 0x82,
];
