use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use serde::Serialize;
use tenancy_core::Slug;
use tenancy_observability::advisor::{
    Advice, Advisor, Applied, Confidence, Rule, Severity, Workload,
};

use super::Output;
use crate::advice::{self, Advised};
use crate::failure::Failure;
use crate::platform::Platform;

#[derive(Args, Debug)]
pub(crate) struct Advise {
    /// The tenant to plan for [default: the one with the most data, where that can be told]
    #[arg(long, value_name = "SLUG")]
    tenant: Option<Slug>,
    /// Fail where anything is at least so severe
    #[arg(long, value_name = "SEVERITY")]
    fail_on: Option<FailOn>,
    /// Make the indexes that are advised; nothing is removed
    #[arg(long)]
    apply: bool,
    /// Advise no index of a table with fewer rows
    #[arg(long, value_name = "ROWS", default_value_t = 500)]
    min_rows: u64,
    /// Look at these statements as well, which end with semicolons
    #[arg(long, value_name = "FILE")]
    statements: Option<PathBuf>,
    /// An empty PostgreSQL database, on a server that does not serve, to prove advice in with copies of
    /// some rows; nothing stays there
    #[arg(long, value_name = "URL")]
    scratch: Option<String>,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum FailOn {
    Low,
    Medium,
    High,
}

impl From<FailOn> for Severity {
    fn from(fail_on: FailOn) -> Self {
        match fail_on {
            FailOn::Low => Self::Low,
            FailOn::Medium => Self::Medium,
            FailOn::High => Self::High,
        }
    }
}

#[derive(Serialize)]
struct Document<'a> {
    severity: Option<Severity>,
    reports: &'a [Advised],
    applied: &'a [Followed],
}

#[derive(Serialize)]
struct Followed {
    id: String,
    outcome: Applied,
}

impl Advise {
    pub(super) async fn run(self, platform: &Platform) -> Result<Output, Failure> {
        let mut workload = advice::workload();
        if let Some(file) = &self.statements {
            workload.extend(script(file).map_err(|failure| {
                failure.context(format_args!("cannot read {}", file.display()))
            })?);
        }
        let advisor = Advisor::new().rows_min(self.min_rows);
        let (tenant, scratch) = (self.tenant.as_ref(), self.scratch.as_deref());
        let reports = advice::advise(platform, advisor, tenant, scratch, &workload).await?;
        let mut applied = Vec::new();
        if self.apply {
            for Advised { place, report } in &reports {
                for advice in report.advice.iter().filter(|advice| advice.is_addition()) {
                    let outcome = advice::apply(platform, place, advice).await?;
                    let id = advice.id.clone();
                    applied.push(Followed { id, outcome });
                }
            }
        }
        let done: Vec<&str> = applied
            .iter()
            .map(|followed| followed.id.as_str())
            .collect();
        let open = |advice: &&Advice| !done.contains(&advice.id.as_str());
        let all = || reports.iter().flat_map(|advised| &advised.report.advice);
        let severity = all().filter(open).map(|advice| advice.severity).max();
        let fails = self.fail_on.map(Severity::from);
        let text = text(&reports, &applied);
        let document = Document {
            severity,
            reports: &reports,
            applied: &applied,
        };
        let failed = fails.is_some_and(|least| severity.is_some_and(|severity| severity >= least));
        Ok(Output::text(&document, text)?.failed_if(failed))
    }
}

fn script(file: &Path) -> Result<Workload, Failure> {
    Ok(Workload::of_script(&std::fs::read_to_string(file)?)?)
}

fn text(reports: &[Advised], applied: &[Followed]) -> String {
    let mut text = String::new();
    for Advised { place, report } in reports {
        let _ = writeln!(
            text,
            "{place}: {} statements considered.",
            report.statements
        );
        if report.advice.is_empty() {
            text += "  Nothing to advise.\n";
        }
        for advice in &report.advice {
            describe(&mut text, advice);
        }
        for unread in &report.unread {
            let _ = writeln!(
                text,
                "  Not considered ({}): {}",
                unread.error, unread.statement
            );
        }
    }
    for Followed { id, outcome } in applied {
        let outcome = match outcome {
            Applied::Created => "made",
            Applied::Present => "there already",
            _ => "left to you",
        };
        let _ = writeln!(text, "{id}: {outcome}.");
    }
    text
}

fn describe(text: &mut String, advice: &Advice) {
    let severity = match advice.severity {
        Severity::High => "high",
        Severity::Medium => "medium",
        Severity::Low => "low",
        Severity::Info => "info",
    };
    let sure = match (advice.rule, advice.confidence) {
        (Rule::MissingIndex, Confidence::Estimated) => ", estimated",
        (Rule::MissingIndex, Confidence::Verified) => ", verified",
        _ => "",
    };
    let _ = writeln!(
        text,
        "  {} ({severity}{sure}) {}.",
        advice.id, advice.message
    );
    if let Some(gain) = advice.gain {
        let _ = writeln!(
            text,
            "      saves about {:.0} % of the workload",
            gain * 100.0
        );
    }
    if let Some(price) = advice.write_price {
        let _ = writeln!(
            text,
            "      writes take {:.0} % of that back",
            price * 100.0
        );
    }
    if let Some(bytes) = advice.size_bytes {
        let _ = writeln!(text, "      {} KiB of disk", bytes / 1024);
    }
    if let (Some(before), Some(after)) = (&advice.before, &advice.after) {
        let _ = writeln!(
            text,
            "      cost {:.0} now, then {:.0}",
            before.cost, after.cost
        );
    }
    for evidence in &advice.evidence {
        let _ = writeln!(text, "      {evidence}");
    }
    for statement in &advice.apply {
        let _ = writeln!(text, "      {statement};");
    }
    for statement in &advice.undo {
        let _ = writeln!(text, "      to take it back: {statement};");
    }
}
