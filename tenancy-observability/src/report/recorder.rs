use std::collections::{HashMap, VecDeque};
use std::fmt;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};

use foldhash::fast::RandomState;
use http::StatusCode;
use tenancy_core::TenantId;
use tenancy_core::time::Time;
use uuid::Uuid;

use super::slice::Slice;
use super::totals::End;
use super::window::{WINDOW, beginning};
use crate::layer::{FinishedRequest, ObserveRequests, Outcome, Spent};
use crate::party::Party;

/// Whose requests are counted together.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub(super) enum Whose {
    /// Tenants' for which there was no room, and which are not told apart.
    Folded,
    /// Those of nobody in particular.
    Nobody,
    Tenant(TenantId),
}

/// How many endpoints all tenants' requests together are told apart by.
pub(super) const ALL_ENDPOINTS_MAX: usize = 256;

/// Counts what requests took, until [`Reports`](super::Reports) has written it down.
///
/// Clones count together. Nothing waits for anything, and memory is bounded.
#[derive(Clone)]
pub struct Recorder(Arc<Inner>);

struct Inner {
    settings: RecorderBuilder,
    /// In no order; the clock may be set.
    windows: RwLock<VecDeque<Arc<Window>>>,
    /// Held while windows are written, so that no older state is written after a newer one.
    writing: tokio::sync::Mutex<()>,
    folded: AtomicU64,
    lost: AtomicU64,
}

/// All requests of some minutes.
#[derive(Debug)]
pub(super) struct Window {
    pub(super) start: Time,
    /// Names its rows, so that nothing else is written over them: not by other servers, nor by a later
    /// window of the same minutes, which a late request or a clock set back begins.
    pub(super) writer: Uuid,
    pub(super) parties: RwLock<HashMap<Whose, Arc<Own>, RandomState>>,
    endpoints: AtomicUsize,
}

/// One party's requests of a window.
#[derive(Debug, Default)]
pub(super) struct Own {
    counted: Mutex<Counted>,
    /// How many changes the database knows of.
    pub(super) written: AtomicU64,
}

#[derive(Debug, Default)]
pub(super) struct Counted {
    pub(super) slice: Slice,
    /// Only grows.
    pub(super) changes: u64,
}

/// Sets up a [`Recorder`].
#[derive(Clone)]
#[must_use]
pub struct RecorderBuilder {
    tenants: usize,
    endpoints_of_each: usize,
    endpoints: usize,
    windows: usize,
    is_error: Arc<dyn Fn(StatusCode) -> bool + Send + Sync>,
}

impl RecorderBuilder {
    /// How many tenants are told apart in a window. Default: 4096.
    pub fn tenants(mut self, tenants: usize) -> Self {
        self.tenants = tenants;
        self
    }

    /// How many endpoints are told apart for each of them. Default: 64.
    pub fn endpoints_of_each(mut self, endpoints: usize) -> Self {
        self.endpoints_of_each = endpoints;
        self
    }

    /// How many for all of them together. One takes from one to eight kilobytes. Default: 16384. A tenant
    /// that comes when there are as many has one for all that it is asked.
    pub fn endpoints(mut self, endpoints: usize) -> Self {
        self.endpoints = endpoints;
        self
    }

    /// How many windows wait at most to be written while the database is away; older ones are lost.
    /// Default: 12, an hour.
    pub fn windows(mut self, windows: usize) -> Self {
        self.windows = windows.max(2);
        self
    }

    /// Which answers are errors. Default: those with a status of 500 or more. Requests that failed
    /// without an answer or panicked are errors anyway.
    pub fn errors(mut self, are: impl Fn(StatusCode) -> bool + Send + Sync + 'static) -> Self {
        self.is_error = Arc::new(are);
        self
    }

    /// A recorder that has counted nothing.
    pub fn build(self) -> Recorder {
        Recorder(Arc::new(Inner {
            settings: self,
            windows: RwLock::default(),
            writing: tokio::sync::Mutex::default(),
            folded: AtomicU64::new(0),
            lost: AtomicU64::new(0),
        }))
    }
}

impl Recorder {
    /// A recorder with the default bounds.
    pub fn new() -> Self {
        Self::builder().build()
    }

    /// Bounds to choose.
    pub fn builder() -> RecorderBuilder {
        RecorderBuilder {
            tenants: 4096,
            endpoints_of_each: 64,
            endpoints: 16_384,
            windows: 12,
            is_error: Arc::new(|status| status.is_server_error()),
        }
    }

    /// How many requests of tenants have been counted for no tenant, since there were too many.
    pub fn folded(&self) -> u64 {
        self.0.folded.load(Ordering::Relaxed)
    }

    /// How many parties' windows were given up before they could be written.
    pub fn lost(&self) -> u64 {
        self.0.lost.load(Ordering::Relaxed)
    }

