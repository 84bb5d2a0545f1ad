//! Measurements as ratios against a baseline of the same run.
//!
//! Ours and the baseline take turns, so that a machine whose speed drifts slows both; the ratio
//! is the median over the rounds. Rows go to `target/benches/<area>.json`: a ratio is cost, lower
//! is better.

pub mod clients;

use std::io;
use std::path::PathBuf;
use std::process::Command;
use std::time::{Duration, Instant};

use serde::Serialize;

/// One measured row.
#[derive(Clone, Debug, Serialize)]
pub struct Row {
    /// What was measured.
    pub name: String,
    /// Ours, in seconds (or the unit that the name says).
    pub ours: f64,
    /// The baseline, in the same unit; for an absolute limit the limit.
    pub baseline: f64,
    /// The median of ours over baseline.
    pub ratio: f64,
    /// What the ratio may be at the most; `None` for a row that only reports.
    pub budget: Option<f64>,
}

/// The rows of one area.
#[derive(Debug)]
pub struct Report {
    area: &'static str,
    rows: Vec<Row>,
}

impl Report {
    /// An empty report.
    pub fn new(area: &'static str) -> Self {
        Self {
            area,
            rows: Vec::new(),
        }
    }

    /// Adds a row and shows it.
    pub fn row(&mut self, row: Row) {
        let Row {
            name,
            ours,
            baseline,
            ratio,
            budget,
        } = &row;
        let verdict = match budget {
            None => "reported".to_owned(),
            Some(budget) if ratio <= budget => format!("within {budget}"),
            Some(budget) => format!("OVER {budget}"),
        };
        println!(
            "{name:<64} ours {ours:>12.3e}  baseline {baseline:>12.3e}  ratio {ratio:.3}  {verdict}"
        );
        self.rows.push(row);
    }

    /// Adds a row for a value with an absolute limit.
    pub fn limit(&mut self, name: &str, ours: f64, limit: f64) {
        let ratio = ours / limit;
        let row = Row {
            name: name.to_owned(),
            ours,
            baseline: limit,
            ratio,
            budget: Some(1.0),
        };
        self.row(row);
    }

    /// Writes `target/benches/<area>.json`.
    ///
    /// # Errors
    /// Those of the file system.
    pub fn write(&self) -> io::Result<PathBuf> {
        let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(
            || PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../target")),
            PathBuf::from,
        );
        let folder = target.join("benches");
        std::fs::create_dir_all(&folder)?;
        let path = folder.join(format!("{}.json", self.area));
        std::fs::write(&path, serde_json::to_vec_pretty(&self.rows)?)?;
        Ok(path)
    }
}

/// Builds a package's programs as they are released, beside the running benchmark, where the
/// harness finds them.
///
/// # Errors
/// When Cargo cannot be run, or does not build the package.
pub fn build(package: &str) -> io::Result<()> {
    let target = std::env::current_exe()?;
    // target/release/deps/commerce-0123456789abcdef is the benchmark.
    let target = target.ancestors().nth(3).ok_or(io::ErrorKind::NotFound)?;
    let status = Command::new(env!("CARGO"))
        .args(["build", "--release", "-p", package, "--target-dir"])
        .arg(target)
        .status()?;
    if status.success() {
        Ok(())
    } else {
        Err(io::Error::other(format!("{package} was not built")))
    }
}

/// Times `ours` against `baseline`, in turns; each call does `operations` pieces of work.
pub async fn paired(
    name: &str,
    budget: Option<f64>,
    (rounds, operations): (usize, usize),
    mut ours: impl AsyncFnMut(usize),
    mut baseline: impl AsyncFnMut(usize),
) -> Row {
    ours(operations.div_ceil(4)).await;
    baseline(operations.div_ceil(4)).await;
    let (mut times, mut ratios) = (Vec::new(), Vec::new());
    for round in 0..rounds {
        // Who goes first changes, so that neither always finds the warmer machine.
        let (first, second);
        if round % 2 == 0 {
            first = timed(&mut ours, operations).await;
            second = timed(&mut baseline, operations).await;
        } else {
            second = timed(&mut baseline, operations).await;
            first = timed(&mut ours, operations).await;
        }
        times.push((first, second));
        ratios.push(first / second);
    }
    let per_operation = |mut seconds: Vec<f64>| median(&mut seconds) / operations as f64;
    Row {
        name: name.to_owned(),
        ours: per_operation(times.iter().map(|time| time.0).collect()),
        baseline: per_operation(times.iter().map(|time| time.1).collect()),
        ratio: median(&mut ratios),
        budget,
    }
}

async fn timed(work: &mut impl AsyncFnMut(usize), operations: usize) -> f64 {
    let began = Instant::now();
    work(operations).await;
    began.elapsed().as_secs_f64()
}

/// The middle value.
///
/// # Panics
/// When there is none.
pub fn median(values: &mut [f64]) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

/// The value that this share of all values does not exceed.
///
/// # Panics
/// When there is none.
pub fn quantile(values: &mut [Duration], share: f64) -> Duration {
    values.sort();
    let last = values.len() - 1;
    values[(last as f64 * share).ceil() as usize]
}
