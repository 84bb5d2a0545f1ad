use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures_util::future::join_all;
use tokio::time::{Instant, sleep};

use super::check::Check;
use super::part::Part;
use super::report::{Phase, Report};
use super::watched::Watched;

/// How long a result is shown by [`Health::kept`].
const KEPT: Duration = Duration::from_secs(300);

/// Looks after the parts of a server. Cheap to clone.
#[derive(Clone)]
pub struct Health(Arc<Inner>);

struct Inner {
    watched: Vec<Arc<Watched>>,
    phase: Mutex<Phase>, // std's: never held across an await
    deadline: Duration,
}

/// Which parts a [`Health`] looks after.
#[must_use]
pub struct HealthBuilder {
    watched: Vec<Arc<Watched>>,
    deadline: Duration,
}

impl HealthBuilder {
    /// Adds a part, with what looks at it.
    pub fn check(mut self, part: Part, check: impl Check) -> Self {
        self.watched.push(Watched::new(part, Box::new(check)));
        self
    }

    /// Sets how long an answer may take, whatever the checks do; less than whoever asks waits for.
    /// Default: one second.
    pub fn deadline(mut self, deadline: Duration) -> Self {
        self.deadline = deadline;
        self
    }

    /// Ready to be asked; the server is [`Starting`](Phase::Starting).
    pub fn build(self) -> Health {
        Health(Arc::new(Inner {
            watched: self.watched,
            phase: Mutex::new(Phase::Starting),
            deadline: self.deadline,
        }))
    }
}

impl Health {
    /// No parts yet, and a second for an answer.
    pub fn builder() -> HealthBuilder {
        HealthBuilder {
            watched: Vec::new(),
            deadline: Duration::from_secs(1),
        }
    }

    /// Says that the server serves from now on.
    pub fn started(&self) {
        self.enter(Phase::Serving);
    }

    /// Says that it wants nothing new. Call it before the listener is closed, by as much as those who
    /// send requests need to find out.
    pub fn drain(&self) {
        self.enter(Phase::Draining);
    }

    /// What the server is about to do.
    pub fn phase(&self) -> Phase {
        *self.0.phase.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// That the process answers. Looks at nothing.
    pub fn live(&self) -> Report {
        Report::alive(self.phase())
    }

    /// Whether the server can do its work: its critical parts.
    pub async fn ready(&self) -> Report {
        self.look_at(|part| part.is_critical).await
    }

    /// How all of its parts are.
    pub async fn full(&self) -> Report {
        self.look_at(|_| true).await
    }

    /// What was found in the last five minutes, without another look.
    pub fn kept(&self) -> Report {
        let parts = self.0.watched.iter().map(|watched| watched.report(KEPT));
        Report::new(self.phase(), parts.collect())
    }

    /// Looks at each part as often as it wants, so that nobody who asks has to wait. It never ends.
    pub async fn keep_fresh(&self) {
        let each = self.0.watched.iter().map(async |watched| {
            loop {
                let part = watched.part();
                let bound = part.stale_after() + part.time_out;
                watched.refresh(Instant::now() + bound).await;
                sleep(part.every).await;
            }
        });
        join_all(each).await;
        std::future::pending().await
    }

    async fn look_at(&self, of: impl Fn(&Part) -> bool) -> Report {
        let deadline = Instant::now() + self.0.deadline;
        let watched = self.0.watched.iter().filter(|watched| of(watched.part()));
        let watched: Vec<_> = watched.collect();
        join_all(watched.iter().map(|watched| watched.refresh(deadline))).await;
        let parts = watched
            .iter()
            .map(|watched| watched.report(watched.part().stale_after()));
        Report::new(self.phase(), parts.collect())
    }

    fn enter(&self, phase: Phase) {
        *self.0.phase.lock().unwrap_or_else(PoisonError::into_inner) = phase;
    }
}

impl fmt::Debug for Health {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = self.0.watched.iter().map(|watched| watched.part().name());
        f.debug_struct("Health")
            .field("parts", &names.collect::<Vec<_>>())
            .field("phase", &self.phase())
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for HealthBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HealthBuilder").finish_non_exhaustive()
    }
}
