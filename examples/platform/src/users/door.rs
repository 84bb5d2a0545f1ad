use std::sync::Arc;

use tenancy_core::sql::Database;
use tenancy_core::time::Time;
use tenancy_core::{Error, PlatformScope, Tenant, TenantScope};
use tenancy_security::credential::PasswordHash;
use tenancy_security::session::{NewSession, Session, SessionDigest, SessionStore};

use super::email::Email;
use super::user::{Account, Role, User};
use super::{operators, staff};

/// Where somebody signs in: a shop's door, or the platform's own.
#[derive(Clone, Debug)]
pub(crate) enum Door {
    Platform(PlatformScope),
    Shop(TenantScope),
}

impl Door {
    /// The shop behind it, if there is one.
    pub(crate) fn tenant(&self) -> Option<Arc<Tenant>> {
        self.scope().map(TenantScope::tenant)
    }

    pub(crate) fn scope(&self) -> Option<&TenantScope> {
        match self {
            Self::Platform(_) => None,
            Self::Shop(scope) => Some(scope),
        }
    }

    /// What those are who sign in here.
    pub(crate) fn role(&self) -> Role {
        match self {
            Self::Platform(_) => Role::Operator,
            Self::Shop(_) => Role::Staff,
        }
    }
}

/// The people at one door, and their sessions: each call is a transaction of its own.
#[derive(Clone, Debug)]
pub(crate) struct Users {
    database: Database,
    door: Door,
    /// The hash of the password that was proven, which has to be the present one still when a session
    /// begins.
    proven: Option<PasswordHash>,
}

/// Does some work in a transaction at whichever door it is, and commits it.
macro_rules! at_door {
    (read $users:expr, $($work:tt)*) => {
        at_door!(@ $users, platform_read, read, $($work)*)
    };
    (write $users:expr, $($work:tt)*) => {
        at_door!(@ $users, platform, write, $($work)*)
    };
    (@ $users:expr, $platform:ident, $shop:ident, $work:ident($($argument:expr),*)) => {
        match &$users.door {
            Door::Platform(scope) => {
                let mut tx = $users.database.$platform(scope).await?;
                let done = operators::$work(&mut tx, $($argument),*).await?;
                tx.commit().await?;
                Ok(done)
            }
            Door::Shop(scope) => {
                let mut tx = $users.database.$shop(scope).await?;
                let done = staff::$work(&mut tx, $($argument),*).await?;
                tx.commit().await?;
                Ok(done)
            }
        }
    };
}

impl Users {
    pub(crate) fn new(database: &Database, door: &Door) -> Self {
        Self {
            database: database.clone(),
            door: door.clone(),
            proven: None,
        }
    }

    /// The same, for the sessions of somebody whose password had this hash.
    pub(crate) fn proven_by(self, hash: PasswordHash) -> Self {
        let proven = Some(hash);
        Self { proven, ..self }
    }

    /// Adds somebody; [`UniqueViolation`](tenancy_core::ErrorKind::UniqueViolation) where the
    /// address is taken.
    pub(crate) async fn insert(&self, account: &Account) -> Result<(), Error> {
        at_door!(write self, insert(account))
    }

    /// All of them, the oldest first.
    pub(crate) async fn list(&self) -> Result<Vec<User>, Error> {
        at_door!(read self, list())
    }

    /// Who signs in with this address.
    pub(crate) async fn find(&self, email: &Email) -> Result<Option<Account>, Error> {
        at_door!(read self, find(email))
    }

    /// Gives somebody another password, and ends their sessions.
    pub(crate) async fn reset(&self, user: &User, hash: &PasswordHash) -> Result<(), Error> {
        at_door!(write self, reset(user, hash))
    }

    /// Keeps another hash of the same password, if it is the same still; says whether it was.
    pub(crate) async fn renew_hash(
        &self,
        known: &Account,
        hash: &PasswordHash,
    ) -> Result<bool, Error> {
        at_door!(write self, renew_hash(known, hash))
    }

    /// Shuts somebody out at once, or lets them in again.
    pub(crate) async fn set_disabled(
        &self,
        user: &User,
        disabled_at: Option<Time>,
    ) -> Result<User, Error> {
        at_door!(write self, set_disabled(user, disabled_at))
    }
}

impl SessionStore for Users {
    type User = User;
    type Error = Error;

    async fn begin(&self, new: &NewSession<User>) -> Result<(), Error> {
        at_door!(write self, begin_session(new, self.proven.as_ref()))
    }

    async fn find(&self, digest: SessionDigest) -> Result<Option<Session<User>>, Error> {
        at_door!(read self, find_session(digest))
    }

    async fn note_use(&self, digest: SessionDigest, used_at: Time) -> Result<(), Error> {
        at_door!(write self, note_use(digest, used_at))
    }

    async fn end(&self, digest: SessionDigest) -> Result<(), Error> {
        at_door!(write self, end_session(digest))
    }

    async fn end_all(&self, user: &User) -> Result<(), Error> {
        at_door!(write self, end_sessions(user))
    }
}
