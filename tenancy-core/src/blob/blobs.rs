use std::fs;
use std::future::ready;
use std::ops::Range;
use std::path::Path as FilePath;
use std::pin::pin;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use futures_util::{Stream, StreamExt as _, TryStreamExt as _};
use object_store::path::Path;
use object_store::{GetOptions, GetRange, ObjectMeta, ObjectStoreExt as _};

use super::account::Accounts;
use super::content::Blob;
use super::error::{store_error, within};
use super::key::BlobKey;
use super::store::BlobStore;
use super::upload::Upload;
use crate::error::{Error, ErrorKind};
use crate::scope::{Purpose, TenantScope};
use crate::tenant::{Tenant, TenantId};
use crate::tenants::{Realm, Tenants};
use crate::time::Time;

/// How long something that a crash has left beside its place is let alone.
const LEFT_OVER_AFTER: Duration = Duration::from_secs(24 * 60 * 60);

/// Opens the blobs of one realm's tenants. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Blobs(pub(super) Arc<Inner>);

#[derive(Debug)]
pub(super) struct Inner {
    pub(super) store: BlobStore,
    pub(super) accounts: Option<Accounts>,
    pub(super) time_out: Duration,
    realm: Realm,
}

/// Limits of a [`Blobs`].
#[derive(Debug)]
#[must_use]
pub struct BlobsBuilder {
    store: BlobStore,
    accounts: Option<Accounts>,
    time_out: Duration,
    realm: Realm,
}

impl BlobsBuilder {
    /// How many bytes a tenant may keep, asked for each blob. Default: no limit.
    ///
    /// It is exact while this is the only `Blobs` that writes: a tenant's blobs are counted at the first
    /// put, and from there on what is written is counted as it comes in, before it is stored, and what is
    /// replaced counts until the new blob is in its place. Several processes that write to one store
    /// count where they share a lock, such as in the database row that names the blob.
    pub fn quota(mut self, quota_of: impl Fn(&Tenant) -> u64 + Send + Sync + 'static) -> Self {
        self.accounts = Some(Accounts::new(quota_of));
        self
    }

    /// How long one call to the store may take, or one piece of a blob. Default: 30 seconds.
    pub fn time_out(mut self, time_out: Duration) -> Self {
        self.time_out = time_out;
        self
    }

    /// The blobs; nothing is opened yet.
    pub fn build(self) -> Blobs {
        Blobs(Arc::new(Inner {
            store: self.store,
            accounts: self.accounts,
            time_out: self.time_out,
            realm: self.realm,
        }))
    }
}

/// A blob that has been written.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Stored {
    /// Its name.
    pub key: BlobKey,
    /// Its size.
    pub bytes: u64,
    /// The SHA-256 of its content.
    pub sha256: [u8; 32],
}

/// A blob as the store has it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct BlobInfo {
    /// Its name.
    pub key: BlobKey,
    /// Its size.
    pub bytes: u64,
    /// When it was written, by the store's clock.
    pub modified_at: Time,
}

impl Blobs {
    /// The blobs of the scopes of `tenants`, in `store`.
    pub fn builder(tenants: &Tenants, store: BlobStore) -> BlobsBuilder {
        BlobsBuilder {
            store,
            accounts: None,
            time_out: Duration::from_secs(30),
            realm: tenants.realm(),
        }
    }

    /// Writes a blob, in the place of one with the same key if there is one. Its content is written as
    /// it comes; the next piece is asked for when the store has taken what came before, and is waited for
    /// as long as it takes.
    ///
    /// # Errors
    /// Those of the content; [`QuotaExceeded`](ErrorKind::QuotaExceeded),
    /// [`WrongRealm`](ErrorKind::WrongRealm), what [`TenantScope::check`] refuses,
    /// [`Unavailable`](ErrorKind::Unavailable) (a full disk, too) and
    /// [`TimedOut`](ErrorKind::TimedOut). What was there stays.
    ///
    /// # Cancellation
    /// Dropped, it removes what it has written. Dropped after all was written, while the blob is put
    /// into its place, the outcome is unknown: the new blob, or what was there.
    pub async fn put<E: From<Error>>(
        &self,
        scope: &TenantScope,
        key: &BlobKey,
        content: impl Stream<Item = Result<Bytes, E>>,
    ) -> Result<Stored, E> {
        self.admit(scope).await?;
        let mut upload = Upload::begin(self, scope, key).await?;
        let mut content = pin!(content);
        let written = async {
            while let Some(piece) = content.next().await {
                upload.write(piece?).await?;
            }
            Ok(())
        };
        match written.await {
            Ok(()) => Ok(upload.finish().await?),
            Err(error) => {
                upload.abort().await;
                Err(error)
            }
        }
    }

