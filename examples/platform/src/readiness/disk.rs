//! The folder in which the data is.

use std::fs;
use std::io::ErrorKind;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use rustix::fs::statvfs;
use tenancy_observability::readiness::Finding;

/// With a smaller part of the disk free it is full before anybody has come.
const FREE_MIN: f64 = 0.05;

/// With a smaller part somebody should look.
const FREE_USUAL: f64 = 0.15;

pub(super) fn private(folder: &Path) -> Finding {
    let shown = folder.display();
    match fs::metadata(folder) {
        Ok(metadata) if metadata.permissions().mode() & 0o077 != 0 => Finding::fail(
            format!("others on this machine may open {shown}, with the secret and SQLite's files"),
            format!("chmod 700 {shown}"),
        ),
        Ok(_) => Finding::pass(format!("only its owner may open {shown}")),
        Err(error) if error.kind() == ErrorKind::NotFound => Finding::pass(format!(
            "{shown} does not exist yet, and is made for its owner only"
        )),
        Err(error) => Finding::unknown(
            format!("{shown} cannot be looked at: {error}"),
            "ask as the user who serves",
        ),
    }
}

pub(super) fn space(folder: &Path) -> Finding {
    // Before the first start: where it will be.
    let existing = folder.ancestors().find(|folder| folder.exists());
    let asked = existing.unwrap_or_else(|| Path::new("."));
    let Ok(disk) = statvfs(asked) else {
        return Finding::unknown("the disk does not tell", "look at it with `df`");
    };
    let free = disk.f_bavail as f64 / (disk.f_blocks as f64).max(1.0);
    let gibibytes = disk.f_bavail as f64 * disk.f_frsize as f64 / 1_073_741_824.0;
    let evidence = format!(
        "{:.0} % of the disk is free, {gibibytes:.1} GiB",
        free * 100.0
    );
    let mend = "make room, or use a larger disk";
    if free < FREE_MIN {
        Finding::fail(evidence, mend)
    } else if free < FREE_USUAL {
        Finding::warn(evidence, mend)
    } else {
        Finding::pass(evidence)
    }
}
