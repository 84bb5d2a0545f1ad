//! Runs the threat detector over files of labelled values and prints what it caught.
//!
//! Each line is a JSON object with `label` (`attack` or `benign`; others are left out), `category`
//! and `payload`, or `method`, `uri`, `headers` and `data` where the line is a whole request.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a command line")]

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufRead, BufReader};
use std::process::ExitCode;

use serde_json::{Value, json};
use tenancy_security::threat::{Detector, Finding, Place};

const USAGE: &str = "\
Usage: threat_corpus [--json] [--misses] FILES...

Reads JSON lines with `label`, `category` and `payload` and prints the share of attacks caught,
by category, and the share of harmless values flagged, by file.

  --json    print {\"files\":[{\"file\":NAME,\"attack\":{CATEGORY:{\"total\":N,\"caught\":K}},
            \"benign\":{\"total\":N,\"flagged\":K}}]}
  --misses  print each attack missed and each harmless value flagged, with its line, instead
  --help    print this";

fn main() -> ExitCode {
    let mut json = false;
    let mut misses = false;
    let mut files = Vec::new();
    for argument in std::env::args().skip(1) {
        match argument.as_str() {
            "--help" | "-h" => {
                println!("{USAGE}");
                return ExitCode::SUCCESS;
            }
            "--json" => json = true,
            "--misses" => misses = true,
            flag if flag.starts_with('-') => {
                eprintln!("unknown flag {flag}\n\n{USAGE}");
                return ExitCode::from(2);
            }
            _ => files.push(argument),
        }
    }
    if files.is_empty() {
        eprintln!("no files were named\n\n{USAGE}");
        return ExitCode::from(2);
    }
    let mut reports = Vec::new();
    for file in &files {
        match read(file, misses) {
            Ok(report) => reports.push((file.as_str(), report)),
            Err(error) => {
                eprintln!("{file}: {error}");
                return ExitCode::FAILURE;
            }
        }
    }
    if json {
        println!("{}", to_json(&reports));
    } else if !misses {
        print_table(&reports);
    }
    ExitCode::SUCCESS
}

#[derive(Default)]
struct Tally {
    total: u64,
    found: u64,
}

impl Tally {
    fn count(&mut self, found: bool) {
        self.total += 1;
        self.found += u64::from(found);
    }

    fn percent(&self) -> f64 {
        100.0 * self.found as f64 / self.total.max(1) as f64
    }
}

#[derive(Default)]
struct Report {
    attack: BTreeMap<String, Tally>,
    benign: Tally,
}

fn read(file: &str, misses: bool) -> Result<Report, String> {
    let lines = BufReader::new(File::open(file).map_err(|error| error.to_string())?).lines();
    let detector = Detector::new();
    let mut report = Report::default();
    for (number, line) in (1..).zip(lines) {
        let at = |problem: &str| format!("line {number}: {problem}");
        let line = line.map_err(|error| at(&error.to_string()))?;
        if line.trim().is_empty() {
            continue;
        }
        let row: Value = serde_json::from_str(&line).map_err(|error| at(&error.to_string()))?;
        let label = row["label"]
            .as_str()
            .ok_or_else(|| at("no text in `label`"))?;
        if !matches!(label, "attack" | "benign") {
            continue;
        }
        let category = row["category"].as_str().unwrap_or("uncategorised");
        let finding = refusal(&detector, &row).ok_or_else(|| at("neither `payload` nor `uri`"))?;
        let found = finding.is_some();
        if label == "benign" {
            report.benign.count(found);
        } else {
            let tally = report.attack.entry(category.to_owned()).or_default();
            tally.count(found);
        }
        if misses && found == (label == "benign") {
            let why = finding.map_or(String::new(), |finding| format!(" ({finding})"));
            let what = row.get("payload").unwrap_or(&row);
            println!("{file}:{number} {category} {what}{why}");
        }
    }
    Ok(report)
}

/// What the default blocking mode would refuse the row for, or `None` if the row holds no value.
fn refusal(detector: &Detector, row: &Value) -> Option<Option<Finding>> {
    let refused = |place, value: &[u8]| {
        detector
            .check(place, value)
            .filter(|finding| finding.severity().blocks())
    };
    if let Some(payload) = row["payload"].as_str() {
        return Some(places(row).find_map(|place| refused(place, payload.as_bytes())));
    }
    let uri = row["uri"].as_str()?;
    let (path, query) = uri.split_once('?').unwrap_or((uri, ""));
    let finding = refused(Place::Path, path.as_bytes())
        .or_else(|| refused_in_form(&refused, Place::Query, query))
        .or_else(|| {
            let headers = row["headers"].as_object()?;
            headers.iter().find_map(|(name, value)| {
                let cookie = name.eq_ignore_ascii_case("cookie");
                let place = if cookie { Place::Cookie } else { Place::Header };
                refused(place, value.as_str()?.as_bytes())
            })
        })
        .or_else(|| {
            let body = row["data"].as_str()?;
            match body.trim_start().as_bytes().first() {
                Some(b'{' | b'[') => {
                    let mut text = serde_json::from_str(body).map_or(vec![], |json| texts(&json));
                    text.push(body.to_owned());
                    text.iter()
                        .find_map(|text| refused(Place::Json, text.as_bytes()))
                }
                Some(b'<' | b'-') => refused(Place::Body, body.as_bytes()),
                _ => refused_in_form(&refused, Place::Form, body),
            }
        });
    Some(finding)
}

/// Where gotestwaf puts a payload; elsewhere a parameter of the query is meant.
fn places(row: &Value) -> impl Iterator<Item = Place> {
    let named = row["placeholder"].as_array().map_or(&[][..], Vec::as_slice);
    let in_header = named
        .iter()
        .any(|place| matches!(place.as_str(), Some("UserAgent" | "Header")));
    let header = in_header.then_some(Place::Header);
    [Some(Place::Query), header].into_iter().flatten()
}

/// Judges the names and values of a URL-encoded form.
fn refused_in_form(
    refused: &impl Fn(Place, &[u8]) -> Option<Finding>,
    place: Place,
    form: &str,
) -> Option<Finding> {
    form.split('&')
        .flat_map(|field| field.splitn(2, '='))
        .find_map(|part| {
            let part = part.replace('+', " ");
            refused(place, part.as_bytes())
        })
}

/// Every string of a document, its names included.
fn texts(json: &Value) -> Vec<String> {
    match json {
        Value::String(text) => vec![text.clone()],
        Value::Array(items) => items.iter().flat_map(texts).collect(),
        Value::Object(members) => members
            .iter()
            .flat_map(|(name, value)| [vec![name.clone()], texts(value)].concat())
            .collect(),
        _ => vec![],
    }
}

fn to_json(reports: &[(&str, Report)]) -> Value {
    let files: Vec<Value> = reports
        .iter()
        .map(|(file, report)| {
            let attack: serde_json::Map<String, Value> = report
                .attack
                .iter()
                .map(|(category, tally)| {
                    let counts = json!({"total": tally.total, "caught": tally.found});
                    (category.clone(), counts)
                })
                .collect();
            let benign = json!({"total": report.benign.total, "flagged": report.benign.found});
            json!({"file": file, "attack": attack, "benign": benign})
        })
        .collect();
    json!({ "files": files })
}

fn print_table(reports: &[(&str, Report)]) {
    println!(
        "{:<44} {:>7} {:>7} {:>8}",
        "attacks", "total", "caught", "recall"
    );
    for (file, report) in reports {
        println!("{file}");
        for (category, tally) in &report.attack {
            let percent = tally.percent();
            println!(
                "  {category:<42} {:>7} {:>7} {percent:>7.2}%",
                tally.total, tally.found
            );
        }
    }
    println!();
    println!(
        "{:<44} {:>7} {:>7} {:>8}",
        "harmless", "total", "flagged", "share"
    );
    for (file, report) in reports {
        let tally = &report.benign;
        if tally.total > 0 {
            println!(
                "{file:<44} {:>7} {:>7} {:>7.3}%",
                tally.total,
                tally.found,
                tally.percent()
            );
        }
    }
}
