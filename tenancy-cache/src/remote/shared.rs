use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use bytes::Bytes;
use serde::{Deserialize, Serialize};
use tenancy_core::TenantId;
use tokio::time::timeout;

use super::frame::{Frame, Header, RemoteStamp};
use super::ledger::{Ledger, Telling};
use super::{Bucket, Remote, TENANTS_BUCKETS, Told, Versions, Wanted, subject_name};
use crate::cache::Inner;
use crate::clock::Moment;
use crate::entry::{Dependencies, Entry, Value};
use crate::load::{Berth, Load, Loaded, Shape};
use crate::shelf::{NameRef, Shelf};
use crate::version::{Flush, Standing, Subject, Version};

/// What this process shares with others through the remote tier.
#[derive(Debug)]
pub(crate) struct Shared {
    remote: Arc<dyn Remote>,
    bound: Duration,
    ledgers: Vec<Arc<Ledger>>,
    /// Versions are taken from the remote tier by one at a time.
    learning: Mutex<()>,
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
        tenant: [u8; 16],
        class: u64,
        key: Vec<u8>,
    },
}

/// A value that the remote tier had.
pub(crate) struct Found {
    pub(crate) loaded: Loaded,
    pub(crate) fresh_for: Duration,
    pub(crate) stale_for: Duration,
    pub(crate) load_time: Duration,
}

/// How often the logs are read where nobody tells that they have grown.
const HEARTBEAT: Duration = Duration::from_millis(250);

impl Shared {
    pub(crate) fn new(remote: Arc<dyn Remote>, bound: Duration) -> Self {
        let ledgers = (0..=TENANTS_BUCKETS).map(|number| Arc::new(Ledger::new(Bucket(number))));
        Self {
            remote,
            bound,
            ledgers: ledgers.collect(),
            learning: Mutex::default(),
        }
    }

    pub(crate) fn ledgers_of(&self, tenant: TenantId) -> Ledgers {
        [Bucket::of(tenant), Bucket::PLATFORM].map(|bucket| self.ledger(bucket).clone())
    }

    fn ledger(&self, bucket: Bucket) -> &Arc<Ledger> {
        &self.ledgers[usize::from(bucket.number())]
    }

    /// Whether an entry may be used now, as far as other processes' flushes go.
    pub(crate) fn proves(&self, shelf: &Shelf, entry: &Entry, now: Moment) -> bool {
        let ledgers = shelf.ledgers.iter().flatten();
        let mut proven = ledgers.map(|ledger| ledger.is_proven(now));
        proven.all(|proven| proven) || entry.is_younger_than(self.bound, now)
    }

    /// Reads the logs for as long as the cache lives.
    pub(crate) async fn follow(cache: Weak<Inner>) {
        loop {
            let remote = {
                let Some(cache) = cache.upgrade() else {
                    return;
                };
                let Some(shared) = &cache.shared else {
                    return;
                };
                shared.catch_up(&cache).await;
                shared.remote.clone()
            };
            // Either will do: what was told is in the logs.
            let _ = timeout(HEARTBEAT, remote.wait()).await;
        }
    }

    /// Says what is owed, and hears what is new.
    pub(crate) async fn catch_up(&self, cache: &Inner) {
        loop {
            for ledger in &self.ledgers {
                self.say_owed(ledger).await;
            }
            let asked: Vec<_> = self
                .ledgers
                .iter()
                .map(|ledger| (ledger.bucket, ledger.place()))
                .collect();
            let asked_at = cache.clock.now();
            let answers = self.remote.news(&asked).await;
            let mut more = false;
            for (ledger, answer) in self.ledgers.iter().zip(answers) {
                let Ok(news) = answer else {
                    continue;
                };
                let generation = news.generation;
                let applied = ledger.apply(news);
                if applied.lost {
                    self.forget(cache, ledger, generation);
                }
                for (number, event) in applied.events {
                    self.obey(cache, ledger, number, &event);
                }
                if applied.more {
                    more = true;
                } else {
                    ledger.prove(asked_at, self.bound);
                }
            }
            if !more {
                return;
            }
        }
    }

    async fn say_owed(&self, ledger: &Ledger) {
        let owed = ledger.owed();
        if owed.renew && self.remote.renew(ledger.bucket).await.is_err() {
            return;
        }
        for told in &owed.told {
            if self.remote.tell(told).await.is_err() {
                return;
            }
        }
        ledger.said(&owed);
    }

    fn forget(&self, cache: &Inner, ledger: &Ledger, generation: u64) {
        let _learning = self.learning();
        if ledger.bucket == Bucket::PLATFORM {
            cache.classes.forget();
        } else {
            for shelf in cache.pool.shelves() {
                if Bucket::of(shelf.tenant) == ledger.bucket {
                    shelf.versions.forget();
                }
            }
        }
        ledger.begin(generation);
    }

