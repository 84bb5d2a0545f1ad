//! What the database knows of the tenant's people.

mod sessions;

use tenancy_core::journal::Change;
use tenancy_core::sql::TenantTx;
use tenancy_core::time::Time;
use tenancy_core::{Error, ErrorKind, on_tx};
use tenancy_security::credential::PasswordHash;

use super::row::{AccountRow, UserRow};
use super::{Account, Email, USERS_MAX, User};

pub(super) use self::sessions::{begin_session, end_session, end_sessions, find_session, note_use};

/// Adds somebody; [`UniqueViolation`](ErrorKind::UniqueViolation) where the address is taken.
pub(super) async fn insert(tx: &mut TenantTx, account: &Account) -> Result<(), Error> {
    const INSERT: &str = "INSERT INTO platform_users \
         (tenant_id, id, email, name, role, password_hash, created_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7)";
    if list(tx).await?.len() as i64 >= USERS_MAX {
        return Err(Error::with_source(
            ErrorKind::InvalidInput,
            format!("there are {USERS_MAX} people already"),
        ));
    }
    let tenant = tx.tenant_id().as_uuid();
    let user = &account.user;
    on_tx!(tx, |conn| {
        sqlx::query(INSERT)
            .bind(tenant)
            .bind(user.id)
            .bind(user.email.as_str())
            .bind(user.name.as_str())
            .bind(user.role.as_str())
            .bind(account.password_hash.expose())
            .bind(user.created_at.as_microseconds())
            .execute(conn)
            .await
            .map(|done| done.rows_affected())
    })?;
    tx.record(Change::created(user));
    Ok(())
}

/// All of them, the oldest first.
pub(super) async fn list(tx: &mut TenantTx) -> Result<Vec<User>, Error> {
    const LIST: &str = "SELECT id, email, name, role, created_at, disabled_at \
         FROM platform_users WHERE tenant_id = $1 ORDER BY id LIMIT $2";
    let tenant = tx.tenant_id().as_uuid();
    let rows: Vec<UserRow> = on_tx!(tx, |conn| {
        sqlx::query_as(LIST)
            .bind(tenant)
            .bind(USERS_MAX)
            .fetch_all(conn)
            .await
    })?;
    rows.into_iter().map(User::try_from).collect()
}

/// Who signs in with this address.
pub(super) async fn find(tx: &mut TenantTx, email: &Email) -> Result<Option<Account>, Error> {
    const FIND: &str = "SELECT id, email, name, role, created_at, disabled_at, password_hash \
         FROM platform_users WHERE tenant_id = $1 AND email = $2";
    let tenant = tx.tenant_id().as_uuid();
    let row: Option<AccountRow> = on_tx!(tx, |conn| {
        sqlx::query_as(FIND)
            .bind(tenant)
            .bind(email.as_str())
            .fetch_optional(conn)
            .await
    })?;
    row.map(Account::try_from).transpose()
}

/// Gives somebody another password, and ends their sessions.
pub(super) async fn reset(
    tx: &mut TenantTx,
    user: &User,
    password_hash: &PasswordHash,
) -> Result<(), Error> {
    keep_hash(tx, user, password_hash).await?;
    end_sessions(tx, user).await?;
    tx.record(Change::happened("password_reset", Some(user), user));
    Ok(())
}

/// Keeps another hash.
async fn keep_hash(
    tx: &mut TenantTx,
    user: &User,
    password_hash: &PasswordHash,
) -> Result<(), Error> {
    const KEEP: &str =
        "UPDATE platform_users SET password_hash = $3 WHERE tenant_id = $1 AND id = $2";
    let tenant = tx.tenant_id().as_uuid();
    on_tx!(tx, |conn| {
        sqlx::query(KEEP)
            .bind(tenant)
            .bind(user.id)
            .bind(password_hash.expose())
            .execute(conn)
            .await
            .map(|done| done.rows_affected())
    })?;
    Ok(())
}

/// Keeps another hash of the same password, if it is the same still; says whether it was.
pub(super) async fn renew_hash(
    tx: &mut TenantTx,
    known: &Account,
    password_hash: &PasswordHash,
) -> Result<bool, Error> {
    const RENEW: &str = "UPDATE platform_users SET password_hash = $3 \
         WHERE tenant_id = $1 AND id = $2 AND password_hash = $4";
    let tenant = tx.tenant_id().as_uuid();
    let renewed = on_tx!(tx, |conn| {
        sqlx::query(RENEW)
            .bind(tenant)
            .bind(known.user.id)
            .bind(password_hash.expose())
            .bind(known.password_hash.expose())
            .execute(conn)
            .await
            .map(|done| done.rows_affected())
    })?;
    Ok(renewed > 0)
}

/// Shuts somebody out at once, or lets them in again.
pub(super) async fn set_disabled(
    tx: &mut TenantTx,
    user: &User,
    disabled_at: Option<Time>,
) -> Result<User, Error> {
    const SET: &str = "UPDATE platform_users SET disabled_at = $3 WHERE tenant_id = $1 AND id = $2";
    let tenant = tx.tenant_id().as_uuid();
    on_tx!(tx, |conn| {
        sqlx::query(SET)
            .bind(tenant)
            .bind(user.id)
            .bind(disabled_at.map(Time::as_microseconds))
            .execute(conn)
            .await
            .map(|done| done.rows_affected())
    })?;
    end_sessions(tx, user).await?;
    let after = User {
        disabled_at,
        ..user.clone()
    };
    let verb = if disabled_at.is_some() {
        "disabled"
    } else {
        "enabled"
    };
    tx.record(Change::happened(verb, Some(user), &after));
    Ok(after)
}
