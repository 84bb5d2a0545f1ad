use std::io::{self, IsTerminal as _};
use std::time::Duration;

use tenancy_core::log_throttle::LogThrottle;
use tenancy_observability::slow_query::SlowQueries;
use tracing::{Level, Metadata};
use tracing_subscriber::filter::{EnvFilter, FilterExt as _, filter_fn};
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;
use tracing_subscriber::{Layer as _, fmt};

use crate::config::{Log, LogFormat};
use crate::failure::Failure;

/// Sends what is logged to standard error; standard output belongs to what was asked for.
///
/// Where `slow` hears of slow statements, sqlx' own lines about them, one for each call, are left out.
pub(crate) fn start(log: &Log, slow: Option<&SlowQueries>) -> Result<(), Failure> {
    let filter = EnvFilter::try_new(&log.filter)
        .map_err(|error| Failure::from(error).context("log.filter is wrong"))?;
    let heard = slow.is_some();
    let unheard = filter_fn(move |metadata| !(heard && is_slow_statement(metadata)));
    let lines = fmt::layer()
        .with_ansi(io::stderr().is_terminal())
        .with_writer(io::stderr);
    let lines = match log.format {
        LogFormat::Json => lines.json().boxed(),
        LogFormat::Text => lines.boxed(),
    };
    tracing_subscriber::registry()
        .with(lines.with_filter(filter.and(unheard)))
        .with(slow.map(SlowQueries::layer))
        .init();
    Ok(())
}

fn is_slow_statement(metadata: &Metadata<'_>) -> bool {
    metadata.target() == "sqlx::query" && *metadata.level() == Level::WARN
}

/// What goes wrong with each request while the database is away, whatever was asked.
static AWAY: LogThrottle = LogThrottle::new(Duration::from_secs(10));

/// Whether a failure gets a line, and then how many before it got none: of those that will pass by
/// themselves, one in ten seconds does.
pub(crate) fn admit(is_transient: bool) -> Option<u64> {
    if is_transient { AWAY.admit() } else { Some(0) }
}
