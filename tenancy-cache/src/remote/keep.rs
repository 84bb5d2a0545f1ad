use std::borrow::Cow;
use std::time::{Duration, Instant};

use smallvec::SmallVec;
use tenancy_core::TenantId;

use super::frame::{Frame, Header, RemoteStamp};
use super::lease::{LIFE, Lease};
use super::shared::{Removing, Shared, entry_name};
use super::{Bucket, LeaseAnswer, Seen, subject_name, write_subject_name};
use crate::entry::Dependencies;
use crate::load::{Berth, Shape};
use crate::shelf::NameRef;
use crate::version::{Standing, Subject, Version};

/// How many stamps most entries have at most.
const STAMPS: usize = 12;

/// A value to be kept remotely.
pub(crate) struct Kept {
    pub(crate) value: Option<Vec<u8>>,
    pub(crate) load: u64,
    pub(crate) shape: Shape,
    pub(crate) fresh_for: Duration,
    pub(crate) stale_for: Duration,
    pub(crate) load_time: Duration,
}

impl Shared {
    /// Asks for the leases of keys whose payloads have been read, with their marks, and after so many
    /// flushes. Where the remote tier is away, none is needed.
    pub(crate) async fn lease(
        &self,
        asked: &mut [(&mut Berth, Vec<u8>)],
        flushes: u64,
    ) -> Vec<Option<LeaseAnswer>> {
        if asked.is_empty() {
            return Vec::new();
        }
        let request = |(berth, mark): &mut (&mut Berth, Vec<u8>)| {
            let tenant = berth.shelf.tenant;
            let key = entry_name(tenant, berth.name.as_ref());
            let seen = Seen::of(tenant, berth.seen(), flushes);
            let lease = Lease::new(self.remote.clone(), key, seen);
            berth.lease.insert(lease).request(Some(mark.clone()))
        };
        let requests: Vec<_> = asked.iter_mut().map(request).collect();
        let answers = self.remote.lease(&requests, LIFE).await;
        let answers = asked.iter_mut().zip(answers).map(|((berth, _), answer)| {
            if let Ok(LeaseAnswer::Busy | LeaseAnswer::Changed) = &answer {
                berth.lease.take().iter_mut().for_each(Lease::close);
            }
            answer.ok()
        });
        answers.collect()
    }

    /// Stores what was loaded under a lease, for others and for later.
    pub(crate) async fn keep(
        &self,
        tenant: TenantId,
        name: NameRef<'_>,
        seen: &Dependencies,
        kept: Kept,
        mut lease: Lease,
    ) {
        let Some((name, payload, life)) = self.parcel(tenant, name, seen, kept) else {
            return;
        };
        match self
            .remote
            .write(&name, payload, life, Some(lease.token))
            .await
        {
            Ok(true) => lease.close(),
            Ok(false) => {
                lease.close();
                self.metrics.fenced.increment(1);
            }
            Err(error) => tracing::debug!(%error, "a value was not stored in the remote tier"),
        }
    }

    /// Puts a value where others find it instead of what they had, or makes sure that they find
    /// none. Whether it is there.
    pub(crate) async fn put(
        &self,
        tenant: TenantId,
        name: NameRef<'_>,
        seen: &Dependencies,
        kept: Option<Kept>,
        removing: Removing,
    ) -> Result<bool, tenancy_core::Error> {
        let parcel = kept.and_then(|kept| self.parcel(tenant, name, seen, kept));
        let is_written = match parcel {
            Some((name, payload, life)) => {
                self.remote.write(&name, payload, life, None).await.is_ok()
            }
            None => false,
        };
        self.tell_removal(removing, is_written).await?;
        Ok(is_written)
    }

    /// What goes to the remote tier, as name, payload and life; nothing where others could not
    /// compare it or it was flushed already.
    fn parcel(
        &self,
        tenant: TenantId,
        name: NameRef<'_>,
        seen: &Dependencies,
        kept: Kept,
    ) -> Option<(Vec<u8>, Vec<u8>, Duration)> {
        if seen.standing() != Standing::Current {
            return None;
        }
        let life = kept.fresh_for.saturating_add(kept.stale_for);
        let time = self.ledger(Bucket::of(tenant)).time()?;
        let ends_at = time.least(Instant::now()).saturating_add(life);
        let header = Header {
            stamps: stamps_of(tenant, seen)?,
            load: kept.load,
            shape: kept.shape,
            ends_at_ms: milliseconds(ends_at),
            life_ms: milliseconds(life),
            stale_ms: milliseconds(kept.stale_for),
            load_ms: milliseconds(kept.load_time),
        };
        let name = entry_name(tenant, name);
        let value = kept.value.map(Cow::Owned);
        let payload = Frame { header, value }.encode(&name);
        Some((name, payload, life))
    }
}

fn milliseconds(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

/// What was seen, in the remote tier's words, in an order of its own; `None` where part of it is
/// only known here.
pub(super) fn stamps_of(
    tenant: TenantId,
    seen: &Dependencies,
) -> Option<Vec<RemoteStamp<'static>>> {
    let mut stamps = Vec::with_capacity(seen.stamps.len());
    for (version, hard, soft) in seen.stamps.iter() {
        let (_, subject) = subject_name(tenant, version.subject());
        stamps.push(RemoteStamp {
            subject: subject.into(),
            hard,
            soft: shared_soft(version, soft)?,
        });
    }
    stamps.sort_by(|one, other| one.subject.cmp(&other.subject));
    Some(stamps)
}

/// Whether these stamps are of all that was seen, and of nothing else.
pub(super) fn are_stamps_of(
    stamps: &[RemoteStamp<'_>],
    tenant: TenantId,
    seen: &Dependencies,
) -> bool {
    let mut left: SmallVec<[_; STAMPS]> = stamps.iter().collect();
    let mut name = Vec::new();
    for (version, hard, soft) in seen.stamps.iter() {
        name.clear();
        write_subject_name(tenant, version.subject(), &mut name);
        let soft = shared_soft(version, soft);
        let is_it = |stamp: &&RemoteStamp<'_>| {
            *stamp.subject == *name && stamp.hard == hard && Some(stamp.soft) == soft
        };
        let Some(place) = left.iter().position(is_it) else {
            return false;
        };
        left.swap_remove(place);
    }
    left.is_empty()
}

/// A soft version in the remote tier's words; `None` where it is only known here.
fn shared_soft(version: &Version, soft: u64) -> Option<u64> {
    match version.subject() {
        // It is this process's own.
        Subject::Epoch(_) => Some(0),
        _ => version.is_known().then_some(soft),
    }
}
