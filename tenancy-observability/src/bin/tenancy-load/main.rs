//! Sends requests to a server, and says whether it keeps up.

mod cli;
mod scenario;

use std::io::{self, Write as _};
use std::process::ExitCode;

use clap::Parser as _;
use tenancy_observability::load_test::{ProgressLine, Report, interrupted, run_times};

use self::cli::{Cli, Order, told};

/// The exit status of wrong use, as clap has it.
const WRONG_USE: u8 = 2;

/// That of a report that could not be written.
const UNWRITTEN: u8 = 4;

#[tokio::main]
async fn main() -> ExitCode {
    let order = match Cli::parse().order().await {
        Ok(order) => order,
        Err(error) => return failed(&told(&*error), WRONG_USE),
    };
    let report = carry_out(&order).await;
    match publish(&order, &report) {
        Ok(()) => ExitCode::from(report.conclusion() as u8),
        Err(error) => failed(&error, UNWRITTEN),
    }
}

async fn carry_out(order: &Order) -> Report {
    let line = ProgressLine::new(&order.test, order.repeat);
    let runs = run_times(&order.test, order.repeat, interrupted(), |run, progress| {
        line.show(run, &progress);
    });
    let runs = runs.await;
    drop(line);
    let mut report = Report::new(&order.test, runs, &order.requirements);
    if let Some(before) = &order.before {
        report.compare(before);
    }
    report
}

fn publish(order: &Order, report: &Report) -> Result<(), String> {
    if let Some(file) = &order.save {
        let saved = report.save(file);
        saved.map_err(|error| format!("cannot write {}: {error}", file.display()))?;
    }
    if let Some(file) = &order.html {
        let saved = report.save_html(file);
        saved.map_err(|error| format!("cannot write {}: {error}", file.display()))?;
    }
    let printed = if order.json {
        serde_json::to_string(report).map_err(|error| error.to_string())?
    } else {
        report.to_string()
    };
    match writeln!(io::stdout().lock(), "{}", printed.trim_end()) {
        // A reader who has gone away, as in `| head`, is no failure.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        written => written.map_err(|error| format!("standard output cannot be written: {error}")),
    }
}

fn failed(what: &str, status: u8) -> ExitCode {
    let _ = writeln!(io::stderr(), "tenancy-load: {what}");
    ExitCode::from(status)
}
