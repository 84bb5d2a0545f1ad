use std::path::PathBuf;

use clap::{Args, ValueEnum};
use tenancy_observability::readiness::Status;
use tenancy_observability::tls::Trust;

use super::Output;
use crate::config::Config;
use crate::failure::Failure;
use crate::readiness;

#[derive(Args, Debug)]
pub(crate) struct Readiness {
    /// What is bad enough for an exit status of 1
    #[arg(long, value_enum, default_value = "fail", value_name = "STATUS")]
    fail_on: FailOn,
    /// Trusts the authorities whose certificates are in this PEM file, instead of the system's
    #[arg(long, value_name = "FILE")]
    ca: Option<PathBuf>,
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
        let report = readiness::report(config, trust).await;
        let status = match self.fail_on {
            FailOn::Fail => Status::Fail,
            FailOn::Unknown => Status::Unknown,
            FailOn::Warn => Status::Warn,
        };
        let failed = report.is_at_worst(status);
        Ok(Output::text(&report, report.to_string())?.failed_if(failed))
    }
}
