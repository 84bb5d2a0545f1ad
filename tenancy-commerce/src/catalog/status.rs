use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use thiserror::Error;

/// Who sees a product.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, Hash, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum ProductStatus {
    /// Taken out of the catalogue; kept for its orders.
    Archived,
    /// Seen by staff only.
    #[default]
    Draft,
    /// Seen by everybody.
    Published,
}

impl ProductStatus {
    /// The word used in JSON and in the database.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Archived => "archived",
            Self::Draft => "draft",
            Self::Published => "published",
        }
    }
}

/// The text is none of `archived`, `draft` and `published`.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
#[error("a product is archived, draft or published")]
pub struct InvalidProductStatus;

impl FromStr for ProductStatus {
    type Err = InvalidProductStatus;

    fn from_str(text: &str) -> Result<Self, InvalidProductStatus> {
        [Self::Archived, Self::Draft, Self::Published]
            .into_iter()
            .find(|status| status.as_str() == text)
            .ok_or(InvalidProductStatus)
    }
}

impl fmt::Display for ProductStatus {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(self.as_str())
    }
}
