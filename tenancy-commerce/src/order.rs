//! What was bought.

#[cfg(any(feature = "postgres", feature = "sqlite"))]
mod sql;
mod status;

use serde::{Deserialize, Serialize};
use tenancy_core::time::Time;
use tenancy_core::{TenantId, TenantScope};

#[cfg(any(feature = "postgres", feature = "sqlite"))]
pub use self::sql::SqlOrders;
pub use self::status::{InvalidOrderStatus, OrderStatus};
use crate::catalog::invalid::Checks;
use crate::catalog::{ProductId, VariantId};
use crate::customer::CustomerId;
use crate::error::Error;
use crate::id::id;
use crate::money::Money;
use crate::page::{Limit, Page};
use crate::patch::Draft;

/// The most lines one order has.
pub const LINES_MAX: usize = 500;

/// The most pieces one line asks for.
pub const QUANTITY_MAX: i64 = 1_000_000;

id! {
    /// An order's permanent identity.
    OrderId
}

/// An order of one shop.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Clone, Debug, Eq, Hash, PartialEq, Serialize)]
pub struct Order {
    /// Whose it is. Not part of the JSON.
    #[serde(skip)]
    pub tenant_id: TenantId,
    /// Permanent.
    pub id: OrderId,
    /// The shop's own number for it, from 1 and without gaps.
    pub number: i64,
    /// How far it has come.
    pub status: OrderStatus,
    /// Who bought, if known and still a customer.
    pub customer_id: Option<CustomerId>,
    /// What was bought.
    pub lines: Vec<OrderLine>,
    /// The sum of the lines.
    pub total: Money,
    /// When it was placed.
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = DateTime))]
    pub placed_at: Time,
    /// When it was cancelled.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>, format = DateTime))]
    pub cancelled_at: Option<Time>,
}

/// One line of an order, as the product was when it was placed.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Clone, Debug, Eq, Hash, PartialEq, Serialize)]
pub struct OrderLine {
    /// Whose it is. Not part of the JSON.
    #[serde(skip)]
    pub tenant_id: TenantId,
    /// The product, which may be gone by now.
    pub product_id: ProductId,
    /// The variant, which may be gone by now.
    pub variant_id: VariantId,
    /// Its SKU then.
    pub sku: Option<String>,
    /// The product's name then.
    pub name: String,
    /// What the buyer chose.
    pub option_values: Vec<String>,
    /// The price of one piece then.
    pub price: Money,
    /// How many pieces.
    pub quantity: i64,
    /// The price of all of them.
    pub total: Money,
    /// Whether the pieces were taken from a count, and go back to it.
    #[serde(skip)]
    tracked: bool,
}

/// What somebody wants to buy: variants of published products.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct NewOrder {
    /// What, and how much.
    pub lines: Vec<NewLine>,
    /// Who buys, if known.
    #[serde(default)]
    pub customer_id: Option<CustomerId>,
}

impl Draft for NewOrder {}

/// One line of a [`NewOrder`].
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct NewLine {
    /// What.
    pub variant_id: VariantId,
    /// How many pieces.
    pub quantity: i64,
}

impl NewOrder {
    /// An order of an unknown buyer.
    pub fn new(lines: impl IntoIterator<Item = (VariantId, i64)>) -> Self {
        let lines = lines.into_iter().map(|(variant_id, quantity)| NewLine {
            variant_id,
            quantity,
        });
        Self {
            lines: lines.collect(),
            customer_id: None,
        }
    }

    #[cfg_attr(
        not(any(feature = "postgres", feature = "sqlite")),
        expect(dead_code, reason = "for the stores")
    )]
    fn check(&self) -> Result<(), Error> {
        let mut checks = Checks::default();
        if self.lines.is_empty() {
            checks.refuse("lines", "must not be empty");
        }
        checks.count("lines", self.lines.len(), LINES_MAX);
        for (index, line) in self.lines.iter().enumerate() {
            if !(1..=QUANTITY_MAX).contains(&line.quantity) {
                checks.refuse(
                    format_args!("lines[{index}].quantity"),
                    format_args!("must be between 1 and {QUANTITY_MAX}"),
                );
            }
        }
        Ok(checks.finish()?)
    }
}

/// Which orders, and which page of them, the newest first.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct OrderQuery {
    /// Only those of this status.
    pub status: Option<OrderStatus>,
    /// Only those of this customer.
    pub customer_id: Option<CustomerId>,
    /// Only those placed then or later.
    pub placed_from: Option<Time>,
    /// Only those placed before.
    pub placed_before: Option<Time>,
    /// What follows this place.
    pub after: Option<OrderPosition>,
    /// How many.
    pub limit: Limit,
}

/// The place of an order in a list.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct OrderPosition {
    placed_at: Time,
    id: OrderId,
}

/// Keeps the orders of shops.
///
/// Every change is journaled with what was before and after. An id of another shop is
/// [`NotFound`](crate::ErrorKind::NotFound). Implementations must pass the suite in
/// `contract::orders` (feature `testing`).
pub trait Orders: Send + Sync + 'static {
    /// Places an order and takes its pieces from the stock, all of it or nothing.
    ///
    /// Fails with [`OutOfStock`](crate::ErrorKind::OutOfStock), which names every variant that
    /// lacks, with [`NotForSale`](crate::ErrorKind::NotForSale), which names every variant of a
    /// product that is a draft or archived, with [`NotFound`](crate::ErrorKind::NotFound) for an
    /// unknown variant or customer, and with [`Invalid`](crate::ErrorKind::Invalid) for two
    /// currencies or an amount that is too large.
    fn place(
        &self,
        scope: &TenantScope,
        order: &NewOrder,
    ) -> impl Future<Output = Result<Order, Error>> + Send;

    /// A page of orders.
    fn list(
        &self,
        scope: &TenantScope,
        query: &OrderQuery,
    ) -> impl Future<Output = Result<Page<Order, OrderPosition>, Error>> + Send;

    /// The order, or [`NotFound`](crate::ErrorKind::NotFound).
    fn find(
        &self,
        scope: &TenantScope,
        id: OrderId,
    ) -> impl Future<Output = Result<Order, Error>> + Send;

    /// Cancels the order and gives its pieces back to the stock, once: afterwards it is
    /// [`AlreadyCancelled`](crate::ErrorKind::AlreadyCancelled).
    fn cancel(
        &self,
        scope: &TenantScope,
        id: OrderId,
    ) -> impl Future<Output = Result<Order, Error>> + Send;
}
