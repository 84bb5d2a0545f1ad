//! Small products, customers and orders for tests.
#![expect(clippy::unwrap_used, reason = "every fixture is valid by construction")]

use crate::catalog::{ProductDraft, ProductFields, ProductStatus, VariantDraft, VariantId};
use crate::customer::CustomerDraft;
use crate::media::NewMediaFile;
use crate::money::{Currency, Money};
use crate::order::NewOrder;

/// US dollars.
pub fn usd(cents: i64) -> Money {
    let currency: Currency = "USD".parse().unwrap();
    Money::new(cents, currency)
}

/// The fields of a published product for 10.00 USD, of which there are `stock` pieces.
pub fn product_fields(name: &str, stock: Option<i64>) -> ProductFields {
    let variant = VariantDraft {
        sku: Some(format!("{name}-1")),
        stock,
        ..VariantDraft::new(usd(1_000))
    };
    ProductFields {
        status: ProductStatus::Published,
        variants: vec![variant],
        ..ProductFields::new(name).unwrap()
    }
}

/// As [`product_fields`], checked.
pub fn product(name: &str, stock: Option<i64>) -> ProductDraft {
    ProductDraft::new(product_fields(name, stock)).unwrap()
}

/// A customer whose address begins with `name`.
pub fn customer(name: &str) -> CustomerDraft {
    CustomerDraft {
        name: name.to_owned(),
        ..CustomerDraft::new(format!("{name}@example.com"))
    }
}

/// A picture of so many bytes.
pub fn media_file(name: &str, bytes: u64) -> NewMediaFile {
    NewMediaFile {
        folder: String::new(),
        name: name.to_owned(),
        content_type: "image/png".to_owned(),
        bytes,
        size: Some((4, 3)),
        sha256: [7; 32],
        alt: String::new(),
        blob_key: format!("media/{name}"),
    }
}

/// An order of `quantity` pieces of one variant.
pub fn order(variant: VariantId, quantity: i64) -> NewOrder {
    NewOrder::new([(variant, quantity)])
}
