use std::fmt;

use tenancy_core::time::Time;

use super::id::SessionDigest;

/// What the server knows of a session.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Session<U> {
    /// Whose it is, in whatever form the application has for that.
    pub user: U,
    /// When the user signed in.
    pub begun_at: Time,
    /// When it was last seen in use, to the minute.
    pub used_at: Time,
}

/// A session about to begin, and what has to go for it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct NewSession<U> {
    /// What it will be found by.
    pub digest: SessionDigest,
    /// The session.
    pub session: Session<U>,
    /// The one that the browser was in before.
    pub replaces: Option<SessionDigest>,
    /// Sessions that began before this time have ended.
    pub begun_after: Time,
    /// Sessions that were last used before this time have ended.
    pub used_after: Time,
}

/// Keeps the sessions of one site, or of one tenant's site.
///
/// [`Sessions`](super::Sessions) decides what counts; a store finds what was put into it. It bounds how
/// many one user has, or how many there are. Implementations must pass `session::contract` (feature
/// `testing`).
pub trait SessionStore: Send + Sync {
    /// Somebody who can sign in. A store may keep no more than an id, and find the rest each time:
    /// then who was shut out is signed out at once.
    type User: Clone + Send + Sync;

    /// Why it could not be asked.
    type Error: fmt::Display + Send;

    /// Keeps a session, and forgets the one it replaces and those that have ended, all or nothing.
    fn begin(
        &self,
        new: &NewSession<Self::User>,
    ) -> impl Future<Output = Result<(), Self::Error>> + Send;

    /// The session with this digest.
    fn find(
        &self,
        digest: SessionDigest,
    ) -> impl Future<Output = Result<Option<Session<Self::User>>, Self::Error>> + Send;

    /// Notes that a session is in use, if it is there.
    fn note_use(
        &self,
        digest: SessionDigest,
        used_at: Time,
    ) -> impl Future<Output = Result<(), Self::Error>> + Send;

    /// Forgets a session, if it is there.
    fn end(&self, digest: SessionDigest) -> impl Future<Output = Result<(), Self::Error>> + Send;

    /// Forgets all sessions of a user, whose password was changed or who was shut out.
    fn end_all(&self, user: &Self::User) -> impl Future<Output = Result<(), Self::Error>> + Send;
}
