use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use tenancy_cache::remote::{
    Bucket, LeaseAnswer, LeaseRequest, News, Place, Reading, Receipt, RedisRemote, Remote, Told,
    Wanted,
};
use tenancy_core::Error;

/// Counts the round trips of those who ask for values.
#[derive(Clone, Debug, Default)]
pub(super) struct Watch {
    trips: Arc<AtomicU64>,
    seen: Arc<Mutex<HashMap<Vec<u8>, Option<Bytes>>>>,
}

/// A remote tier that is watched.
#[derive(Debug)]
pub(super) struct Watched {
    remote: RedisRemote,
    watch: Watch,
    /// Whether payloads that were seen come from memory.
    recalls: bool,
}

impl Watch {
    pub(super) fn over(&self, remote: RedisRemote) -> Watched {
        let watch = self.clone();
        Watched {
            remote,
            watch,
            recalls: false,
        }
    }

    /// A remote tier that answers from memory what was seen: what is left is this process's work.
    pub(super) fn recall(&self, remote: RedisRemote) -> Watched {
        Watched {
            recalls: true,
            ..self.over(remote)
        }
    }

    pub(super) fn trips(&self) -> u64 {
        self.trips.load(Ordering::SeqCst)
    }

    fn note_trip(&self) {
        self.trips.fetch_add(1, Ordering::SeqCst);
    }
}

#[async_trait]
impl Remote for Watched {
    async fn read(&self, keys: &[Vec<u8>], wanted: &[Wanted]) -> Result<Reading, Error> {
        if self.recalls && wanted.is_empty() {
            let seen = self.watch.seen.lock();
            let seen = seen.unwrap_or_else(PoisonError::into_inner);
            let payloads = keys.iter().map(|key| seen.get(key).cloned().flatten());
            return Ok(Reading {
                payloads: payloads.collect(),
                versions: Vec::new(),
            });
        }
        self.watch.note_trip();
        let reading = self.remote.read(keys, wanted).await?;
        let seen = self.watch.seen.lock();
        let payloads = reading.payloads.iter().cloned();
        seen.unwrap_or_else(PoisonError::into_inner)
            .extend(keys.iter().cloned().zip(payloads));
        Ok(reading)
    }

    async fn lease(
        &self,
        asked: &[LeaseRequest],
        life: Duration,
    ) -> Vec<Result<LeaseAnswer, Error>> {
        if !asked.is_empty() {
            self.watch.note_trip();
        }
        self.remote.lease(asked, life).await
    }

    async fn write(
        &self,
        key: &[u8],
        payload: Vec<u8>,
        life: Duration,
        token: Option<u64>,
    ) -> Result<bool, Error> {
        self.watch.note_trip();
        self.remote.write(key, payload, life, token).await
    }

    async fn take(&self, key: &[u8]) -> Result<Option<Bytes>, Error> {
        self.watch.note_trip();
        self.remote.take(key).await
    }

    async fn release(&self, key: &[u8], token: u64) -> Result<(), Error> {
        self.watch.note_trip();
        self.remote.release(key, token).await
    }

    async fn tell(&self, told: &Told) -> Result<Receipt, Error> {
        self.watch.note_trip();
        self.remote.tell(told).await
    }

    // What follows the logs asks for no value.

    async fn news(&self, asked: &[(Bucket, Place)]) -> Vec<Result<News, Error>> {
        self.remote.news(asked).await
    }

    async fn renew(&self, bucket: Bucket) -> Result<(), Error> {
        self.remote.renew(bucket).await
    }

    async fn wait(&self) -> Vec<Bucket> {
        self.remote.wait().await
    }
}
