use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::StartError;

const OLDEST_SUPPORTED: u32 = 15;

/// The folder that holds `initdb` and `postgres`: from `PATH`, from `pg_config`, else the newest
/// among Debian's.
pub(super) fn find_programs() -> Result<PathBuf, StartError> {
    let path = env::var_os("PATH").unwrap_or_default();
    let debian = || newest_debian_folders().into_iter();
    env::split_paths(&path)
        .chain(folder_from_pg_config())
        .chain(debian())
        .find(|folder| is_supported(folder))
        .ok_or_else(|| {
            StartError::new(format!(
                "PostgreSQL {OLDEST_SUPPORTED} or newer is not installed: apt-get install postgresql"
            ))
        })
}

/// Whether `folder` holds a server that the crates support.
pub(super) fn is_supported(folder: &Path) -> bool {
    folder.join("initdb").is_file()
        && version(folder).is_some_and(|major| major >= OLDEST_SUPPORTED)
}

fn version(folder: &Path) -> Option<u32> {
    let output = Command::new(folder.join("postgres"))
        .arg("--version")
        .output()
        .ok()?;
    // "postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)"
    let text = String::from_utf8(output.stdout).ok()?;
    let number = text.split_once("(PostgreSQL) ")?.1;
    number
        .split(|c: char| !c.is_ascii_digit())
        .next()?
        .parse()
        .ok()
}

fn folder_from_pg_config() -> Option<PathBuf> {
    let output = Command::new("pg_config").arg("--bindir").output().ok()?;
    Some(PathBuf::from(
        String::from_utf8(output.stdout).ok()?.trim_end(),
    ))
}

fn newest_debian_folders() -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir("/usr/lib/postgresql") else {
        return Vec::new();
    };
    let mut majors: Vec<u32> = entries
        .flatten()
        .filter_map(|entry| entry.file_name().to_str()?.parse().ok())
        .collect();
    majors.sort_unstable_by(|a, b| b.cmp(a));
    majors
        .into_iter()
        .map(|major| PathBuf::from(format!("/usr/lib/postgresql/{major}/bin")))
        .collect()
}
