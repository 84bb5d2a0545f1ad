//! What several processes share: values, and what has been flushed.

mod find;
mod frame;
mod keep;
mod lease;
mod ledger;
#[cfg(feature = "redis")]
mod redis;
mod shared;
mod time;
#[cfg(any(feature = "postgres", feature = "sqlite"))]
mod told;
mod watch;

use std::fmt;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use tenancy_core::TenantId;

pub(crate) use self::find::{Found, Question, Read};
pub(crate) use self::keep::Kept;
pub(crate) use self::lease::{Lease, hold};
#[cfg(feature = "redis")]
pub use self::redis::RedisRemote;
pub(crate) use self::shared::{Ledgers, Removing, Shared};
use crate::version::{Flush, Subject};

/// Flushes are told in a log for each bucket. Every tenant has one, and the platform its own.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub struct Bucket(u16);

/// How many buckets tenants have.
const TENANTS_BUCKETS: u16 = 16;

impl Bucket {
    /// All there are.
    pub fn all() -> impl Iterator<Item = Self> {
        (0..=TENANTS_BUCKETS).map(Self)
    }

    /// Of what is flushed for all tenants.
    pub const PLATFORM: Self = Self(TENANTS_BUCKETS);

    /// Of a tenant.
    pub fn of(tenant: TenantId) -> Self {
        let bytes = tenant.as_uuid().into_bytes();
        // The end of an id is random.
        Self(u16::from_le_bytes([bytes[14], bytes[15]]) % TENANTS_BUCKETS)
    }

    /// Its number.
    pub fn number(self) -> u16 {
        self.0
    }
}

/// Where a reader is in a bucket's log.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Place(pub(crate) String);

/// What a bucket's log tells.
#[derive(Clone, Debug, PartialEq)]
pub struct News {
    /// Changes when the store has lost what it knew.
    pub generation: u64,
    /// How many flushes there have been.
    pub number: u64,
    /// What follows the place that was asked from, oldest first, as far as one answer goes.
    pub events: Vec<Logged>,
    /// The end of the log, where it was asked from no place.
    pub end: Place,
    /// What the store's clock shows, as the time since an epoch of its own.
    pub now: Duration,
}

/// A flush or a removal in a log.
#[derive(Clone, Debug, PartialEq)]
pub struct Logged {
    /// Where it is.
    pub place: Place,
    /// Which of the generation's flushes it is.
    pub number: u64,
    /// What the teller said.
    pub event: Bytes,
    /// How long ago it was told, by the store's clock.
    pub age: Duration,
}

/// Names whose versions are wanted, of one bucket.
#[derive(Clone, Debug)]
pub struct Wanted {
    /// Where they are.
    pub bucket: Bucket,
    /// What they are called.
    pub names: Vec<Vec<u8>>,
}

/// Versions as the store knows them.
#[derive(Clone, Debug, PartialEq)]
pub struct Versions {
    /// The bucket's generation.
    pub generation: u64,
    /// How many flushes there had been.
    pub number: u64,
    /// Hard, soft, and which flush was the last, for each name.
    pub versions: Vec<(u64, u64, u64)>,
}

/// What a read finds, in one round trip.
#[derive(Clone, Debug, PartialEq)]
pub struct Reading {
    /// For each key the payload.
    pub payloads: Vec<Option<Bytes>>,
    /// For each bucket that was asked.
    pub versions: Vec<Versions>,
}

/// A flush or a removal to be told.
#[derive(Clone, Debug)]
pub struct Told {
    /// Where.
    pub bucket: Bucket,
    /// The key whose payload and lease end before it is told.
    pub removed: Option<Vec<u8>>,
    /// Whose versions change.
    pub names: Vec<Vec<u8>>,
    /// How.
    pub how: Flush,
    /// What they change to.
    pub version: u64,
    /// The flush in words of the cache, for the log.
    pub event: Vec<u8>,
}

/// That something was told.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Receipt {
    /// The bucket's generation.
    pub generation: u64,
    /// Which of the generation's flushes it is.
    pub number: u64,
}

/// A lease that is asked for.
#[derive(Clone, Debug)]
pub struct LeaseRequest {
    /// The key whose value is about to be loaded.
    pub key: Vec<u8>,
    /// Who asks: a number of its own for each load.
    pub token: u64,
    /// [`MARK`] of the payload that the caller has read, empty where there was none. `None` to have
    /// a lease prolonged.
    pub mark: Option<Vec<u8>>,
    /// What the load has seen of flushes.
    pub seen: Seen,
}

