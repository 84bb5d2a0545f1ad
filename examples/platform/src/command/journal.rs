use clap::Subcommand;
use serde::Serialize;
use serde_json::json;
use tenancy_core::journal::Parked;
use tenancy_core::tenant::Status;
use tenancy_core::{Slug, Tenant};

use super::Output;
use crate::failure::Failure;
use crate::platform::Platform;

#[derive(Debug, Subcommand)]
pub(crate) enum JournalCommand {
    /// List the entries that were put aside because a consumer could not take them
    Parked {
        /// Only this tenant's
        #[arg(long, value_name = "SLUG")]
        tenant: Option<Slug>,
    },
    /// Hand a tenant's parked entries over once more; a running server does it within a second
    Retry {
        /// The tenant
        #[arg(long, value_name = "SLUG")]
        tenant: Slug,
    },
}

/// A parked entry, and whose journal it is in.
#[derive(Debug, Serialize)]
struct Shown {
    tenant: Slug,
    #[serde(flatten)]
    parked: Parked,
}

impl JournalCommand {
    pub(super) async fn run(self, platform: &Platform) -> Result<Output, Failure> {
        match self {
            Self::Parked { tenant } => {
                let rows = match tenant {
                    Some(slug) => parked_of(platform, platform.tenant(&slug).await?).await?,
                    None => all_parked(platform).await?,
                };
                let cells = rows.iter().map(|Shown { tenant, parked }| {
                    [
                        tenant.to_string(),
                        parked.consumer.clone(),
                        parked.sequence.to_string(),
                        parked.parked_at.to_string(),
                        parked.error.replace(char::is_control, " "),
                    ]
                });
                let head = ["TENANT", "CONSUMER", "ENTRY", "PARKED", "ERROR"];
                Output::table(&rows, head, cells)
            }
            Self::Retry { tenant } => {
                let count = retry(platform, &tenant).await?;
                let text = match count {
                    0 => format!("{tenant} has no parked entries."),
                    1 => format!("1 entry of {tenant} will be handed over again."),
                    _ => format!("{count} entries of {tenant} will be handed over again."),
                };
                Output::text(&json!({ "tenant": tenant, "retried": count }), text)
            }
        }
    }
}

async fn all_parked(platform: &Platform) -> Result<Vec<Shown>, Failure> {
    let mut rows = vec![];
    let mut after = None;
    loop {
        let page = platform.tenant_page(after.as_ref()).await?;
        let Some(last) = page.last() else {
            return Ok(rows);
        };
        after = Some(last.slug.clone());
        for tenant in page {
            // One that is being set up may have no place for its data yet.
            if tenant.status != Status::Provisioning {
                rows.extend(parked_of(platform, tenant).await?);
            }
        }
    }
}

async fn parked_of(platform: &Platform, tenant: Tenant) -> Result<Vec<Shown>, Failure> {
    let scope = platform.scope().tenant(tenant.id).await?;
    let mut tx = platform.database().read(&scope).await?;
    let mut found: Vec<Parked> = vec![];
    loop {
        let page = Parked::list(&mut tx, found.last()).await?;
        if page.is_empty() {
            break;
        }
        found.extend(page);
    }
    tx.commit().await?;
    let shown = found.into_iter().map(|parked| Shown {
        tenant: tenant.slug.clone(),
        parked,
    });
    Ok(shown.collect())
}

async fn retry(platform: &Platform, slug: &Slug) -> Result<u64, Failure> {
    let tenant = platform.tenant(slug).await?;
    let scope = platform.scope().tenant(tenant.id).await?;
    Ok(Parked::retry_all(platform.database(), &scope).await?)
}

#[cfg(test)]
mod tests;
