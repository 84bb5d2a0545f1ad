use super::output::{say, show};
use crate::config::Config;
use crate::demo::DemoShop;
use crate::failure::Failure;
use crate::onboard::Onboarded;
use crate::platform::Platform;
use crate::server;
use tenancy_core::Actor;
use tenancy_core::tenant::Status;

/// Serves in production: with no unsafe settings and no demonstration data.
pub(crate) async fn serve(config: Config) -> Result<(), Failure> {
    config.refuse_unsafe()?;
    if config.database_url.is_none() && config.owner_database_url.is_some() {
        return Err(Failure::new(
            "the server never works as the database's owner: set TENANCY_DATABASE_URL to the \
             role that `platform migrate --app-role` granted to",
        ));
    }
    let platform = Platform::open_as(config, Actor::system("server")).await?;
    let audited = platform.audit().await?;
    for warning in audited.warnings() {
        tracing::warn!("{warning}");
    }
    audited.require_isolation()?;
    let listener = server::bind(&platform).await?;
    tracing::info!(address = %listener.local_addr()?, "serving");
    server::serve(&platform, listener).await
}

/// Serves from SQLite, with the demonstration shops where there is none.
pub(crate) async fn serve_embedded(config: Config) -> Result<(), Failure> {
    let config = Config {
        database_url: None,
        owner_database_url: None,
        ..config
    };
    config.refuse_unsafe()?;
    let platform = Platform::open_as(config, Actor::system("server")).await?;
    let listener = server::bind(&platform).await?;
    say(format_args!("The platform: {}", platform.config().origin()))?;
    for tenant in platform.tenant_page(None).await? {
        if tenant.status != Status::Provisioning {
            let url = platform.shop_url(&tenant.slug);
            say(format_args!("{}: {url}", tenant.name))?;
        }
    }
    let show_key = |shop: &DemoShop, onboarded: &Onboarded| {
        let Onboarded { url, api_key, .. } = onboarded;
        let name = &shop.name;
        show(format_args!(
            "{name}: {url}  API key, shown once: {api_key}"
        ))
    };
    platform.demonstrate(show_key).await?;
    server::serve(&platform, listener).await
}
