use clap::Subcommand;
use serde_json::json;
use tenancy_core::registry::TenantRegistry as _;
use tenancy_core::resolve::Host;
use tenancy_core::{ErrorKind, Slug};

use super::Output;
use crate::failure::Failure;
use crate::platform::Platform;

#[derive(Debug, Subcommand)]
pub(crate) enum DomainCommand {
    /// Give a tenant a domain
    Add {
        /// The tenant
        #[arg(long, value_name = "SLUG")]
        tenant: Slug,
        /// The domain, such as shop.example
        host: Host,
    },
    /// List a tenant's domains
    List {
        /// The tenant
        #[arg(long, value_name = "SLUG")]
        tenant: Slug,
    },
    /// Take a domain away
    Remove {
        /// The tenant
        #[arg(long, value_name = "SLUG")]
        tenant: Slug,
        /// The domain
        host: Host,
    },
}

impl DomainCommand {
    pub(super) async fn run(self, platform: &Platform) -> Result<Output, Failure> {
        match self {
            Self::Add { tenant, host } => add(platform, &tenant, &host).await,
            Self::List { tenant } => list(platform, &tenant).await,
            Self::Remove { tenant, host } => remove(platform, &tenant, &host).await,
        }
    }
}

async fn add(platform: &Platform, slug: &Slug, host: &Host) -> Result<Output, Failure> {
    let base = platform.config().base_domain();
    if *host == base || host.label_under(&base).is_some() {
        return Err(Failure::new(format!(
            "{host} lies under the platform's own domain {base}, where each tenant has its place \
             already"
        )));
    }
    if !host.as_str().contains('.') {
        return Err(Failure::new(format!(
            "{host} is no domain of a merchant's: it has one part only"
        )));
    }
    let tenant = platform.tenant(slug).await?;
    let added = platform
        .registry()
        .add_domain(tenant.id, host, platform.actor())
        .await;
    match added {
        Ok(()) => Output::text(
            &json!({ "host": host, "tenant": slug }),
            format!("{host} leads to {slug}."),
        ),
        Err(error) if error.kind() == ErrorKind::AddressTaken => {
            Err(Failure::new(format!("another tenant already has {host}")))
        }
        Err(error) => Err(error.into()),
    }
}

async fn list(platform: &Platform, slug: &Slug) -> Result<Output, Failure> {
    let tenant = platform.tenant(slug).await?;
    let domains = platform.registry().domains(tenant.id).await?;
    let cells = domains
        .iter()
        .map(|domain| [domain.host.to_string(), domain.created_at.to_string()]);
    Output::table(&domains, ["DOMAIN", "SINCE"], cells)
}

async fn remove(platform: &Platform, slug: &Slug, host: &Host) -> Result<Output, Failure> {
    let tenant = platform.tenant(slug).await?;
    let removed = platform
        .registry()
        .remove_domain(tenant.id, host, platform.actor())
        .await?;
    if !removed {
        return Err(Failure::new(format!("{slug} has no domain {host}")));
    }
    Output::text(
        &json!({ "host": host, "removed": true }),
        format!("{host} is gone."),
    )
}
