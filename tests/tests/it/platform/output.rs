//! What commands print, and what becomes of it when it cannot be printed.

use std::fs::File;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use serde_json::Value;
use tenancy_tests::Server;

fn printed_to(output: impl Into<Stdio>, data: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(Server::built("platform"));
    command.env("TENANCY_DATA", data).args(arguments);
    command.stdout(output).output().unwrap()
}

fn said(done: &Output) -> String {
    String::from_utf8(done.stderr.clone()).unwrap()
}

#[test]
fn what_could_not_be_printed_is_a_failure_that_says_what_to_do() {
    let folder = tempfile::tempdir().unwrap();
    let full = || File::options().write(true).open("/dev/full").unwrap();
    let gone = || {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        writer
    };
    let data = folder.path();

    let done = printed_to(full(), data, &["tenant", "create", "acme"]);
    assert!(!done.status.success());
    let hint = "acme is open, but its key could not be shown; `key create --tenant acme`";
    assert!(said(&done).contains(hint), "{}", said(&done));
    for done in [
        printed_to(gone(), data, &["key", "create", "--tenant", "acme"]),
        printed_to(full(), data, &["key", "create", "--tenant", "acme"]),
    ] {
        assert!(!done.status.success());
        let hint = "the key could not be shown; `key revoke --tenant acme ";
        assert!(said(&done).contains(hint), "{}", said(&done));
    }

    let done = printed_to(full(), data, &["tenant", "list"]);
    assert!(!done.status.success());
    assert!(said(&done).contains("standard output cannot be written"));
    // As in `| head`: what can be read again may go unread.
    let done = printed_to(gone(), data, &["tenant", "list"]);
    assert!(done.status.success(), "{}", said(&done));
}

#[test]
fn wrong_arguments_are_a_document_for_programs() {
    let folder = tempfile::tempdir().unwrap();
    let wrong = ["tenant", "create", "No Slug", "--json"];
    let done = printed_to(Stdio::piped(), folder.path(), &wrong);
    assert_eq!(done.status.code(), Some(2));
    let document: Value = serde_json::from_slice(&done.stdout).unwrap();
    let error = document["error"].as_str().unwrap();
    assert!(error.starts_with("invalid value 'No Slug'"), "{error}");
    assert!(said(&done).contains("--help"), "{}", said(&done));

    let done = printed_to(Stdio::piped(), folder.path(), &wrong[..3]);
    assert!(done.stdout.is_empty());
    let done = printed_to(Stdio::piped(), folder.path(), &["--version", "--json"]);
    assert!(done.status.success() && done.stdout.starts_with(b"platform "));
}
