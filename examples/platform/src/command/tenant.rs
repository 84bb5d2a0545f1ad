use clap::{Args, Subcommand, ValueEnum};
use serde::Serialize;
use tenancy_commerce::money::{Currency, MoneyError};
use tenancy_core::tenant::{Maintenance, Plan, Settings, Status};
use tenancy_core::time::Time;
use tenancy_core::{Slug, Tenant, TenantId};

use super::Output;
use crate::failure::Failure;
use crate::onboard::{NewTenant, tenant_name};
use crate::platform::Platform;
use crate::shop::{LocaleTag, ShopSettings, ZoneName};

mod defence;

use self::defence::Defence;

/// When visitors of a shop in maintenance are told to come back.
const RETRY_AFTER_SECONDS: u32 = 300;

#[derive(Debug, Subcommand)]
pub(crate) enum TenantCommand {
    /// Set a tenant up and print its address and its API key; again after a failure, to go on
    Create(Create),
    /// Change a tenant's name, plan or settings
    Update(Update),
    /// List all tenants
    List,
    /// Show one tenant
    Show {
        /// The tenant
        slug: Slug,
    },
    /// Close a tenant until it is resumed
    Suspend {
        /// The tenant
        slug: Slug,
    },
    /// Open a suspended tenant again
    Resume {
        /// The tenant
        slug: Slug,
    },
    /// Close a tenant for maintenance, or open it again
    Maintenance {
        /// The tenant
        slug: Slug,
        /// Whether it is closed
        switch: Switch,
    },
}

#[derive(Args, Debug)]
pub(crate) struct Create {
    /// Its part of the address: lower-case letters, digits and hyphens
    slug: Slug,
    /// Name shown to people [default: the slug]
    #[arg(long)]
    name: Option<String>,
    /// What it has bought
    #[arg(long, default_value_t)]
    plan: Plan,
    /// Currency of its prices, an ISO 4217 code
    #[arg(long, default_value = "USD", value_name = "CODE", value_parser = money)]
    currency: Currency,
    /// Language of its pages, such as en or de-AT
    #[arg(long, default_value = "en", value_name = "TAG")]
    locale: LocaleTag,
    /// Where its days begin, such as Europe/Berlin
    #[arg(long, default_value = "UTC", value_name = "ZONE")]
    time_zone: ZoneName,
}

