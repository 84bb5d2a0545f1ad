use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use serde::{Deserialize, Serialize};
use tenancy_core::TenantId;
use tokio::time::{Instant, timeout};

use super::ledger::Ledger;
use super::time::Sighting;
use super::{Bucket, Logged, Remote, TENANTS_BUCKETS, Told, subject_name};
use crate::cache::Inner;
use crate::clock::Moment;
use crate::entry::Entry;
use crate::key::KeyRef;
use crate::metrics::RemoteMetrics;
use crate::shelf::{Closed, NameRef, Shelf};
use crate::version::{Flush, Version};

/// What this process shares with others through the remote tier.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(super) remote: Arc<dyn Remote>,
    pub(super) bound: Duration,
    ledgers: Vec<Arc<Ledger>>,
    /// This process, so that it knows its own words in a log.
    node: u64,
    /// Versions are taken from the remote tier by one at a time.
    learning: Mutex<()>,
    pub(super) metrics: RemoteMetrics,
}

/// The logs that a tenant's entries depend on: its own bucket's, and the platform's.
pub(crate) type Ledgers = [Arc<Ledger>; 2];

/// A flush or removal, as a log tells it.
#[derive(Debug, Deserialize, Serialize)]
enum Event {
    Flushed {
        names: Vec<Vec<u8>>,
        soft: bool,
        version: u64,
    },
    Removed {
        /// Who has removed it, and needs not hear of it.
        node: u64,
        tenant: [u8; 16],
        class: u64,
        key: Vec<u8>,
    },
}

/// How often the logs are read where nobody tells that they have grown.
const HEARTBEAT: Duration = Duration::from_millis(250);

/// How long versions are believed to be in the store still.
const RELEARN: Duration = Duration::from_secs(60);

impl Shared {
    pub(crate) fn new(remote: Arc<dyn Remote>, bound: Duration) -> Self {
        let ledgers = (0..=TENANTS_BUCKETS).map(|number| Arc::new(Ledger::new(Bucket(number))));
        Self {
            remote,
            bound,
            ledgers: ledgers.collect(),
            node: fastrand::u64(..),
            learning: Mutex::default(),
            metrics: RemoteMetrics::new(),
        }
    }

    pub(crate) fn ledgers_of(&self, tenant: TenantId) -> Ledgers {
        [Bucket::of(tenant), Bucket::PLATFORM].map(|bucket| self.ledger(bucket).clone())
    }

    pub(super) fn ledger(&self, bucket: Bucket) -> &Arc<Ledger> {
        &self.ledgers[usize::from(bucket.number())]
    }

    /// Whether an entry may be used now, as far as other processes' flushes go.
    pub(crate) fn proves(&self, shelf: &Shelf, entry: &Entry, now: Moment) -> bool {
        let ledgers = shelf.ledgers.iter().flatten();
        let mut proven = ledgers.map(|ledger| ledger.is_proven(now));
        proven.all(|proven| proven) || entry.is_surer_than(self.bound, now)
    }

    /// How many flushes have been heard of that may concern the shelf.
    pub(crate) fn flushes_heard(shelf: &Shelf) -> u64 {
        let ledgers = shelf.ledgers.iter().flatten();
        ledgers.map(|ledger| ledger.number()).sum()
    }

    /// Reads the logs for as long as the cache lives.
    pub(crate) async fn follow(cache: Weak<Inner>) {
        let (mut read_all, mut relearned) = (None, Instant::now());
        let mut grown = Vec::new();
        loop {
            let remote = {
                let Some(cache) = cache.upgrade() else {
                    return;
                };
                let Some(shared) = &cache.shared else {
                    return;
                };
                if relearned.elapsed() > RELEARN {
                    relearned = Instant::now();
                    shared.relearn(&cache);
                }
                let is_due = |read: Instant| read.elapsed() >= HEARTBEAT;
                if grown.is_empty() || read_all.is_none_or(is_due) {
                    read_all = Some(Instant::now());
                    grown = shared.ledgers.iter().map(|ledger| ledger.bucket).collect();
                }
                shared.catch_up(&cache, &grown).await;
                shared.remote.clone()
            };
            // Either will do: what was told is in the logs.
            let wait = timeout(HEARTBEAT, remote.wait()).await;
            grown = wait.unwrap_or_default();
        }
    }

