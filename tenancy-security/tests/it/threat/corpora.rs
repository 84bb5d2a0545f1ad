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
        let named = row["placeholder"].as_array();
        let named = named.into_iter().flatten().filter_map(place);
        let mut places = [Place::Query].into_iter().chain(named);
        let is_refused = places.any(|place| refused(place, payload).is_some());
        tally.refused += u32::from(is_refused);
    }
    Some(tallies)
}

/// Where a file says that a value is sent to, beside parameters.
fn place(name: &Value) -> Option<Place> {
    match name.as_str()? {
        "Header" | "UserAgent" => Some(Place::Header),
        "SOAPBody" | "XMLBody" => Some(Place::Body),
        _ => None,
    }
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

/// Of each kind that is judged here there are too few for a share to say much, so all are taken together.
#[test]
fn the_attacks_that_a_tester_of_firewalls_sends_are_caught_and_its_ordinary_texts_pass() {
    // Not the names of scanners: they attack nothing.
    const KINDS: [&str; 9] = [
        "LFI",
        "Path Traversal",
        "RCE",
        "SQL Injection",
        "SST Injection",
        "SS Injection",
        "Shell",
        "XSS",
        "XXE",
    ];
    let Some(tallies) = judged("gotestwaf.jsonl") else {
        return;
    };
    let mut all = Tally::default();
    for kind in KINDS {
        let tally = &tallies[kind];
        all.total += tally.total;
        all.refused += tally.refused;
    }
    let (recall, least) = (all.percent(), 95.5);
    assert!(recall >= least, "{recall:.2} % of {least} %");
    assert_eq!(tallies["benign"].refused, 0);
}