    /// Reads a blob, or only some of its bytes; a range that goes beyond its end is cut.
    ///
    /// # Errors
    /// [`NotFound`](ErrorKind::NotFound), [`InvalidInput`](ErrorKind::InvalidInput) for a range that is
    /// empty or begins after the end, and as [`put`](Self::put).
    pub async fn get(
        &self,
        scope: &TenantScope,
        key: &BlobKey,
        range: Option<Range<u64>>,
    ) -> Result<Blob, Error> {
        self.admit(scope).await?;
        let path = key.path(scope.tenant_id());
        let options = GetOptions {
            range: range.clone().map(GetRange::Bounded),
            ..GetOptions::default()
        };
        let Inner {
            store, time_out, ..
        } = &*self.0;
        match within(*time_out, store.store.get_opts(&path, options)).await {
            Ok(found) => {
                let info = info(key.clone(), &found.meta);
                Ok(Blob::new(info, found, *time_out))
            }
            Err(error) => {
                // Stores say in their own words that a range does not fit.
                if let (ErrorKind::Unavailable, Some(range)) = (error.kind(), range)
                    && let Ok(found) = self.head(scope, key).await
                    && (range.is_empty() || range.start >= found.bytes)
                {
                    return Err(Error::with_source(ErrorKind::InvalidInput, error));
                }
                Err(error)
            }
        }
    }

    /// What is known of a blob.
    ///
    /// # Errors
    /// [`NotFound`](ErrorKind::NotFound), and as [`put`](Self::put).
    pub async fn head(&self, scope: &TenantScope, key: &BlobKey) -> Result<BlobInfo, Error> {
        self.admit(scope).await?;
        let path = key.path(scope.tenant_id());
        let found = within(self.0.time_out, self.0.store.store.head(&path)).await?;
        Ok(info(key.clone(), &found))
    }

    /// Deletes a blob; that there is none is no error.
    ///
    /// # Errors
    /// As [`put`](Self::put).
    ///
    /// # Cancellation
    /// Once begun it is completed in the background.
    pub async fn delete(&self, scope: &TenantScope, key: &BlobKey) -> Result<(), Error> {
        self.admit(scope).await?;
        let (blobs, tenant) = (self.clone(), scope.tenant_id());
        let path = key.path(tenant);
        finished(tokio::spawn(
            async move { blobs.remove(tenant, &path).await },
        ))
        .await
    }

