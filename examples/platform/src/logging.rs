use std::io::{self, IsTerminal as _};
use std::time::Duration;

use tenancy_core::log_throttle::LogThrottle;
use tenancy_observability::sentry::SentryLayer;
use tenancy_observability::slow_query::SlowQueries;
use tracing::level_filters::LevelFilter;
use tracing::{Level, Metadata};
use tracing_subscriber::filter::{EnvFilter, FilterExt as _, filter_fn};
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;
use tracing_subscriber::{Layer as _, fmt, registry};

use crate::config::{Config, LogFormat};
use crate::failure::Failure;
use crate::performance;

/// Sends what is logged to standard error, since standard output belongs to what was asked for, and
/// errors to Sentry as well, where one is configured.
///
/// Where `slow` hears of slow statements, sqlx' own lines about them, one for each call, are left out.
pub(crate) fn start(
    config: &Config,
    slow: Option<&SlowQueries>,
) -> Result<Option<SentryLayer>, Failure> {
    let filter = EnvFilter::try_new(&config.log.filter)
        .map_err(|error| Failure::from(error).context("log.filter is wrong"))?;
    let environment = &config.metrics.environment;
    let sentry = config.sentry_dsn.as_ref();
    let outgoing = performance::outgoing(&config.performance);
    let sentry = sentry.map(|dsn| SentryLayer::observed(dsn.expose(), environment, outgoing));
    let sentry = sentry.transpose();
    let sentry = sentry.map_err(|error| Failure::from(error).context("sentry_dsn is wrong"))?;
    let heard = slow.is_some();
    let unheard = filter_fn(move |metadata| !(heard && is_slow_statement(metadata)));
    let lines = fmt::layer()
        .with_ansi(io::stderr().is_terminal())
        .with_writer(io::stderr);
    let lines = match config.log.format {
        LogFormat::Json => lines.json().boxed(),
        LogFormat::Text => lines.boxed(),
    };
    registry()
        .with(lines.with_filter(filter.and(unheard)))
        // It takes errors, and whose they are from the spans around them.
        .with(sentry.clone().with_filter(LevelFilter::INFO))
        .with(slow.map(SlowQueries::layer))
        .init();
    Ok(sentry)
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