/// What a load has seen of flushes, before it began.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Seen {
    /// How many the caller had heard of, in order.
    pub flushes: u64,
    /// The same number for the same versions of all that the value depends on.
    pub versions: u64,
}

/// Where a payload has eight bytes that differ from those of any other.
pub const MARK: std::ops::Range<usize> = 4..12;

/// What comes of a [`LeaseRequest`].
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum LeaseAnswer {
    /// The caller has it.
    Held,
    /// Another has it who has not seen less; or, to be prolonged, it is no longer there.
    Busy,
    /// Nobody has it, and the payload is another than the caller has read.
    Changed,
}

/// A store that several processes share.
///
/// The cache trusts nothing it says beyond its order: a bucket's flushes are numbered without gaps
/// within a generation. Payloads say themselves until when they are good, by the clock that
/// [`news`](Self::news) show of their tenant's bucket; a store forgets them about then, or earlier.
/// Every call is bounded in time by the implementation.
#[async_trait]
pub trait Remote: fmt::Debug + Send + Sync + 'static {
    /// What each log tells after a place.
    async fn news(&self, asked: &[(Bucket, Place)]) -> Vec<Result<News, tenancy_core::Error>>;

    /// Changes versions and tells it to all, in this order, and after a removal.
    async fn tell(&self, told: &Told) -> Result<Receipt, tenancy_core::Error>;

    /// Begins a new generation of a bucket.
    async fn renew(&self, bucket: Bucket) -> Result<(), tenancy_core::Error>;

    /// Reads versions, making those that are missing, and the payloads of keys, in one round trip.
    async fn read(
        &self,
        keys: &[Vec<u8>],
        wanted: &[Wanted],
    ) -> Result<Reading, tenancy_core::Error>;

    /// Stores a payload for so long, and ends the key's lease. With a token only where that holds the
    /// lease; says whether it was stored.
    async fn write(
        &self,
        key: &[u8],
        payload: Vec<u8>,
        life: Duration,
        token: Option<u64>,
    ) -> Result<bool, tenancy_core::Error>;

    /// Removes a key's payload and returns it, to one caller only, and ends the key's lease.
    async fn take(&self, key: &[u8]) -> Result<Option<Bytes>, tenancy_core::Error>;

    /// Takes or prolongs leases, for so long, in one round trip. What is loaded under other versions
    /// than the caller's, and after fewer flushes, will be of no use: the caller takes its lease over.
    async fn lease(
        &self,
        asked: &[LeaseRequest],
        life: Duration,
    ) -> Vec<Result<LeaseAnswer, tenancy_core::Error>>;

    /// Ends a key's lease, if this token holds it.
    async fn release(&self, key: &[u8], token: u64) -> Result<(), tenancy_core::Error>;

    /// Returns when logs may have grown: these, or any where it names none.
    async fn wait(&self) -> Vec<Bucket>;
}

/// How a subject is called in the store.
pub(crate) fn subject_name(tenant: TenantId, subject: &Subject) -> (Bucket, Vec<u8>) {
    let mut name = Vec::new();
    (write_subject_name(tenant, subject, &mut name), name)
}

/// Appends what a subject is called in the store, and says in which bucket.
fn write_subject_name(tenant: TenantId, subject: &Subject, name: &mut Vec<u8>) -> Bucket {
    let of_tenant = Bucket::of(tenant);
    let id = &tenant.as_uuid().into_bytes();
    let epoch;
    let (bucket, parts): (_, [&[u8]; 3]) = match subject {
        Subject::Class(class) => (of_tenant, [b"c", id, class.as_bytes()]),
        Subject::Tag(tag) => (of_tenant, [b"t", id, tag]),
        Subject::Tenant => (of_tenant, [b"T", id, b""]),
        Subject::Everywhere(class) => (Bucket::PLATFORM, [b"e", b"", class.as_bytes()]),
        Subject::Platform => (Bucket::PLATFORM, [b"p", b"", b""]),
        Subject::Epoch(number) => {
            epoch = number.to_le_bytes();
            (Bucket(*number), [b"g", b"", &epoch])
        }
    };
    parts
        .into_iter()
        .for_each(|part| name.extend_from_slice(part));
    bucket
}
