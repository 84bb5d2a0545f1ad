//! Whether there is a backup, and how old it is.

use std::fs::{self, Metadata};
use std::io;
use std::path::Path;
use std::time::{Duration, SystemTime};

use tenancy_observability::readiness::Finding;

use crate::config::Backups;

/// How many files of a folder are looked at.
const FILES_MAX: usize = 100_000;

const MEND: &str = "find out why none is made, and restore one to see that it can be";

pub(super) fn age(backups: &Backups, now: SystemTime) -> Finding {
    let Some(path) = &backups.path else {
        return Finding::unknown(
            "nobody has said where backups are",
            "set backups.path to the file, or the folder, that they are written to",
        );
    };
    let shown = path.display();
    let file = match newest(path) {
        Ok(Some(file)) => file,
        Ok(None) => return Finding::fail(format!("there is no backup in {shown}"), MEND),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            return Finding::fail(format!("{shown} does not exist"), MEND);
        }
        Err(error) => {
            return Finding::unknown(
                format!("{shown} cannot be looked at: {error}"),
                "ask as the user who serves",
            );
        }
    };
    let Ok(made) = file.modified() else {
        return Finding::unknown(
            format!("the disk does not tell how old {shown} is"),
            "look at it by hand",
        );
    };
    // One that was made just now may seem to come from the future.
    let age = now.duration_since(made).unwrap_or(Duration::ZERO);
    let hours = age.as_secs() / 3600;
    let evidence = format!(
        "the newest in {shown} is {hours} hours old and has {} bytes",
        file.len()
    );
    if file.len() == 0 || age > backups.age_max() {
        Finding::fail(evidence, MEND)
    } else {
        Finding::pass(evidence)
    }
}

/// The youngest file of a folder, or the file itself.
fn newest(path: &Path) -> io::Result<Option<Metadata>> {
    let own = fs::metadata(path)?;
    if !own.is_dir() {
        return Ok(Some(own));
    }
    let mut newest: Option<Metadata> = None;
    for entry in fs::read_dir(path)?.take(FILES_MAX) {
        // Followed where it is a link; one that leads nowhere is no backup.
        let Ok(file) = fs::metadata(entry?.path()) else {
            continue;
        };
        let made = |file: &Metadata| file.modified().ok();
        if file.is_file() && newest.as_ref().is_none_or(|best| made(best) < made(&file)) {
            newest = Some(file);
        }
    }
    Ok(newest)
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use tenancy_observability::readiness::Status;

    use super::*;

    const HOUR: Duration = Duration::from_secs(3600);

    fn put(path: &Path, content: &str, made: SystemTime) {
        fs::write(path, content).unwrap();
        let file = fs::File::options().write(true).open(path).unwrap();
        file.set_modified(made).unwrap();
    }

    #[test]
    fn a_backup_is_there_and_young_and_not_empty() {
        let now = SystemTime::now();
        let folder = tempfile::tempdir().unwrap();
        let check = |path: Option<PathBuf>, status: Status, evidence: &str| {
            let backups = Backups {
                path,
                ..Backups::default()
            };
            let found = age(&backups, now);
            assert_eq!(found.status, status, "{found:?}");
            assert!(found.evidence.contains(evidence), "{found:?}");
        };
        let own = || Some(folder.path().to_owned());
        check(None, Status::Unknown, "nobody has said");
        check(
            Some(folder.path().join("none")),
            Status::Fail,
            "does not exist",
        );
        check(own(), Status::Fail, "there is no backup");
        fs::create_dir(folder.path().join("folder")).unwrap();
        check(own(), Status::Fail, "there is no backup");
        let [old, new] = ["old.dump", "new.dump"].map(|name| folder.path().join(name));
        put(&old, "all of it", now - 27 * HOUR);
        check(own(), Status::Fail, "27 hours old and has 9 bytes");
        check(Some(old.clone()), Status::Fail, "27 hours old");
        put(&new, "all", now - 25 * HOUR);
        check(own(), Status::Pass, "25 hours old and has 3 bytes");
        put(&new, "all", now + HOUR);
        check(Some(new.clone()), Status::Pass, "0 hours old");
        put(&new, "", now);
        check(own(), Status::Fail, "0 bytes");
    }
}
