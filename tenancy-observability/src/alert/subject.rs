use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};
use tenancy_core::{Slug, TenantId};

/// Whom something is about.
#[derive(Clone, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "lowercase")]
pub enum Subject {
    /// The platform as a whole, or a server of it.
    Platform,
    /// One tenant.
    Tenant {
        /// Its id.
        #[cfg_attr(feature = "openapi", schema(value_type = String, format = Uuid))]
        id: TenantId,
        /// Its name, for whoever reads the message.
        #[cfg_attr(feature = "openapi", schema(value_type = String))]
        slug: Slug,
    },
}

/// What tells alerts of one rule about one subject apart, in order of its names.
pub type Labels = BTreeMap<String, String>;

impl Subject {
    /// The same for as long as the subject exists, and nobody else's.
    pub(super) fn key(&self) -> String {
        match self {
            Self::Platform => "platform".to_owned(),
            Self::Tenant { id, .. } => id.to_string(),
        }
    }
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Platform => f.write_str("platform"),
            Self::Tenant { slug, .. } => slug.fmt(f),
        }
    }
}
