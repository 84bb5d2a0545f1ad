//! The labelled values in `../shared/corpora` beside the project, which are no part of it.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use serde_json::Value;
use tenancy_security::threat::Place;

use super::refused;

/// How many values there were, and how many of them were refused.
#[derive(Default)]
struct Tally {
    total: u32,
    refused: u32,
}

impl Tally {
    fn percent(&self) -> f64 {
        100.0 * f64::from(self.refused) / f64::from(self.total.max(1))
    }
}

/// What was refused of a file, by category, or nothing where the file is absent.
fn judged(file: &str) -> Option<BTreeMap<String, Tally>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/corpora");
    let Ok(text) = fs::read_to_string(folder.join(file)) else {
        eprintln!("skipped: {file} is not in {}", folder.display());
        return None;
    };
    let mut tallies = BTreeMap::<String, Tally>::new();
    for line in text.lines() {
        let row: Value = serde_json::from_str(line).unwrap();
        let payload = row["payload"].as_str().unwrap();
        let category = match row["label"].as_str().unwrap() {
            "benign" => "benign",
            _ => row["category"].as_str().unwrap(),
        };
        let tally = tallies.entry(category.to_owned()).or_default();
        tally.total += 1;
        tally.refused += u32::from(refused(Place::Query, payload).is_some());
    }
    Some(tallies)
}

#[test]
fn attacks_on_form_parameters_are_caught_and_no_form_value_is_refused() {
    let Some(tallies) = judged("httpparams.jsonl") else {
        return;
    };
    for (category, least) in [
        ("sqli", 98.5),
        ("xss", 95.0),
        ("traversal", 95.0),
        ("cmdi", 90.0),
    ] {
        let recall = tallies[category].percent();
        assert!(recall >= least, "{category}: {recall:.2} % of {least} %");
    }
    assert_eq!(tallies["benign"].refused, 0);
}

#[test]
fn the_attacks_that_libinjection_collects_are_caught_and_its_hard_negatives_pass() {
    let Some(tallies) = judged("libinjection.jsonl") else {
        return;
    };
    for (category, least) in [("sqli", 98.5), ("xss", 98.0)] {
        let recall = tallies[category].percent();
        assert!(recall >= least, "{category}: {recall:.2} % of {least} %");
    }
    let refused = tallies["benign"].percent();
    assert!(
        refused <= 3.0,
        "{refused:.2} % of the hard negatives were refused"
    );
}

#[test]
fn hardly_any_prose_is_refused() {
    let Some(tallies) = judged("benign-prose.jsonl") else {
        return;
    };
    let refused = tallies["benign"].percent();
    assert!(refused <= 0.13, "{refused:.3} % of the prose was refused");
}
