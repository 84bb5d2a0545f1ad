//! What can be done from the command line, beside a running server or without one.

mod advise;
mod alert;
mod bench;
mod block;
mod cache;
mod catalog;
mod domain;
mod health;
mod journal;
mod key;
mod migrate;
mod output;
mod readiness;
mod serve;
mod tenant;
mod user;

use clap::Subcommand;

pub(crate) use self::migrate::Migrate;
pub(crate) use self::output::{Output, show, usage};
pub(crate) use self::serve::{serve, serve_embedded};
use crate::config::Config;
use crate::failure::Failure;
use crate::platform::Platform;

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Serve in production: no demonstration data, and no unsafe settings
    ///
    /// Where other machines reach it, it needs TENANCY_SECRET, which signs cursors: 32 random characters
    /// or more, the same on every node. It refuses to start where tenants are not kept apart, and says
    /// what to run.
    Serve,
    /// Bring the database's schema up to date
    ///
    /// PostgreSQL's schema belongs to a role that never serves: TENANCY_OWNER_DATABASE_URL says where
    /// and as whom to log in for it. SQLite's files need nothing of the kind.
    Migrate(Migrate),
    /// Create, change and look at tenants
    #[command(subcommand)]
    Tenant(tenant::TenantCommand),
    /// Give tenants domains of their own
    #[command(subcommand)]
    Domain(domain::DomainCommand),
    /// Issue and revoke API keys
    #[command(subcommand)]
    Key(key::KeyCommand),
    /// Refuse addresses, or serve them all the same
    #[command(subcommand)]
    Block(block::BlockCommand),
    /// Let people sign in to a shop's back office, or to the platform's
    #[command(subcommand)]
    User(user::UserCommand),
    /// Import and export a shop's products
    #[command(subcommand)]
    Catalog(catalog::CatalogCommand),
    /// See to what running servers keep in memory
    #[command(subcommand)]
    Cache(cache::CacheCommand),
    /// See what a follower of the journal could not take, and hand it over again
    #[command(subcommand)]
    Journal(journal::JournalCommand),
    /// Say which indexes the database lacks, which it could do without, and which policies defeat them
    ///
    /// It looks at the server's own statements, at those that PostgreSQL has counted where its extension
    /// pg_stat_statements is there, and at the catalogue. Log in with the role that serves: others get
    /// other plans. Nothing is changed without --apply.
    Advise(advise::Advise),
    /// Send requests to a server, and say whether it keeps up
    ///
    /// Without --target it starts a server of its own on the same data, with the limits of callers out of
    /// reach. It works at shops of its own, load-test-1 and so on, which are suspended in between: products
    /// it makes there are deleted again, orders and uploads stay. Exit status: 0 all requirements are met; 1
    /// one is not, or the server is slower than in the report compared with; 2 wrong use; 3 no connection was
    /// ever made; 4 something else failed; 130 interrupted, with what there was written down all the same.
    Bench(bench::Bench),
    #[command(hide = true)]
    BenchServer,
    /// See what is wrong, be told less of it, and try whether messages arrive
    #[command(subcommand)]
    Alert(alert::AlertCommand),
    /// Check the server's parts, that its schema is current, and that tenants are kept apart
    Health,
    /// Check by measuring whether it is fit for production, and say what would make it better
    Readiness(readiness::Readiness),
}

impl Command {
    /// The exit status of its failure.
    pub(crate) fn failure_status(&self) -> u8 {
        match self {
            Self::Bench(_) => bench::FAILED,
            _ => 1,
        }
    }

    /// Runs any command that needs nothing but the configuration.
    pub(crate) async fn run(self, config: Config) -> Result<Output, Failure> {
        match self {
            Self::Serve | Self::Bench(_) | Self::BenchServer => unreachable!("`main` runs these"),
            Self::Migrate(command) => command.run(config).await,
            Self::Health => health::run(config).await,
            Self::Advise(command) => command.run(&Platform::open(config).await?).await,
            Self::Readiness(command) => command.run(config).await,
            Self::Catalog(command) => command.run(&Platform::open(config).await?).await,
            Self::Cache(command) => command.run(config).await,
            Self::Alert(command) => command.run(&Platform::open(config).await?).await,
            Self::Block(command) => command.run(&Platform::open(config).await?).await,
            Self::Tenant(command) => command.run(&Platform::open(config).await?).await,
            Self::Domain(command) => command.run(&Platform::open(config).await?).await,
            Self::Journal(command) => command.run(&Platform::open(config).await?).await,
            Self::Key(command) => command.run(&Platform::open(config).await?).await,
            Self::User(command) => command.run(&Platform::open(config).await?).await,
        }
    }
}
