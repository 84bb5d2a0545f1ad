use tenancy_core::sql::PlatformTx;
use tenancy_core::time::Time;
use tenancy_core::{Error, ErrorKind, on_tx};
use tenancy_security::credential::PasswordHash;
use tenancy_security::session::{NewSession, Session, SessionDigest};

use super::super::row::SessionRow;
use super::super::{SESSIONS_MAX, User};

/// Keeps a session, without the one it replaces and those that have ended;
/// [`NotFound`](ErrorKind::NotFound) where its user has another password meanwhile, or was shut out.
pub(in super::super) async fn begin_session(
    tx: &mut PlatformTx,
    new: &NewSession<User>,
    proven: Option<&PasswordHash>,
) -> Result<(), Error> {
    const SWEEP: &str = "DELETE FROM platform_operator_sessions \
         WHERE (digest = $1 OR begun_at < $2 OR used_at < $3)";
    const MAKE_ROOM: &str = "DELETE FROM platform_operator_sessions \
         WHERE operator_id = $1 AND digest NOT IN \
         (SELECT digest FROM platform_operator_sessions WHERE operator_id = $1 \
         ORDER BY begun_at DESC LIMIT $2)";
    const INSERT: &str = "INSERT INTO platform_operator_sessions \
         (digest, operator_id, begun_at, used_at) VALUES ($1, $2, $3, $4)";
    let replaces = new.replaces.as_ref().map(SessionDigest::as_bytes);
    let (session, user) = (&new.session, &new.session.user);
    if let Some(proven) = proven {
        lock(tx, user, proven).await?;
    }
    on_tx!(tx, |conn| {
        sqlx::query(SWEEP)
            .bind(replaces)
            .bind(new.begun_after.as_microseconds())
            .bind(new.used_after.as_microseconds())
            .execute(conn)
            .await
            .map(|done| done.rows_affected())
    })?;
    on_tx!(tx, |conn| {
        sqlx::query(MAKE_ROOM)
            .bind(user.id)
            .bind(SESSIONS_MAX - 1)
            .execute(conn)
            .await
            .map(|done| done.rows_affected())
    })?;
    on_tx!(tx, |conn| {
        sqlx::query(INSERT)
            .bind(new.digest.as_bytes())
            .bind(user.id)
            .bind(session.begun_at.as_microseconds())
            .bind(session.used_at.as_microseconds())
            .execute(conn)
            .await
            .map(|done| done.rows_affected())
    })?;
    Ok(())
}

/// Keeps others from changing the password until the session is there.
async fn lock(tx: &mut PlatformTx, user: &User, proven: &PasswordHash) -> Result<(), Error> {
    const LOCK: &str = "UPDATE platform_operators SET password_hash = password_hash \
         WHERE id = $1 AND password_hash = $2 AND disabled_at IS NULL";
    let locked = on_tx!(tx, |conn| {
        sqlx::query(LOCK)
            .bind(user.id)
            .bind(proven.expose())
            .execute(conn)
            .await
            .map(|done| done.rows_affected())
    })?;
    match locked {
        0 => Err(Error::new(ErrorKind::NotFound)),
        _ => Ok(()),
    }
}

/// The session with this digest, unless its user was shut out.
pub(in super::super) async fn find_session(
    tx: &mut PlatformTx,
    digest: SessionDigest,
) -> Result<Option<Session<User>>, Error> {
    const FIND: &str = "SELECT u.id, u.email, u.name, 'operator' AS role, u.created_at, u.disabled_at, \
         s.begun_at, s.used_at \
         FROM platform_operator_sessions s JOIN platform_operators u ON u.id = s.operator_id \
         WHERE s.digest = $1 AND u.disabled_at IS NULL";
    let row: Option<SessionRow> = on_tx!(tx, |conn| {
        sqlx::query_as(FIND)
            .bind(digest.as_bytes())
            .fetch_optional(conn)
            .await
    })?;
    row.map(Session::try_from).transpose()
}

/// Notes that a session is in use.
pub(in super::super) async fn note_use(
    tx: &mut PlatformTx,
    digest: SessionDigest,
    used_at: Time,
) -> Result<(), Error> {
    const NOTE: &str = "UPDATE platform_operator_sessions SET used_at = $2 WHERE digest = $1";
    on_tx!(tx, |conn| {
        sqlx::query(NOTE)
            .bind(digest.as_bytes())
            .bind(used_at.as_microseconds())
            .execute(conn)
            .await
            .map(|done| done.rows_affected())
    })?;
    Ok(())
}

/// Forgets a session.
pub(in super::super) async fn end_session(
    tx: &mut PlatformTx,
    digest: SessionDigest,
) -> Result<(), Error> {
    const END: &str = "DELETE FROM platform_operator_sessions WHERE digest = $1";
    on_tx!(tx, |conn| {
        sqlx::query(END)
            .bind(digest.as_bytes())
            .execute(conn)
            .await
            .map(|done| done.rows_affected())
    })?;
    Ok(())
}

/// Forgets all sessions of somebody.
pub(in super::super) async fn end_sessions(tx: &mut PlatformTx, user: &User) -> Result<(), Error> {
    const END: &str = "DELETE FROM platform_operator_sessions WHERE operator_id = $1";
    on_tx!(tx, |conn| {
        sqlx::query(END)
            .bind(user.id)
            .execute(conn)
            .await
            .map(|done| done.rows_affected())
    })?;
    Ok(())
}
