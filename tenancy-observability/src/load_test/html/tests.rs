use std::num::NonZeroU32;
use std::time::Duration;

use super::*;
use crate::load_test::histogram::Times;
use crate::load_test::series::{Ending, Sample};
use crate::load_test::{Generator, Interval, Named, Plan};

fn report(endpoint: &str) -> Report {
    let mut series = Series::new(Times::exact);
    for millis in 1..=100 {
        let time = Duration::from_millis(millis);
        let ending = Ending::Answered {
            status: 200,
            bytes: 1,
        };
        series.record(&Sample {
            response: time,
            service: time,
            ending,
        });
    }
    let mut run = Run::empty(3.0, Generator::judged(0.0, None));
    run.endpoints = vec![
        Named::new(endpoint, series),
        Named::new("GET /never", Series::new(Times::exact)),
    ];
    run.timeline = (0..3)
        .map(|second| Interval::at(second, (second != 1).then_some(5000)))
        .collect();
    let model = Model::Closed {
        users: NonZeroU32::MIN,
    };
    Report::of_runs(Plan::empty(model), vec![run])
}

#[test]
fn a_page_has_tables_and_plots_and_neither_scripts_nor_other_files() {
    let page = report("GET /api/products").to_html();
    assert!(
        page.contains("GET /api/products") && page.contains("100.03"),
        "{page}"
    );
    assert_eq!(page.matches("<svg").count(), 3);
    for foreign in ["<script", "http://www.", "src=", "@import", "url("] {
        assert!(!page.contains(foreign), "{foreign}");
    }
    assert!(!page.contains("NaN") && !page.contains("inf"), "{page}");
}

#[test]
fn names_are_text_and_never_markup() {
    let page = report("<img onerror=x>").to_html();
    assert!(
        !page.contains("<img") && page.contains("&#60;img"),
        "{page}"
    );
}

#[test]
fn a_line_is_interrupted_where_nothing_was_measured() {
    let plot = times_over_time(&report("GET /").merged());
    assert_eq!(plot.lines[0].path.matches('M').count(), 2);
    let empty = Plot::of(
        "t",
        &Axis::even("x"),
        &Axis::even("y"),
        &[Line::new("l", vec![None])],
    );
    assert_eq!(empty.lines[0].path, "");
    assert!(empty.x_marks.len() > 1);
}
