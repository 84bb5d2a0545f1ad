use std::path::PathBuf;

use rustix::fs::statvfs;

use crate::health::{Check, Finding};

/// How full the disk is that a folder is on, or will be on once it is made: a warning at 85 percent, a failure at 95, unless set
/// otherwise.
#[derive(Clone, Debug)]
#[must_use]
pub struct DiskCheck {
    folder: PathBuf,
    warn: u64,
    fail: u64,
}

impl DiskCheck {
    /// Looks at the disk of this folder.
    pub fn new(folder: impl Into<PathBuf>) -> Self {
        Self {
            folder: folder.into(),
            warn: 85,
            fail: 95,
        }
    }

    /// Sets from how many percent on it warns, and fails.
    pub fn limits(mut self, warn: u64, fail: u64) -> Self {
        (self.warn, self.fail) = (warn, fail);
        self
    }
}

impl Check for DiskCheck {
    async fn run(&self) -> Finding {
        let folder = self.folder.clone();
        // A disk in the network can be away, and then this waits.
        let looked = tokio::task::spawn_blocking(move || {
            let there = folder.ancestors().find(|folder| folder.exists());
            statvfs(there.unwrap_or(&folder))
        });
        let Ok(Ok(disk)) = looked.await else {
            return Finding::unknown("the disk cannot be looked at");
        };
        let used = disk.f_blocks.saturating_sub(disk.f_bfree);
        // What is kept for the superuser is neither used nor free, as `df` counts.
        let percent = percent(used, used.saturating_add(disk.f_bavail));
        let warn = (self.warn, "the disk is nearly full");
        Finding::used(percent, warn, (self.fail, "the disk is full"))
    }
}

/// Rounded up, as a full disk is not 99 percent full.
fn percent(used: u64, all: u64) -> u64 {
    match all {
        0 => 0,
        _ => used.saturating_mul(100).div_ceil(all),
    }
}
