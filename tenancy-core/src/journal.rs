//! What happened in a tenant: one entry for each change, committed with the change itself.
//!
//! A transaction notes [`Change`]s and writes them as its last statements. Each tenant's entries
//! are numbered without gaps, in commit order for each resource: on SQLite as they are written,
//! on PostgreSQL by a sequencer within milliseconds of the commit. A [`Worker`] runs the
//! sequencer and hands entries to [`Consumer`]s, at least once and in order.

pub(crate) mod append;
mod aside;
mod backlog;
mod change;
mod consumer;
mod cursor;
mod entry;
pub(crate) mod observe;
#[cfg(feature = "postgres")]
mod sequencer;
mod tail;
pub(crate) mod work;
mod worker;

pub use self::backlog::Backlog;
pub use self::change::{Change, Resource};
pub use self::consumer::{Consumer, ConsumerError, Parked, Retry};
pub use self::entry::{Entry, EntryQuery, PlatformEntry, Trail};
pub use self::observe::ObserveCommits;
pub use self::tail::{Changed, News, Tail};
pub use self::worker::{Worker, WorkerBuilder};