    /// Says what is owed, and hears what is new in some of the logs.
    async fn catch_up(&self, cache: &Inner, grown: &[Bucket]) {
        let ledgers: Vec<_> = grown.iter().map(|bucket| self.ledger(*bucket)).collect();
        loop {
            for ledger in &ledgers {
                self.say_owed(ledger).await;
            }
            let places = ledgers.iter().map(|ledger| {
                let (place, number_min) = ledger.place();
                ((ledger.bucket, place), number_min)
            });
            let (asked, numbers): (Vec<_>, Vec<_>) = places.unzip();
            let (now, asked_at) = (cache.clock.now(), std::time::Instant::now());
            let answers = self.remote.news(&asked).await;
            let answered_at = std::time::Instant::now();
            let mut more = false;
            for ((ledger, answer), number_min) in ledgers.iter().zip(answers).zip(numbers) {
                let Ok(news) = answer else {
                    continue;
                };
                let time = Sighting {
                    shown: news.now,
                    asked_at,
                    answered_at,
                };
                ledger.note_time(news.generation, time);
                let applied = ledger.apply(news, number_min);
                if applied.lost {
                    if !applied.is_beginning {
                        self.metrics.lost.increment(1);
                    }
                    self.lose(cache, ledger);
                }
                for logged in applied.events {
                    self.obey(cache, ledger, &logged);
                    self.metrics.flush_visible_seconds.record(logged.age);
                }
                if applied.more {
                    more = true;
                } else {
                    ledger.prove(now, self.bound);
                }
            }
            if !more {
                break;
            }
        }
        let now = cache.clock.now();
        let since = self
            .ledgers
            .iter()
            .map(|ledger| ledger.unproven_for(now, self.bound));
        let longest = since.max().unwrap_or_default();
        self.metrics.unproven_seconds.set(longest.as_secs_f64());
    }

    async fn say_owed(&self, ledger: &Ledger) {
        let owed = ledger.owed();
        if owed.renewals > 0 && self.remote.renew(ledger.bucket).await.is_err() {
            return;
        }
        for (number, told) in &owed.told {
            if !ledger.owes(*number) {
                continue;
            }
            let last = ledger.last();
            match self.remote.tell(&anew(told)).await {
                Ok(receipt) => {
                    ledger.is_heard(receipt, last);
                }
                Err(_) => return,
            }
        }
        ledger.said(&owed);
    }

    /// Ends all that this process keeps of a bucket, for flushes or removals of it were missed.
    fn lose(&self, cache: &Inner, ledger: &Ledger) {
        let _learning = self.learning();
        if ledger.bucket == Bucket::PLATFORM {
            cache.classes.lose();
        }
        for (tenant, versions) in cache.pool.all_versions() {
            if Bucket::of(tenant) == ledger.bucket {
                versions.lose();
            }
        }
        ledger.begin();
    }

    /// Lets all versions be read from the store again. There they end when nobody has read them for
    /// long, or to make room, and are then made anew: whoever knew the old ones would share nothing with
    /// whoever has the new ones.
    fn relearn(&self, cache: &Inner) {
        let _learning = self.learning();
        cache.classes.forget();
        for (_, versions) in cache.pool.all_versions() {
            versions.forget();
        }
    }

    fn obey(&self, cache: &Inner, ledger: &Ledger, logged: &Logged) {
        let number = logged.number;
        let Ok(event) = postcard::from_bytes::<Event>(&logged.event) else {
            // Of a later release: everything is the safe reading.
            return self.lose(cache, ledger);
        };
        match event {
            Event::Flushed {
                names,
                soft,
                version,
            } => {
                let _learning = self.learning();
                let how = if soft { Flush::Soft } else { Flush::Hard };
                for name in names {
                    cache.obey(&name, |known| known.obey(how, version, number));
                }
            }
            Event::Removed { node, .. } if node == self.node => {}
            Event::Removed {
                tenant, class, key, ..
            } => {
                let tenant = TenantId::from(uuid::Uuid::from_bytes(tenant));
                if let Some(shelf) = cache.pool.known(tenant) {
                    shelf.remove(NameRef {
                        class,
                        key: KeyRef::of(&key),
                    });
                }
            }
        }
    }

    /// Tells the others of a flush that has been done here. From the call on, before it is polled,
    /// nothing of the remote tier is used that the flush may end.
    pub(crate) fn tell_flush(
        self: &Arc<Self>,
        tenant: TenantId,
        versions: &[Arc<Version>],
        how: Flush,
    ) -> impl Future<Output = Result<(), tenancy_core::Error>> + Send + use<> {
        // No answer to an earlier question is learnt in between, nor after.
        let learning = self.learning();
        let names = versions.iter().map(|version| {
            version.flush(how);
            subject_name(tenant, version.subject())
        });
        // The versions of one flush are all of the tenant, or all of the platform.
        let (buckets, names): (Vec<_>, Vec<_>) = names.unzip();
        let telling = buckets.first().map(|bucket| {
            self.ledger(*bucket).flushed();
            self.owe(flush_of(*bucket, names, how), versions)
        });
        drop(learning);
        let remote = self.remote.clone();
        async move {
            match telling {
                Some(telling) => {
                    let told = telling.told.clone();
                    telling.tell(&*remote, told).await
                }
                None => Ok(()),
            }
        }
    }

