//! Where alerts and messages on their way are kept.

mod memory;
#[cfg(any(feature = "postgres", feature = "sqlite"))]
mod sql;

use std::time::Duration;

use tenancy_core::time::Time;
use tenancy_core::{Error, TenantId};
use uuid::Uuid;

pub(super) use self::memory::MemoryBook;
#[cfg(any(feature = "postgres", feature = "sqlite"))]
pub(super) use self::sql::SqlBook;
use super::delivery::{Delivery, Fate};
use super::ledger::Ledger;

/// For how long somebody tries to send a message before others may.
pub(super) const LEASE: Duration = Duration::from_secs(60);

/// How long a message waits that nobody has a channel for.
const WAITS_MAX: Duration = Duration::from_secs(24 * 60 * 60);

/// How many messages of one channel a look finds.
const FOUND_MAX: usize = 50;

/// How many a list shows.
const LISTED_MAX: usize = 200;

/// Keeps what servers share.
#[derive(Debug)]
pub(super) enum Book {
    Memory(MemoryBook),
    #[cfg(any(feature = "postgres", feature = "sqlite"))]
    Sql(Box<SqlBook>),
}

impl Book {
    /// Lets one server at a time go on from where the last one stopped. What it does is kept with the
    /// messages that it gives out, or neither is.
    pub(super) async fn turn(
        &self,
        now: Time,
        work: impl FnOnce(&mut Ledger) -> Vec<Delivery> + Send,
    ) -> Result<(), Error> {
        match self {
            Self::Memory(book) => {
                book.turn(now, work);
                Ok(())
            }
            #[cfg(any(feature = "postgres", feature = "sqlite"))]
            Self::Sql(book) => book.turn(now, work).await,
        }
    }

    /// Takes messages of a channel that are due, for [`LEASE`]: of each subject in turn, so that one that
    /// has many does not hold up the others, and only those that `wanted` wants. Of one rule and subject
    /// each waits until the one before it has arrived or was given up, so that nobody hears of an end before
    /// the beginning.
    pub(super) async fn claim(
        &self,
        channel: &str,
        now: Time,
        wanted: impl FnMut(&str) -> bool + Send,
    ) -> Result<Vec<Delivery>, Error> {
        match self {
            Self::Memory(book) => Ok(book.claim(channel, now, wanted)),
            #[cfg(any(feature = "postgres", feature = "sqlite"))]
            Self::Sql(book) => book.claim(channel, now, wanted).await,
        }
    }

    /// Keeps what has become of a message that was claimed.
    pub(super) async fn settle(&self, delivery: &Delivery) -> Result<(), Error> {
        match self {
            Self::Memory(book) => {
                book.settle(delivery);
                Ok(())
            }
            #[cfg(any(feature = "postgres", feature = "sqlite"))]
            Self::Sql(book) => book.settle(delivery).await,
        }
    }

    /// Lets a message wait again that was given up, and says whether there is one.
    pub(super) async fn resend(&self, id: Uuid, now: Time) -> Result<bool, Error> {
        match self {
            Self::Memory(book) => Ok(book.resend(id, now)),
            #[cfg(any(feature = "postgres", feature = "sqlite"))]
            Self::Sql(book) => book.resend(id, now).await,
        }
    }

    /// What is known of alerts.
    pub(super) async fn ledger(&self) -> Result<Ledger, Error> {
        match self {
            Self::Memory(book) => Ok(book.ledger()),
            #[cfg(any(feature = "postgres", feature = "sqlite"))]
            Self::Sql(book) => book.ledger().await,
        }
    }

    /// The latest messages of a fate.
    pub(super) async fn deliveries(&self, fate: Fate) -> Result<Vec<Delivery>, Error> {
        match self {
            Self::Memory(book) => Ok(book.deliveries(fate)),
            #[cfg(any(feature = "postgres", feature = "sqlite"))]
            Self::Sql(book) => book.deliveries(fate).await,
        }
    }

    /// Forgets all that is about a tenant.
    pub(super) async fn forget(&self, tenant: TenantId) -> Result<(), Error> {
        let key = tenant.to_string();
        let forget = |ledger: &mut Ledger| {
            ledger.alerts.retain(|_, alert| alert.subject.key() != key);
            vec![]
        };
        self.turn(Time::now(), forget).await?;
        match self {
            Self::Memory(book) => {
                book.forget(&key);
                Ok(())
            }
            #[cfg(any(feature = "postgres", feature = "sqlite"))]
            Self::Sql(book) => book.forget(&key).await,
        }
    }
}
