use std::collections::HashSet;
use std::hash::{BuildHasher, BuildHasherDefault, DefaultHasher};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::database::Database;
use super::tenant_tx::TenantTx;
use super::transaction::Transaction;
use crate::error::{Error, ErrorKind};
use crate::on_tx;
use crate::scope::TenantScope;
use crate::time::Time;

/// How long an answer is kept for repetitions.
const KEPT: Duration = Duration::from_secs(24 * 60 * 60);

/// The longest key, in bytes.
const KEY_BYTES_MAX: usize = 255;

/// The largest answer that is kept, in bytes of its body. An answer can be larger than the request
/// that it belongs to, so this is well above what servers accept.
const BODY_BYTES_MAX: usize = 8 * 1024 * 1024;

/// A client's `Idempotency-Key`, with what it belongs to.
///
/// The same key is another one for another tenant, another caller or another route.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct IdempotencyKey {
    caller: String,
    key: String,
    fingerprint: String,
}

/// The text cannot be an idempotency key.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("an idempotency key has 1 to 255 visible ASCII characters")]
pub struct InvalidIdempotencyKey;

impl IdempotencyKey {
    /// The key `key` of `caller` (who signed in, and for which route), sent with a request whose
    /// method, path and body `fingerprint` stands for, such as a SHA-256 of them.
    ///
    /// # Errors
    /// [`InvalidIdempotencyKey`] for an empty, over-long or non-ASCII key.
    pub fn new(
        caller: impl Into<String>,
        key: &str,
        fingerprint: impl Into<String>,
    ) -> Result<Self, InvalidIdempotencyKey> {
        let visible = key
            .bytes()
            .all(|byte| byte.is_ascii_graphic() || byte == b' ');
        if !(1..=KEY_BYTES_MAX).contains(&key.len()) || !visible {
            return Err(InvalidIdempotencyKey);
        }
        Ok(Self {
            caller: caller.into(),
            key: key.to_owned(),
            fingerprint: fingerprint.into(),
        })
    }

    /// 64 bits for the advisory lock, and 128 for this process's own set. A collision makes one
    /// of two requests wait for a retry; it cannot mix their answers.
    fn hash(&self, scope: &TenantScope, seed: u64) -> u64 {
        BuildHasherDefault::<DefaultHasher>::default().hash_one((
            seed,
            scope.tenant_id(),
            &self.caller,
            &self.key,
        ))
    }
}

/// An answer as it is kept: a repetition gets the same bytes.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Reply {
    /// The HTTP status.
    pub status: u16,
    /// The headers worth repeating, by lower-case name.
    pub headers: Vec<(String, String)>,
    /// The body's bytes.
    pub body: Vec<u8>,
}

/// What to do with a request that carries an idempotency key.
///
/// ```no_run
/// # #[cfg(any(feature = "postgres", feature = "sqlite"))]
/// # async fn handle(
/// #     database: &tenancy_core::sql::Database,
/// #     scope: &tenancy_core::TenantScope,
/// # ) -> Result<tenancy_core::sql::Reply, Box<dyn std::error::Error>> {
/// use tenancy_core::sql::{Attempt, IdempotencyKey, Reply};
///
/// let key = IdempotencyKey::new("key-7 POST /orders", "a1b2", "sha256-of-the-body")?;
/// match database.write_once(scope, &key).await? {
///     Attempt::Replay(reply) => Ok(reply),
///     Attempt::First(mut tx) => {
///         // …the work…
///         let reply = Reply { status: 201, headers: vec![], body: b"{}".to_vec() };
///         tx.commit_with(&reply).await?;
///         Ok(reply)
///     }
/// }
/// # }
/// ```
#[derive(Debug)]
#[allow(
    clippy::large_enum_variant,
    reason = "lives on the stack of one handler, and is large with both databases only"
)]
pub enum Attempt {
    /// Nobody has done it: do it, and commit with the answer. A roll-back stores nothing, so the
    /// client may try again.
    First(TenantTx),
    /// It has been done: this was the answer.
    Replay(Reply),
}

impl Attempt {
    pub(super) async fn begin(
        database: &Database,
        scope: &TenantScope,
        key: &IdempotencyKey,
    ) -> Result<Self, Error> {
        let held = HeldKey::acquire(database, scope, key)?;
        let mut tx = database.write(scope).await?;
        held.lock(&mut tx, scope).await?;
        match held.stored(&mut tx, scope).await? {
            Some(reply) => {
                tx.roll_back().await?;
                Ok(Self::Replay(reply))
            }
            None => {
                tx.hold(held);
                Ok(Self::First(tx))
            }
        }
    }
}

/// A key that this request alone works on, until it is dropped.
pub(super) struct HeldKey {
    key: IdempotencyKey,
    mark: u128,
    in_flight: Arc<Mutex<HashSet<u128>>>,
}

