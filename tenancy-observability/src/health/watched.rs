use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tenancy_core::time::Time;
use tokio::sync::watch;
use tokio::time::{Instant, sleep, timeout, timeout_at};

use super::check::{DynCheck, Finding};
use super::damping::Damping;
use super::part::Part;
use super::report::{PartReport, Status};

/// How soon a finding that contradicts the one before is looked at again.
const AGAIN_AFTER: Duration = Duration::from_millis(200);

/// A part, its check, and what came of it.
pub(super) struct Watched {
    part: Part,
    check: Box<dyn DynCheck>,
    state: Mutex<State>, // std's: never held across an await
    /// Counts the looks that have ended.
    ended: watch::Sender<u64>,
}

#[derive(Default)]
struct State {
    damping: Damping,
    looked: Option<(Time, Instant)>,
    is_looking: bool,
}

impl Watched {
    pub(super) fn new(part: Part, check: Box<dyn DynCheck>) -> Arc<Self> {
        let (state, ended) = Default::default();
        Arc::new(Self {
            part,
            check,
            state,
            ended,
        })
    }

    pub(super) fn part(&self) -> &Part {
        &self.part
    }

    /// Makes sure that the result is no older than it may be, as far as that can be done by `deadline`.
    /// However many wait, one looks; and it goes on when they do not wait any longer.
    pub(super) async fn refresh(self: &Arc<Self>, deadline: Instant) {
        let mut ended = self.ended.subscribe();
        let begins = {
            let mut state = self.state();
            if state
                .looked
                .is_some_and(|(_, at)| at.elapsed() < self.part.every)
            {
                return;
            }
            !std::mem::replace(&mut state.is_looking, true)
        };
        if begins {
            tokio::spawn(self.clone().look());
        }
        let _ = timeout_at(deadline, ended.changed()).await;
    }

    /// What was found, unless that is older than `age_max`.
    pub(super) fn report(&self, age_max: Duration) -> PartReport {
        let state = self.state();
        let looked = state.looked.map(|(time, at)| (time, at.elapsed()));
        let finding = match (state.damping.shown(), looked) {
            (Some(shown), Some((_, age))) if age <= age_max => shown,
            _ => Finding::unknown("not looked at lately"),
        };
        PartReport {
            part: self.part,
            finding,
            looked,
        }
    }

    /// Looks, and again where what is found contradicts what was found before, until that is settled.
    async fn look(self: Arc<Self>) {
        let looking = Looking(&self);
        loop {
            let found = timeout(self.part.time_out, self.check.run()).await;
            let found = found.unwrap_or_else(|_| Finding::fail("no answer in time"));
            if self.take(found) {
                break;
            }
            sleep(AGAIN_AFTER).await;
        }
        drop(looking);
    }

    fn take(&self, found: Finding) -> bool {
        let mut state = self.state();
        let before = state.damping.shown().map(|shown| shown.status);
        let is_settled = state.damping.take(found, &self.part);
        state.looked = Some((Time::now(), Instant::now()));
        drop(state);
        let (name, says) = (self.part.name, found.says);
        let was_working = before.is_none_or(Status::is_working);
        match (is_settled, was_working, found.status.is_working()) {
            (true, true, false) => tracing::warn!(part = name, says, "does not work"),
            (true, false, true) => tracing::info!(part = name, "works again"),
            _ => {}
        }
        is_settled
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Critical sections change fields that do not depend on each other.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Ends the look for those who wait, also where the check has panicked.
struct Looking<'a>(&'a Watched);

impl Drop for Looking<'_> {
    fn drop(&mut self) {
        self.0.state().is_looking = false;
        self.0.ended.send_modify(|ended| *ended += 1);
    }
}
