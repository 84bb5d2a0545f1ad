//! Who on the machine can read what the server keeps.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Command;

use tenancy_tests::Server;

/// The files and folders below one, with their modes.
fn modes(folder: &Path, found: &mut Vec<(String, u32)>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let mode = fs::metadata(&path).unwrap().permissions().mode() & 0o777;
        found.push((path.display().to_string(), mode));
        if path.is_dir() {
            modes(&path, found);
        }
    }
}

#[test]
fn what_is_kept_is_readable_to_nobody_else_whatever_the_umask() {
    for umask in ["000", "022"] {
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().join("kept").join("data");
        let done = Command::new("/bin/sh")
            .arg("-c")
            .arg(format!("umask {umask} && exec \"$0\" tenant create acme"))
            .arg(Server::built("platform"))
            .env("TENANCY_DATA", &data)
            .output()
            .unwrap();
        assert!(done.status.success(), "{done:?}");
        let mut found = vec![];
        modes(folder.path(), &mut found);
        let databases = found.iter().filter(|(path, _)| path.ends_with(".db"));
        assert_eq!(databases.count(), 2, "{found:?}");
        for (path, mode) in &found {
            // An empty file that writers lock tells nothing.
            let expected = if Path::new(path).is_dir() {
                0o700
            } else {
                0o600
            };
            let empty = fs::metadata(path).unwrap().len() == 0;
            assert!(*mode == expected || empty, "umask {umask}: {path} {mode:o}");
        }
    }
}
