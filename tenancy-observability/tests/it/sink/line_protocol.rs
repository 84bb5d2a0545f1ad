use std::collections::{BTreeMap, BTreeSet};

use metrics::{counter, gauge, with_local_recorder};
use proptest::prelude::*;
use tenancy_observability::metrics::Metrics;
use tenancy_observability::sink::line_protocol;

use super::{counted, hostile};

#[test]
fn every_point_is_a_line_with_its_tenant_its_environment_and_its_writer() {
    let snapshot = counted().snapshot();
    let lines = line_protocol::write(&snapshot);
    let at = snapshot.at.as_microseconds();
    let expected = [
        format!("depth,environment=test,tenant=platform,writer=node-1 value=1.5 {at}000\n"),
        format!(
            "hits_total,class=a\\,b\\=c\\ d,environment=test,tenant=platform,writer=node-1 value=7i {at}000\n"
        ),
        format!("sold_total,by=web,environment=test,tenant=acme,writer=node-1 value=3i {at}000\n"),
        format!(
            "sold_total,by=web,environment=test,tenant=__other__,writer=node-1 value=2i {at}000\n"
        ),
    ];
    for line in expected {
        assert!(lines.text.contains(&line), "{line} in {}", lines.text);
    }
    let histogram = lines
        .text
        .lines()
        .find(|line| line.starts_with("work_seconds,"))
        .unwrap();
    let (_, fields, _) = read(histogram);
    assert_eq!(
        (&*fields["le_0.005"], &*fields["le_0.05"], &*fields["le_10"]),
        ("1i", "2i", "2i")
    );
    assert_eq!(
        (&*fields["le_inf"], &*fields["count"], &*fields["sum"]),
        ("3i", "3i", "30.033")
    );
}

#[test]
fn what_is_no_number_is_left_out_and_counted() {
    let metrics = Metrics::builder("test").build();
    with_local_recorder(&metrics, || {
        gauge!("broken").set(f64::NAN);
        gauge!("endless").set(f64::INFINITY);
        gauge!("whole").set(1.0);
    });
    let lines = line_protocol::write(&metrics.snapshot());
    assert_eq!(lines.left_out, 2);
    assert!(
        lines.text.contains("whole,") && !lines.text.contains("broken"),
        "{}",
        lines.text
    );
}

#[test]
fn two_processes_do_not_overwrite_each_other() {
    let series = ["node-1", "node-2"].map(|writer| {
        let metrics = Metrics::builder("test").writer(writer).build();
        with_local_recorder(&metrics, || counter!("hits_total").increment(1));
        let lines = line_protocol::write(&metrics.snapshot());
        let lines = lines.text.lines().map(|line| read(line).0);
        lines.collect::<BTreeSet<_>>()
    });
    assert!(series[0].is_disjoint(&series[1]), "{series:?}");
    // The default is another in each process.
    let metrics = Metrics::builder("test").build();
    let writer = metrics.snapshot().writer;
    assert!(
        writer.ends_with(&format!("-{}", std::process::id())),
        "{writer}"
    );
}

proptest! {
    #[test]
    fn hostile_labels_and_names_are_read_back_as_values_of_their_own(
        name in hostile(), label in hostile(), values in proptest::collection::btree_set(hostile(), 1..6)
    ) {
        let metrics = Metrics::builder("te=s\\t\n").writer("a b,").build();
        with_local_recorder(&metrics, || {
            for value in &values {
                counter!(name.clone(), label.clone() => value.clone()).increment(1);
            }
        });
        let lines = line_protocol::write(&metrics.snapshot());
        prop_assert_eq!(lines.left_out, 0);
        let lines: Vec<_> = lines.text.split_terminator('\n').map(read).collect();
        let series: BTreeSet<_> = lines.iter().map(|(series, ..)| series).collect();
        prop_assert_eq!(series.len(), lines.len());
        let ours = lines.iter().filter(|((name, _), ..)| !name.starts_with("tenancy_"));
        prop_assert_eq!(ours.clone().count(), if label == "tenant" { 1 } else { values.len() });
        let is_plain = |value: &String| !value.contains(['\n', '\r', '\\']);
        for value in values.iter().filter(|value| is_plain(value) && !value.is_empty() && label != "tenant") {
            prop_assert!(ours.clone().any(|((_, tags), ..)| tags.values().any(|tag| tag == value)), "{}", value);
        }
    }
}

/// A measurement and its tags.
type Series = (String, BTreeMap<String, String>);

/// Reads a line as strictly as InfluxDB does.
fn read(line: &str) -> (Series, BTreeMap<String, String>, i64) {
    let parts = split(line, ' ');
    let [series, fields, time] = &parts[..] else {
        panic!("{line:?} has {parts:?}");
    };
    let parts = split(series, ',');
    let tags: Vec<_> = parts[1..].iter().map(|tag| pair(tag)).collect();
    assert!(tags.is_sorted_by(|one, other| one.0 < other.0), "{line:?}");
    assert!(
        tags.iter()
            .all(|(key, value)| !key.is_empty() && !value.is_empty()),
        "{line:?}"
    );
    let fields: BTreeMap<_, _> = split(fields, ',').iter().map(|field| pair(field)).collect();
    assert!(!fields.is_empty(), "{line:?}");
    for value in fields.values() {
        let number = value
            .strip_suffix('i')
            .map_or(value.parse::<f64>().is_ok(), |value| {
                value.parse::<i64>().is_ok()
            });
        assert!(number, "{line:?}");
    }
    let series = (unescaped(&parts[0]), tags.into_iter().collect());
    (series, fields, time.parse().unwrap())
}

fn pair(text: &str) -> (String, String) {
    let parts = split(text, '=');
    let [key, value] = &parts[..] else {
        panic!("{text:?} has {parts:?}");
    };
    (unescaped(key), unescaped(value))
}

/// Parts between separators that no backslash stands before.
fn split(text: &str, separator: char) -> Vec<String> {
    let (mut parts, mut is_escaped) = (vec![String::new()], false);
    for letter in text.chars() {
        if letter == separator && !is_escaped {
            parts.push(String::new());
        } else {
            parts.last_mut().unwrap().push(letter);
        }
        is_escaped = letter == '\\';
    }
    parts
}

fn unescaped(text: &str) -> String {
    let (mut plain, mut letters) = (String::new(), text.chars().peekable());
    while let Some(letter) = letters.next() {
        let is_escape = letter == '\\'
            && letters
                .peek()
                .is_some_and(|next| [',', '=', ' '].contains(next));
        if !is_escape {
            plain.push(letter);
        }
    }
    plain
}
