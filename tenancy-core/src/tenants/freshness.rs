use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use tokio::sync::{Mutex, OwnedMutexGuard};
use tokio::time::{Instant, timeout};

use super::Inner;
use crate::error::{Error, ErrorKind};
use crate::log_throttle::LogThrottle;
use crate::registry::{Address, Changes};
use crate::tenant::Tenant;

/// After a failure the directory is left alone for this long, so that an outage costs a request
/// nothing.
const REST_AFTER_FAILURE: Duration = Duration::from_millis(500);

/// What is known about how fresh the cache is, in microseconds since `origin`.
pub(super) struct Freshness {
    origin: Instant,
    interval: Duration,
    stale_limit: Duration,
    time_out: Duration,
    /// When the last check, successful or not, began.
    checked_at: AtomicU64,
    /// When the last successful check or answer began.
    confirmed_at: AtomicU64,
    /// When the directory last failed; zero when it answered since.
    failed_at: AtomicU64,
    /// The registry's revision that the cache reflects.
    revision: AtomicU64,
    /// The directory's own count of changes that the cache reflects.
    local_changes: AtomicU64,
    /// Whether the first check has been made.
    begun: AtomicBool,
    /// Whether the directory can tell of changes.
    tracked: AtomicBool,
    checking: Arc<Mutex<()>>,
    away: LogThrottle,
}

impl Freshness {
    pub(super) fn new(interval: Duration, stale_limit: Duration, time_out: Duration) -> Self {
        Self {
            origin: Instant::now(),
            interval,
            stale_limit,
            time_out,
            checked_at: AtomicU64::new(0),
            confirmed_at: AtomicU64::new(0),
            failed_at: AtomicU64::new(0),
            revision: AtomicU64::new(0),
            local_changes: AtomicU64::new(0),
            begun: AtomicBool::new(false),
            tracked: AtomicBool::new(true),
            checking: Arc::default(),
            away: LogThrottle::default(),
        }
    }

    /// Microseconds since the origin, plus one, since zero means "not yet".
    pub(super) fn now(&self) -> u64 {
        micros(self.origin.elapsed()).saturating_add(1)
    }

    pub(super) fn revision(&self) -> u64 {
        self.revision.load(Ordering::Acquire)
    }

    pub(super) fn is_tracked(&self) -> bool {
        self.tracked.load(Ordering::Acquire)
    }

    /// Whether an answer fetched then is young enough where changes are not told.
    pub(super) fn is_young(&self, fetched_at: u64) -> bool {
        self.now().saturating_sub(fetched_at) < micros(self.interval)
    }

    /// Whether an answer fetched then may still be served while the directory is away.
    pub(super) fn is_within_stale_limit(&self, fetched_at: u64) -> bool {
        self.now().saturating_sub(fetched_at) < micros(self.stale_limit)
    }

    fn is_resting(&self) -> bool {
        let failed_at = self.failed_at.load(Ordering::Acquire);
        failed_at > 0 && self.now().saturating_sub(failed_at) < micros(REST_AFTER_FAILURE)
    }

    fn note_success(&self, began: u64) {
        self.confirmed_at.fetch_max(began, Ordering::AcqRel);
        self.failed_at.store(0, Ordering::Release);
    }

    fn note_failure(&self) {
        self.failed_at.store(self.now(), Ordering::Release);
    }
}

impl Inner {
    /// Asks the directory for one tenant, within the time-out and unless it has just failed.
    pub(super) async fn ask(&self, address: &Address) -> Result<Option<Tenant>, Error> {
        if self.freshness.is_resting() {
            return Err(ErrorKind::Unavailable.into());
        }
        let began = self.freshness.now();
        match timeout(self.freshness.time_out, self.directory.find(address)).await {
            Ok(Ok(answer)) => {
                self.freshness.note_success(began);
                Ok(answer)
            }
            failure => {
                self.freshness.note_failure();
                Err(unavailable(failure))
            }
        }
    }

