//! What the advisor looks at: the server's own statements, and where its data is.

use std::collections::HashSet;
use std::path::PathBuf;

use sqlx::{Connection as _, PgConnection};
use tenancy_core::{Slug, TenantId};
use tenancy_observability::advisor::{
    Advice, Advisor, Applied, Report, Statement, Unread, Workload,
};

use crate::config::Config;
use crate::failure::Failure;
use crate::platform::Platform;
use crate::secret::Secret;

/// The constant statements of all crates, one a line; a test keeps them as they are in the source.
const STATEMENTS: &str = include_str!("advice/statements.sql");

/// The parameter that policies compare with.
const TENANT_SETTING: &str = "app.tenant_id";

/// What was found in one database or file.
#[derive(Debug, serde::Serialize)]
pub(crate) struct Advised {
    /// `postgres`, or the file's name under the data folder.
    pub(crate) place: String,
    #[serde(flatten)]
    pub(crate) report: Report,
}

/// The server's own statements.
pub(crate) fn workload() -> Workload {
    let lines = STATEMENTS.lines();
    let own = lines.filter(|line| !line.is_empty() && !line.starts_with("--"));
    own.map(Statement::new).collect()
}

/// Advises on PostgreSQL as the role that serves, or on SQLite's registry and a tenant's file.
pub(crate) async fn advise(
    platform: &Platform,
    advisor: Advisor,
    tenant: Option<&Slug>,
    scratch: Option<&str>,
    workload: &Workload,
) -> Result<Vec<Advised>, Failure> {
    let tenant = match tenant {
        Some(slug) => Some(platform.tenant(slug).await?.id),
        None => largest(platform).await?,
    };
    let config = platform.config();
    let Some(url) = config.any_database_url() else {
        return in_files(config, &advisor, tenant, workload).await;
    };
    let advisor = match tenant {
        Some(tenant) => advisor.tenant(TENANT_SETTING, tenant.to_string()),
        None => advisor,
    };
    let mut connection = connect(config, url.expose()).await?;
    let report = match scratch {
        None => advisor.postgres(&mut connection, workload).await?,
        Some(scratch) => {
            let mut scratch = connect(config, scratch).await?;
            advisor
                .postgres_with_copy(&mut connection, &mut scratch, workload)
                .await?
        }
    };
    let place = "postgres".to_owned();
    Ok(vec![Advised { place, report }])
}

async fn in_files(
    config: &Config,
    advisor: &Advisor,
    tenant: Option<TenantId>,
    workload: &Workload,
) -> Result<Vec<Advised>, Failure> {
    let mut advised = Vec::new();
    for place in std::iter::once(REGISTRY.to_owned()).chain(tenant.map(file_of)) {
        let report = advisor.sqlite(&config.data.join(&place), workload).await?;
        advised.push(Advised { place, report });
    }
    tell_once(&mut advised);
    Ok(advised)
}

/// Leaves what was read in no file with the last one. A statement about the other file's tables is no
/// fault of this one's, and of the server's own some are PostgreSQL's.
fn tell_once(advised: &mut [Advised]) {
    let own = workload();
    let own: HashSet<&str> = own.statements().iter().map(Statement::sql).collect();
    let mut nowhere: Option<Vec<Unread>> = None;
    for Advised { report, .. } in &mut *advised {
        let unread = std::mem::take(&mut report.unread).into_iter();
        let is_told = |unread: &Unread| {
            let elsewhere = nowhere.as_ref().is_some_and(|nowhere| {
                let mut statements = nowhere.iter().map(|unread| &unread.statement);
                !statements.any(|statement| *statement == unread.statement)
            });
            !elsewhere && !own.contains(unread.statement.as_str())
        };
        nowhere = Some(unread.filter(is_told).collect());
    }
    if let (Some(last), Some(nowhere)) = (advised.last_mut(), nowhere) {
        last.report.unread = nowhere;
    }
}

const REGISTRY: &str = "registry.db";

fn file_of(tenant: TenantId) -> String {
    format!("tenants/{tenant}.db")
}

/// The tenant with the most data, as far as that can be told: its file is the largest.
async fn largest(platform: &Platform) -> Result<Option<TenantId>, Failure> {
    let (mut largest, mut bytes_max) = (None, None);
    for tenant in tenants(platform).await? {
        let file = platform.config().data.join(file_of(tenant));
        let bytes = std::fs::metadata(file)
            .map(|file| file.len())
            .unwrap_or_default();
        if bytes_max.is_none_or(|most| bytes > most) {
            (largest, bytes_max) = (Some(tenant), Some(bytes));
        }
    }
    Ok(largest)
}

async fn tenants(platform: &Platform) -> Result<Vec<TenantId>, Failure> {
    Ok(platform.slugs().await?.into_keys().collect())
}

/// Follows a piece of advice: on PostgreSQL as the schema's owner, on SQLite in every file that it
/// is true of.
pub(crate) async fn apply(
    platform: &Platform,
    place: &str,
    advice: &Advice,
) -> Result<Applied, Failure> {
    let config = platform.config();
    if config.any_database_url().is_some() {
        let Some(owner) = &config.owner_database_url else {
            return Err(Failure::new(
                "set TENANCY_OWNER_DATABASE_URL to the role that owns the schema: the role that serves \
                 must not be able to change it",
            ));
        };
        let mut connection = connect(config, Secret::expose(owner)).await?;
        return Ok(advice.apply_postgres(&mut connection).await?);
    }
    let files: Vec<PathBuf> = if place == REGISTRY {
        vec![config.data.join(REGISTRY)]
    } else {
        let tenants = tenants(platform).await?.into_iter();
        tenants
            .map(|tenant| config.data.join(file_of(tenant)))
            .filter(|file| file.exists())
            .collect()
    };
    let mut applied = Applied::Present;
    for file in files {
        match advice.apply_sqlite(&file).await? {
            Applied::Present => {}
            other => applied = other,
        }
    }
    Ok(applied)
}

async fn connect(config: &Config, url: &str) -> Result<PgConnection, Failure> {
    let connected =
        tokio::time::timeout(config.database.time_out(), PgConnection::connect(url)).await;
    Ok(connected.map_err(|_| Failure::new("the database does not answer"))??)
}
