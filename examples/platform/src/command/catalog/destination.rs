use std::fs::{self, File, Permissions};
use std::io::{self, Write};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

/// Where an export goes: a file is replaced once the new one is whole; a pipe or a device, which
/// cannot be replaced, takes the text as it comes.
#[derive(Debug)]
pub(super) enum Destination {
    File(NamedTempFile, PathBuf),
    Stream(File),
}

impl Destination {
    pub(super) fn open(path: &Path) -> io::Result<Self> {
        let mode = match fs::metadata(path) {
            Ok(there) if !there.is_file() => {
                return File::options().write(true).open(path).map(Self::Stream);
            }
            Ok(there) => Some(there.permissions()),
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(error) => return Err(error),
        };
        let path = followed(path)?;
        let folder = match path.parent() {
            Some(folder) if !folder.as_os_str().is_empty() => folder,
            _ => Path::new("."),
        };
        let mut draft = tempfile::Builder::new();
        // Less the umask, as for any file that is made.
        draft.permissions(Permissions::from_mode(0o666));
        let draft = draft.tempfile_in(folder)?;
        if let Some(mode) = mode {
            draft.as_file().set_permissions(mode)?;
        }
        Ok(Self::File(draft, path))
    }

    /// Puts the whole file in its place.
    pub(super) fn finish(self) -> io::Result<()> {
        match self {
            Self::File(draft, path) => {
                draft.as_file().sync_all()?;
                draft.persist(path).map(drop).map_err(|error| error.error)
            }
            Self::Stream(mut stream) => stream.flush(),
        }
    }
}

impl Write for Destination {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::File(draft, _) => draft.write(bytes),
            Self::Stream(stream) => stream.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::File(draft, _) => draft.flush(),
            Self::Stream(stream) => stream.flush(),
        }
    }
}

/// The file that a link leads to, there or not.
fn followed(path: &Path) -> io::Result<PathBuf> {
    let mut path = path.to_owned();
    loop {
        match fs::canonicalize(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            found => return found,
        }
        // It is missing; so no circle of links, which would be another error.
        match fs::read_link(&path) {
            Ok(target) => path = path.parent().unwrap_or(Path::new("")).join(target),
            Err(_) => return Ok(path),
        }
    }
}
