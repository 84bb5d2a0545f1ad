use std::error::Error as _;
use std::time::{Duration, Instant};

use sqlx::error::DatabaseError;
use tenancy_core::sql::Database;
use tenancy_core::{Error, ErrorKind, PlatformScope};
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
        let error = match timeout(PATIENCE, ask).await {
            Ok(Ok(())) => return Finding::pass().took(began),
            Ok(Err(error)) => Some(error),
            Err(_) => None,
        };
        match self.database.storage().answers_aside().await {
            Ok(()) => of_one_that_answers(error.as_ref()).took(began),
            Err(error) => {
                tracing::debug!(%error, "the database could not be reached");
                Finding::fail("the database does not answer")
            }
        }
    }
}

/// What it means that a database answers, but gave no transaction: an error, or none in time.
fn of_one_that_answers(error: Option<&Error>) -> Finding {
    let busy = "all connections to the database are in use";
    let Some(error) = error else {
        return Finding::warn(busy);
    };
    let cause = error.source().and_then(|cause| cause.downcast_ref());
    match cause {
        // The pool's own patience may be shorter.
        Some(sqlx::Error::PoolTimedOut) => Finding::warn(busy),
        _ if error.kind() == ErrorKind::TimedOut => Finding::warn(busy),
        Some(sqlx::Error::Database(refusal)) if !is_of_a_restart(&**refusal) => {
            tracing::debug!(%refusal, "the database could not be used");
            Finding::fail("the database answers, but opens no transaction")
        }
        // It has been away, and the next look finds it back.
        _ => Finding::warn("a connection to the database was lost"),
    }
}

/// Class 57P: the server ended the session, as it does when it starts anew.
fn is_of_a_restart(refusal: &dyn DatabaseError) -> bool {
    let code = refusal.code();
    code.is_some_and(|code| code.starts_with("57P"))
}