    /// All blobs of the tenant, in no order.
    ///
    /// # Errors
    /// As [`put`](Self::put), each also in the middle of the list.
    pub async fn list(
        &self,
        scope: &TenantScope,
    ) -> Result<impl Stream<Item = Result<BlobInfo, Error>> + Send + 'static, Error> {
        self.admit(scope).await?;
        let tenant = scope.tenant_id();
        let all = self.objects(tenant);
        Ok(all.try_filter_map(move |found| {
            let key = BlobKey::of_path(tenant, &found.location);
            ready(Ok(key.map(|key| info(key, &found))))
        }))
    }

    /// How many bytes the tenant keeps.
    ///
    /// # Errors
    /// As [`put`](Self::put).
    pub async fn usage(&self, scope: &TenantScope) -> Result<u64, Error> {
        self.admit(scope).await?;
        match &self.0.accounts {
            Some(accounts) => {
                let account = accounts.of(scope.tenant_id());
                let _turn = account.turn.lock().await;
                match account.kept() {
                    Some(kept) => Ok(kept),
                    None => {
                        let kept = self.count(scope.tenant_id()).await?;
                        account.counted(kept);
                        Ok(kept)
                    }
                }
            }
            None => self.count(scope.tenant_id()).await,
        }
    }

    /// Deletes all that the tenant has. What is written meanwhile may stay.
    ///
    /// # Errors
    /// [`InvalidInput`](ErrorKind::InvalidInput) unless the scope is for [`Purpose::Platform`], and as
    /// [`put`](Self::put); doing it again goes on where it ended.
    pub async fn erase(&self, scope: &TenantScope) -> Result<(), Error> {
        self.admit(scope).await?;
        if scope.purpose() != Purpose::Platform {
            return Err(Error::with_source(
                ErrorKind::InvalidInput,
                "a tenant is erased by platform work",
            ));
        }
        let tenant = scope.tenant_id();
        let mut all = pin!(self.objects(tenant));
        while let Some(found) = all.next().await {
            self.remove(tenant, &found?.location).await?;
        }
        match &self.0.store.folder {
            Some(folder) => {
                let own = folder.join(tenant.to_string());
                in_background(move || match fs::remove_dir_all(own) {
                    Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(()),
                    removed => removed,
                })
                .await
            }
            None => Ok(()),
        }
    }

    /// Removes what puts that a crash cut off have left of the tenant's, once it is a day old. Only a
    /// folder has such things; services remove them by a rule of their own.
    ///
    /// # Errors
    /// As [`put`](Self::put).
    pub async fn sweep(&self, scope: &TenantScope) -> Result<(), Error> {
        self.admit(scope).await?;
        let Some(folder) = &self.0.store.folder else {
            return Ok(());
        };
        let own = folder.join(scope.tenant_id().to_string());
        let oldest = SystemTime::now().checked_sub(LEFT_OVER_AFTER);
        in_background(move || match oldest {
            Some(oldest) => sweep(&own, oldest),
            None => Ok(()),
        })
        .await
    }

    /// The bytes of all that the store has of a tenant.
    pub(super) async fn count(&self, tenant: TenantId) -> Result<u64, Error> {
        let all = self.objects(tenant);
        all.try_fold(0_u64, async |sum, found| Ok(sum.saturating_add(found.size)))
            .await
    }

    /// Deletes an object, and notes that its bytes are free.
    async fn remove(&self, tenant: TenantId, path: &Path) -> Result<(), Error> {
        let Inner {
            store, time_out, ..
        } = &*self.0;
        let account = self.0.accounts.as_ref().map(|all| all.of(tenant));
        let _turn = match &account {
            Some(account) => Some(account.turn.lock().await),
            None => None,
        };
        let before = match &account {
            Some(_) => self.size(path).await?,
            None => 0,
        };
        match within(*time_out, store.store.delete(path)).await {
            Ok(()) => {}
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            Err(error) => {
                if let Some(account) = &account {
                    account.unknown();
                }
                return Err(error);
            }
        }
        if let Some(account) = &account {
            account.free(before);
        }
        Ok(())
    }

    /// How large the object is, or 0 where there is none.
    pub(super) async fn size(&self, path: &Path) -> Result<u64, Error> {
        match within(self.0.time_out, self.0.store.store.head(path)).await {
            Ok(found) => Ok(found.size),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(0),
            Err(error) => Err(error),
        }
    }

    /// What the store has of a tenant, each page within the time-out.
    fn objects(
        &self,
        tenant: TenantId,
    ) -> impl Stream<Item = Result<ObjectMeta, Error>> + Send + use<> {
        let time_out = self.0.time_out;
        let all = self
            .0
            .store
            .store
            .list(Some(&Path::from(tenant.to_string())));
        futures_util::stream::try_unfold(all, move |mut all| async move {
            let next = within(time_out, async { all.next().await.transpose() });
            Ok(next.await?.map(|found| (found, all)))
        })
    }

    async fn admit(&self, scope: &TenantScope) -> Result<(), Error> {
        if scope.realm() != self.0.realm {
            return Err(ErrorKind::WrongRealm.into());
        }
        scope.check().await
    }
}

/// What a task that is not cut off with its caller has come to.
pub(super) async fn finished<T>(
    task: tokio::task::JoinHandle<Result<T, Error>>,
) -> Result<T, Error> {
    let outcome = task.await;
    outcome.unwrap_or_else(|error| Err(Error::with_source(ErrorKind::Interrupted, error)))
}

fn info(key: BlobKey, found: &ObjectMeta) -> BlobInfo {
    BlobInfo {
        key,
        bytes: found.size,
        modified_at: Time::from_microseconds(found.last_modified.timestamp_micros()),
    }
}

/// Work with files, on a thread that may wait for the disk.
pub(super) async fn in_background(
    work: impl FnOnce() -> std::io::Result<()> + Send + 'static,
) -> Result<(), Error> {
    let failed = |error| store_error(object_store::Error::from(error));
    let done = tokio::task::spawn_blocking(work).await.map_err(failed)?;
    done.map_err(|error| Error::with_source(ErrorKind::Unavailable, error))
}

/// Removes the files that are no blobs, which the store's own names for unfinished ones make clear.
pub(super) fn sweep(folder: &FilePath, oldest: SystemTime) -> std::io::Result<()> {
    let entries = match fs::read_dir(folder) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
        entries => entries?,
    };
    for entry in entries {
        match sweep_entry(&entry?, oldest) {
            // Finished or swept by somebody else since the folder was read.
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
            swept => swept?,
        }
    }
    Ok(())
}

fn sweep_entry(entry: &fs::DirEntry, oldest: SystemTime) -> std::io::Result<()> {
    if entry.file_type()?.is_dir() {
        return sweep(&entry.path(), oldest);
    }
    let is_unfinished = entry.file_name().to_string_lossy().contains('#');
    if is_unfinished && entry.metadata()?.modified()? < oldest {
        fs::remove_file(entry.path())?;
    }
    Ok(())
}
