use askama::Template;

use super::frame::{Frame, Section};
use super::language::Language;
use super::link::Link;
use super::shop::ShopView;

/// `/admin` of a shop: who has signed in, and how the shop is doing.
#[derive(Debug, Template)]
#[template(path = "admin.html")]
pub(crate) struct AdminPage {
    pub(crate) shop: ShopView,
    /// Who has signed in.
    pub(crate) user: String,
    pub(crate) products: u64,
    pub(crate) orders: u64,
    pub(crate) customers: u64,
    /// The newest first.
    pub(crate) recent: Vec<OrderRow>,
    /// Variants of which few are left.
    pub(crate) low: Vec<LowStock>,
    /// What the form has to send along.
    pub(crate) token: Option<String>,
}

/// An order in a list of orders.
#[derive(Clone, Debug)]
pub(crate) struct OrderRow {
    pub(crate) number: i64,
    /// By the shop's clock, such as `2026-11-25 14:05`.
    pub(crate) placed_at: String,
    pub(crate) total: String,
    pub(crate) cancelled: bool,
}

/// A variant of which few are left.
#[derive(Clone, Debug)]
pub(crate) struct LowStock {
    pub(crate) name: String,
    pub(crate) sku: String,
    pub(crate) pieces: i64,
}

impl AdminPage {
    fn words(&self) -> &'static Words {
        match self.shop.language() {
            Language::English => &ENGLISH,
            Language::German => &GERMAN,
        }
    }

    fn signed_in_as(&self) -> String {
        self.words().signed_in_as.replace("{}", &self.user)
    }

    fn number(&self, count: u64) -> String {
        self.shop.language().number(count)
    }

    fn status(&self, order: &OrderRow) -> &'static str {
        if order.cancelled {
            self.words().cancelled
        } else {
            self.words().placed
        }
    }

    fn frame(&self) -> Frame<'_> {
        Frame {
            canonical: None,
            indexed: false,
            ..self.shop.frame(self.words().heading, &Link::admin())
        }
    }
}

#[derive(Debug)]
struct Words {
    heading: &'static str,
    signed_in_as: &'static str,
    sign_out: &'static str,
    at_a_glance: &'static str,
    products: &'static str,
    orders: &'static str,
    customers: &'static str,
    recent_orders: &'static str,
    no_orders: &'static str,
    order: &'static str,
    placed_at: &'static str,
    status: &'static str,
    total: &'static str,
    placed: &'static str,
    cancelled: &'static str,
    low_stock: &'static str,
    enough: &'static str,
    product: &'static str,
    left: &'static str,
}

static ENGLISH: Words = Words {
    heading: "Back office",
    signed_in_as: "You are signed in as {}.",
    sign_out: "Sign out",
    at_a_glance: "At a glance",
    products: "Products",
    orders: "Orders",
    customers: "Customers",
    recent_orders: "Recent orders",
    no_orders: "Nobody has ordered anything yet.",
    order: "No.",
    placed_at: "Date",
    status: "Status",
    total: "Total",
    placed: "Open",
    cancelled: "Cancelled",
    low_stock: "Running low",
    enough: "There is enough of everything.",
    product: "Product",
    left: "Left",
};

static GERMAN: Words = Words {
    heading: "Verwaltung",
    signed_in_as: "Sie sind angemeldet als {}.",
    sign_out: "Abmelden",
    at_a_glance: "Auf einen Blick",
    products: "Produkte",
    orders: "Bestellungen",
    customers: "Kunden",
    recent_orders: "Neueste Bestellungen",
    no_orders: "Noch hat niemand etwas bestellt.",
    order: "Nr.",
    placed_at: "Datum",
    status: "Stand",
    total: "Summe",
    placed: "Offen",
    cancelled: "Storniert",
    low_stock: "Wird knapp",
    enough: "Von allem ist genug da.",
    product: "Produkt",
    left: "Übrig",
};
