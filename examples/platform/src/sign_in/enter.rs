use serde::Deserialize;
use tenancy_core::problem::Problem;
use tenancy_core::time::Time;
use tenancy_core::{Error, ErrorKind};
use tenancy_security::credential::{Busy, Password, Verdict};
use tenancy_security::login_guard::{Attempt, Refused};
use tenancy_security::session::SessionId;

use super::visit::Visit;
use crate::platform::Platform;
use crate::users::{Account, Door, Email, User, Users};

/// What somebody signs in with.
#[derive(Debug, Deserialize)]
pub(crate) struct Credentials {
    pub(crate) email: String,
    pub(crate) password: Password,
}

/// Somebody who has just signed in, and the id for their cookie.
#[derive(Debug)]
pub(crate) struct Entered {
    pub(crate) user: User,
    pub(crate) session_id: SessionId,
}

/// Why nobody has signed in.
#[derive(Debug)]
pub(crate) enum Denied {
    /// Too many passwords wait to be looked at.
    Busy(Busy),
    /// The database.
    Failed(Error),
    /// Too many attempts have failed.
    Refused(Refused),
    /// Nobody has this address, or another password, or they were shut out: it is not said which.
    Wrong,
}

impl Platform {
    /// Lets somebody in at a door, or says why not.
    pub(crate) async fn enter(
        &self,
        visit: &Visit,
        credentials: &Credentials,
    ) -> Result<Entered, Denied> {
        let Credentials { email, password } = credentials;
        let attempt = self
            .login_guard()
            .begin(visit.door.scope(), email, visit.address)
            .await
            .map_err(Denied::Refused)?;
        tokio::time::sleep(attempt.delay()).await;
        let users = self.users(&visit.door);
        let account = match self.proven(&users, email, password).await {
            Ok(Some(account)) => account,
            Ok(None) => {
                attempt.failed().await;
                return Err(Denied::Wrong);
            }
            Err(denied) => {
                attempt.withdrawn().await;
                return Err(denied);
            }
        };
        self.begin(visit, users, account, attempt).await
    }

    /// Who has this session, if it has not ended.
    pub(crate) async fn signed_in(
        &self,
        door: &Door,
        id: &SessionId,
    ) -> Result<Option<User>, Error> {
        let users = self.users(door);
        let session = self.sessions().find(&users, id, Time::now()).await?;
        Ok(session.map(|session| session.user))
    }

    /// Ends the session that somebody came with.
    pub(crate) async fn leave(&self, visit: &Visit) -> Result<(), Error> {
        match &visit.session_id {
            Some(id) => self.sessions().end(&self.users(&visit.door), id).await,
            None => Ok(()),
        }
    }

    /// Whose address and password these are. It takes one hash, whether there is somebody or not.
    async fn proven(
        &self,
        users: &Users,
        email: &str,
        password: &Password,
    ) -> Result<Option<Account>, Denied> {
        let account = match email.parse::<Email>() {
            Ok(email) => users.find(&email).await.map_err(Denied::Failed)?,
            Err(_) => None,
        };
        let hash = account.as_ref().map(|account| &account.password_hash);
        let verdict = self.passwords().verify(hash, password).await;
        let verdict = verdict.map_err(Denied::Busy)?;
        let known = account.filter(|account| account.user.disabled_at.is_none());
        let Some(mut account) = known.filter(|_| verdict.is_right()) else {
            return Ok(None);
        };
        if verdict == Verdict::Outdated {
            self.renew_hash(users, &mut account, password).await;
        }
        Ok(Some(account))
    }

    async fn begin(
        &self,
        visit: &Visit,
        users: Users,
        account: Account,
        attempt: Attempt,
    ) -> Result<Entered, Denied> {
        attempt.succeeded().await;
        let user = account.user;
        let users = users.proven_by(account.password_hash);
        let before = visit.session_id.as_ref();
        let session_id = self
            .sessions()
            .begin(&users, user.clone(), before, Time::now())
            .await
            .map_err(|error| match error.kind() {
                // The password was changed, or the user shut out, while it was looked at.
                ErrorKind::NotFound => Denied::Wrong,
                _ => Denied::Failed(error),
            })?;
        Ok(Entered { user, session_id })
    }

    /// What comes of it is no matter: the next sign-in tries again.
    async fn renew_hash(&self, users: &Users, account: &mut Account, password: &Password) {
        let Ok(hash) = self.passwords().hash(password).await else {
            return;
        };
        match users.renew_hash(account, &hash).await {
            Ok(true) => account.password_hash = hash,
            Ok(false) => {}
            Err(error) => tracing::warn!(%error, "a password's hash was not made anew"),
        }
    }
}

impl From<&Denied> for Problem {
    fn from(denied: &Denied) -> Self {
        match denied {
            Denied::Busy(busy) => (*busy).into(),
            Denied::Failed(error) => error.into(),
            Denied::Refused(refused) => refused.into(),
            Denied::Wrong => Self::new(http::StatusCode::UNAUTHORIZED)
                .detail("nobody signs in with this e-mail address and password"),
        }
    }
}
