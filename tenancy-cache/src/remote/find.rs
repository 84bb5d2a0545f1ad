use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use metrics::counter;
use tenancy_core::{ErrorKind, TenantId};

use super::frame::{Frame, RemoteStamp};
use super::keep::{are_stamps_of, stamps_of};
use super::ledger::Ledger;
use super::shared::{Shared, entry_name};
use super::{Bucket, MARK, Wanted, subject_name};
use crate::cache::Inner;
use crate::clock::Moment;
use crate::entry::Dependencies;
use crate::load::Loaded;
use crate::shelf::{NameRef, Shelf};
use crate::version::{Subject, Version};

/// How a payload becomes a value.
pub(crate) type Read = fn(Option<&[u8]>) -> Option<Loaded>;

/// What is asked of the remote tier for one load.
pub(crate) struct Question<'a> {
    pub(crate) name: NameRef<'a>,
    /// What the load depends on now.
    pub(crate) seen: Dependencies,
    pub(crate) read: Read,
}

/// What the remote tier has for a question.
pub(crate) struct Answer {
    pub(crate) found: Option<Found>,
    /// Of the payload that was read, whether or not it is of use.
    pub(crate) mark: Vec<u8>,
}

/// A fresh value that the remote tier had.
pub(crate) struct Found {
    /// What it was compared with: what is flushed after that ends it.
    pub(crate) seen: Dependencies,
    /// When that was known for certain.
    pub(crate) sure_at: Moment,
    pub(crate) loaded: Loaded,
    pub(crate) load: u64,
    pub(crate) fresh_for: Duration,
    pub(crate) stale_for: Duration,
    pub(crate) load_time: Duration,
}

type Payload = Option<Bytes>;

