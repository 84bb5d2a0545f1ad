use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use tenancy_core::journal::{Changed, News, Tail};
use tenancy_core::log_throttle::LogThrottle;
use tenancy_core::sql::Database;
use tenancy_core::{Actor, Error, Purpose, TenantId, Tenants};
use tokio::runtime::Handle;
use tokio::sync::{Mutex, OwnedMutexGuard};
use tokio::time::timeout;

use super::{FlushOrder, tags};
use crate::clock::{AtomicMoment, Clock, Moment};
use crate::remote::Shared;
use crate::shelf::Shelf;
use crate::version::{Flush, Version, Versions};

/// The journals of the tenants whose entries are used here.
///
/// They are looked at by traffic: whoever uses entries looks, ahead of need in the second half of the
/// interval, and waits for it only after the whole. A tenant that nobody asks for costs nothing.
pub(crate) struct Journal {
    database: Database,
    tenants: Tenants,
    interval: Duration,
    shared: Option<Arc<Shared>>,
    away: LogThrottle,
}

/// What is known of one tenant's journal.
#[derive(Debug, Default)]
pub(crate) struct Followed {
    /// From then on someone looks ahead.
    look_at: AtomicMoment,
    /// Until then nothing has gone unnoticed for longer than the interval.
    sure_until: AtomicMoment,
    /// Until then nobody looks, for a look has just failed.
    rest_until: AtomicMoment,
    /// `None` before the first look.
    tail: Arc<Mutex<Option<Tail>>>,
}

/// How long a look may take.
const TIME_OUT: Duration = Duration::from_secs(5);

/// How long the journal is left alone after a failure, so that an outage costs a request nothing.
const REST: Duration = Duration::from_millis(500);

impl Journal {
    pub(crate) fn new(
        database: Database,
        tenants: Tenants,
        interval: Duration,
        shared: Option<Arc<Shared>>,
    ) -> Self {
        Self {
            database,
            tenants,
            interval,
            shared,
            away: LogThrottle::default(),
        }
    }

    /// Whether the tenant's entries may be used now, as far as the journal goes.
    pub(crate) fn is_sure(self: &Arc<Self>, shelf: &Shelf, now: Moment, clock: Clock) -> bool {
        let followed = &shelf.versions.followed;
        if now < followed.look_at.load() {
            return true;
        }
        if now >= followed.sure_until.load() {
            return false;
        }
        if now >= followed.rest_until.load()
            && let Ok(runtime) = Handle::try_current()
            && let Ok(tail) = followed.tail.clone().try_lock_owned()
        {
            let (this, versions, tenant) = (self.clone(), shelf.versions.clone(), shelf.tenant);
            runtime.spawn(async move { this.look(tenant, &versions, clock, tail).await });
        }
        true
    }

    /// Looks, unless someone has or it is no use. Says whether the caller's knowledge of its entries
    /// may be out of date.
    pub(crate) async fn make_sure(&self, shelf: &Shelf, clock: Clock) -> bool {
        let followed = &shelf.versions.followed;
        let is_due = || {
            let now = clock.now();
            now >= followed.sure_until.load() && now >= followed.rest_until.load()
        };
        if !is_due() {
            return false;
        }
        let tail = followed.tail.clone().lock_owned().await;
        if is_due() {
            // Boxed, because it is seldom needed and large.
            Box::pin(self.look(shelf.tenant, &shelf.versions, clock, tail)).await;
        }
        true
    }

    async fn look(
        &self,
        tenant: TenantId,
        versions: &Versions,
        clock: Clock,
        mut tail: OwnedMutexGuard<Option<Tail>>,
    ) {
        let (began, followed) = (clock.now(), &versions.followed);
        let outcome = timeout(TIME_OUT, self.news(tenant, tail.clone())).await;
        let error: Box<dyn std::error::Error> = match outcome {
            Ok(Ok(heard)) => {
                self.apply(tenant, &heard, versions).await;
                *tail = Some(heard.tail);
                followed.sure_until.store(began.after(self.interval));
                followed.look_at.store(began.after(self.interval / 2));
                return;
            }
            Ok(Err(error)) => error.into(),
            Err(elapsed) => elapsed.into(),
        };
        followed.rest_until.store(clock.now().after(REST));
        if let Some(left_out) = self.away.admit() {
            tracing::warn!(%tenant, error, left_out, "cached entries wait for the journal");
        }
    }

