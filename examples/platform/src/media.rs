//! The files that shops have uploaded: where their content is, and what becomes of content that no file
//! names.

mod sweep;
mod unnamed;

use std::sync::OnceLock;

use tenancy_commerce::media::SqlMedia;
use tenancy_core::blob::{BlobStore, Blobs};
use tenancy_core::sql::Database;
use tenancy_core::{Error, Tenants};
use tenancy_security::upload::UploadPolicy;

pub(crate) use self::sweep::keep_swept;
pub(crate) use self::unnamed::Unnamed;
use crate::config::Config;

/// What there is to uploads.
#[derive(Debug)]
pub(crate) struct MediaStore {
    files: SqlMedia,
    policy: UploadPolicy,
    /// Opened by who needs it: most commands do not, and would leave a folder where they are run.
    blobs: OnceLock<Blobs>,
}

impl MediaStore {
    pub(crate) fn new(config: &Config, database: &Database) -> Self {
        let media = &config.media;
        Self {
            files: SqlMedia::new(database, media.quota_bytes.get()),
            policy: UploadPolicy::builder()
                .bytes_max(media.file_bytes_max.get())
                .pixels_max(media.pixels_max.get())
                .build(),
            blobs: OnceLock::new(),
        }
    }

    /// What is known of the files.
    pub(crate) fn files(&self) -> &SqlMedia {
        &self.files
    }

    /// Which files are taken.
    pub(crate) fn policy(&self) -> &UploadPolicy {
        &self.policy
    }

    /// Their content. How much of it there may be is counted in the database, with the files.
    pub(crate) fn blobs(&self, config: &Config, tenants: &Tenants) -> Result<&Blobs, Error> {
        if let Some(blobs) = self.blobs.get() {
            return Ok(blobs);
        }
        let store = BlobStore::folder(config.media_folder())?;
        Ok(self
            .blobs
            .get_or_init(|| Blobs::builder(tenants, store).build()))
    }
}
