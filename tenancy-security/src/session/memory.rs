use std::collections::HashMap;
use std::convert::Infallible;
use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tenancy_core::time::Time;

use super::id::SessionDigest;
use super::store::{NewSession, Session, SessionStore};

const SESSIONS_MAX: NonZeroUsize = NonZeroUsize::new(10_000).expect("it is not zero");

type Shared<U> = Arc<Mutex<HashMap<SessionDigest, Session<U>>>>;

/// A [`SessionStore`] in this process's memory, for tests and small sites: a restart signs everybody
/// out. Clones share it.
///
/// When it is full, the session that was longest out of use makes room. Only who has signed in adds to it.
#[derive(Clone, Debug)]
pub struct InMemorySessions<U> {
    sessions: Shared<U>,
    sessions_max: NonZeroUsize,
}

impl<U> InMemorySessions<U> {
    /// A store with room for this many.
    pub fn new(sessions_max: NonZeroUsize) -> Self {
        Self {
            sessions: Shared::default(),
            sessions_max,
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<SessionDigest, Session<U>>> {
        // Each critical section leaves a whole map at every step.
        self.sessions.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Room for ten thousand.
impl<U> Default for InMemorySessions<U> {
    fn default() -> Self {
        Self::new(SESSIONS_MAX)
    }
}

impl<U> SessionStore for InMemorySessions<U>
where
    U: Clone + PartialEq + Send + Sync,
{
    type User = U;
    type Error = Infallible;

    async fn begin(&self, new: &NewSession<U>) -> Result<(), Infallible> {
        let mut sessions = self.lock();
        sessions.retain(|digest, session| {
            Some(*digest) != new.replaces
                && session.begun_at >= new.begun_after
                && session.used_at >= new.used_after
        });
        if sessions.len() >= self.sessions_max.get() {
            let oldest = sessions.iter().min_by_key(|(_, session)| session.used_at);
            if let Some(oldest) = oldest.map(|(digest, _)| *digest) {
                sessions.remove(&oldest);
            }
        }
        sessions.insert(new.digest, new.session.clone());
        Ok(())
    }

    async fn find(&self, digest: SessionDigest) -> Result<Option<Session<U>>, Infallible> {
        Ok(self.lock().get(&digest).cloned())
    }

    async fn note_use(&self, digest: SessionDigest, used_at: Time) -> Result<(), Infallible> {
        if let Some(session) = self.lock().get_mut(&digest) {
            session.used_at = used_at;
        }
        Ok(())
    }

    async fn end(&self, digest: SessionDigest) -> Result<(), Infallible> {
        self.lock().remove(&digest);
        Ok(())
    }

    async fn end_all(&self, user: &U) -> Result<(), Infallible> {
        self.lock().retain(|_, session| session.user != *user);
        Ok(())
    }
}
