use std::env;
use std::path::{Path, PathBuf};

use crate::StartError;

/// Finds the first of `names` in `PATH`, or says which Debian package brings it. A path is taken as
/// it is.
pub(crate) fn find_program(
    names: &[impl AsRef<Path>],
    package: &str,
) -> Result<PathBuf, StartError> {
    let path = env::var_os("PATH").unwrap_or_default();
    let found = names.iter().find_map(|name| {
        env::split_paths(&path)
            .map(|folder| folder.join(name))
            .find(|program| program.is_file())
    });
    found.ok_or_else(|| {
        let names: Vec<_> = names
            .iter()
            .map(|name| name.as_ref().display().to_string())
            .collect();
        let names = names.join(" nor ");
        StartError::new(format!(
            "{names} is not installed: apt-get install {package}"
        ))
    })
}
