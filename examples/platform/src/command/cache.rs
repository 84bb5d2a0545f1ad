mod why;

use clap::{Args, Subcommand};
use serde::Serialize;
use tenancy_cache::{Flush, FlushOrder};
use tenancy_core::tenant::Status;
use tenancy_core::{Slug, Tenant};

use self::why::WhyCommand;
use super::Output;
use crate::config::Config;
use crate::failure::Failure;
use crate::platform::Platform;
use crate::why::CLASSES;

#[derive(Debug, Subcommand)]
pub(crate) enum CacheCommand {
    /// Let running servers forget what they keep in memory; they do so within a second
    ///
    /// It is ordered through the journal, whose trail shows it.
    Flush(FlushCommand),
    /// Ask the server that runs here why it serves an entry from memory, or why not
    ///
    /// It is found through its data folder, so --data must be the same. Other nodes have entries of their
    /// own, and are asked where they run.
    Why(WhyCommand),
}

#[derive(Args, Debug)]
pub(crate) struct FlushCommand {
    /// What this tenant's shop has
    #[arg(long, value_name = "SLUG", required_unless_present = "all")]
    tenant: Option<Slug>,
    /// What every shop has
    #[arg(long, conflicts_with = "tenant")]
    all: bool,
    /// Only what depends on this, such as product, product/ID, category or stock; may be repeated
    #[arg(long = "tag", value_name = "TAG")]
    tags: Vec<String>,
    /// Only entries of this class
    #[arg(long, value_name = "CLASS", conflicts_with = "tags", value_parser = CLASSES.map(|class| class.name()))]
    class: Option<String>,
    /// Keep it for when it cannot be loaded anew
    #[arg(long)]
    soft: bool,
}

/// Whose entries were flushed, and by which tags a cache in front of the server knows them.
#[derive(Debug, Serialize)]
struct Flushed {
    tenant: Slug,
    edge_tags: Vec<String>,
}

impl CacheCommand {
    pub(super) async fn run(self, config: Config) -> Result<Output, Failure> {
        match self {
            Self::Flush(command) => command.run(&Platform::open(config).await?).await,
            Self::Why(command) => command.run(&config).await,
        }
    }
}

impl FlushCommand {
    async fn run(&self, platform: &Platform) -> Result<Output, Failure> {
        let rows = match &self.tenant {
            Some(slug) => vec![self.flush(platform, &platform.tenant(slug).await?).await?],
            None => self.flush_all(platform).await?,
        };
        let cells = rows
            .iter()
            .map(|row| [row.tenant.to_string(), row.edge_tags.join(" ")]);
        Output::table(&rows, ["FLUSHED", "TAGS IN FRONT OF THE SERVER"], cells)
    }

    async fn flush_all(&self, platform: &Platform) -> Result<Vec<Flushed>, Failure> {
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
                    rows.push(self.flush(platform, &tenant).await?);
                }
            }
        }
    }

    async fn flush(&self, platform: &Platform, tenant: &Tenant) -> Result<Flushed, Failure> {
        let scope = platform.scope().tenant(tenant.id).await?;
        let mut tx = platform.database().write(&scope).await?;
        for order in self.orders() {
            tx.record(order.change());
        }
        tx.commit().await?;
        let edge = platform.edge_tags();
        let tags = self.tags.iter().map(|tag| edge.of(tenant.id, tag));
        // A cache in front knows no classes.
        let all = self.tags.is_empty().then(|| edge.of_all(tenant.id));
        Ok(Flushed {
            tenant: tenant.slug.clone(),
            edge_tags: tags.chain(all).collect(),
        })
    }

    fn orders(&self) -> Vec<FlushOrder> {
        let how = if self.soft { Flush::Soft } else { Flush::Hard };
        match &self.class {
            Some(class) => vec![FlushOrder::class(class, how)],
            None if self.tags.is_empty() => vec![FlushOrder::everything(how)],
            None => {
                let tags = self.tags.iter();
                tags.map(|tag| FlushOrder::tag(tag, how)).collect()
            }
        }
    }
}
