use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use thiserror::Error;

/// How far an order has come.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum OrderStatus {
    /// Taken back; its pieces are in the stock again.
    Cancelled,
    /// Its pieces are taken from the stock.
    Placed,
}

impl OrderStatus {
    /// The word used in JSON and in the database.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Cancelled => "cancelled",
            Self::Placed => "placed",
        }
    }
}

/// The text is neither `cancelled` nor `placed`.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
#[error("an order is cancelled or placed")]
pub struct InvalidOrderStatus;

impl FromStr for OrderStatus {
    type Err = InvalidOrderStatus;

    fn from_str(text: &str) -> Result<Self, InvalidOrderStatus> {
        [Self::Cancelled, Self::Placed]
            .into_iter()
            .find(|status| status.as_str() == text)
            .ok_or(InvalidOrderStatus)
    }
}

impl fmt::Display for OrderStatus {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(self.as_str())
    }
}
