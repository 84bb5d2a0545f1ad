use tenancy_core::journal::Change;
use tenancy_core::sql::filter::Query;
use tenancy_core::sql::{Database, TenantTx};
use tenancy_core::time::Time;
use tenancy_core::{TenantId, TenantScope, on_tx};
use uuid::Uuid;

use super::{Media, MediaFile, MediaId, MediaPosition, MediaQuery, NewMediaFile};
use crate::error::{Error, ErrorKind};
use crate::page::Page;

const SELECT: &str = "SELECT id, folder, name, type AS content_type, bytes, width, height, sha256, alt, \
     blob_key, created_at FROM commerce_media WHERE tenant_id = ?";

/// The counter of all bytes of a shop's files.
const COUNTER: &str = "media_bytes";

/// [`Media`] in PostgreSQL or SQLite.
///
/// The functions that end in `_in` work inside a transaction of the caller's, who commits it, and who must
/// not commit it after one of them failed.
#[derive(Clone, Debug)]
pub struct SqlMedia {
    database: Database,
    quota_bytes: u64,
}

impl SqlMedia {
    /// The files in this database, which must know [`MIGRATIONS`](crate::MIGRATIONS); those of one shop
    /// together have `quota_bytes` at most.
    pub fn new(database: &Database, quota_bytes: u64) -> Self {
        Self {
            database: database.clone(),
            quota_bytes,
        }
    }

    /// How many bytes the files of one shop may have together.
    pub fn quota_bytes(&self) -> u64 {
        self.quota_bytes
    }

    /// See [`Media::list`].
    pub async fn list_in(
        tx: &mut TenantTx,
        query: &MediaQuery,
    ) -> Result<Page<MediaFile, MediaPosition>, Error> {
        let filters = [&query.content_type, &query.folder];
        if filters
            .into_iter()
            .flatten()
            .any(|text| text.contains('\0'))
        {
            // No column holds it, and PostgreSQL takes it for none.
            return Ok(Page {
                items: vec![],
                next: None,
            });
        }
        let tenant = tx.tenant_id();
        let mut statement = Query::new(SELECT, [tenant.as_uuid().into()]);
        if let Some(content_type) = &query.content_type {
            statement.push(" AND type = ?", [content_type.clone().into()]);
        }
        if let Some(folder) = &query.folder {
            let folder = folder.trim().trim_matches('/').trim();
            statement.push(" AND folder = ?", [folder.to_owned().into()]);
        }
        if let Some(MediaPosition { created_at, id }) = query.after {
            statement.push(
                " AND (created_at, id) < (?, ?)",
                [created_at.as_microseconds().into(), id.as_uuid().into()],
            );
        }
        statement.push(
            " ORDER BY created_at DESC, id DESC LIMIT ?",
            [query.limit.with_one_more().into()],
        );
        let rows: Vec<MediaRow> = on_tx!(tx, |conn| statement.query_as()?.fetch_all(conn).await)?;
        let files = rows.into_iter().map(|row| row.file(tenant)).collect();
        Ok(Page::cut(files, query.limit, |file: &MediaFile| {
            MediaPosition {
                created_at: file.created_at,
                id: file.id,
            }
        }))
    }

    /// See [`Media::find`].
    pub async fn find_in(tx: &mut TenantTx, id: MediaId) -> Result<MediaFile, Error> {
        let tenant = tx.tenant_id();
        let mut query = Query::new(SELECT, [tenant.as_uuid().into()]);
        query.push(" AND id = ?", [id.as_uuid().into()]);
        let row: Option<MediaRow> =
            on_tx!(tx, |conn| query.query_as()?.fetch_optional(conn).await)?;
        Ok(row.ok_or(ErrorKind::NotFound)?.file(tenant))
    }

    /// See [`Media::is_used`].
    pub async fn is_used_in(tx: &mut TenantTx, blob_key: &str) -> Result<bool, Error> {
        const USED: &str =
            "SELECT COUNT(*) FROM commerce_media WHERE tenant_id = $1 AND blob_key = $2";
        let tenant = tx.tenant_id().as_uuid();
        let files: i64 = on_tx!(tx, |conn| {
            sqlx::query_scalar(USED)
                .bind(tenant)
                .bind(blob_key)
                .fetch_one(conn)
                .await
        })?;
        Ok(files > 0)
    }

    /// See [`Media::bytes`].
    pub async fn bytes_in(tx: &mut TenantTx) -> Result<u64, Error> {
        const BYTES: &str =
            "SELECT value FROM commerce_counters WHERE tenant_id = $1 AND name = $2";
        let tenant = tx.tenant_id().as_uuid();
        let bytes: Option<i64> = on_tx!(tx, |conn| {
            sqlx::query_scalar(BYTES)
                .bind(tenant)
                .bind(COUNTER)
                .fetch_optional(conn)
                .await
        })?;
        Ok(bytes.unwrap_or_default().try_into().unwrap_or_default())
    }