    /// Owes the telling of something, until it is told; so long nothing is learnt of these versions.
    fn owe(&self, told: Told, versions: &[Arc<Version>]) -> Owing {
        versions.iter().for_each(|version| version.begin_telling());
        Owing {
            ledger: self.ledger(told.bucket).clone(),
            told: Some(told),
            versions: versions.to_vec(),
        }
    }

    /// Begins the removal of a key's value everywhere, which is owed from then on. Until it is told,
    /// nothing of the key is taken from the remote tier here.
    pub(crate) fn removing(&self, shelf: &Arc<Shelf>, name: NameRef<'_>) -> Removing {
        let event = Event::Removed {
            node: self.node,
            tenant: shelf.tenant.as_uuid().into_bytes(),
            class: name.class,
            key: name.key.to_vec(),
        };
        let told = Told {
            bucket: Bucket::of(shelf.tenant),
            removed: Some(entry_name(shelf.tenant, name)),
            names: Vec::new(),
            how: Flush::Hard,
            version: 1,
            event: encoded(&event),
        };
        Removing {
            owing: self.owe(told, &[]),
            _closed: shelf.close(name),
        }
    }

    /// Removes a key's value everywhere. Whether the remote tier had one.
    pub(crate) async fn remove(
        &self,
        tenant: TenantId,
        name: NameRef<'_>,
        removing: Removing,
    ) -> Result<bool, tenancy_core::Error> {
        let taken = self.remote.take(&entry_name(tenant, name)).await;
        self.tell_removal(removing, taken.is_ok()).await?;
        Ok(taken.is_ok_and(|taken| taken.is_some()))
    }

    /// Tells of a removal, which may have been done already.
    pub(super) async fn tell_removal(
        &self,
        removing: Removing,
        is_done: bool,
    ) -> Result<(), tenancy_core::Error> {
        let Removing { owing, _closed } = removing;
        let told = owing.told.clone().map(|told| Told {
            removed: told.removed.filter(|_| !is_done),
            ..told
        });
        owing.tell(&*self.remote, told).await
    }

    pub(super) fn learning(&self) -> MutexGuard<'_, ()> {
        self.learning.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A flush under a version of its own.
fn flush_of(bucket: Bucket, names: Vec<Vec<u8>>, how: Flush) -> Told {
    let version = fastrand::u64(1..);
    Told {
        bucket,
        removed: None,
        names: names.clone(),
        how,
        version,
        event: encoded(&Event::Flushed {
            names,
            soft: how == Flush::Soft,
            version,
        }),
    }
}

/// What is told once more. It may have been heard the first time, and others may have flushed since:
/// its version must not come back.
fn anew(told: &Told) -> Told {
    match told.names.is_empty() {
        true => told.clone(),
        false => flush_of(told.bucket, told.names.clone(), told.how),
    }
}

fn encoded(event: &Event) -> Vec<u8> {
    postcard::to_stdvec(event).expect("plain data is serialised into memory")
}

/// How an entry is called in the remote tier.
pub(crate) fn entry_name(tenant: TenantId, name: NameRef<'_>) -> Vec<u8> {
    let mut start = [0; 24];
    start[..16].copy_from_slice(tenant.as_uuid().as_bytes());
    start[16..].copy_from_slice(&name.class.to_le_bytes());
    name.key.after(&start)
}

/// Owes what has not been told when it is dropped, for whatever reason.
struct Owing {
    told: Option<Told>,
    ledger: Arc<Ledger>,
    versions: Vec<Arc<Version>>,
}

/// A removal that is being told.
pub(crate) struct Removing {
    // Owed first, and then no longer closed.
    owing: Owing,
    _closed: Closed,
}

impl Owing {
    async fn tell(
        mut self,
        remote: &dyn Remote,
        told: Option<Told>,
    ) -> Result<(), tenancy_core::Error> {
        if let Some(told) = &told {
            let last = self.ledger.last();
            let receipt = remote.tell(told).await?;
            if self.ledger.is_heard(receipt, last) {
                self.versions
                    .iter()
                    .for_each(|version| version.hear(receipt.number));
            }
        }
        if let Some(key) = self.told.take().and_then(|told| told.removed) {
            // What failed before would now take away what was put since.
            self.ledger.forgive_removal(&key);
        }
        Ok(())
    }
}

impl Drop for Owing {
    fn drop(&mut self) {
        if let Some(told) = self.told.take() {
            self.ledger.owe(told);
        }
        self.versions
            .iter()
            .for_each(|version| version.end_telling());
    }
}
