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
use tenancy_security::threat::{Detector, Place};

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
        let label = row["label"].as_str().ok_or_else(|| at("no text in `label`"))?;
        if !matches!(label, "attack" | "benign") {
            continue;
        }
        let category = row["category"].as_str().unwrap_or("uncategorised");
        let found = is_refused(&detector, &row).ok_or_else(|| at("neither `payload` nor `uri`"))?;
        if label == "benign" {
            report.benign.count(found);
        } else {
            let tally = report.attack.entry(category.to_owned()).or_default();
            tally.count(found);
        }
        if misses && found == (label == "benign") {
            println!("{file}:{number} {category} {}", row["payload"]);
        }
    }
    Ok(report)
}

/// Whether the default blocking mode would refuse what the row holds.
fn is_refused(detector: &Detector, row: &Value) -> Option<bool> {
    let refuses = |place, value: &[u8]| {
        detector
            .check(place, value)
            .is_some_and(|finding| finding.severity().blocks())
    };
    if let Some(payload) = row["payload"].as_str() {
        return Some(refuses(Place::Query, payload.as_bytes()));
    }
    let uri = row["uri"].as_str()?;
    Some(refuses(Place::Query, uri.as_bytes()))
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
    println!("{:<44} {:>7} {:>7} {:>8}", "attacks", "total", "caught", "recall");
    for (file, report) in reports {
        println!("{file}");
        for (category, tally) in &report.attack {
            let percent = tally.percent();
            println!("  {category:<42} {:>7} {:>7} {percent:>7.2}%", tally.total, tally.found);
        }
    }
    println!();
    println!("{:<44} {:>7} {:>7} {:>8}", "harmless", "total", "flagged", "share");
    for (file, report) in reports {
        let tally = &report.benign;
        if tally.total > 0 {
            println!("{file:<44} {:>7} {:>7} {:>7.3}%", tally.total, tally.found, tally.percent());
        }
    }
}