impl HeldKey {
    fn acquire(
        database: &Database,
        scope: &TenantScope,
        key: &IdempotencyKey,
    ) -> Result<Self, Error> {
        let mark = (u128::from(key.hash(scope, 1)) << 64) | u128::from(key.hash(scope, 2));
        let in_flight = database.keys_in_flight().clone();
        if !in_flight
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(mark)
        {
            return Err(ErrorKind::KeyInFlight.into());
        }
        Ok(Self {
            key: key.clone(),
            mark,
            in_flight,
        })
    }

    /// Keeps other processes out as well, until the transaction ends. SQLite's writer is alone
    /// already.
    async fn lock(&self, tx: &mut TenantTx, scope: &TenantScope) -> Result<(), Error> {
        #[cfg(feature = "postgres")]
        {
            use super::dispatched::{Scoped, TxConnection};
            const LOCK: &str = "SELECT pg_try_advisory_xact_lock($1)";
            let number = self.key.hash(scope, 1).cast_signed();
            #[allow(
                irrefutable_let_patterns,
                reason = "refutable only with both databases"
            )]
            if let (call, TxConnection::Postgres(conn)) = tx.call() {
                let locked: bool = call
                    .run(async move { sqlx::query_scalar(LOCK).bind(number).fetch_one(conn).await })
                    .await?;
                return if locked {
                    Ok(())
                } else {
                    Err(ErrorKind::KeyInFlight.into())
                };
            }
        }
        let _ = (tx, scope);
        Ok(())
    }

    async fn stored(&self, tx: &mut TenantTx, scope: &TenantScope) -> Result<Option<Reply>, Error> {
        const FIND: &str = "SELECT fingerprint, status, headers, body FROM tenancy_idempotency \
             WHERE tenant_id = $1 AND caller = $2 AND key = $3 AND expires_at > $4";
        let tenant = scope.tenant_id().as_uuid();
        let now = Time::now().as_microseconds();
        let row: Option<(String, i64, String, Vec<u8>)> = on_tx!(tx, |conn| {
            sqlx::query_as(FIND)
                .bind(tenant)
                .bind(&self.key.caller)
                .bind(&self.key.key)
                .bind(now)
                .fetch_optional(conn)
                .await
        })?;
        let Some((fingerprint, status, headers, body)) = row else {
            return Ok(None);
        };
        if fingerprint != self.key.fingerprint {
            return Err(ErrorKind::KeyReused.into());
        }
        let corrupt = |error| Error::with_source(ErrorKind::Corrupt, error);
        let Headers(headers) = serde_json::from_str(&headers).map_err(corrupt)?;
        let status =
            u16::try_from(status).map_err(|error| Error::with_source(ErrorKind::Corrupt, error))?;
        Ok(Some(Reply {
            status,
            headers,
            body,
        }))
    }

    pub(super) async fn store(
        &self,
        tx: &mut Transaction,
        scope: &TenantScope,
        reply: &Reply,
    ) -> Result<(), Error> {
        const EXPIRE: &str =
            "DELETE FROM tenancy_idempotency WHERE tenant_id = $1 AND expires_at <= $2";
        const STORE: &str = "INSERT INTO tenancy_idempotency \
             (tenant_id, caller, key, fingerprint, status, headers, body, expires_at) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
        if reply.body.len() > BODY_BYTES_MAX {
            return Err(Error::with_source(
                ErrorKind::ReplyTooLarge,
                format!(
                    "{} bytes, and at most {BODY_BYTES_MAX} are kept",
                    reply.body.len()
                ),
            ));
        }
        let tenant = scope.tenant_id().as_uuid();
        let now = Time::now();
        let headers = serde_json::to_string(&Headers(reply.headers.clone()))
            .map_err(|error| Error::with_source(ErrorKind::InvalidInput, error))?;
        on_tx!(tx, |conn| {
            sqlx::query(EXPIRE)
                .bind(tenant)
                .bind(now.as_microseconds())
                .execute(conn)
                .await
                .map(|done| done.rows_affected())
        })?;
        on_tx!(tx, |conn| {
            sqlx::query(STORE)
                .bind(tenant)
                .bind(&self.key.caller)
                .bind(&self.key.key)
                .bind(&self.key.fingerprint)
                .bind(i64::from(reply.status))
                .bind(&headers)
                .bind(&reply.body)
                .bind(now.after(KEPT).as_microseconds())
                .execute(conn)
                .await
                .map(|done| done.rows_affected())
        })?;
        Ok(())
    }
}

impl Drop for HeldKey {
    fn drop(&mut self) {
        self.in_flight
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .remove(&self.mark);
    }
}

#[derive(Deserialize, Serialize)]
#[serde(transparent)]
struct Headers(Vec<(String, String)>);
