use std::time::{Duration, Instant};

use tenancy_core::PlatformScope;
use tenancy_core::sql::Database;
use tokio::time::timeout;

use crate::health::{Check, Finding};

/// How long a connection from the pool is waited for before it is asked whether the database is there.
const PATIENCE: Duration = Duration::from_millis(400);

/// Opens a transaction, and where there is none to be had finds out why.
///
/// A database that answers while all connections are in use is a warning and no failure: without this
/// server the others would have even more to do.
#[derive(Clone, Debug)]
pub struct DatabaseCheck {
    database: Database,
    scope: PlatformScope,
}

impl DatabaseCheck {
    /// Looks at this database.
    pub fn new(database: &Database, scope: &PlatformScope) -> Self {
        Self {
            database: database.clone(),
            scope: scope.clone(),
        }
    }
}

impl Check for DatabaseCheck {
    async fn run(&self) -> Finding {
        let began = Instant::now();
        let ask = async {
            self.database
                .platform_read(&self.scope)
                .await?
                .commit()
                .await
        };
        if let Ok(Ok(())) = timeout(PATIENCE, ask).await {
            return Finding::pass().took(began);
        }
        match self.database.storage().answers_aside().await {
            Ok(()) => Finding::warn("all connections to the database are in use").took(began),
            Err(error) => {
                tracing::debug!(%error, "the database could not be reached");
                Finding::fail("the database does not answer")
            }
        }
    }
}
