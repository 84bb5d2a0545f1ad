//! What the journal shows of the shop's records.

use tenancy_core::journal::Resource;

use crate::catalog::{Category, Product};
use crate::customer::Customer;
use crate::media::MediaFile;
use crate::order::Order;
use crate::stock::StockLevel;

impl Resource for Product {
    const KIND: &'static str = "product";

    fn resource_id(&self) -> String {
        self.id.to_string()
    }
}

impl Resource for Category {
    const KIND: &'static str = "category";

    fn resource_id(&self) -> String {
        self.id.to_string()
    }
}

impl Resource for Customer {
    const KIND: &'static str = "customer";

    fn resource_id(&self) -> String {
        self.id.to_string()
    }
}

impl Resource for MediaFile {
    const KIND: &'static str = "media";

    fn resource_id(&self) -> String {
        self.id.to_string()
    }
}

impl Resource for Order {
    const KIND: &'static str = "order";

    fn resource_id(&self) -> String {
        self.id.to_string()
    }
}

/// Known by its variant.
impl Resource for StockLevel {
    const KIND: &'static str = "stock";

    fn resource_id(&self) -> String {
        self.variant_id.to_string()
    }
}
