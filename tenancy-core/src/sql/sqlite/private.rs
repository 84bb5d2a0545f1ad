//! Folders and files that other users of the machine cannot read, whatever the umask. What is
//! there already keeps the mode that its operator gave it.

use std::fs;
use std::io;
use std::path::Path;

/// Makes a folder, and those above it that are missing.
pub(super) fn create_folder(path: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path)
}

/// Makes an empty file, which SQLite takes for a new database, and whose mode it gives to the
/// files beside it.
pub(super) fn create_file(path: &Path) -> io::Result<()> {
    let mut options = fs::OpenOptions::new();
    options.append(true).create(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path).map(drop)
}