impl Shared {
    /// Looks for values, in one round trip, and learns the versions that were not known. Nothing is
    /// said where the remote tier is away, or has not heard of all that was flushed here.
    pub(crate) async fn find(
        &self,
        cache: &Inner,
        shelf: &Shelf,
        questions: &[Question<'_>],
    ) -> Option<Vec<Answer>> {
        let seen: Vec<_> = questions.iter().map(|question| &question.seen).collect();
        // Before the question: what is closed later has overtaken it.
        let is_closed = |question: &Question<'_>| shelf.is_closed(question.name);
        let closed: Vec<_> = questions.iter().map(is_closed).collect();
        let names: Vec<_> = questions
            .iter()
            .map(|question| entry_name(shelf.tenant, question.name))
            .collect();
        let (payloads, sure_at) = self.read(cache, shelf, &names, &seen).await?;
        let time = self.time(shelf.tenant);
        let answers = questions.iter().zip(&names).zip(&payloads).zip(closed);
        let answers = answers.map(|(((question, name), payload), is_closed)| {
            let open = payload.as_ref().filter(|_| !is_closed);
            let found = open.and_then(|payload| {
                let frame = decode(cache, name, payload)?;
                let left = frame.header.left(time?);
                accept(shelf.tenant, question, frame, left, sure_at)
            });
            let mark = mark(payload);
            Answer { found, mark }
        });
        Some(answers.collect())
    }

    /// Looks for values whatever tags they were stored with: in one round trip, and another one where
    /// a tag is not known yet.
    pub(crate) async fn find_stored(
        &self,
        cache: &Inner,
        shelf: &Shelf,
        names: &[NameRef<'_>],
        see: impl Fn(&[&[u8]]) -> Dependencies,
        read: Read,
    ) -> Vec<Option<Found>> {
        let nothing = || names.iter().map(|_| None).collect();
        let keys = names.iter().map(|name| entry_name(shelf.tenant, *name));
        let keys: Vec<_> = keys.collect();
        // Before the question, as above.
        let closed: Vec<_> = names.iter().map(|name| shelf.is_closed(*name)).collect();
        let Some((payloads, sure_at)) = self.read(cache, shelf, &keys, &[]).await else {
            return nothing();
        };
        let stored = keys.iter().zip(names).zip(&payloads).zip(closed);
        let stored = stored.map(|(((key, name), payload), is_closed)| {
            let payload = payload.as_ref().filter(|_| !is_closed)?;
            let frame = decode(cache, key, payload)?;
            let tags: Vec<_> = frame.header.stamps.iter().filter_map(tag).collect();
            let (name, seen) = (*name, see(&tags));
            Some((Question { name, seen, read }, frame))
        });
        let stored: Vec<_> = stored.collect();
        let seen = stored.iter().flatten();
        let seen: Vec<_> = seen.map(|(question, ..)| &question.seen).collect();
        if !self.know(cache, shelf, &seen).await {
            return nothing();
        }
        let time = self.time(shelf.tenant);
        let found = stored.into_iter().map(|stored| {
            let (question, frame) = stored?;
            let left = frame.header.left(time?);
            accept(shelf.tenant, &question, frame, left, sure_at)
        });
        found.collect()
    }

    /// Takes a value that is taken once. It is left where nobody knows what was flushed.
    pub(crate) async fn take(
        &self,
        cache: &Inner,
        shelf: &Shelf,
        question: Question<'_>,
    ) -> Result<Option<Loaded>, tenancy_core::Error> {
        let is_known = self.know(cache, shelf, &[&question.seen]).await;
        let seen = Dependencies::again(&question.seen);
        if !is_known || stamps_of(shelf.tenant, &seen).is_none() {
            return Err(ErrorKind::Unavailable.into());
        }
        let key = entry_name(shelf.tenant, question.name);
        let payload = self.remote.take(&key).await?;
        let found = payload.as_ref().and_then(|payload| {
            let frame = decode(cache, &key, payload)?;
            // The store had it until now, and nobody has it any longer.
            let left = frame.header.life();
            accept(shelf.tenant, &question, frame, left, cache.clock.now())
        });
        Ok(found.map(|found| found.loaded))
    }

    /// Learns what is not known yet of what these depend on. Says whether the remote tier could be
    /// asked.
    pub(crate) async fn know(&self, cache: &Inner, shelf: &Shelf, seen: &[&Dependencies]) -> bool {
        let Some(unknown) = self.unknown(cache, shelf, seen) else {
            return false;
        };
        unknown.wanted.is_empty() || self.ask(&[], &unknown).await.is_some()
    }

    /// What the clock shows at the most that a tenant's entries end by.
    fn time(&self, tenant: TenantId) -> Option<Duration> {
        let time = self.ledger(Bucket::of(tenant)).time()?;
        Some(time.most(Instant::now()))
    }

    /// The payloads of keys, and when all was known for certain that they may depend on.
    async fn read(
        &self,
        cache: &Inner,
        shelf: &Shelf,
        keys: &[Vec<u8>],
        seen: &[&Dependencies],
    ) -> Option<(Vec<Payload>, Moment)> {
        let unknown = self.unknown(cache, shelf, seen)?;
        let payloads = self.ask(keys, &unknown).await?;
        Some((payloads, unknown.sure_at))
    }

    async fn ask(&self, keys: &[Vec<u8>], unknown: &Unknown) -> Option<Vec<Payload>> {
        let reading = self.remote.read(keys, &unknown.wanted).await.ok()?;
        let _learning = self.learning();
        let questions = unknown.wanted.iter().zip(&unknown.asked);
        for ((Wanted { bucket, .. }, asked), answer) in questions.zip(&reading.versions) {
            let ledger = self.ledger(*bucket);
            let is_believed = ledger.believes(answer);
            for ((allowed, version), (hard, soft, flush)) in asked.iter().zip(&answer.versions) {
                if is_believed && version.ask() == Some(*allowed) {
                    version.learn(*hard, *soft, *flush, answer.number);
                } else {
                    // What was known may be as old as the answer.
                    version.forget();
                }
            }
            // Entries that were loaded under other versions are compared again.
            ledger.flushed();
        }
        Some(reading.payloads)
    }

    /// What is to be asked. Nothing may be where the store has not heard of all that was flushed here,
    /// or the journal cannot be read, for what it has may be what was flushed.
    fn unknown(&self, cache: &Inner, shelf: &Shelf, seen: &[&Dependencies]) -> Option<Unknown> {
        let now = cache.clock.now();
        let ledgers = || shelf.ledgers.iter().flatten();
        if !cache.is_sure(shelf, now) || !ledgers().all(|ledger| ledger.is_told()) {
            return None;
        }
        // What was known before a log was lost sight of may be out of date.
        let is_proven = ledgers().all(|ledger| ledger.is_proven(now));
        let heard_at = ledgers().map(|ledger| ledger.heard_at(self.bound));
        let sure_at = heard_at.min().filter(|_| is_proven).unwrap_or(now);
        let mut unknown: Vec<&Arc<Version>> = Vec::new();
        for (version, ..) in seen.iter().flat_map(|seen| seen.stamps.iter()) {
            let is_epoch = matches!(version.subject(), Subject::Epoch(_));
            let is_told = is_proven && version.is_known();
            let is_new = || !unknown.iter().any(|known| Arc::ptr_eq(known, version));
            if !is_epoch && !is_told && is_new() {
                unknown.push(version);
            }
        }
        let of = |ledger: &Arc<Ledger>| {
            let names = unknown.iter().filter_map(|version| {
                let (bucket, name) = subject_name(shelf.tenant, version.subject());
                let allowed = version.ask().filter(|_| bucket == ledger.bucket)?;
                Some((name, (allowed, Arc::clone(version))))
            });
            let (names, asked): (Vec<_>, Vec<_>) = names.unzip();
            let bucket = ledger.bucket;
            (!names.is_empty()).then_some((Wanted { bucket, names }, asked))
        };
        let (wanted, asked) = ledgers().filter_map(of).unzip();
        Some(Unknown {
            wanted,
            asked,
            sure_at,
        })
    }
}

/// Versions that have to be learnt before loads can be compared with what others store.
struct Unknown {
    wanted: Vec<Wanted>,
    /// For each of them the versions, and what they allowed to ask under.
    asked: Vec<Vec<(u64, Arc<Version>)>>,
    /// When all else was known for certain.
    sure_at: Moment,
}

fn mark(payload: &Payload) -> Vec<u8> {
    let bytes = payload.as_deref().unwrap_or_default();
    let end = MARK.end.min(bytes.len());
    bytes.get(MARK.start..end).unwrap_or_default().to_vec()
}

/// The frame in a payload. What is none is a miss, and counted.
fn decode<'a>(cache: &Inner, name: &[u8], payload: &'a [u8]) -> Option<Frame<'a>> {
    let bytes_max = usize::try_from(cache.value_bytes_max).unwrap_or(usize::MAX);
    match Frame::decode(name, payload, bytes_max) {
        Ok(frame) => Some(frame),
        Err(unreadable) => {
            counter!("tenancy_cache_remote_unreadable_total", "why" => unreadable.label())
                .increment(1);
            None
        }
    }
}

/// The tag that a stamp is of.
fn tag<'a>(stamp: &'a RemoteStamp<'_>) -> Option<&'a [u8]> {
    let (kind, rest) = stamp.subject.split_first()?;
    let tag = rest.get(16..)?;
    (*kind == b't').then_some(tag)
}

/// The value of a frame, if it is fresh, and depends on the same as the load and on nothing that was
/// flushed since. `left` is what is left of its life.
fn accept(
    tenant: TenantId,
    question: &Question<'_>,
    frame: Frame<'_>,
    left: Duration,
    sure_at: Moment,
) -> Option<Found> {
    let Frame { header, value } = frame;
    let stale_for = Duration::from_millis(header.stale_ms);
    let fresh_for = left.checked_sub(stale_for).filter(|left| !left.is_zero())?;
    let seen = Dependencies::again(&question.seen);
    if !are_stamps_of(&header.stamps, tenant, &seen) {
        return None;
    }
    let loaded = (question.read)(value.as_deref())?;
    (loaded.shape == header.shape).then(|| Found {
        seen,
        sure_at,
        loaded,
        load: header.load,
        fresh_for,
        stale_for,
        load_time: Duration::from_millis(header.load_ms),
    })
}
