use clap::Args;
use serde::Serialize;
use sqlx::postgres::PgConnectOptions;
use tenancy_core::sql::migrate;

use super::Output;
use crate::config::Config;
use crate::failure::Failure;
use crate::platform::{self, Platform};

#[derive(Args, Debug, Default)]
pub(crate) struct Migrate {
    /// PostgreSQL role that serves, which gets the privileges it needs [default: the one that
    /// TENANCY_DATABASE_URL logs in with]
    #[arg(long, value_name = "ROLE")]
    app_role: Option<String>,
}

#[derive(Serialize)]
struct Migrated {
    database: &'static str,
    app_role: Option<String>,
    tenants: u64,
}

impl Migrate {
    pub(crate) async fn run(self, config: Config) -> Result<Output, Failure> {
        match &config.owner_database_url {
            Some(owner) => {
                let role = self.app_role(&config)?;
                migrate::postgres(owner.expose(), &*platform::MIGRATIONS, &role)
                    .await
                    .map_err(|error| {
                        Failure::from(error).context("the database was not migrated")
                    })?;
                let text = format!("The schema is current, and {role} may use it.");
                let database = "postgres";
                let app_role = Some(role);
                Output::text(
                    &Migrated {
                        database,
                        app_role,
                        tenants: 0,
                    },
                    text,
                )
            }
            None if config.database_url.is_some() => Err(Failure::new(
                "set TENANCY_OWNER_DATABASE_URL to the role that owns the schema: the role that \
                 serves must not be able to change it",
            )),
            None => migrate_files(config).await,
        }
    }

    fn app_role(&self, config: &Config) -> Result<String, Failure> {
        if let Some(role) = &self.app_role {
            return Ok(role.clone());
        }
        let Some(url) = &config.database_url else {
            return Err(Failure::new(
                "say with --app-role, or with TENANCY_DATABASE_URL, which role will serve",
            ));
        };
        let options: PgConnectOptions = url.expose().parse()?;
        Ok(options.get_username().to_owned())
    }
}

/// SQLite's registry, and the file of every tenant.
async fn migrate_files(config: Config) -> Result<Output, Failure> {
    let platform = Platform::open(config).await?;
    let mut tenants = 0;
    let mut after = None;
    loop {
        let page = platform.tenant_page(after.as_ref()).await?;
        let Some(last) = page.last() else { break };
        after = Some(last.slug.clone());
        for tenant in &page {
            platform.provision(tenant.id).await?;
            tenants += 1;
        }
    }
    let migrated = Migrated {
        database: "sqlite",
        app_role: None,
        tenants,
    };
    Output::text(
        &migrated,
        format!("The registry and {tenants} tenants are current."),
    )
}
