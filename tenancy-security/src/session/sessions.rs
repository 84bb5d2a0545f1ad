use std::time::Duration;

use tenancy_core::time::Time;

use super::id::SessionId;
use super::store::{NewSession, Session, SessionStore};

/// How often at most the use of a session is written down.
const NOTED_EVERY: Duration = Duration::from_secs(60);

/// How sessions begin, how long they live, and how they end.
///
/// See the [module docs](super) for an example. Every method takes the store, so that one of these
/// serves the stores of all tenants, and the time.
#[derive(Clone, Copy, Debug)]
#[must_use]
pub struct Sessions {
    idle: Duration,
    absolute: Duration,
}

impl Sessions {
    /// With the usual times.
    pub fn new() -> Self {
        Self {
            idle: Duration::from_secs(30 * 60),
            absolute: Duration::from_secs(8 * 60 * 60),
        }
    }

    /// How long a session lives without being used, give or take the minute to which use is known.
    /// Default: half an hour.
    pub fn idle(mut self, idle: Duration) -> Self {
        self.idle = idle;
        self
    }

    /// How long a session lives however much it is used. Default: eight hours.
    pub fn absolute(mut self, absolute: Duration) -> Self {
        self.absolute = absolute;
        self
    }

    /// Begins the session of a user who has just proven who they are, under a fresh id. The one that
    /// the browser was in before ends.
    ///
    /// # Errors
    /// The store's.
    pub async fn begin<S: SessionStore>(
        &self,
        store: &S,
        user: S::User,
        before: Option<&SessionId>,
        now: Time,
    ) -> Result<SessionId, S::Error> {
        let id = SessionId::generate();
        let new = NewSession {
            digest: id.digest(),
            session: Session {
                user,
                begun_at: now,
                used_at: now,
            },
            replaces: before.map(SessionId::digest),
            begun_after: before_now(now, self.absolute),
            used_after: before_now(now, self.idle),
        };
        store.begin(&new).await?;
        Ok(id)
    }

    /// The session with this id, unless it has ended.
    ///
    /// # Errors
    /// The store's. That use could not be noted is none; it goes to the log.
    pub async fn find<S: SessionStore>(
        &self,
        store: &S,
        id: &SessionId,
        now: Time,
    ) -> Result<Option<Session<S::User>>, S::Error> {
        let digest = id.digest();
        let Some(mut session) = store.find(digest).await? else {
            return Ok(None);
        };
        let ended =
            session.begun_at.after(self.absolute) <= now || session.used_at.after(self.idle) <= now;
        if ended {
            return Ok(None);
        }
        // A short life is noted more often, or else use would not lengthen it.
        if session.used_at.after(NOTED_EVERY.min(self.idle / 4)) <= now {
            match store.note_use(digest, now).await {
                Ok(()) => session.used_at = now,
                Err(error) => tracing::warn!(%error, "the use of a session was not noted"),
            }
        }
        Ok(Some(session))
    }

    /// Ends a session: its owner signs out.
    ///
    /// # Errors
    /// The store's.
    pub async fn end<S: SessionStore>(&self, store: &S, id: &SessionId) -> Result<(), S::Error> {
        store.end(id.digest()).await
    }
}

impl Default for Sessions {
    fn default() -> Self {
        Self::new()
    }
}

fn before_now(now: Time, duration: Duration) -> Time {
    let microseconds = i64::try_from(duration.as_micros()).unwrap_or(i64::MAX);
    Time::from_microseconds(now.as_microseconds().saturating_sub(microseconds))
}
