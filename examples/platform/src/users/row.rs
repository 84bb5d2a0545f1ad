use std::error::Error as StdError;

use tenancy_core::time::Time;
use tenancy_core::{Error, ErrorKind};
use tenancy_security::session::Session;
use uuid::Uuid;

use super::user::{Account, User};

#[derive(sqlx::FromRow)]
pub(super) struct UserRow {
    id: Uuid,
    email: String,
    name: String,
    role: String,
    created_at: i64,
    disabled_at: Option<i64>,
}

#[derive(sqlx::FromRow)]
pub(super) struct AccountRow {
    #[sqlx(flatten)]
    user: UserRow,
    password_hash: String,
}

#[derive(sqlx::FromRow)]
pub(super) struct SessionRow {
    #[sqlx(flatten)]
    user: UserRow,
    begun_at: i64,
    used_at: i64,
}

impl TryFrom<UserRow> for User {
    type Error = Error;

    fn try_from(row: UserRow) -> Result<Self, Error> {
        Ok(Self {
            id: row.id,
            email: row.email.parse().map_err(corrupt)?,
            name: row.name.parse().map_err(corrupt)?,
            role: row.role.parse().map_err(corrupt)?,
            created_at: Time::from_microseconds(row.created_at),
            disabled_at: row.disabled_at.map(Time::from_microseconds),
        })
    }
}

impl TryFrom<AccountRow> for Account {
    type Error = Error;

    fn try_from(row: AccountRow) -> Result<Self, Error> {
        Ok(Self {
            user: row.user.try_into()?,
            password_hash: row.password_hash.parse().map_err(corrupt)?,
        })
    }
}

impl TryFrom<SessionRow> for Session<User> {
    type Error = Error;

    fn try_from(row: SessionRow) -> Result<Self, Error> {
        Ok(Self {
            user: row.user.try_into()?,
            begun_at: Time::from_microseconds(row.begun_at),
            used_at: Time::from_microseconds(row.used_at),
        })
    }
}

fn corrupt(error: impl StdError + Send + Sync + 'static) -> Error {
    Error::with_source(ErrorKind::Corrupt, error)
}