#[derive(Args, Debug)]
pub(crate) struct Update {
    /// The tenant
    slug: Slug,
    /// Name shown to people
    #[arg(long)]
    name: Option<String>,
    /// What it has bought
    #[arg(long)]
    plan: Option<Plan>,
    /// Language of its pages
    #[arg(long, value_name = "TAG")]
    locale: Option<LocaleTag>,
    /// Where its days begin
    #[arg(long, value_name = "ZONE")]
    time_zone: Option<ZoneName>,
    #[command(flatten)]
    defence: Defence,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum Switch {
    On,
    Off,
}

/// A tenant as commands show it.
#[derive(Serialize)]
struct Shown {
    id: TenantId,
    slug: Slug,
    name: Box<str>,
    status: Status,
    maintenance: bool,
    plan: Plan,
    settings: Settings,
    created_at: Time,
    url: String,
}

impl TenantCommand {
    pub(super) async fn run(self, platform: &Platform) -> Result<Output, Failure> {
        match self {
            Self::Create(create) => create.run(platform).await,
            Self::Update(update) => update.run(platform).await,
            Self::List => list(platform).await,
            Self::Show { slug } => {
                let tenant = platform.tenant(&slug).await?;
                Output::document(&shown(platform, tenant))
            }
            Self::Suspend { slug } => set_status(platform, &slug, Status::Suspended).await,
            Self::Resume { slug } => set_status(platform, &slug, Status::Active).await,
            Self::Maintenance { slug, switch } => {
                let maintenance = match switch {
                    Switch::On => Maintenance::On {
                        retry_after_seconds: RETRY_AFTER_SECONDS,
                    },
                    Switch::Off => Maintenance::Off,
                };
                let changed = platform.change_tenant(&slug, |tenant| {
                    tenant.maintenance = maintenance;
                    Ok(())
                });
                Output::document(&shown(platform, changed.await?))
            }
        }
    }
}

impl Create {
    async fn run(self, platform: &Platform) -> Result<Output, Failure> {
        let new = NewTenant {
            slug: self.slug,
            name: self.name,
            plan: self.plan,
            settings: ShopSettings {
                currency: Some(self.currency),
                locale: Some(self.locale),
                time_zone: Some(self.time_zone),
                tagline: None,
            },
        };
        let onboarded = platform.onboard(&new, async |_| Ok(()), |_| Ok(())).await?;
        let slug = &onboarded.slug;
        Ok(Output::document(&onboarded)?.shown_once(format!(
            "{slug} is open, but its key could not be shown; `key create --tenant {slug}` issues \
             another"
        )))
    }
}

impl Update {
    async fn run(self, platform: &Platform) -> Result<Output, Failure> {
        let settings = ShopSettings {
            locale: self.locale,
            time_zone: self.time_zone,
            ..ShopSettings::default()
        };
        let name = self.name.as_deref().map(tenant_name).transpose()?;
        let changed = platform.change_tenant(&self.slug, |tenant| {
            if let Some(name) = &name {
                tenant.name = name.clone();
            }
            if let Some(plan) = &self.plan {
                tenant.plan = plan.clone();
            }
            settings.write(&mut tenant.settings)?;
            Ok(self.defence.write(&mut tenant.settings)?)
        });
        Output::document(&shown(platform, changed.await?))
    }
}

fn money(code: &str) -> Result<Currency, String> {
    let currency: Currency = code
        .parse()
        .map_err(|error: MoneyError| error.to_string())?;
    if currency.is_money() {
        Ok(currency)
    } else {
        Err(format!("nothing is sold in {currency}"))
    }
}

async fn set_status(platform: &Platform, slug: &Slug, status: Status) -> Result<Output, Failure> {
    let changed = platform.change_tenant(slug, |tenant| match (tenant.status, status) {
        (Status::Provisioning, _) => Err(Failure::new(format!(
            "{slug} is not set up yet: `tenant create {slug}` goes on"
        ))),
        (Status::Archived, _) => Err(Failure::new(format!("{slug} is closed for good"))),
        (Status::Trial, Status::Active) => Ok(()),
        (Status::Active | Status::Suspended | Status::Trial, status) => {
            tenant.status = status;
            Ok(())
        }
    });
    Output::document(&shown(platform, changed.await?))
}

async fn list(platform: &Platform) -> Result<Output, Failure> {
    let mut tenants = Vec::new();
    let mut after = None;
    loop {
        let page = platform.tenant_page(after.as_ref()).await?;
        let Some(last) = page.last() else { break };
        after = Some(last.slug.clone());
        tenants.extend(page.into_iter().map(|tenant| shown(platform, tenant)));
    }
    let cells = tenants.iter().map(|tenant| {
        let maintenance = if tenant.maintenance {
            " (maintenance)"
        } else {
            ""
        };
        [
            tenant.slug.to_string(),
            tenant.name.to_string(),
            format!("{}{maintenance}", tenant.status),
            tenant.plan.to_string(),
            tenant.url.clone(),
        ]
    });
    Output::table(&tenants, ["SLUG", "NAME", "STATUS", "PLAN", "URL"], cells)
}

fn shown(platform: &Platform, tenant: Tenant) -> Shown {
    Shown {
        id: tenant.id,
        url: platform.shop_url(&tenant.slug),
        slug: tenant.slug,
        name: tenant.name,
        status: tenant.status,
        maintenance: tenant.maintenance != Maintenance::Off,
        plan: tenant.plan,
        settings: tenant.settings,
        created_at: tenant.created_at,
    }
}