    /// Makes sure that no change is older than the interval without having been noticed.
    ///
    /// In the second half of the interval one task checks ahead while requests go on; only after
    /// the whole of it do they wait.
    pub(super) async fn refresh_if_due(this: &Arc<Self>) -> Result<(), Error> {
        let state = &this.freshness;
        if !state.is_tracked() {
            return Ok(());
        }
        let begun = state.begun.load(Ordering::Acquire);
        let changed_here =
            state.local_changes.load(Ordering::Acquire) != this.directory.local_changes();
        let age = state
            .now()
            .saturating_sub(state.checked_at.load(Ordering::Acquire));
        let interval = micros(state.interval);
        if begun && !changed_here && age < interval / 2 {
            return this.within_stale_limit();
        }
        let failing = state.failed_at.load(Ordering::Acquire) > 0;
        if begun && (failing || (!changed_here && age < interval)) {
            if let Ok(checking) = state.checking.clone().try_lock_owned() {
                let this = this.clone();
                tokio::spawn(async move { this.check(checking).await });
            }
            return this.within_stale_limit();
        }
        let checked_before = state.checked_at.load(Ordering::Acquire);
        let checking = state.checking.clone().lock_owned().await;
        let overtaken = state.begun.load(Ordering::Acquire)
            && state.checked_at.load(Ordering::Acquire) != checked_before
            && state.local_changes.load(Ordering::Acquire) == this.directory.local_changes();
        if !overtaken {
            this.check(checking).await;
        }
        this.within_stale_limit()
    }

    fn within_stale_limit(&self) -> Result<(), Error> {
        let state = &self.freshness;
        let confirmed_at = state.confirmed_at.load(Ordering::Acquire);
        let failing = state.failed_at.load(Ordering::Acquire) > 0;
        if failing && (confirmed_at == 0 || !state.is_within_stale_limit(confirmed_at)) {
            return Err(ErrorKind::Unavailable.into());
        }
        Ok(())
    }

    async fn check(&self, _checking: OwnedMutexGuard<()>) {
        let state = &self.freshness;
        if state.is_resting() {
            return;
        }
        let began = state.now();
        state.checked_at.store(began, Ordering::Release);
        let local_changes = self.directory.local_changes();
        // The first check only asks where the registry stands: nothing is cached yet.
        let since = if state.begun.load(Ordering::Acquire) {
            state.revision()
        } else {
            u64::MAX
        };
        match timeout(state.time_out, self.directory.changes(since)).await {
            Ok(Ok(Some(changes))) => match self.apply(&changes).await {
                Ok(()) => {
                    state.revision.fetch_max(changes.revision, Ordering::AcqRel);
                    state.local_changes.store(local_changes, Ordering::Release);
                    state.begun.store(true, Ordering::Release);
                    state.note_success(began);
                }
                Err(error) => {
                    if let Some(left_out) = state.away.admit() {
                        tracing::warn!(%error, left_out, "changed tenants could not be read again");
                    }
                }
            },
            Ok(Ok(None)) => {
                state.tracked.store(false, Ordering::Release);
                state.begun.store(true, Ordering::Release);
                state.note_success(began);
            }
            failure => {
                state.note_failure();
                if let Some(left_out) = state.away.admit() {
                    let error = unavailable(failure);
                    tracing::warn!(
                        %error,
                        cause = std::error::Error::source(&error),
                        left_out,
                        "the tenant registry cannot be asked for changes"
                    );
                }
            }
        }
    }

    async fn apply(&self, changes: &Changes) -> Result<(), Error> {
        // First, so that a scope which opens meanwhile is either found below or finds the note.
        self.lookup.changed.note(changes);
        let ids = if changes.overflowed {
            self.live.ids()
        } else {
            changes.tenants.clone()
        };
        for id in ids {
            if self.live.get(id).is_none() {
                continue;
            }
            match self.ask(&Address::Id(id)).await? {
                Some(record) => self.live.accept(&Arc::new(record)),
                None => self.live.mark_gone(id),
            }
        }
        Ok(())
    }
}

fn micros(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)
}

fn unavailable<T>(failure: Result<Result<T, Error>, tokio::time::error::Elapsed>) -> Error {
    match failure {
        Ok(Err(error)) => Error::with_source(ErrorKind::Unavailable, error),
        Err(elapsed) => Error::with_source(ErrorKind::Unavailable, elapsed),
        Ok(Ok(_)) => ErrorKind::Unavailable.into(),
    }
}
