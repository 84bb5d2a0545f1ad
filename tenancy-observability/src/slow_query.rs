//! Which statements are slow, for whom, and from where in the program they come.
//!
//! sqlx tells of each statement that took long, with its text and never with its values; a
//! [`SlowQueries`] listens to that, for every pool of the process, and keeps what was said under the
//! statement's [`Fingerprint`]. Behind a [`Database`](tenancy_core::sql::Database) it also knows the
//! tenant and the line of the program. Nothing that was bound or written into a statement is kept.
//!
//! ```
//! use tenancy_observability::slow_query::SlowQueries;
//! use tracing_subscriber::layer::SubscriberExt as _;
//! use tracing_subscriber::util::SubscriberInitExt as _;
//!
//! let slow = SlowQueries::default();
//! tracing_subscriber::registry().with(slow.layer()).init();
//!
//! // What sqlx would say of a statement:
//! tracing::warn!(
//!     target: "sqlx::query",
//!     summary = "SELECT * FROM people …",
//!     db.statement = "\n\nSELECT * FROM people WHERE name = 'Ada' AND id IN (1, 2, 3)\n",
//!     rows_returned = 1u64,
//!     elapsed_secs = 0.25,
//! );
//! let found = &slow.findings().slow[0];
//! assert_eq!(found.statement.text(), "select * from people where name = ? and id in (?)");
//! assert_eq!((found.calls, found.rows), (1, 1));
//! ```
//!
//! From when on a statement is slow is decided in two places, and both must be passed: sqlx tells of it from
//! [`SqlStorageBuilder::slow_statements`](tenancy_core::sql::SqlStorageBuilder::slow_statements) on, and
//! [`SlowQueriesBuilder::threshold`] is where it counts here. Both are 100 milliseconds where nothing is said. A statement that takes exactly as long is slow; one that was cancelled has taken until then.
//!
//! A statement that is quick and sent once for each row of a list is found too: see
//! [`SlowQueries::job_ended`].

mod findings;
mod fingerprint;
#[cfg(any(feature = "postgres", feature = "sqlite"))]
mod history;
mod listen;
mod queries;
mod repeated;
mod slowest;
mod worst;

pub use self::findings::Findings;
pub use self::fingerprint::Fingerprint;
#[cfg(any(feature = "postgres", feature = "sqlite"))]
pub use self::history::SlowQueryHistory;
pub use self::queries::{SlowQueries, SlowQueriesBuilder};
pub use self::repeated::RepeatedQuery;
pub use self::slowest::{Caller, SlowQuery};
