use serde_json::json;
use tenancy_core::sql::audit::Report;
use tenancy_observability::health::{self, PartReport, Status};

use super::Output;
use crate::config::Config;
use crate::failure::Failure;
use crate::platform::Platform;

pub(super) async fn run(config: Config) -> Result<Output, Failure> {
    let database = if config.any_database_url().is_some() {
        "postgres"
    } else {
        "sqlite"
    };
    let failed = |error: String, isolation: Option<&Report>| {
        let document = json!({
            "status": "failed", "database": database, "error": error, "isolation": isolation,
        });
        Ok(Output::text(&document, error)?.failed_if(true))
    };
    let uncached = uncached(&config);
    match check(config).await {
        Ok((isolation, report)) => {
            if let Some(Err(leaks)) = isolation.as_ref().map(Report::require_isolation) {
                return failed(leaks.to_string(), isolation.as_ref());
            }
            told(database, isolation.as_ref(), &report, uncached)
        }
        Err(failure) => failed(failure.to_string(), None),
    }
}

/// What is told of a database that answers: it failed only where a part does that a server needs.
fn told(
    database: &str,
    isolation: Option<&Report>,
    report: &health::Report,
    uncached: Option<&str>,
) -> Result<Output, Failure> {
    let mut text = format!("{database} answers, and its schema is current.");
    for part in report.parts() {
        text += &format!("\n{}", sentence(part));
    }
    for warning in isolation.into_iter().flat_map(Report::warnings) {
        text += &format!("\nWarning: {warning}.");
    }
    if let Some(warning) = uncached {
        text += &format!("\nWarning: {warning}.");
    }
    let failed = report.status() == Status::Fail;
    let document = json!({
        "status": if failed { "failed" } else { "ok" },
        "database": database, "isolation": isolation,
        "health": report.to_json(true),
        "warnings": uncached.into_iter().collect::<Vec<_>>(),
    });
    Ok(Output::text(&document, text)?.failed_if(failed))
}

/// What a server says that was told to work without its cache.
pub(super) fn uncached(config: &Config) -> Option<&'static str> {
    let warning = "the cache is switched off (cache.enabled), which is for measurements only";
    (!config.cache.enabled).then_some(warning)
}

/// `None` where the owner looks after the database: isolation is a matter of the login that serves.
async fn check(config: Config) -> Result<(Option<Report>, health::Report), Failure> {
    let is_server = config.database_url.is_some() || config.owner_database_url.is_none();
    let platform = Platform::open(config).await?;
    platform.check().await?;
    let isolation = match is_server {
        true => Some(platform.audit().await?),
        false => None,
    };
    platform.health().started();
    Ok((isolation, platform.health().full().await))
}

/// How a part is, for people.
fn sentence(part: &PartReport) -> String {
    let status = match part.finding.status() {
        Status::Fail => "FAILS",
        Status::Pass => "well",
        Status::Unknown => "not known",
        Status::Warn => "warns",
    };
    let mut sentence = format!("  {}: {status}", part.part.name());
    if let Some((value, unit)) = part.finding.value() {
        sentence += &format!(", {value} {unit}");
    }
    if let Some(says) = part.finding.says() {
        sentence += &format!(": {says}");
    }
    sentence
}

#[cfg(test)]
mod tests {
    use std::process::ExitCode;

    use tenancy_observability::health::{Finding, Health, Part};

    use super::*;

    /// How the command ends where a part fails, which it says.
    async fn ends(part: Part) -> ExitCode {
        let check = || async { Finding::fail("it is full") };
        let health = Health::builder().check(part, check).build();
        health.started();
        let output = told("sqlite", None, &health.full().await, None).unwrap();
        assert!(format!("{output:?}").contains("FAILS: it is full"));
        output.print(true).unwrap()
    }

    #[tokio::test]
    async fn a_part_that_fails_fails_the_command_where_a_server_needs_it() {
        assert_eq!(ends(Part::critical("database")).await, ExitCode::FAILURE);
        assert_eq!(ends(Part::optional("disk")).await, ExitCode::SUCCESS);
    }
}
