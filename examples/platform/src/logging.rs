use std::io::{self, IsTerminal as _};
use std::time::Duration;

use tenancy_core::log_throttle::LogThrottle;
use tracing_subscriber::EnvFilter;

use crate::config::{Log, LogFormat};
use crate::failure::Failure;

/// Sends what is logged to standard error; standard output belongs to what was asked for.
pub(crate) fn start(log: &Log) -> Result<(), Failure> {
    let filter = EnvFilter::try_new(&log.filter)
        .map_err(|error| Failure::from(error).context("log.filter is wrong"))?;
    let subscriber = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_ansi(io::stderr().is_terminal())
        .with_writer(io::stderr);
    match log.format {
        LogFormat::Json => subscriber.json().init(),
        LogFormat::Text => subscriber.init(),
    }
    Ok(())
}

/// What goes wrong with each request while the database is away, whatever was asked.
static AWAY: LogThrottle = LogThrottle::new(Duration::from_secs(10));

/// Whether a failure gets a line, and then how many before it got none: of those that will pass by
/// themselves, one in ten seconds does.
pub(crate) fn admit(is_transient: bool) -> Option<u64> {
    if is_transient { AWAY.admit() } else { Some(0) }
}
