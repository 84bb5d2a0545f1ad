//! How much of each variant there is.

#[cfg(any(feature = "postgres", feature = "sqlite"))]
mod sql;

use serde::{Deserialize, Serialize};
use tenancy_core::{TenantId, TenantScope};

#[cfg(any(feature = "postgres", feature = "sqlite"))]
pub use self::sql::SqlStock;
#[cfg(any(feature = "postgres", feature = "sqlite"))]
pub(crate) use self::sql::levels;
use crate::catalog::{ProductId, VariantId};
use crate::error::Error;
use crate::page::{Limit, Page};
use crate::patch::{Draft, Patch};

/// How much of a variant there is, and what is done about it.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Clone, Debug, Eq, Hash, PartialEq, Serialize)]
pub struct StockLevel {
    /// Whose it is. Not part of the JSON.
    #[serde(skip)]
    pub tenant_id: TenantId,
    /// Of which variant.
    pub variant_id: VariantId,
    /// Of which product.
    pub product_id: ProductId,
    /// The variant's SKU.
    pub sku: Option<String>,
    /// The product's name.
    pub name: String,
    /// Pieces on hand, negative when oversold. `None`: the stock is not tracked.
    pub on_hand: Option<i64>,
    /// At how many pieces more should be ordered.
    pub reorder_point: Option<i64>,
    /// Whether it is sold on when none is left.
    pub backorder: bool,
}

impl StockLevel {
    /// The level as a draft, to be changed.
    pub fn to_draft(&self) -> StockDraft {
        StockDraft {
            on_hand: self.on_hand,
            reorder_point: self.reorder_point,
            backorder: self.backorder,
        }
    }
}

/// A stock level as somebody wishes it to be.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
pub struct StockDraft {
    /// Pieces on hand. `None`: not tracked.
    #[serde(default)]
    pub on_hand: Option<i64>,
    /// At how many pieces more should be ordered.
    #[serde(default)]
    pub reorder_point: Option<i64>,
    /// Whether it is sold on when none is left.
    #[serde(default)]
    pub backorder: bool,
}

impl Draft for StockDraft {}

/// Which stock levels, and which page of them, in the order in which the variants were made.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct StockQuery {
    /// Only those of this product.
    pub product_id: Option<ProductId>,
    /// Only those at or below their reorder point.
    pub low: bool,
    /// What follows this variant.
    pub after: Option<VariantId>,
    /// How many.
    pub limit: Limit,
}

/// Keeps count of what shops have.
///
/// Every change is journaled with what was before and after. An id of another shop is
/// [`NotFound`](crate::ErrorKind::NotFound). Implementations must pass the suite in
/// `contract::stock` (feature `testing`).
pub trait Stock: Send + Sync + 'static {
    /// A page of stock levels.
    fn list(
        &self,
        scope: &TenantScope,
        query: &StockQuery,
    ) -> impl Future<Output = Result<Page<StockLevel, VariantId>, Error>> + Send;

    /// The stock level of a variant.
    fn find(
        &self,
        scope: &TenantScope,
        id: VariantId,
    ) -> impl Future<Output = Result<StockLevel, Error>> + Send;

    /// Sets what there is, whatever it was; for a stocktaking.
    fn set(
        &self,
        scope: &TenantScope,
        id: VariantId,
        draft: &StockDraft,
    ) -> impl Future<Output = Result<StockLevel, Error>> + Send;

    /// Changes some fields of what there is.
    fn patch(
        &self,
        scope: &TenantScope,
        id: VariantId,
        patch: &Patch<StockDraft>,
    ) -> impl Future<Output = Result<StockLevel, Error>> + Send;

    /// Adds pieces to what there is, or takes some away.
    ///
    /// Fails with [`OutOfStock`](crate::ErrorKind::OutOfStock) when fewer are there and the
    /// variant is not sold on backorder, and with [`Invalid`](crate::ErrorKind::Invalid) when
    /// its stock is not tracked.
    fn adjust(
        &self,
        scope: &TenantScope,
        id: VariantId,
        pieces: i64,
    ) -> impl Future<Output = Result<StockLevel, Error>> + Send;
}
