use tenancy_core::Actor;
use tenancy_core::tenant::Status;
use tenancy_security::credential::Password;

use super::health;
use super::output::{say, show};
use crate::config::Config;
use crate::demo::DemoShop;
use crate::failure::Failure;
use crate::onboard::Onboarded;
use crate::platform::Platform;
use crate::users::{Email, User};
use crate::{measure, server, shared};

/// How many shops a start prints.
const LISTED_MAX: usize = 200;

/// Serves in production: with no unsafe settings and no demonstration data.
pub(crate) async fn serve(config: Config) -> Result<(), Failure> {
    config.refuse_unsafe()?;
    if config.database_url.is_none() && config.owner_database_url.is_some() {
        return Err(Failure::new(
            "the server never works as the database's owner: set TENANCY_DATABASE_URL to the \
             role that `platform migrate --app-role` granted to",
        ));
    }
    if let Some(warning) = health::uncached(&config) {
        tracing::warn!("{warning}");
    }
    let platform = open(config).await?;
    let audited = platform.audit().await?;
    for warning in audited.warnings() {
        tracing::warn!("{warning}");
    }
    audited.require_isolation()?;
    if let Some(redis) = platform.redis() {
        shared::check(redis).await?;
    }
    let listener = server::bind(&platform).await?;
    tracing::info!(address = %listener.local_addr()?, "serving");
    server::serve(&platform, listener).await
}

/// Serves from SQLite, with the demonstration shops where there is none.
pub(crate) async fn serve_embedded(config: Config) -> Result<(), Failure> {
    let config = config.embedded();
    config.refuse_unsafe()?;
    let platform = open(config).await?;
    let listener = server::bind(&platform).await?;
    say(format_args!("The platform: {}", platform.config().origin()))?;
    list(&platform).await?;
    let show_keys = |shop: &DemoShop, onboarded: &Onboarded, password: &Password| {
        let Onboarded { url, api_key, .. } = onboarded;
        let name = &shop.name;
        show(format_args!(
            "{name}: {url}  API key, shown once: {api_key}"
        ))?;
        show_password(name, url, &shop.owner()?, password)
    };
    platform.demonstrate(show_keys).await?;
    let origin = platform.config().origin().to_string();
    let show_operator = |operator: &User, password: &Password| {
        show_password("The platform", &origin, &operator.email, password)
    };
    platform.let_first_operator_in(show_operator).await?;
    server::serve(&platform, listener).await
}

/// Opens it as the one that serves, and counts from before its parts are made.
async fn open(config: Config) -> Result<Platform, Failure> {
    let metrics = measure::begin(&config)?;
    Platform::open_measured(config, Actor::system("server"), metrics).await
}

fn show_password(name: &str, url: &str, email: &Email, password: &Password) -> Result<(), Failure> {
    let password = password.expose();
    show(format_args!(
        "{name}: {url}/login  {email}, password, shown once: {password}"
    ))
}

/// Prints where the shops are, as many as somebody would read.
async fn list(platform: &Platform) -> Result<(), Failure> {
    let (mut listed, mut more) = (0, 0);
    let mut after = None;
    loop {
        let page = platform.tenant_page(after.as_ref()).await?;
        let Some(last) = page.last() else { break };
        after = Some(last.slug.clone());
        for tenant in &page {
            if tenant.status == Status::Provisioning {
                continue;
            }
            if listed == LISTED_MAX {
                more += 1;
                continue;
            }
            listed += 1;
            let url = platform.shop_url(&tenant.slug);
            say(format_args!("{}: {url}", tenant.name))?;
        }
    }
    if more > 0 {
        say(format_args!("and {more} more: platform tenant list"))?;
    }
    Ok(())
}
