//! The program that says what the detector finds in files of labelled values.

use std::fs;
use std::process::{Command, Output};

use serde_json::{Value, json};
use tenancy_tests::Server;

const ROWS: &str = r#"{"label":"attack","category":"sqli","payload":"1' or '1'='1"}
{"label":"attack","category":"sqli","payload":"a harmless text"}
{"label":"attack","category":"xss","method":"GET","uri":"/?q=%3Cscript%3Ealert(1)%3C/script%3E","headers":{},"data":""}
{"label":"benign","category":"prose","payload":"Tea or coffee?"}

{"label":"unknown","category":"prose","payload":"left out"}
"#;

fn run(arguments: &[&str]) -> Output {
    let mut program = Command::new(Server::built("examples/threat_corpus"));
    program.args(arguments).output().unwrap()
}

#[test]
fn what_was_caught_is_counted_by_category_and_by_file() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("rows.jsonl");
    fs::write(&file, ROWS).unwrap();
    let name = file.to_str().unwrap();
    let said = run(&["--json", name]);
    assert!(said.status.success(), "{said:?}");
    let document: Value = serde_json::from_slice(&said.stdout).unwrap();
    let attack = json!({"sqli": {"total": 2, "caught": 1}, "xss": {"total": 1, "caught": 1}});
    let benign = json!({"total": 1, "flagged": 0});
    let expected = json!({"files": [{"file": name, "attack": attack, "benign": benign}]});
    assert_eq!(document, expected);
    let table = String::from_utf8(run(&[name]).stdout).unwrap();
    assert!(table.contains("sqli") && table.contains("50.0"), "{table}");

    fs::write(&file, "{\"label\":\"attack\"}\n").unwrap();
    let broken = run(&[name]);
    let told = String::from_utf8(broken.stderr).unwrap();
    assert_eq!(broken.status.code(), Some(1));
    assert!(told.contains("line 1: neither"), "{told}");
    assert_eq!(run(&[]).status.code(), Some(2));
    assert_eq!(run(&["--jsno", name]).status.code(), Some(2));
}
