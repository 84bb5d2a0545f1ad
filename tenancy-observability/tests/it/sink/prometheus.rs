use std::collections::{BTreeMap, BTreeSet};

use metrics::{counter, with_local_recorder};
use proptest::prelude::*;
use tenancy_observability::metrics::Metrics;
use tenancy_observability::sink::prometheus::Format;

use super::{counted, hostile};

#[test]
fn prometheus_and_open_metrics_read_what_was_counted() {
    let snapshot = counted().snapshot();
    let text = Format::Text.write(&snapshot);
    let samples = read(&text, Format::Text);
    assert_eq!(samples["sold_total"].len(), 2);
    assert!(
        text.contains("# HELP sold_total Sold \\\\ in\\n\"all\".\n# TYPE sold_total counter\n"),
        "{text}"
    );
    assert!(
        text.contains("sold_total{environment=\"test\",tenant=\"acme\",by=\"web\"} 3\n"),
        "{text}"
    );
    assert!(
        text.contains("work_seconds_bucket{environment=\"test\",tenant=\"acme\",le=\"+Inf\"} 3\n")
    );
    let open = Format::OpenMetrics.write(&snapshot);
    read(&open, Format::OpenMetrics);
    assert!(
        open.contains("# HELP sold Sold \\\\ in\\n\\\"all\\\".\n# TYPE sold counter\n"),
        "{open}"
    );
    assert!(
        open.contains("work_seconds_bucket{environment=\"test\",tenant=\"acme\",le=\"1.0\"} 2\n"),
        "{open}"
    );
}

#[test]
fn the_format_is_what_the_client_asks_for_first() {
    let check = |accept: &str, expected| assert_eq!(Format::accepted(accept), expected, "{accept}");
    check("", Format::Text);
    check("*/*", Format::Text);
    check("text/plain", Format::Text);
    check("application/openmetrics-text", Format::OpenMetrics);
    check(
        "Application/OpenMetrics-Text; version=1.0.0",
        Format::OpenMetrics,
    );
    check("application/openmetrics-text;q=0", Format::Text);
    check(
        "text/plain;q=0.9, application/openmetrics-text;q=0.8",
        Format::Text,
    );
    // As Prometheus 2.53 asks.
    let prometheus = "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.5,\
        application/openmetrics-text;version=0.0.1;q=0.4,text/plain;version=0.0.4;q=0.3,*/*;q=0.2";
    check(prometheus, Format::OpenMetrics);
}

proptest! {
    #[test]
    fn hostile_labels_and_names_are_read_back_as_they_were(
        name in hostile(), label in hostile(), values in proptest::collection::btree_set(hostile(), 1..6)
    ) {
        let metrics = Metrics::builder("te\"s\\t\n").build();
        with_local_recorder(&metrics, || {
            for value in &values {
                counter!(name.clone(), label.clone() => value.clone()).increment(1);
            }
        });
        let snapshot = metrics.snapshot();
        for format in [Format::Text, Format::OpenMetrics] {
            let samples = read(&format.write(&snapshot), format);
            let (_, samples) = samples.iter().find(|(name, _)| !name.starts_with("tenancy_")).unwrap();
            let found: BTreeSet<_> = samples
                .iter()
                .flat_map(|(labels, _)| labels.iter())
                .filter(|(key, _)| *key != "environment" && *key != "tenant")
                .map(|(_, value)| value.clone())
                .collect();
            if label == "tenant" {
                continue;
            }
            prop_assert_eq!(&found, &values);
        }
    }
}

type Samples = BTreeMap<String, Vec<(BTreeMap<String, String>, f64)>>;

/// Reads a whole answer as strictly as promtool checks it.
fn read(text: &str, format: Format) -> Samples {
    let mut samples = Samples::new();
    let mut seen = BTreeSet::new();
    let mut family = (String::new(), String::new());
    let mut helped = BTreeSet::new();
    assert!(text.ends_with('\n'), "{text}");
    let body = match format {
        Format::OpenMetrics => text.strip_suffix("# EOF\n").expect("an end"),
        Format::Text => text,
    };
    for line in body.split_terminator('\n') {
        if let Some(help) = line.strip_prefix("# HELP ") {
            assert!(
                helped.insert(help.split(' ').next().unwrap().to_owned()),
                "{line}"
            );
        } else if let Some(of_type) = line.strip_prefix("# TYPE ") {
            let (name, kind) = of_type.split_once(' ').unwrap();
            assert!(seen.insert(name.to_owned()), "{name} twice");
            family = (name.to_owned(), kind.to_owned());
        } else {
            let (name, labels, value) = sample(line);
            let suffix = name
                .strip_prefix(family.0.as_str())
                .unwrap_or_else(|| panic!("{line} in {family:?}"));
            match (family.1.as_str(), format) {
                ("counter", Format::OpenMetrics) => assert_eq!(suffix, "_total", "{line}"),
                ("histogram", _) => {
                    assert!(["_bucket", "_count", "_sum"].contains(&suffix), "{line}")
                }
                _ => assert_eq!(suffix, "", "{line}"),
            }
            let series = samples.entry(name).or_default();
            assert!(
                series.iter().all(|(known, _)| *known != labels),
                "{line} twice"
            );
            series.push((labels, value));
        }
    }
    for (name, counts) in &samples {
        let Some(base) = name.strip_suffix("_count") else {
            continue;
        };
        for (labels, count) in counts {
            let mut buckets = samples[&format!("{base}_bucket")]
                .iter()
                .filter(|(bucket, _)| {
                    bucket
                        .iter()
                        .all(|(key, value)| key == "le" || labels.get(key) == Some(value))
                });
            let last = buckets.clone().next_back().unwrap();
            assert_eq!((last.0["le"].as_str(), last.1), ("+Inf", *count), "{name}");
            let mut before = (f64::NEG_INFINITY, 0.0);
            assert!(buckets.all(|(bucket, count)| {
                let bound = bucket["le"].parse::<f64>().unwrap();
                let rises = bound > before.0 && *count >= before.1;
                before = (bound, *count);
                rises
            }));
        }
    }
    samples
}

fn sample(line: &str) -> (String, BTreeMap<String, String>, f64) {
    let (name, mut rest) = line.split_once('{').expect("labels");
    assert!(is_name(name), "{line}");
    let mut labels = BTreeMap::new();
    loop {
        let (key, value) = rest.split_once("=\"").expect("a label");
        assert!(is_name(key), "{line}");
        let (mut text, mut letters) = (String::new(), value.char_indices());
        let end = loop {
            match letters.next().expect("a label's end") {
                (at, '"') => break at + 1,
                (_, '\\') => match letters.next().expect("an escape").1 {
                    'n' => text.push('\n'),
                    letter @ ('\\' | '"') => text.push(letter),
                    other => panic!("escaped {other:?} in {line}"),
                },
                (_, letter) => text.push(letter),
            }
        };
        assert!(labels.insert(key.to_owned(), text).is_none(), "{line}");
        rest = &value[end..];
        match rest.strip_prefix(',') {
            Some(others) => rest = others,
            None => break,
        }
    }
    let value = rest.strip_prefix("} ").expect("a value");
    (name.to_owned(), labels, value.parse().expect("a number"))
}

fn is_name(text: &str) -> bool {
    !text.starts_with(|first: char| first.is_ascii_digit())
        && !text.is_empty()
        && text
            .chars()
            .all(|letter| letter.is_ascii_alphanumeric() || letter == '_')
}