    /// See [`Media::insert`]; until the transaction ends, others who add or delete files wait.
    pub async fn insert_in(
        tx: &mut TenantTx,
        file: &NewMediaFile,
        quota_bytes: u64,
    ) -> Result<MediaFile, Error> {
        const INSERT: &str = "INSERT INTO commerce_media (tenant_id, id, folder, name, type, bytes, width, \
             height, sha256, alt, blob_key, created_at) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)";
        let file = file.checked(tx.tenant_id())?;
        take_up(tx, file.bytes, quota_bytes).await?;
        on_tx!(tx, |conn| {
            sqlx::query(INSERT)
                .bind(file.tenant_id.as_uuid())
                .bind(file.id.as_uuid())
                .bind(&file.folder)
                .bind(&file.name)
                .bind(&file.content_type)
                .bind(file.bytes)
                .bind(file.width)
                .bind(file.height)
                .bind(&file.sha256)
                .bind(&file.alt)
                .bind(&file.blob_key)
                .bind(file.created_at.as_microseconds())
                .execute(conn)
                .await
                .map(|done| done.rows_affected())
        })?;
        tx.record(Change::created(&file));
        Ok(file)
    }

    /// See [`Media::delete`].
    pub async fn delete_in(tx: &mut TenantTx, id: MediaId) -> Result<MediaFile, Error> {
        const DELETE: &str = "DELETE FROM commerce_media WHERE tenant_id = $1 AND id = $2";
        const FREE: &str =
            "UPDATE commerce_counters SET value = value - $3 WHERE tenant_id = $1 AND name = $2";
        let file = Self::find_in(tx, id).await?;
        let tenant = tx.tenant_id().as_uuid();
        let deleted = on_tx!(tx, |conn| {
            sqlx::query(DELETE)
                .bind(tenant)
                .bind(id.as_uuid())
                .execute(conn)
                .await
                .map(|done| done.rows_affected())
        })?;
        if deleted == 0 {
            // Somebody else was deleting it.
            return Err(ErrorKind::NotFound.into());
        }
        on_tx!(tx, |conn| {
            sqlx::query(FREE)
                .bind(tenant)
                .bind(COUNTER)
                .bind(file.bytes)
                .execute(conn)
                .await
                .map(|done| done.rows_affected())
        })?;
        tx.record(Change::deleted(&file));
        Ok(file)
    }
}

/// Counts bytes that are added, if they may be. The counter's row is locked from here on.
async fn take_up(tx: &mut TenantTx, bytes: i64, quota_bytes: u64) -> Result<(), Error> {
    const ADD: &str = "INSERT INTO commerce_counters (tenant_id, name, value) VALUES ($1, $2, $3) \
         ON CONFLICT (tenant_id, name) DO UPDATE SET value = commerce_counters.value + $3 \
         WHERE commerce_counters.value <= $4 - $3 RETURNING value";
    let quota = i64::try_from(quota_bytes).unwrap_or(i64::MAX);
    if bytes > quota {
        return Err(ErrorKind::QuotaExceeded.into());
    }
    let tenant = tx.tenant_id().as_uuid();
    let added: Option<i64> = on_tx!(tx, |conn| {
        sqlx::query_scalar(ADD)
            .bind(tenant)
            .bind(COUNTER)
            .bind(bytes)
            .bind(quota)
            .fetch_optional(conn)
            .await
    })?;
    match added {
        Some(_) => Ok(()),
        None => Err(ErrorKind::QuotaExceeded.into()),
    }
}

#[derive(sqlx::FromRow)]
struct MediaRow {
    id: Uuid,
    folder: String,
    name: String,
    content_type: String,
    bytes: i64,
    width: Option<i64>,
    height: Option<i64>,
    sha256: String,
    alt: String,
    blob_key: String,
    created_at: i64,
}

impl MediaRow {
    fn file(self, tenant_id: TenantId) -> MediaFile {
        MediaFile {
            tenant_id,
            id: self.id.into(),
            folder: self.folder,
            name: self.name,
            content_type: self.content_type,
            bytes: self.bytes,
            width: self.width,
            height: self.height,
            sha256: self.sha256,
            alt: self.alt,
            blob_key: self.blob_key,
            created_at: Time::from_microseconds(self.created_at),
        }
    }
}

impl Media for SqlMedia {
    async fn list(
        &self,
        scope: &TenantScope,
        query: &MediaQuery,
    ) -> Result<Page<MediaFile, MediaPosition>, Error> {
        let mut tx = self.database.read(scope).await?;
        let page = Self::list_in(&mut tx, query).await?;
        tx.commit().await?;
        Ok(page)
    }

    async fn find(&self, scope: &TenantScope, id: MediaId) -> Result<MediaFile, Error> {
        let mut tx = self.database.read(scope).await?;
        let file = Self::find_in(&mut tx, id).await?;
        tx.commit().await?;
        Ok(file)
    }

    async fn is_used(&self, scope: &TenantScope, blob_key: &str) -> Result<bool, Error> {
        let mut tx = self.database.read(scope).await?;
        let is_used = Self::is_used_in(&mut tx, blob_key).await?;
        tx.commit().await?;
        Ok(is_used)
    }

    async fn bytes(&self, scope: &TenantScope) -> Result<u64, Error> {
        let mut tx = self.database.read(scope).await?;
        let bytes = Self::bytes_in(&mut tx).await?;
        tx.commit().await?;
        Ok(bytes)
    }

    async fn insert(&self, scope: &TenantScope, file: &NewMediaFile) -> Result<MediaFile, Error> {
        let mut tx = self.database.write(scope).await?;
        let file = Self::insert_in(&mut tx, file, self.quota_bytes).await?;
        tx.commit().await?;
        Ok(file)
    }

    async fn delete(&self, scope: &TenantScope, id: MediaId) -> Result<MediaFile, Error> {
        let mut tx = self.database.write(scope).await?;
        let file = Self::delete_in(&mut tx, id).await?;
        tx.commit().await?;
        Ok(file)
    }
}