    fn obey(&self, cache: &Inner, ledger: &Ledger, number: u64, event: &Bytes) {
        let Ok(event) = postcard::from_bytes::<Event>(event) else {
            // Of a later release: everything is the safe reading.
            ledger.begin(ledger.generation().unwrap_or_default());
            return;
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
            Event::Removed { tenant, class, key } => {
                let tenant = TenantId::from(uuid::Uuid::from_bytes(tenant));
                if let Some(shelf) = cache.pool.known(tenant) {
                    let name = NameRef { class, key: &key };
                    shelf.flights.overtake(&name.to_name());
                    shelf.take(name);
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
        let names = versions.iter().map(|version| {
            version.forget();
            subject_name(tenant, version.subject())
        });
        // The versions of one flush are all of the tenant, or all of the platform.
        let (buckets, names): (Vec<_>, Vec<_>) = names.unzip();
        let version = fastrand::u64(1..);
        let told = buckets.first().map(|bucket| Told {
            bucket: *bucket,
            names: names.clone(),
            how,
            version,
            event: encoded(&Event::Flushed {
                names,
                soft: how == Flush::Soft,
                version,
            }),
        });
        let told = told.map(|told| self.tell(told));
        async move {
            match told {
                Some(told) => told.await,
                None => Ok(()),
            }
        }
    }

    /// As [`tell_flush`](Self::tell_flush), without waiting: where the remote tier is away it is told
    /// later, for as long as this process lives.
    pub(crate) fn tell_flush_later(
        self: &Arc<Self>,
        tenant: TenantId,
        versions: &[Arc<Version>],
        how: Flush,
    ) {
        let told = self.tell_flush(tenant, versions, how);
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            runtime.spawn(told);
        }
    }

    fn tell(
        self: &Arc<Self>,
        told: Told,
    ) -> impl Future<Output = Result<(), tenancy_core::Error>> + Send + use<> {
        let telling = Owing {
            _telling: self.ledger(told.bucket).begin_telling(),
            ledger: self.ledger(told.bucket).clone(),
            told: Some(told.clone()),
        };
        let remote = self.remote.clone();
        async move {
            let outcome = remote.tell(&told).await;
            if outcome.is_ok() {
                telling.forgive();
            }
            outcome
        }
    }

    /// Removes a key's value everywhere.
    pub(crate) async fn remove(
        self: &Arc<Self>,
        tenant: TenantId,
        name: NameRef<'_>,
    ) -> Result<Option<Bytes>, tenancy_core::Error> {
        let taken = self.remote.take(&entry_name(tenant, name)).await;
        let event = Event::Removed {
            tenant: tenant.as_uuid().into_bytes(),
            class: name.class,
            key: name.key.to_vec(),
        };
        let told = Told {
            bucket: Bucket::of(tenant),
            names: Vec::new(),
            how: Flush::Hard,
            version: 1,
            event: encoded(&event),
        };
        self.tell(told).await?;
        taken
    }

    fn learning(&self) -> MutexGuard<'_, ()> {
        self.learning.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn encoded(event: &Event) -> Vec<u8> {
    postcard::to_stdvec(event).expect("plain data is serialised into memory")
}

/// How an entry is called in the remote tier.
pub(crate) fn entry_name(tenant: TenantId, name: NameRef<'_>) -> Vec<u8> {
    let tenant = tenant.as_uuid().into_bytes();
    [tenant.as_slice(), &name.class.to_le_bytes(), name.key].concat()
}

/// Owes what has not been told when it is dropped, for whatever reason.
struct Owing {
    told: Option<Told>,
    ledger: Arc<Ledger>,
    _telling: Telling,
}

impl Owing {
    fn forgive(mut self) {
        self.told = None;
    }
}

impl Drop for Owing {
    fn drop(&mut self) {
        if let Some(told) = self.told.take() {
            self.ledger.owe(told);
        }
    }
}

/// What is asked of the remote tier for one load.
pub(crate) struct Question<'a> {
    pub(crate) name: NameRef<'a>,
    /// What the load depends on now.
    pub(crate) seen: Dependencies,
    pub(crate) read: fn(Option<&[u8]>) -> Option<Loaded>,
}

impl Shared {
    /// Looks for values, in one round trip, and learns the versions that were not known. Nothing is
    /// found where the remote tier is away.
    pub(crate) async fn find(
        &self,
        cache: &Inner,
        shelf: &Shelf,
        questions: &[Question<'_>],
    ) -> Vec<Option<Found>> {
        let nothing = || questions.iter().map(|_| None).collect();
        // What it has may be what was flushed here.
        if !shelf
            .ledgers
            .iter()
            .flatten()
            .all(|ledger| ledger.is_told())
        {
            return nothing();
        }
        let seen = questions.iter().map(|question| &question.seen);
        let (wanted, asked) = unknown(cache, shelf, seen);
        let names: Vec<_> = questions
            .iter()
            .map(|question| entry_name(shelf.tenant, question.name))
            .collect();
        let Ok(reading) = self.remote.read(&names, &wanted).await else {
            return nothing();
        };
        self.learn_all(&wanted, &asked, &reading.versions);
        let found = questions.iter().zip(&names).zip(reading.payloads);
        found
            .map(|((question, name), payload)| {
                let (payload, left) = payload?;
                let frame = Frame::decode(name, &payload, cache.value_bytes_max as usize);
                match frame {
                    Ok(frame) => accept(shelf, question, frame, left),
                    Err(error) => {
                        tracing::debug!(%error, "a payload of the remote tier is no value");
                        None
                    }
                }
            })
            .collect()
    }

    /// Looks for the values of loads that are about to begin. Those that are found are kept and their
    /// berths are gone; the others have seen the state anew.
    pub(crate) async fn find_for(
        &self,
        cache: &Inner,
        shelf: &Shelf,
        tasks: &[&Load<'_>],
        berths: &mut Vec<Berth>,
    ) -> Vec<Option<Value>> {
        let questions: Vec<_> = tasks
            .iter()
            .zip(&*berths)
            .map(|(task, berth)| Question {
                name: task.name,
                seen: berth.seen().clone(),
                read: task.read,
            })
            .collect();
        let found = self.find(cache, shelf, &questions).await;
        let (mut values, mut left) = (Vec::new(), Vec::new());
        for ((mut berth, task), found) in berths.drain(..).zip(tasks).zip(found) {
            berth.see_again();
            let is_answer = |found: &Found| task.takes_absence || found.loaded.value.is_some();
            match found.filter(is_answer) {
                Some(found) => values.push(Some(berth.keep_found(found))),
                None => {
                    values.push(None);
                    left.push(berth);
                }
            }
        }
        *berths = left;
        values
    }

    /// Learns what is not known of what is about to be stored.
    pub(crate) async fn know(&self, cache: &Inner, shelf: &Shelf, seen: &Dependencies) {
        let (wanted, asked) = unknown(cache, shelf, std::iter::once(seen));
        if let Ok(reading) = self.remote.read(&[], &wanted).await {
            self.learn_all(&wanted, &asked, &reading.versions);
        }
    }

    fn learn_all(&self, wanted: &[Wanted], asked: &[Vec<Arc<Version>>], answers: &[Versions]) {
        for ((Wanted { bucket, .. }, asked), answer) in wanted.iter().zip(asked).zip(answers) {
            self.learn(*bucket, asked, answer);
        }
    }

    fn learn(&self, bucket: Bucket, asked: &[Arc<Version>], answer: &Versions) {
        let ledger = self.ledger(bucket);
        if ledger
            .generation()
            .is_none_or(|generation| generation != answer.generation)
        {
            // The log has more to say about that; until then nothing is known.
            return;
        }
        let _learning = self.learning();
        for (version, (hard, soft)) in asked.iter().zip(&answer.versions) {
            version.learn(*hard, *soft, answer.number);
        }
        // Entries that were loaded under other versions are compared again.
        ledger.flushed();
    }

    /// The tags that a value was stored with, if there is one.
    pub(crate) async fn tags_of(
        &self,
        cache: &Inner,
        tenant: TenantId,
        name: NameRef<'_>,
    ) -> Option<Vec<Vec<u8>>> {
        let name = entry_name(tenant, name);
        let reading = self.remote.read(std::slice::from_ref(&name), &[]).await;
        let (payload, _) = reading.ok()?.payloads.pop()??;
        let frame = Frame::decode(&name, &payload, cache.value_bytes_max as usize).ok()?;
        let tag = |stamp: &RemoteStamp| {
            let (kind, rest) = stamp.subject.split_first()?;
            let tag = rest.get(16..)?;
            (*kind == b't').then(|| tag.to_vec())
        };
        Some(frame.header.stamps.iter().filter_map(tag).collect())
    }

    /// Takes a value that is taken once.
    pub(crate) async fn take(
        &self,
        cache: &Inner,
        tenant: TenantId,
        name: NameRef<'_>,
        read: fn(Option<&[u8]>) -> Option<Loaded>,
    ) -> Result<Option<Loaded>, tenancy_core::Error> {
        let name = entry_name(tenant, name);
        let Some(payload) = self.remote.take(&name).await? else {
            return Ok(None);
        };
        let frame = Frame::decode(&name, &payload, cache.value_bytes_max as usize);
        Ok(frame.ok().and_then(|frame| {
            let loaded = read(frame.value.as_deref())?;
            (loaded.shape == frame.header.shape).then_some(loaded)
        }))
    }

    /// Stores what was loaded, for others and for later.
    pub(crate) async fn keep(
        &self,
        tenant: TenantId,
        name: NameRef<'_>,
        seen: &Dependencies,
        kept: Kept,
    ) {
        if seen.standing() != Standing::Current {
            return;
        }
        // What is not known of the remote tier cannot be compared by others.
        let Some(stamps) = stamps_of(tenant, seen) else {
            return;
        };
        let milliseconds = |time: Duration| u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
        let header = Header {
            stamps,
            shape: kept.shape,
            stale_ms: milliseconds(kept.stale_for),
            load_ms: milliseconds(kept.load_time),
        };
        let name = entry_name(tenant, name);
        let value = kept.value;
        let payload = Frame { header, value }.encode(&name);
        let life = milliseconds(kept.fresh_for.saturating_add(kept.stale_for));
        if let Err(error) = self.remote.write(&name, payload, life).await {
            tracing::debug!(%error, "a value was not stored in the remote tier");
        }
    }
}

/// The versions that have to be learnt before loads can be compared with what others store.
fn unknown<'a>(
    cache: &Inner,
    shelf: &Shelf,
    seen: impl Iterator<Item = &'a Dependencies>,
) -> (Vec<Wanted>, Vec<Vec<Arc<Version>>>) {
    let now = cache.clock.now();
    let ledgers = shelf.ledgers.iter().flatten();
    // What was known before a log was lost sight of may be out of date.
    let is_proven = ledgers.clone().all(|ledger| ledger.is_proven(now));
    let mut unknown: Vec<Arc<Version>> = Vec::new();
    for (version, ..) in seen.flat_map(|seen| seen.stamps.iter()) {
        let is_epoch = matches!(version.subject(), Subject::Epoch(_));
        let is_new = !unknown.iter().any(|known| Arc::ptr_eq(known, version));
        if !is_epoch && is_new && !(is_proven && version.is_known()) {
            unknown.push(version.clone());
        }
    }
    let (mut wanted, mut asked) = (Vec::new(), Vec::new());
    for ledger in ledgers {
        let (mut names, mut versions) = (Vec::new(), Vec::new());
        for version in &unknown {
            let (bucket, name) = subject_name(shelf.tenant, version.subject());
            if bucket == ledger.bucket {
                names.push(name);
                versions.push(version.clone());
            }
        }
        if !names.is_empty() {
            let bucket = ledger.bucket;
            wanted.push(Wanted { bucket, names });
            asked.push(versions);
        }
    }
    (wanted, asked)
}

/// The value of a frame, if it depends on the same as the question and on nothing that was
/// flushed since.
fn accept(shelf: &Shelf, question: &Question<'_>, frame: Frame, left: u64) -> Option<Found> {
    let Frame { header, value } = frame;
    let now = stamps_of(shelf.tenant, &Dependencies::again(&question.seen))?;
    if header.stamps != now {
        return None;
    }
    let loaded = (question.read)(value.as_deref())?;
    if loaded.shape != header.shape {
        return None;
    }
    let stale = header.stale_ms.min(left);
    Some(Found {
        loaded,
        fresh_for: Duration::from_millis(left - stale),
        stale_for: Duration::from_millis(stale),
        load_time: Duration::from_millis(header.load_ms),
    })
}

/// A value to be kept remotely.
pub(crate) struct Kept {
    pub(crate) value: Option<Vec<u8>>,
    pub(crate) shape: Shape,
    pub(crate) fresh_for: Duration,
    pub(crate) stale_for: Duration,
    pub(crate) load_time: Duration,
}

/// What was seen, in the remote tier's words, in an order of its own; `None` where part of it is
/// only known here.
fn stamps_of(tenant: TenantId, seen: &Dependencies) -> Option<Vec<RemoteStamp>> {
    let mut stamps = Vec::with_capacity(seen.stamps.len());
    for (version, hard, soft) in seen.stamps.iter() {
        let (_, subject) = subject_name(tenant, version.subject());
        let soft = match version.subject() {
            Subject::Epoch(_) => 0,
            _ if !version.is_known() => return None,
            _ => soft,
        };
        stamps.push(RemoteStamp {
            subject,
            hard,
            soft,
        });
    }
    stamps.sort_by(|one, other| one.subject.cmp(&other.subject));
    Some(stamps)
}
