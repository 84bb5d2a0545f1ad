use std::time::{Duration, Instant};

use tenancy_core::ErrorKind;
use tenancy_core::blob::BlobStore;

use crate::health::{Check, Finding};

/// How long each of the steps may take.
const STEP: Duration = Duration::from_secs(10);

/// Writes, reads and deletes a small object where tenants' files are kept.
#[derive(Clone, Debug)]
pub struct StorageCheck(BlobStore);

impl StorageCheck {
    /// Looks at this store.
    pub fn new(store: &BlobStore) -> Self {
        Self(store.clone())
    }
}

impl Check for StorageCheck {
    async fn run(&self) -> Finding {
        let began = Instant::now();
        match self.0.probe(STEP).await {
            Ok(()) => Finding::pass().took(began),
            Err(error) if error.kind() == ErrorKind::Corrupt => {
                Finding::fail("files are read otherwise than they were written")
            }
            Err(error) => {
                tracing::debug!(%error, "the store of files could not be tried");
                Finding::fail("files cannot be written and read")
            }
        }
    }
}
