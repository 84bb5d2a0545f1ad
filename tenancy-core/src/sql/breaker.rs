use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use sqlx::postgres::PgConnectOptions;
use sqlx::{Connection as _, PgConnection, PgPool};
use tokio::sync::watch;
use tokio::time::{Instant, timeout};

use crate::error::{Error, ErrorKind};

/// How long nobody may have been served before one of those who wait looks why.
const PATIENCE: Duration = Duration::from_millis(250);

/// How long PostgreSQL may take to answer a probe.
const PROBE_TIME_OUT: Duration = Duration::from_secs(2);

/// How long after one probe the next may begin.
const REST: Duration = Duration::from_millis(500);

/// Ends the wait for a PostgreSQL that is away, and says why it is.
///
/// A pool goes on trying until its own time-out and keeps the cause to itself. Nor can anybody
/// tell from outside whether a wait is for the server or for connections that are all in use. So
/// whoever waits while nobody is served tries a connection of its own, a probe; there is one at a
/// time.
///
/// | state | who asks for a transaction |
/// |---|---|
/// | closed | waits; when nobody has been served for [`PATIENCE`], one of those who wait probes |
/// | open | fails at once with the probe's error; [`REST`] after a probe the next one probes first |
///
/// A probe that fails opens the breaker, and all who wait fail with its error. A probe that is
/// answered closes it, even if the answer is a refusal: then the pool meets the same one and tells
/// it, or there are too many connections, which is a reason to wait.
#[derive(Debug, Default)]
pub(crate) struct Breaker {
    /// Why PostgreSQL is away, while the breaker is open.
    away: watch::Sender<Option<Arc<sqlx::Error>>>,
    times: Mutex<Times>, // std's: never held across an await
}

#[derive(Debug, Default)]
struct Times {
    is_probing: bool,
    probed_at: Option<Instant>,
    served_at: Option<Instant>,
}

impl Breaker {
    /// Does what needs PostgreSQL's answer, such as opening a transaction, as long as there is hope
    /// for one.
    pub(super) async fn guard<T>(
        &self,
        pool: &PgPool,
        work: impl Future<Output = Result<T, Error>>,
    ) -> Result<T, Error> {
        self.admit(pool).await?;
        tokio::select! {
            biased;
            outcome = work => {
                if outcome.is_ok() {
                    self.note_served();
                }
                outcome
            }
            error = self.watch(pool) => Err(error),
        }
    }

    async fn admit(&self, pool: &PgPool) -> Result<(), Error> {
        let is_open = self.away.borrow().is_some();
        if is_open && let Some(probe) = Probe::begin(self) {
            probe.run(&pool.connect_options()).await;
        }
        match &*self.away.borrow() {
            Some(cause) => Err(unavailable(cause)),
            None => Ok(()),
        }
    }

    /// Returns when PostgreSQL is known to be away.
    async fn watch(&self, pool: &PgPool) -> Error {
        let mut away = self.away.subscribe();
        loop {
            let opened = async { away.wait_for(Option::is_some).await.ok()?.clone() };
            if let Ok(Some(cause)) = timeout(PATIENCE, opened).await {
                return unavailable(&cause);
            }
            if self.is_nobody_served()
                && let Some(probe) = Probe::begin(self)
            {
                probe.run(&pool.connect_options()).await;
            }
        }
    }

    fn note_served(&self) {
        self.times().served_at = Some(Instant::now());
        let is_open = self.away.borrow().is_some();
        if is_open {
            self.close();
        }
    }

    fn is_nobody_served(&self) -> bool {
        let served_at = self.times().served_at;
        served_at.is_none_or(|at| at.elapsed() >= PATIENCE)
    }

    fn close(&self) {
        if self.away.send_replace(None).is_some() {
            tracing::info!("PostgreSQL answers again");
        }
    }

    fn open(&self, cause: sqlx::Error) {
        let text = cause.to_string();
        if self.away.send_replace(Some(Arc::new(cause))).is_none() {
            tracing::error!(
                cause = text,
                "PostgreSQL is away, and requests fail until it is back"
            );
        }
    }

    fn times(&self) -> MutexGuard<'_, Times> {
        // Critical sections are single assignments, so a poisoned value is still whole.
        self.times.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One attempt to reach PostgreSQL; while it lives there is no other.
struct Probe<'a> {
    breaker: &'a Breaker,
    began: Instant,
}

impl<'a> Probe<'a> {
    /// `None` while another is under way, and for a rest after it.
    fn begin(breaker: &'a Breaker) -> Option<Self> {
        let mut times = breaker.times();
        let is_rested = times.probed_at.is_none_or(|at| at.elapsed() >= REST);
        (is_rested && !times.is_probing).then(|| {
            times.is_probing = true;
            let began = Instant::now();
            Self { breaker, began }
        })
    }

    async fn run(self, options: &PgConnectOptions) {
        // Boxed because it is seldom needed and large, and every wait would make room for it.
        let connect = Box::pin(async { PgConnection::connect_with(options).await?.close().await });
        let outcome = timeout(PROBE_TIME_OUT, connect)
            .await
            .unwrap_or_else(|_| Err(no_answer()));
        match outcome {
            Err(cause) if !is_answer(&cause) => {
                // Whoever was served in the meantime has seen it alive, if slow.
                let served_at = self.breaker.times().served_at;
                if served_at.is_none_or(|at| at < self.began) {
                    self.breaker.open(cause);
                }
            }
            _ => self.breaker.close(),
        }
    }
}

impl Drop for Probe<'_> {
    fn drop(&mut self) {
        let mut times = self.breaker.times();
        times.is_probing = false;
        times.probed_at = Some(Instant::now());
    }
}

/// Whether a failed attempt shows a server at work. Class 57P: it is starting or ending.
pub(super) fn is_answer(error: &sqlx::Error) -> bool {
    matches!(error, sqlx::Error::Database(cause)
        if !cause.code().is_some_and(|code| code.starts_with("57P")))
}

fn no_answer() -> sqlx::Error {
    let text = format!("no answer within {} seconds", PROBE_TIME_OUT.as_secs());
    io::Error::new(io::ErrorKind::TimedOut, text).into()
}

fn unavailable(cause: &Arc<sqlx::Error>) -> Error {
    Error::with_source(ErrorKind::Unavailable, cause.clone())
}
