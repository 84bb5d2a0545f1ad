use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use object_store::ObjectStore;
use object_store::local::LocalFileSystem;
use object_store::memory::InMemory;

use crate::error::{Error, ErrorKind};

/// How much of a blob is in memory while it is written to a disk.
const DISK_PART_BYTES: usize = 256 * 1024;

/// The same for services, which take no parts below 5 MiB.
const SERVICE_PART_BYTES: usize = 8 * 1024 * 1024;

/// Where blobs are kept. Cheap to clone.
#[derive(Clone, Debug)]
pub struct BlobStore {
    pub(super) store: Arc<dyn ObjectStore>,
    pub(super) part_bytes: usize,
    /// The folder, where it is one.
    pub(super) folder: Option<PathBuf>,
}

impl BlobStore {
    /// In this process's memory, for tests.
    pub fn memory() -> Self {
        Self {
            store: Arc::new(InMemory::new()),
            part_bytes: DISK_PART_BYTES,
            folder: None,
        }
    }

    /// In a folder, which is made where it is missing, readable to its owner only. A blob is written
    /// beside its place, flushed to the disk and then renamed, so a crash leaves it whole or not at all;
    /// what a crash leaves beside it, [`sweep`](super::Blobs::sweep) removes.
    ///
    /// # Errors
    /// [`Unavailable`](ErrorKind::Unavailable) when there can be no such folder.
    pub fn folder(path: impl AsRef<Path>) -> Result<Self, Error> {
        let path = path.as_ref();
        create_private(path).map_err(unavailable)?;
        let store = LocalFileSystem::new_with_prefix(path).map_err(unavailable)?;
        Ok(Self {
            store: Arc::new(store.with_fsync(true)),
            part_bytes: DISK_PART_BYTES,
            folder: Some(path.to_owned()),
        })
    }

    /// In anything else that the `object_store` crate, of the version this crate uses, can reach. Its
    /// time-outs are bounded here; how often it tries again is its own business.
    pub fn service(store: Arc<dyn ObjectStore>) -> Self {
        Self {
            store,
            part_bytes: SERVICE_PART_BYTES,
            folder: None,
        }
    }
}

fn unavailable(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Error {
    Error::with_source(ErrorKind::Unavailable, error)
}

/// What is there already keeps the mode that its operator gave it.
fn create_private(path: &Path) -> std::io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path)
}