    pub(super) async fn lock_writing(&self) -> tokio::sync::MutexGuard<'_, ()> {
        self.0.writing.lock().await
    }

    pub(super) fn count(
        &self,
        whose: Whose,
        (method, route): (&str, &str),
        end: End,
        spent: &Spent,
        at: Time,
    ) {
        let start = beginning(at, WINDOW);
        loop {
            // Held to the end: a window that is given up is given up with all that was counted.
            let windows = self
                .0
                .windows
                .read()
                .unwrap_or_else(PoisonError::into_inner);
            if let Some(window) = windows.iter().find(|window| window.start == start) {
                let own = window.own(whose, &self.0);
                let mut counted = own.counted();
                counted.changes += 1;
                let max = window.endpoints_max(&counted.slice, &self.0.settings);
                let before = counted.slice.len();
                counted.slice.totals(method, route, max).add(end, spent);
                let more = counted.slice.len() - before;
                window.endpoints.fetch_add(more, Ordering::Relaxed);
                return;
            }
            drop(windows);
            self.begin_window(start);
        }
    }

    fn begin_window(&self, start: Time) {
        let windows = self.0.windows.write();
        let mut windows = windows.unwrap_or_else(PoisonError::into_inner);
        if windows.iter().any(|window| window.start == start) {
            return;
        }
        if windows.len() >= self.0.settings.windows {
            let oldest = windows.iter().enumerate();
            let oldest = oldest.min_by_key(|(_, window)| window.start);
            if let Some(oldest) = oldest.map(|(place, _)| place)
                && let Some(window) = windows.remove(oldest)
            {
                let unwritten = window
                    .owns()
                    .iter()
                    .filter(|(_, own)| !own.is_written())
                    .count();
                self.0.lost.fetch_add(unwritten as u64, Ordering::Relaxed);
                tracing::warn!(start = %window.start, unwritten, "a report's window was lost");
            }
        }
        windows.push_back(Arc::new(Window {
            start,
            writer: Uuid::now_v7(),
            parties: RwLock::default(),
            endpoints: AtomicUsize::new(0),
        }));
    }

    pub(super) fn windows(&self) -> Vec<Arc<Window>> {
        let windows = self
            .0
            .windows
            .read()
            .unwrap_or_else(PoisonError::into_inner);
        windows.iter().cloned().collect()
    }

    /// Gives up windows that are over and written.
    pub(super) fn release(&self, now: Time) {
        let open = beginning(now, WINDOW);
        let windows = self.0.windows.write();
        let mut windows = windows.unwrap_or_else(PoisonError::into_inner);
        windows.retain(|window| {
            window.start == open || window.owns().iter().any(|(_, own)| !own.is_written())
        });
    }
}

impl Default for Recorder {
    fn default() -> Self {
        Self::new()
    }
}

impl Window {
    /// What is counted for each party.
    pub(super) fn owns(&self) -> Vec<(Whose, Arc<Own>)> {
        let parties = self.parties.read().unwrap_or_else(PoisonError::into_inner);
        parties
            .iter()
            .map(|(whose, own)| (*whose, own.clone()))
            .collect()
    }

    /// What is counted for one party, or for all of those for which there is no room.
    fn own(&self, whose: Whose, recorder: &Inner) -> Arc<Own> {
        let parties = self.parties.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(own) = parties.get(&whose) {
            return own.clone();
        }
        let others = [Whose::Folded, Whose::Nobody].map(|other| parties.contains_key(&other));
        let others = others.into_iter().filter(|is_there| *is_there).count();
        let is_full = parties.len() - others >= recorder.settings.tenants;
        drop(parties);
        let whose = match whose {
            Whose::Tenant(_) if is_full => {
                recorder.folded.fetch_add(1, Ordering::Relaxed);
                Whose::Folded
            }
            whose => whose,
        };
        let mut parties = self.parties.write().unwrap_or_else(PoisonError::into_inner);
        parties.entry(whose).or_default().clone()
    }

    /// How many endpoints a party may have now.
    fn endpoints_max(&self, slice: &Slice, settings: &RecorderBuilder) -> usize {
        match self.endpoints.load(Ordering::Relaxed) < settings.endpoints {
            true => settings.endpoints_of_each,
            false => slice.len().min(settings.endpoints_of_each),
        }
    }
}

impl Own {
    pub(super) fn counted(&self) -> MutexGuard<'_, Counted> {
        // Counting does not panic, and a total that was cut short is off by one request.
        self.counted.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn is_written(&self) -> bool {
        self.counted().changes == self.written.load(Ordering::Acquire)
    }
}

impl ObserveRequests for Recorder {
    fn finished(&self, request: &FinishedRequest<'_>) {
        let whose = match request.party {
            Party::Tenant(tenant) => Whose::Tenant(tenant.id),
            Party::Platform | Party::Unknown => Whose::Nobody,
        };
        let is_error = |status| (self.0.settings.is_error)(status);
        let end = match request.outcome {
            Outcome::Cancelled => End::Cancelled,
            Outcome::Failed | Outcome::Panicked => End::Failed,
            Outcome::Answered if request.status.is_some_and(is_error) => End::Failed,
            Outcome::Answered => End::Fine,
        };
        let endpoint = (request.method, request.route);
        self.count(whose, endpoint, end, &request.spent, request.at);
    }
}

impl fmt::Debug for Recorder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Recorder")
            .field("folded", &self.folded())
            .field("lost", &self.lost())
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for RecorderBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RecorderBuilder")
            .field("tenants", &self.tenants)
            .field("endpoints", &self.endpoints)
            .finish_non_exhaustive()
    }
}
