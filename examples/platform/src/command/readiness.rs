use std::path::PathBuf;

use clap::{Args, ValueEnum};
use serde::Serialize;
use tenancy_observability::readiness::{Report, Status};
use tenancy_observability::tls::Trust;

use super::Output;
use crate::config::Config;
use crate::failure::Failure;
use crate::readiness::{self, Mended};

#[derive(Args, Debug)]
pub(crate) struct Readiness {
    /// What is bad enough for an exit status of 1
    #[arg(long, value_enum, default_value = "fail", value_name = "STATUS")]
    fail_on: FailOn,
    /// Mends first what can be without a decision: who may open the data folder, and a schema that is
    /// behind
    #[arg(long)]
    fix: bool,
    /// Trusts the authorities whose certificates are in this PEM file, instead of the system's
    #[arg(long, value_name = "FILE")]
    ca: Option<PathBuf>,
}

#[derive(Serialize)]
struct Answer {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    mended: Vec<Mended>,
    #[serde(flatten)]
    report: Report,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum FailOn {
    /// Something is not as it should be
    Fail,
    /// The same, or something could not be told
    Unknown,
    /// The same, or something may not work some day
    Warn,
}

impl Readiness {
    pub(super) async fn run(self, config: Config) -> Result<Output, Failure> {
        let trust = self.ca.map_or(Trust::System, Trust::Authorities);
        let mut report = readiness::report(config.clone(), trust.clone()).await;
        let mended = match self.fix {
            true => readiness::mend(&config, &report).await,
            false => vec![],
        };
        if !mended.is_empty() {
            report = readiness::report(config, trust).await;
        }
        let status = match self.fail_on {
            FailOn::Fail => Status::Fail,
            FailOn::Unknown => Status::Unknown,
            FailOn::Warn => Status::Warn,
        };
        let failed = report.is_at_worst(status);
        let mut text: String = mended.iter().map(|mended| format!("{mended}\n")).collect();
        text += &report.to_string();
        Ok(Output::text(&Answer { mended, report }, text)?.failed_if(failed))
    }
}
