//! Merchants' product files that are wrong throughout, and exports to what is no plain file.

use std::fs::{self, Permissions};
use std::os::unix::fs::{FileTypeExt as _, PermissionsExt as _, symlink};
use std::path::Path;
use std::process::Command;
use std::thread;

use serde_json::Value;
use tenancy_tests::Server;

use super::run;

fn platform(data: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(Server::built("platform"));
    command.env("TENANCY_DATA", data).args(arguments);
    command
}

#[test]
fn of_endless_mistakes_the_first_are_told_and_the_rest_counted() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path();
    assert!(
        platform(data, &["tenant", "create", "acme"])
            .output()
            .unwrap()
            .status
            .success()
    );
    let mut rows = "Handle,Title,Variant Price\n".to_owned();
    for row in 0..3000 {
        rows += &format!("thing-{row},Thing,dear\n");
    }
    let file = data.join("wrong.csv");
    fs::write(&file, rows).unwrap();
    let file = file.display().to_string();
    let import = [
        "catalog", "import", "--tenant", "acme", "--format", "shopify", &file,
    ];

    let done = platform(data, &import).arg("--json").output().unwrap();
    assert!(!done.status.success());
    let said: Value = serde_json::from_slice(&done.stdout).unwrap();
    assert_eq!(said["errors"].as_array().unwrap().len(), 1000);
    assert_eq!(said["errors"][0]["row"], 2);
    assert_eq!(said["errors_omitted"], 2000);
    assert_eq!(said.get("warnings_omitted"), None);
    let done = platform(data, &import).output().unwrap();
    let text = String::from_utf8(done.stdout).unwrap();
    assert!(text.ends_with("\nand 2000 more errors\n"), "{text}");
}

#[test]
fn an_export_goes_through_links_and_pipes_and_keeps_a_files_mode() {
    let folder = tempfile::tempdir().unwrap();
    let settings = [(
        "TENANCY_DATA",
        folder.path().join("data").display().to_string(),
    )];
    run(&settings, &["tenant", "create", "acme"]);
    let path = |name: &str| folder.path().join(name);
    let export = |name: &str| {
        let file = path(name).display().to_string();
        let export = [
            "catalog", "export", "--tenant", "acme", "--format", "shopify", &file,
        ];
        assert_eq!(run(&settings, &export)["products"], 0);
    };
    let mode = |name: &str| fs::metadata(path(name)).unwrap().permissions().mode() & 0o777;

    fs::write(path("kept"), "before").unwrap();
    fs::set_permissions(path("kept"), Permissions::from_mode(0o640)).unwrap();
    export("kept");
    assert_eq!(mode("kept"), 0o640);
    let header = fs::read_to_string(path("kept")).unwrap();
    assert!(header.starts_with("Handle,"), "{header}");

    symlink("kept", path("link")).unwrap();
    fs::write(path("kept"), "before").unwrap();
    export("link");
    assert!(fs::symlink_metadata(path("link")).unwrap().is_symlink());
    assert_eq!(fs::read_to_string(path("kept")).unwrap(), header);

    symlink("missing", path("dangling")).unwrap();
    export("dangling");
    assert!(fs::symlink_metadata(path("dangling")).unwrap().is_symlink());
    assert_eq!(fs::read_to_string(path("missing")).unwrap(), header);

    fs::write(path("plain"), "").unwrap();
    let usual = mode("plain");
    assert_eq!(mode("missing"), usual);

    assert!(
        Command::new("mkfifo")
            .arg(path("pipe"))
            .status()
            .unwrap()
            .success()
    );
    let pipe = path("pipe");
    let reader = thread::spawn(move || fs::read_to_string(pipe).unwrap());
    export("pipe");
    assert!(
        fs::symlink_metadata(path("pipe"))
            .unwrap()
            .file_type()
            .is_fifo()
    );
    assert_eq!(reader.join().unwrap(), header);
}
