use std::mem;

use aws_lc_rs::digest::{Context, SHA256};
use bytes::{Bytes, BytesMut};
use object_store::path::Path;
use object_store::{MultipartUpload, ObjectStoreExt as _, PutPayload};

use super::account::Reserved;
use super::blobs::{Blobs, Inner, Stored, finished};
use super::error::within;
use super::key::BlobKey;
use crate::error::Error;
use crate::scope::TenantScope;

/// A blob that is being written.
pub(super) struct Upload {
    blobs: Blobs,
    key: BlobKey,
    path: Path,
    digest: Context,
    bytes: u64,
    reserved: Option<Reserved>,
    /// What is not yet in a part.
    rest: BytesMut,
    /// Where the parts go, once there is more than one part's worth.
    parts: Option<Box<dyn MultipartUpload>>,
}

impl Upload {
    pub(super) async fn begin(
        blobs: &Blobs,
        scope: &TenantScope,
        key: &BlobKey,
    ) -> Result<Self, Error> {
        let reserved = match &blobs.0.accounts {
            None => None,
            Some(accounts) => {
                blobs.usage(scope).await?;
                let quota = accounts.quota_of(&scope.tenant());
                Some(Reserved::new(accounts.of(scope.tenant_id()), quota))
            }
        };
        Ok(Self {
            blobs: blobs.clone(),
            path: key.path(scope.tenant_id()),
            key: key.clone(),
            digest: Context::new(&SHA256),
            bytes: 0,
            reserved,
            rest: BytesMut::new(),
            parts: None,
        })
    }

    pub(super) async fn write(&mut self, mut piece: Bytes) -> Result<(), Error> {
        let part_bytes = self.blobs.0.store.part_bytes;
        if let Some(reserved) = &mut self.reserved {
            reserved.grow(piece.len() as u64)?;
        }
        self.digest.update(&piece);
        self.bytes += piece.len() as u64;
        while !piece.is_empty() {
            // A full part waits for more to come: the last one belongs to the end.
            if self.rest.len() == part_bytes {
                self.put_part().await?;
            }
            let room = part_bytes - self.rest.len();
            let taken = piece.split_to(room.min(piece.len()));
            self.rest.extend_from_slice(&taken);
        }
        Ok(())
    }

    /// Puts the blob into its place. What may no longer be cut off goes on by itself.
    pub(super) async fn finish(mut self) -> Result<Stored, Error> {
        if self.parts.is_some()
            && let Err(error) = self.put_part().await
        {
            self.abort().await;
            return Err(error);
        }
        let digest = mem::replace(&mut self.digest, Context::new(&SHA256)).finish();
        let mut sha256 = [0; 32];
        sha256.copy_from_slice(digest.as_ref());
        let stored = Stored {
            key: self.key.clone(),
            bytes: self.bytes,
            sha256,
        };
        finished(tokio::spawn(self.publish())).await?;
        Ok(stored)
    }

    /// Removes what was written.
    pub(super) async fn abort(mut self) {
        if let Some(parts) = self.parts.take() {
            remove(parts, self.blobs.0.time_out).await;
        }
    }

    async fn put_part(&mut self) -> Result<(), Error> {
        let Inner {
            store, time_out, ..
        } = &*self.blobs.0;
        let part = PutPayload::from(self.rest.split().freeze());
        if self.parts.is_none() {
            let begun = within(*time_out, store.store.put_multipart(&self.path));
            self.parts = Some(begun.await?);
        }
        match &mut self.parts {
            Some(parts) => within(*time_out, parts.put_part(part)).await,
            None => Ok(()),
        }
    }

    async fn publish(mut self) -> Result<(), Error> {
        let account = self.reserved.as_ref().map(|one| one.account.clone());
        let _turn = match &account {
            Some(account) => Some(account.turn.lock().await),
            None => None,
        };
        let before = match &account {
            Some(_) => self.blobs.size(&self.path).await?,
            None => 0,
        };
        let Inner {
            store, time_out, ..
        } = &*self.blobs.0;
        let published = match &mut self.parts {
            Some(parts) => within(*time_out, parts.complete()).await.map(drop),
            None => {
                let whole = PutPayload::from(self.rest.split().freeze());
                let put = within(*time_out, store.store.put(&self.path, whole));
                put.await.map(drop)
            }
        };
        match published {
            Ok(()) => {
                self.parts = None;
                if let Some(reserved) = self.reserved.take() {
                    reserved.settle(before);
                }
                Ok(())
            }
            Err(error) => {
                // It may be there nevertheless.
                if let Some(account) = &account {
                    account.unknown();
                }
                Err(error)
            }
        }
    }
}

impl Drop for Upload {
    fn drop(&mut self) {
        if let (Some(parts), Ok(runtime)) =
            (self.parts.take(), tokio::runtime::Handle::try_current())
        {
            runtime.spawn(remove(parts, self.blobs.0.time_out));
        }
    }
}

async fn remove(mut parts: Box<dyn MultipartUpload>, time_out: std::time::Duration) {
    if let Err(error) = within(time_out, parts.abort()).await {
        tracing::warn!(%error, "the parts of a blob that was not finished are left");
    }
}
