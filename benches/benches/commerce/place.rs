use std::error::Error;
use std::io;
use std::net::SocketAddr;
use std::process::Command;

use serde_json::Value;
use sqlx::PgPool;
use tempfile::TempDir;
use tenancy_core::registry::{Address, Directory as _, SqlTenants};
use tenancy_core::sql::{Database, SqlStorage};
use tenancy_core::{Actor, Purpose, Slug, TenantScope, Tenants};
use tenancy_tests::{Postgres, Server, TestDatabase};

/// One of the databases, as the platform's programs and this one reach it.
pub(crate) struct Place {
    pub(crate) name: &'static str,
    settings: Vec<(&'static str, String)>,
    database: Option<TestDatabase>,
    folder: TempDir,
}

/// A shop that was set up through the platform's command line.
pub(crate) struct Shop {
    pub(crate) slug: String,
    pub(crate) key: String,
}

impl Place {
    pub(crate) fn sqlite() -> Result<Self, Box<dyn Error>> {
        Self::new("SQLite", None)
    }

    pub(crate) async fn postgres(server: &Postgres) -> Result<Self, Box<dyn Error>> {
        let migrate = async |owner_url: &str| {
            let settings = [("TENANCY_OWNER_DATABASE_URL", owner_url.to_owned())];
            run(&settings, &["migrate", "--app-role", "tenancy_app"]).map(drop)
        };
        let database = server.database("commerce", migrate).await;
        Self::new("PostgreSQL", Some(database))
    }

    fn new(name: &'static str, database: Option<TestDatabase>) -> Result<Self, Box<dyn Error>> {
        let folder = tempfile::tempdir()?;
        let mut settings = vec![("TENANCY_DATA", folder.path().display().to_string())];
        let url = database.as_ref().map(TestDatabase::app_url);
        settings.extend(url.map(|url| ("TENANCY_DATABASE_URL", url)));
        Ok(Self {
            name,
            settings,
            database,
            folder,
        })
    }

    /// Runs a command of the platform to its end.
    pub(crate) fn command(&self, arguments: &[&str]) -> io::Result<Value> {
        run(&self.settings, arguments)
    }

    pub(crate) fn shop(&self, slug: &str) -> Result<Shop, Box<dyn Error>> {
        let made = self.command(&["tenant", "create", slug])?;
        Ok(Shop {
            slug: slug.to_owned(),
            key: made["api_key"].as_str().ok_or("no key")?.to_owned(),
        })
    }

    /// The platform, with its cache or without, serving until it is dropped.
    pub(crate) async fn serve(&self, cached: bool) -> (Server, SocketAddr) {
        let address = Server::free_address();
        let mut server = Server::builder(Server::built("platform"))
            .args(["serve", "--listen", &address.to_string()])
            .env("TENANCY_CACHE__ENABLED", cached.to_string())
            .env("TENANCY_LIMITS__ENABLED", "false")
            .ready_when_answering(address);
        for (name, value) in &self.settings {
            server = server.env(*name, value);
        }
        (server.start().await, address)
    }

    /// What [`open`] takes.
    pub(crate) fn location(&self) -> String {
        match &self.database {
            Some(database) => database.app_url(),
            None => self.folder.path().display().to_string(),
        }
    }

    /// Does what a server's autovacuum would have done long ago.
    pub(crate) async fn settle(&self) -> Result<(), sqlx::Error> {
        let Some(database) = &self.database else {
            return Ok(());
        };
        let pool = PgPool::connect(&database.superuser_url()).await?;
        sqlx::raw_sql("VACUUM ANALYZE").execute(&pool).await?;
        pool.close().await;
        Ok(())
    }
}

fn run(settings: &[(&'static str, String)], arguments: &[&str]) -> io::Result<Value> {
    let done = Command::new(Server::built("platform"))
        .envs(settings.iter().map(|(name, value)| (name, value)))
        .args(arguments)
        .arg("--json")
        .output()?;
    if !done.status.success() {
        let said = String::from_utf8_lossy(&done.stderr);
        return Err(io::Error::other(format!("{arguments:?}: {said}")));
    }
    Ok(serde_json::from_slice(&done.stdout)?)
}

/// The database at a location, and a scope for a shop in it.
pub(crate) async fn open(
    location: &str,
    slug: &str,
    purpose: Purpose,
) -> Result<(Database, TenantScope), Box<dyn Error>> {
    // The limits are the defaults, which the platform has too.
    let storage = SqlStorage::builder();
    let storage = if location.starts_with("postgres://") {
        storage.postgres(location)?
    } else {
        storage.sqlite(location).await?
    };
    let registry = SqlTenants::new(&storage);
    let slug: Slug = slug.parse()?;
    let tenant = registry
        .find(&Address::Slug(slug))
        .await?
        .ok_or("no shop")?;
    let tenants = Tenants::new(registry);
    let database = Database::builder(&storage, &tenants)
        .migrations(&tenancy_commerce::MIGRATIONS)
        .build();
    let scope = tenants
        .scope(tenant.id, Actor::anonymous(), purpose)
        .await?;
    Ok((database, scope))
}
