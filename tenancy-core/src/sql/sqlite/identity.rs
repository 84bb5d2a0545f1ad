use std::fs;
use std::io;
use std::path::Path;

/// Which file a path leads to now.
///
/// A connection goes on with its file when that is deleted or another takes its place, and what it
/// then writes is lost. Looking takes one or two microseconds.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct FileIdentity {
    /// Device and inode; elsewhere than on Unix an open file cannot be deleted.
    #[cfg(unix)]
    place: (u64, u64),
}

impl FileIdentity {
    pub(super) fn of(path: &Path) -> io::Result<Self> {
        let found = fs::metadata(path)?;
        #[cfg(unix)]
        {
            use std::os::unix::fs::MetadataExt as _;
            let place = (found.dev(), found.ino());
            Ok(Self { place })
        }
        #[cfg(not(unix))]
        {
            let _ = found;
            Ok(Self {})
        }
    }
}
