//! The labelled values in `../shared/corpora` beside the project, as parts of requests.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use http::{Request, StatusCode};
use serde_json::{Value, json};

use super::{Body, get, multipart, post, quiet, send, url_encoded, with_header};

/// Category and payload of some of a file's attacks, or `benign` and payload; nothing where the file
/// is absent.
fn rows(file: &str, every: usize) -> Vec<(String, String)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/corpora");
    let Ok(text) = fs::read_to_string(folder.join(file)) else {
        eprintln!("skipped: {file} is not in {}", folder.display());
        return vec![];
    };
    let rows = text.lines().step_by(every).map(|line| {
        let row: Value = serde_json::from_str(line).unwrap();
        let text = |name: &str| row[name].as_str().unwrap().to_owned();
        match &*text("label") {
            "benign" => ("benign".to_owned(), text("payload")),
            _ => (text("category"), text("payload")),
        }
    });
    rows.collect()
}

/// The payload as it is, and in what an attacker may write it.
fn encodings(payload: &str) -> [(&'static str, String); 5] {
    let each = |write: &dyn Fn(char) -> String| payload.chars().map(write).collect::<String>();
    let url = url_encoded(payload.as_bytes());
    let double = url.replace('%', "%25");
    let entities = each(&|character| match character {
        letter if letter.is_ascii_alphanumeric() || letter == ' ' => letter.into(),
        sign => format!("&#{};", u32::from(sign)),
    });
    let escapes = each(&|character| match character {
        letter if letter.is_ascii_alphanumeric() || letter == ' ' => letter.into(),
        sign => {
            let mut units = [0; 2];
            let units = sign.encode_utf16(&mut units).iter();
            units.map(|unit| format!("\\u{unit:04x}")).collect()
        }
    });
    [
        ("plain", payload.to_owned()),
        ("url", url),
        ("double url", double),
        ("entities", entities),
        ("escapes", escapes),
    ]
}

/// Requests with the value in each place, as a client sends it there.
fn places(value: &str) -> Vec<(&'static str, Request<Body>)> {
    let url = url_encoded(value.as_bytes());
    let mut requests = vec![
        ("path", get(&format!("/products/{url}"))),
        ("query", get(&format!("/products?q={url}"))),
        (
            "json",
            post("application/json", json!({"a": [{"q": value}]}).to_string()),
        ),
        (
            "form",
            post("application/x-www-form-urlencoded", format!("id=1&q={url}")),
        ),
        ("multipart", multipart("", "", value)),
    ];
    if !value.bytes().any(|byte| byte.is_ascii_control()) {
        requests.push(("header", with_header("x-note", value)));
        // A cookie ends at a semicolon.
        requests.push((
            "cookie",
            with_header("cookie", format!("a=1; q={}", value.replace(';', "%3b"))),
        ));
    }
    requests
}

#[derive(Default)]
struct Tally {
    total: u32,
    refused: u32,
}

/// Behaviour 18.
#[tokio::test]
async fn attacks_are_refused_wherever_they_stand_and_however_they_are_encoded() {
    let mut tallies = BTreeMap::<(String, &str, &str), Tally>::new();
    let layer = quiet();
    let files = ["httpparams.jsonl", "libinjection.jsonl"];
    let rows = files.iter().flat_map(|file| rows(file, 1)).enumerate();
    for (at, (category, payload)) in rows {
        // Each is sent many times over, so not all of them are.
        let every = match &*category {
            "benign" => continue,
            "sqli" => 29,
            "xss" => 5,
            _ => 1,
        };
        if at % every != 0 {
            continue;
        }
        for (encoding, value) in encodings(&payload) {
            for (place, request) in places(&value) {
                let tally = tallies
                    .entry((category.clone(), place, encoding))
                    .or_default();
                let status = send(&layer, request).await.status();
                tally.total += 1;
                tally.refused += u32::from(status == StatusCode::FORBIDDEN);
            }
        }
    }
    let mut short = vec![];
    for ((category, place, encoding), tally) in &tallies {
        let least = match &**category {
            "sqli" => 98.5,
            "xss" => 98.0,
            "traversal" => 95.0,
            "cmdi" => 90.0,
            _ => continue,
        };
        let recall = 100.0 * f64::from(tally.refused) / f64::from(tally.total);
        if recall < least {
            short.push(format!(
                "{category} in {place}, {encoding}: {recall:.1} % of {}",
                tally.total
            ));
        }
    }
    assert!(short.is_empty(), "{short:#?}");
}

/// Behaviour 19.
#[tokio::test]
async fn ordinary_values_pass_in_queries_forms_and_json() {
    let layer = quiet();
    let mut refused = vec![];
    let mut total = 0;
    for (file, every) in [("httpparams.jsonl", 3), ("benign-prose.jsonl", 7)] {
        for (_, value) in rows(file, every).iter().filter(|row| row.0 == "benign") {
            for (place, request) in places(value) {
                if ["query", "form", "json"].contains(&place) {
                    total += 1;
                    if send(&layer, request).await.status() != StatusCode::OK {
                        refused.push((file, place, value.clone()));
                    }
                }
            }
        }
    }
    let of = |file: &str| refused.iter().filter(|row| row.0 == file).count();
    assert_eq!(of("httpparams.jsonl"), 0, "{refused:#?}");
    // 0.13 % of three times a seventh of the prose.
    let prose = of("benign-prose.jsonl");
    assert!(
        prose * 10_000 <= total * 13,
        "{prose} of {total}: {refused:#?}"
    );
}
