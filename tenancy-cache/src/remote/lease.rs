use std::convert::Infallible;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::{Either, select};
use tenancy_core::TenantId;
use tokio::runtime::Handle;
use tokio::time::sleep;
use xxhash_rust::xxh3::xxh3_64;

use super::keep::stamps_of;
use super::{LeaseAnswer, LeaseRequest, Remote, Seen};
use crate::entry::Dependencies;

/// Leave to load a key's value, of one process at a time, and the fence of what it stores: who was
/// away for longer than the lease lives stores nothing.
#[derive(Debug)]
pub(crate) struct Lease {
    remote: Arc<dyn Remote>,
    pub(super) key: Vec<u8>,
    pub(super) token: u64,
    seen: Seen,
    /// Whether the store may hold it.
    is_open: bool,
}

/// How long a lease lives that is not prolonged. A process that is killed holds others up for so long.
pub(super) const LIFE: Duration = Duration::from_secs(2);

impl Lease {
    /// A lease that is about to be asked for: dropped, it is given back, whether or not there was an
    /// answer.
    pub(super) fn new(remote: Arc<dyn Remote>, key: Vec<u8>, seen: Seen) -> Self {
        Self {
            remote,
            key,
            token: fastrand::u64(1..),
            seen,
            is_open: true,
        }
    }

    /// Lets go of a lease that the store does not hold.
    pub(super) fn close(&mut self) {
        self.is_open = false;
    }

    /// The request for it, or for more of it.
    pub(super) fn request(&self, mark: Option<Vec<u8>>) -> LeaseRequest {
        LeaseRequest {
            key: self.key.clone(),
            token: self.token,
            mark,
            seen: self.seen,
        }
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        // Outside a runtime it ends by itself.
        if self.is_open
            && let Ok(runtime) = Handle::try_current()
        {
            let (remote, token) = (self.remote.clone(), self.token);
            let key = std::mem::take(&mut self.key);
            runtime.spawn(async move { remote.release(&key, token).await });
        }
    }
}

impl Seen {
    /// What a load sees after so many flushes. Where part of it is only known here nothing will be
    /// stored, so it makes way for every other.
    pub(super) fn of(tenant: TenantId, dependencies: &Dependencies, flushes: u64) -> Self {
        let Some(stamps) = stamps_of(tenant, dependencies) else {
            return Self::default();
        };
        let stamps = postcard::to_stdvec(&stamps).expect("plain data is serialised into memory");
        Self {
            flushes,
            versions: xxh3_64(&stamps),
        }
    }
}

/// Does the work, and prolongs the leases for as long as it takes.
pub(crate) async fn hold<T>(leases: &[&Lease], work: impl Future<Output = T>) -> T {
    let Some(first) = leases.first() else {
        return work.await;
    };
    let prolong = async {
        loop {
            sleep(LIFE / 3).await;
            let asked: Vec<_> = leases.iter().map(|lease| lease.request(None)).collect();
            // Where it is lost, what is loaded will not be stored for others.
            let _: Vec<Result<LeaseAnswer, _>> = first.remote.lease(&asked, LIFE).await;
        }
    };
    let prolong = async {
        let never: Infallible = prolong.await;
        never
    };
    match select(pin!(work), pin!(prolong)).await {
        Either::Left((done, _)) => done,
        Either::Right((never, _)) => match never {},
    }
}
