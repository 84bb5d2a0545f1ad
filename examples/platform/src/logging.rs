use std::io::{self, IsTerminal as _};
use std::time::Duration;

use tenancy_core::log_throttle::LogThrottle;
use tenancy_observability::sentry::SentryLayer;
use tracing_subscriber::prelude::*;
use tracing_subscriber::{EnvFilter, fmt, registry};

use crate::config::{Config, LogFormat};
use crate::failure::Failure;

/// Sends what is logged to standard error, since standard output belongs to what was asked for, and
/// errors to Sentry as well, where one is configured.
pub(crate) fn start(config: &Config) -> Result<Option<SentryLayer>, Failure> {
    let filter = EnvFilter::try_new(&config.log.filter)
        .map_err(|error| Failure::from(error).context("log.filter is wrong"))?;
    let environment = &config.metrics.environment;
    let sentry = config.sentry_dsn.as_ref();
    let sentry = sentry.map(|dsn| SentryLayer::new(dsn.expose(), environment));
    let sentry = sentry.transpose();
    let sentry = sentry.map_err(|error| Failure::from(error).context("sentry_dsn is wrong"))?;
    let lines = fmt::layer()
        .with_ansi(io::stderr().is_terminal())
        .with_writer(io::stderr);
    let subscriber = registry().with(filter).with(sentry.clone());
    match config.log.format {
        LogFormat::Json => subscriber.with(lines.json()).init(),
        LogFormat::Text => subscriber.with(lines).init(),
    }
    Ok(sentry)
}

/// What goes wrong with each request while the database is away, whatever was asked.
static AWAY: LogThrottle = LogThrottle::new(Duration::from_secs(10));

/// Whether a failure gets a line, and then how many before it got none: of those that will pass by
/// themselves, one in ten seconds does.
pub(crate) fn admit(is_transient: bool) -> Option<u64> {
    if is_transient { AWAY.admit() } else { Some(0) }
}
