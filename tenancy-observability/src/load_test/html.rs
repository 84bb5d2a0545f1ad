mod plot;

use std::io;
use std::path::Path;

use askama::Template;

use self::plot::{Axis, Line, Plot};
use super::report::write_whole;
use super::{Figures, Model, Report, Run, Series};

/// A report as a page that needs nothing else: no script, no other file.
#[derive(Template)]
#[template(path = "load_test.html")]
struct Page<'a> {
    report: &'a Report,
    how: String,
    merged: &'a Run,
    endpoints: Vec<Row>,
    callers: Vec<Row>,
    plots: Vec<Plot>,
}

/// A row of a table.
struct Row {
    name: String,
    requests: u64,
    rate: String,
    failed: String,
    times: Option<[String; 5]>,
}

impl Report {
    /// Writes it as a page, whole or not at all.
    ///
    /// # Errors
    /// Where the file cannot be written.
    pub fn save_html(&self, file: &Path) -> io::Result<()> {
        write_whole(file, self.to_html().as_bytes())
    }

    /// As a page that needs nothing else: plots are part of it, and it has no script.
    pub fn to_html(&self) -> String {
        let merged = self.merged();
        let all = merged.all();
        let rows = |named: &[super::Named]| {
            let rows = named.iter();
            let rows = rows.map(|named| Row::of(&named.name, &named.series, merged.seconds));
            rows.collect::<Vec<Row>>()
        };
        let mut endpoints = rows(&merged.endpoints);
        endpoints.push(Row::of("all", &all, merged.seconds));
        let page = Page {
            report: self,
            how: match self.plan.model {
                Model::Closed { users } => format!("{users} users, each waiting for its answers"),
                Model::Open { rate, .. } => {
                    format!("{rate} requests a second, whatever the answers")
                }
            },
            endpoints,
            callers: rows(&merged.callers),
            plots: vec![
                times_over_time(&merged),
                rate_over_time(&merged),
                percentiles(&merged),
            ],
            merged: &merged,
        };
        page.render().expect("a String takes every write")
    }
}

impl Row {
    fn of(name: &str, series: &Series, seconds: f64) -> Self {
        let rate = series.answered() as f64 / seconds.max(0.001);
        let shown = |figures: Figures| {
            let times = [
                figures.mean_us,
                figures.p50_us,
                figures.p95_us,
                figures.p99_us,
                figures.max_us,
            ];
            times.map(|us| format!("{:.2}", us as f64 / 1e3))
        };
        Self {
            name: name.to_owned(),
            requests: series.ended(),
            rate: format!("{rate:.1}"),
            failed: series
                .error_rate()
                .map_or("–".to_owned(), |rate| format!("{:.2} %", rate * 100.0)),
            times: series.response().map(shown),
        }
    }
}

/// How response times went.
fn times_over_time(run: &Run) -> Plot {
    let line = |of: fn(&super::Interval) -> Option<u64>| {
        let points = run.timeline.iter();
        let points = points.map(move |interval| {
            let us = of(interval)?;
            Some((interval.from_seconds, us as f64 / 1e3))
        });
        points.collect()
    };
    Plot::of(
        "Response times as the run went",
        &Axis::even("seconds"),
        &Axis::even("ms"),
        &[
            Line::new("p99", line(|interval| interval.p99_us)),
            Line::new("p50", line(|interval| interval.p50_us)),
        ],
    )
}

/// How many requests ended.
fn rate_over_time(run: &Run) -> Plot {
    let points = run.timeline.iter();
    let points = points.map(|interval| Some((interval.from_seconds, interval.rate)));
    Plot::of(
        "Requests a second",
        &Axis::even("seconds"),
        &Axis::even("1/s"),
        &[Line::new("ended", points.collect())],
    )
}

/// How long the slowest tenth, hundredth and thousandth took.
fn percentiles(run: &Run) -> Plot {
    let all = run.all();
    let corrected = run.corrected_times();
    let line = |times: &super::histogram::Times| {
        // Each step is a quarter of the way to ten times rarer.
        let points = (0..=24).map(|step| {
            let rarity = 10_f64.powf(f64::from(step) / 4.0);
            // Of a hundred requests nobody knows what one in a thousand takes.
            if rarity > all.ended() as f64 {
                return None;
            }
            let us = times.percentile_us(100.0 - 100.0 / rarity)?;
            Some((rarity, us as f64 / 1e3))
        });
        points.collect()
    };
    Plot::of(
        "Response times by how rare they are",
        &Axis::tenfold("one in so many requests takes longer"),
        &Axis::even("ms"),
        &match &corrected {
            Some(corrected) => [
                Line::new("estimated for users who do not wait", line(corrected)),
                Line::new("measured by users who wait", line(&all.response)),
            ],
            None => [
                Line::new("from when requests were due", line(&all.response)),
                Line::new("from when they were sent", line(&all.service)),
            ],
        },
    )
}

#[cfg(test)]
mod tests;
