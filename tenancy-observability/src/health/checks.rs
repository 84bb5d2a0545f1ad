//! Checks of what most servers have.

#[cfg(any(feature = "postgres", feature = "sqlite"))]
mod database;
#[cfg(unix)]
mod disk;
#[cfg(any(feature = "postgres", feature = "sqlite"))]
mod journal;
mod memory;
#[cfg(feature = "redis")]
mod redis;
#[cfg(feature = "outbound")]
mod service;
#[cfg(feature = "blob")]
mod storage;

#[cfg(any(
    feature = "blob",
    feature = "outbound",
    feature = "postgres",
    feature = "redis",
    feature = "sqlite"
))]
use std::time::Instant;

use super::check::Finding;

#[cfg(any(feature = "postgres", feature = "sqlite"))]
pub use self::database::DatabaseCheck;
#[cfg(unix)]
pub use self::disk::DiskCheck;
#[cfg(any(feature = "postgres", feature = "sqlite"))]
pub use self::journal::JournalCheck;
pub use self::memory::MemoryCheck;
#[cfg(feature = "redis")]
pub use self::redis::RedisCheck;
#[cfg(feature = "outbound")]
pub use self::service::ServiceCheck;
#[cfg(feature = "blob")]
pub use self::storage::StorageCheck;

impl Finding {
    /// How long an answer took, in milliseconds.
    #[cfg(any(
        feature = "blob",
        feature = "outbound",
        feature = "postgres",
        feature = "redis",
        feature = "sqlite"
    ))]
    fn took(self, began: Instant) -> Self {
        let milliseconds = began.elapsed().as_millis();
        self.observed(u64::try_from(milliseconds).unwrap_or(u64::MAX), "ms")
    }

    /// How much of something is used, in percent, with what to say from two limits on.
    fn used(percent: u64, warn: (u64, &'static str), fail: (u64, &'static str)) -> Self {
        let finding = match percent {
            _ if percent >= fail.0 => Self::fail(fail.1),
            _ if percent >= warn.0 => Self::warn(warn.1),
            _ => Self::pass(),
        };
        finding.observed(percent, "percent")
    }
}
