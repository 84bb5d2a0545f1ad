use tenancy_core::journal::Change;
use tenancy_core::sql::PlatformTx;
use tenancy_core::time::Time;
use tenancy_core::{Error, ErrorKind, TenantId, on_tx};
use uuid::Uuid;

use super::key::{ApiKey, Digest};
use super::record::{IssuedKey, KeyName, KeyRecord};

/// The most keys one tenant may have, revoked ones among them.
pub(super) const KEYS_MAX: usize = 1000;

#[derive(sqlx::FromRow)]
struct KeyRow {
    id: Uuid,
    tenant_id: Uuid,
    name: String,
    prefix: String,
    created_at: i64,
    revoked_at: Option<i64>,
}

impl TryFrom<KeyRow> for KeyRecord {
    type Error = Error;

    fn try_from(row: KeyRow) -> Result<Self, Error> {
        Ok(Self {
            id: row.id,
            tenant_id: row.tenant_id.into(),
            name: row.name.parse().map_err(|error: super::InvalidKeyName| {
                Error::with_source(ErrorKind::Corrupt, error)
            })?,
            prefix: row.prefix,
            created_at: Time::from_microseconds(row.created_at),
            revoked_at: row.revoked_at.map(Time::from_microseconds),
        })
    }
}

/// Gives a tenant a key; the caller shows it once the transaction has committed.
pub(crate) async fn issue(
    tx: &mut PlatformTx,
    tenant: TenantId,
    name: &KeyName,
    key: ApiKey,
) -> Result<IssuedKey, Error> {
    const INSERT: &str = "INSERT INTO platform_api_keys \
         (id, tenant_id, digest, name, prefix, created_at) VALUES ($1, $2, $3, $4, $5, $6)";
    tx.touch(tenant).await?;
    if list(tx, tenant).await?.len() >= KEYS_MAX {
        return Err(Error::with_source(
            ErrorKind::InvalidInput,
            format!("a tenant has at most {KEYS_MAX} keys"),
        ));
    }
    let record = KeyRecord {
        id: Uuid::now_v7(),
        tenant_id: tenant,
        name: name.clone(),
        prefix: key.prefix().to_owned(),
        created_at: Time::now(),
        revoked_at: None,
    };
    let digest = key.digest();
    on_tx!(tx, |conn| {
        sqlx::query(INSERT)
            .bind(record.id)
            .bind(tenant.as_uuid())
            .bind(digest.as_bytes())
            .bind(name.as_str())
            .bind(&record.prefix)
            .bind(record.created_at.as_microseconds())
            .execute(conn)
            .await
            .map(|done| done.rows_affected())
    })?;
    tx.record(Some(tenant), Change::created(&record));
    Ok(IssuedKey { key, record })
}

/// A tenant's keys, the oldest first.
pub(crate) async fn list(tx: &mut PlatformTx, tenant: TenantId) -> Result<Vec<KeyRecord>, Error> {
    const LIST: &str = "SELECT id, tenant_id, name, prefix, created_at, revoked_at \
         FROM platform_api_keys WHERE tenant_id = $1 ORDER BY id LIMIT $2";
    let rows: Vec<KeyRow> = on_tx!(tx, |conn| {
        sqlx::query_as(LIST)
            .bind(tenant.as_uuid())
            .bind(KEYS_MAX as i64)
            .fetch_all(conn)
            .await
    })?;
    rows.into_iter().map(KeyRecord::try_from).collect()
}

/// Makes a key worthless; `false` when the tenant has no such valid key.
pub(crate) async fn revoke(tx: &mut PlatformTx, tenant: TenantId, id: Uuid) -> Result<bool, Error> {
    const REVOKE: &str = "UPDATE platform_api_keys SET revoked_at = $3 \
         WHERE tenant_id = $1 AND id = $2 AND revoked_at IS NULL \
         RETURNING id, tenant_id, name, prefix, created_at, revoked_at";
    tx.touch(tenant).await?;
    let row: Option<KeyRow> = on_tx!(tx, |conn| {
        sqlx::query_as(REVOKE)
            .bind(tenant.as_uuid())
            .bind(id)
            .bind(Time::now().as_microseconds())
            .fetch_optional(conn)
            .await
    })?;
    let Some(row) = row else { return Ok(false) };
    let after = KeyRecord::try_from(row)?;
    let before = KeyRecord {
        revoked_at: None,
        ..after.clone()
    };
    tx.record(
        Some(tenant),
        Change::happened("revoked", Some(&before), &after),
    );
    Ok(true)
}

/// The tenant's valid key with this digest. The digest is what is compared, by the index: how far
/// two digests agree tells nothing about a key.
pub(crate) async fn find(
    tx: &mut PlatformTx,
    tenant: TenantId,
    digest: Digest,
) -> Result<Option<KeyRecord>, Error> {
    const FIND: &str = "SELECT id, tenant_id, name, prefix, created_at, revoked_at \
         FROM platform_api_keys WHERE digest = $1 AND tenant_id = $2 AND revoked_at IS NULL";
    let row: Option<KeyRow> = on_tx!(tx, |conn| {
        sqlx::query_as(FIND)
            .bind(digest.as_bytes())
            .bind(tenant.as_uuid())
            .fetch_optional(conn)
            .await
    })?;
    row.map(KeyRecord::try_from).transpose()
}