    /// What was changed since. The place behind it is kept by the caller, who then has also heard the
    /// news.
    async fn news(&self, tenant: TenantId, tail: Option<Tail>) -> Result<Heard, Error> {
        let told = match &self.shared {
            Some(shared) => shared.journal_told(tenant).await,
            None => None,
        };
        let by = Actor::system("cache");
        let scope = self.tenants.scope(tenant, by, Purpose::Platform).await?;
        let mut tx = self.database.read(&scope).await?;
        // Before the first look nothing was served that other processes have not told.
        let (tail, news) = match tail.or_else(|| told.clone()) {
            Some(mut tail) => {
                let news = tail.advance(&mut tx).await?;
                (tail, news)
            }
            // What was loaded before the first look may have been changed before it.
            None => (Tail::at_end(&mut tx).await?, News::Unknown),
        };
        tx.commit().await?;
        Ok(Heard { tail, news, told })
    }
}

/// What a look brings.
struct Heard {
    /// The place behind it.
    tail: Tail,
    news: News,
    /// Up to where the remote tier was told of the journal, by whichever process.
    told: Option<Tail>,
}

impl Heard {
    fn was_told(&self, change: &Changed) -> bool {
        self.told.as_ref().is_some_and(|told| told.has_told(change))
    }
}

impl Journal {
    /// Flushes what was changed, and tells others of it: what is loaded next is then stored for them.
    async fn apply(&self, tenant: TenantId, heard: &Heard, versions: &Versions) {
        let mut tellings = Vec::new();
        let mut flush = |flushed: &[Arc<Version>], how: Flush, was_told: bool| {
            for version in flushed {
                versions.flush(version, how);
            }
            match &self.shared {
                Some(shared) if was_told => shared.compare_again(flushed),
                Some(shared) => tellings.push(shared.tell_flush(tenant, flushed, how)),
                None => {}
            }
        };
        match &heard.news {
            News::Unknown => flush(std::slice::from_ref(&versions.tenant), Flush::Hard, false),
            News::Changes(changes) => {
                let is_told = |change: &&Changed| heard.was_told(change);
                let (told, new): (Vec<_>, Vec<_>) = changes.iter().partition(is_told);
                for (changes, was_told) in [(told, true), (new, false)] {
                    self.flush_changed(&changes, versions, |flushed, how| {
                        flush(flushed, how, was_told);
                    });
                }
            }
        }
        let is_noted = tellings.is_empty() && heard.told.is_some();
        if let Some(shared) = self.shared.as_ref().filter(|_| !is_noted)
            && join_all(tellings).await.iter().all(Result::is_ok)
        {
            shared.note_journal_told(tenant, &heard.tail).await;
        }
    }

    /// Flushes what was ordered to be, and the tags of what has changed.
    fn flush_changed(
        &self,
        changes: &[&Changed],
        versions: &Versions,
        mut flush: impl FnMut(&[Arc<Version>], Flush),
    ) {
        let is_shared = self.shared.is_some();
        let order = |one: &&Changed| FlushOrder::of(&one.resource, &one.resource_id, &one.action);
        for order in changes.iter().filter_map(order) {
            let known = order.subject(versions, is_shared);
            // Of a class that is not in use here, the remote tier may have entries.
            let everything = || is_shared.then(|| versions.tenant.clone());
            if let Some(flushed) = known.or_else(everything) {
                flush(&[flushed], order.how());
            }
        }
        let changes = changes.iter();
        let changed = tags(changes.map(|one| (one.resource.as_str(), one.resource_id.as_str())));
        let changed = changed.iter().filter_map(|tag| tag.bytes().ok());
        // A version that is not known has no entry and no load that depends on it, unless elsewhere.
        let changed = changed.filter_map(|tag| match is_shared {
            true => Some(versions.of_tag(tag)),
            false => versions.known_tag(tag),
        });
        let changed: Vec<_> = changed.collect();
        if !changed.is_empty() {
            flush(&changed, Flush::Hard);
        }
    }
}

impl fmt::Debug for Journal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Journal")
            .field("interval", &self.interval)
            .finish_non_exhaustive()
    }
}
