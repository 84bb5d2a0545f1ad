use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use metrics::counter;
use tenancy_core::TenantId;

use super::frame::{Frame, RemoteStamp};
use super::keep::stamps_of;
use super::ledger::Ledger;
use super::shared::{Shared, entry_name};
use super::{Bucket, MARK, Versions, Wanted, subject_name};
use crate::cache::Inner;
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
    pub(crate) loaded: Loaded,
    pub(crate) load: u64,
    pub(crate) fresh_for: Duration,
    pub(crate) stale_for: Duration,
    pub(crate) load_time: Duration,
}

type Payload = Option<(Bytes, Duration)>;

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
        let names: Vec<_> = questions
            .iter()
            .map(|question| entry_name(shelf.tenant, question.name))
            .collect();
        let payloads = self.read(cache, shelf, &names, &seen).await?;
        let answers = questions.iter().zip(&names).zip(payloads);
        let answers = answers.map(|((question, name), payload)| Answer {
            mark: mark(&payload),
            found: decode(cache, name, payload).and_then(|(frame, left)| {
                accept(shelf.tenant, &question.seen, question.read, frame, left)
            }),
        });
        Some(answers.collect())
    }

    /// Looks for values whatever tags they were stored with: in one round trip, and another one where
    /// a tag is not known yet. With each comes what it depends on.
    pub(crate) async fn find_stored(
        &self,
        cache: &Inner,
        shelf: &Shelf,
        names: &[NameRef<'_>],
        see: impl Fn(&[&[u8]]) -> Dependencies,
        read: Read,
    ) -> Vec<Option<(Found, Dependencies)>> {
        let nothing = || names.iter().map(|_| None).collect();
        let names: Vec<_> = names
            .iter()
            .map(|name| entry_name(shelf.tenant, *name))
            .collect();
        let Some(payloads) = self.read(cache, shelf, &names, &[]).await else {
            return nothing();
        };
        let stored = names.iter().zip(payloads).map(|(name, payload)| {
            let (frame, left) = decode(cache, name, payload)?;
            let tags: Vec<_> = frame.header.stamps.iter().filter_map(tag).collect();
            let seen = see(&tags);
            Some((frame, left, seen))
        });
        let stored: Vec<_> = stored.collect();
        let seen: Vec<_> = stored.iter().flatten().map(|(.., seen)| seen).collect();
        let (wanted, _) = unknown(cache, shelf, &seen);
        if !wanted.is_empty() && self.read(cache, shelf, &[], &seen).await.is_none() {
            return nothing();
        }
        let found = stored.into_iter().map(|stored| {
            let (frame, left, seen) = stored?;
            let seen = Dependencies::again(&seen);
            let found = accept(shelf.tenant, &seen, read, frame, left)?;
            Some((found, seen))
        });
        found.collect()
    }

    /// Takes a value that is taken once.
    pub(crate) async fn take(
        &self,
        cache: &Inner,
        tenant: TenantId,
        name: NameRef<'_>,
        read: Read,
    ) -> Result<Option<Loaded>, tenancy_core::Error> {
        let name = entry_name(tenant, name);
        let payload = self.remote.take(&name).await?;
        let payload = payload.map(|payload| (payload, Duration::ZERO));
        Ok(decode(cache, &name, payload).and_then(|(frame, _)| {
            let loaded = read(frame.value.as_deref())?;
            (loaded.shape == frame.header.shape).then_some(loaded)
        }))
    }

    /// Learns what is not known of what is about to be stored.
    pub(crate) async fn know(&self, cache: &Inner, shelf: &Shelf, seen: &Dependencies) {
        let (wanted, _) = unknown(cache, shelf, &[seen]);
        if !wanted.is_empty() {
            self.read(cache, shelf, &[], &[seen]).await;
        }
    }

    async fn read(
        &self,
        cache: &Inner,
        shelf: &Shelf,
        names: &[Vec<u8>],
        seen: &[&Dependencies],
    ) -> Option<Vec<Payload>> {
        // What it has may be what was flushed here.
        let mut ledgers = shelf.ledgers.iter().flatten();
        if !ledgers.all(|ledger| ledger.is_told()) {
            return None;
        }
        let (wanted, asked) = unknown(cache, shelf, seen);
        let reading = self.remote.read(names, &wanted).await.ok()?;
        for ((Wanted { bucket, .. }, asked), answer) in
            wanted.iter().zip(&asked).zip(&reading.versions)
        {
            self.learn(*bucket, asked, answer);
        }
        Some(reading.payloads)
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
}

fn mark(payload: &Payload) -> Vec<u8> {
    let mark = payload.as_ref().and_then(|(bytes, _)| bytes.get(MARK));
    mark.unwrap_or_default().to_vec()
}

/// The frame in a payload. What is none is a miss, and counted.
fn decode(cache: &Inner, name: &[u8], payload: Payload) -> Option<(Frame, Duration)> {
    let (payload, left) = payload?;
    let bytes_max = usize::try_from(cache.value_bytes_max).unwrap_or(usize::MAX);
    match Frame::decode(name, &payload, bytes_max) {
        Ok(frame) => Some((frame, left)),
        Err(unreadable) => {
            counter!("tenancy_cache_remote_unreadable_total", "why" => unreadable.label())
                .increment(1);
            None
        }
    }
}

/// The tag that a stamp is of.
fn tag(stamp: &RemoteStamp) -> Option<&[u8]> {
    let (kind, rest) = stamp.subject.split_first()?;
    let tag = rest.get(16..)?;
    (*kind == b't').then_some(tag)
}

/// The versions that have to be learnt before loads can be compared with what others store.
fn unknown(
    cache: &Inner,
    shelf: &Shelf,
    seen: &[&Dependencies],
) -> (Vec<Wanted>, Vec<Vec<Arc<Version>>>) {
    let now = cache.clock.now();
    let ledgers = shelf.ledgers.iter().flatten();
    // What was known before a log was lost sight of may be out of date.
    let is_proven = ledgers.clone().all(|ledger| ledger.is_proven(now));
    let mut unknown: Vec<&Arc<Version>> = Vec::new();
    for (version, ..) in seen.iter().flat_map(|seen| seen.stamps.iter()) {
        let is_epoch = matches!(version.subject(), Subject::Epoch(_));
        let is_new = || !unknown.iter().any(|known| Arc::ptr_eq(known, version));
        let is_told = is_proven && version.is_known();
        if !is_epoch && !is_told && is_new() {
            unknown.push(version);
        }
    }
    let of = |ledger: &Arc<Ledger>| {
        let names = unknown.iter().filter_map(|version| {
            let (bucket, name) = subject_name(shelf.tenant, version.subject());
            (bucket == ledger.bucket).then(|| (name, Arc::clone(version)))
        });
        let (names, versions): (Vec<_>, Vec<_>) = names.unzip();
        let bucket = ledger.bucket;
        (!names.is_empty()).then_some((Wanted { bucket, names }, versions))
    };
    ledgers.filter_map(of).unzip()
}

/// The value of a frame, if it is fresh, and depends on the same as the load and on nothing that was
/// flushed since.
fn accept(
    tenant: TenantId,
    seen: &Dependencies,
    read: Read,
    frame: Frame,
    left: Duration,
) -> Option<Found> {
    let Frame { header, value } = frame;
    let stale_for = Duration::from_millis(header.stale_ms);
    let fresh_for = left.checked_sub(stale_for).filter(|left| !left.is_zero())?;
    if header.stamps != stamps_of(tenant, &Dependencies::again(seen))? {
        return None;
    }
    let loaded = read(value.as_deref())?;
    (loaded.shape == header.shape).then(|| Found {
        loaded,
        load: header.load,
        fresh_for,
        stale_for,
        load_time: Duration::from_millis(header.load_ms),
    })
}
