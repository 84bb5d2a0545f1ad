use tenancy_core::sql::TenantTx;
use tenancy_core::time::Time;
use tenancy_core::{Error, ErrorKind, on_tx};
use tenancy_security::credential::PasswordHash;
use tenancy_security::session::{NewSession, Session, SessionDigest};

use super::super::row::SessionRow;
use super::super::{SESSIONS_MAX, User};

/// Keeps a session, without the one it replaces and those that have ended;
/// [`NotFound`](ErrorKind::NotFound) where its user has another password meanwhile, or was shut out.
pub(in super::super) async fn begin_session(
    tx: &mut TenantTx,
    new: &NewSession<User>,
    proven: Option<&PasswordHash>,
) -> Result<(), Error> {
    const SWEEP: &str = "DELETE FROM platform_user_sessions \
         WHERE tenant_id = $1 AND (digest = $2 OR begun_at < $3 OR used_at < $4)";
    const MAKE_ROOM: &str = "DELETE FROM platform_user_sessions \
         WHERE tenant_id = $1 AND user_id = $2 AND digest NOT IN \
         (SELECT digest FROM platform_user_sessions WHERE tenant_id = $1 AND user_id = $2 \
         ORDER BY begun_at DESC LIMIT $3)";
    const INSERT: &str = "INSERT INTO platform_user_sessions \
         (tenant_id, digest, user_id, begun_at, used_at) VALUES ($1, $2, $3, $4, $5)";
    let replaces = new.replaces.as_ref().map(SessionDigest::as_bytes);
    let (session, user) = (&new.session, &new.session.user);
    let tenant = tx.tenant_id().as_uuid();
    if let Some(proven) = proven {
        lock(tx, user, proven).await?;
    }
    on_tx!(tx, |conn| {
        sqlx::query(SWEEP)
            .bind(tenant)
            .bind(replaces)
            .bind(new.begun_after.as_microseconds())
            .bind(new.used_after.as_microseconds())
            .execute(conn)
            .await
            .map(|done| done.rows_affected())
    })?;
    on_tx!(tx, |conn| {
        sqlx::query(MAKE_ROOM)
            .bind(tenant)
            .bind(user.id)
            .bind(SESSIONS_MAX - 1)
            .execute(conn)
            .await
            .map(|done| done.rows_affected())
    })?;
    on_tx!(tx, |conn| {
        sqlx::query(INSERT)
            .bind(tenant)
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
async fn lock(tx: &mut TenantTx, user: &User, proven: &PasswordHash) -> Result<(), Error> {
    const LOCK: &str = "UPDATE platform_users SET password_hash = password_hash \
         WHERE tenant_id = $1 AND id = $2 AND password_hash = $3 AND disabled_at IS NULL";
    let tenant = tx.tenant_id().as_uuid();
    let locked = on_tx!(tx, |conn| {
        sqlx::query(LOCK)
            .bind(tenant)
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
    tx: &mut TenantTx,
    digest: SessionDigest,
) -> Result<Option<Session<User>>, Error> {
    const FIND: &str = "SELECT u.id, u.email, u.name, u.role, u.created_at, u.disabled_at, \
         s.begun_at, s.used_at \
         FROM platform_user_sessions s JOIN platform_users u ON u.tenant_id = s.tenant_id AND u.id = s.user_id \
         WHERE s.tenant_id = $1 AND s.digest = $2 AND u.disabled_at IS NULL";
    let tenant = tx.tenant_id().as_uuid();
    let row: Option<SessionRow> = on_tx!(tx, |conn| {
        sqlx::query_as(FIND)
            .bind(tenant)
            .bind(digest.as_bytes())
            .fetch_optional(conn)
            .await
    })?;
    row.map(Session::try_from).transpose()
}

/// Notes that a session is in use.
pub(in super::super) async fn note_use(
    tx: &mut TenantTx,
    digest: SessionDigest,
    used_at: Time,
) -> Result<(), Error> {
    const NOTE: &str =
        "UPDATE platform_user_sessions SET used_at = $3 WHERE tenant_id = $1 AND digest = $2";
    let tenant = tx.tenant_id().as_uuid();
    on_tx!(tx, |conn| {
        sqlx::query(NOTE)
            .bind(tenant)
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
    tx: &mut TenantTx,
    digest: SessionDigest,
) -> Result<(), Error> {
    const END: &str = "DELETE FROM platform_user_sessions WHERE tenant_id = $1 AND digest = $2";
    let tenant = tx.tenant_id().as_uuid();
    on_tx!(tx, |conn| {
        sqlx::query(END)
            .bind(tenant)
            .bind(digest.as_bytes())
            .execute(conn)
            .await
            .map(|done| done.rows_affected())
    })?;
    Ok(())
}

/// Forgets all sessions of somebody.
pub(in super::super) async fn end_sessions(tx: &mut TenantTx, user: &User) -> Result<(), Error> {
    const END: &str = "DELETE FROM platform_user_sessions WHERE tenant_id = $1 AND user_id = $2";
    let tenant = tx.tenant_id().as_uuid();
    on_tx!(tx, |conn| {
        sqlx::query(END)
            .bind(tenant)
            .bind(user.id)
            .execute(conn)
            .await
            .map(|done| done.rows_affected())
    })?;
    Ok(())
}
