use clap::Subcommand;
use serde_json::json;
use tenancy_core::Slug;
use uuid::Uuid;

use super::Output;
use crate::failure::Failure;
use crate::keys::KeyName;
use crate::platform::Platform;

#[derive(Debug, Subcommand)]
pub(crate) enum KeyCommand {
    /// Issue a key and show it, this once
    Create {
        /// The tenant whose data it opens
        #[arg(long, value_name = "SLUG")]
        tenant: Slug,
        /// What it is for, as the audit log will name it
        #[arg(long, default_value = "api")]
        name: KeyName,
    },
    /// List a tenant's keys
    List {
        /// The tenant
        #[arg(long, value_name = "SLUG")]
        tenant: Slug,
    },
    /// Make a key worthless, on every node within a second
    Revoke {
        /// The tenant
        #[arg(long, value_name = "SLUG")]
        tenant: Slug,
        /// The key's id, from `key list`
        id: Uuid,
    },
}

impl KeyCommand {
    pub(super) async fn run(self, platform: &Platform) -> Result<Output, Failure> {
        match self {
            Self::Create { tenant, name } => {
                let slug = tenant;
                let tenant = platform.tenant(&slug).await?;
                let issued = platform.issue_key(tenant.id, &name).await?;
                let id = issued.record.id;
                let shown = Output::document(&json!({
                    "id": id,
                    "name": issued.record.name,
                    "api_key": issued.key.expose(),
                }))?;
                Ok(shown.shown_once(format!(
                    "the key could not be shown; `key revoke --tenant {slug} {id}` makes it \
                     worthless"
                )))
            }
            Self::List { tenant } => {
                let tenant = platform.tenant(&tenant).await?;
                let keys = platform.keys(tenant.id).await?;
                let cells = keys.iter().map(|key| {
                    let revoked = key.revoked_at.map(|time| time.to_string());
                    [
                        key.id.to_string(),
                        key.name.to_string(),
                        format!("{}…", key.prefix),
                        key.created_at.to_string(),
                        revoked.unwrap_or_default(),
                    ]
                });
                Output::table(&keys, ["ID", "NAME", "KEY", "CREATED", "REVOKED"], cells)
            }
            Self::Revoke { tenant, id } => {
                let slug = tenant;
                let tenant = platform.tenant(&slug).await?;
                if !platform.revoke_key(tenant.id, id).await? {
                    return Err(Failure::new(format!("{slug} has no valid key {id}")));
                }
                Output::text(
                    &json!({ "id": id, "revoked": true }),
                    format!("{id} is revoked."),
                )
            }
        }
    }
}
