//! Slow statements: heard where the process logs, told once, and kept for all servers to be seen.

use std::sync::OnceLock;
use std::time::Duration;

use tenancy_core::time::Time;
use tenancy_observability::slow_query::{SlowQueries, SlowQuery, SlowQueryHistory};
use tokio::sync::watch;
use tokio::time::{Instant, MissedTickBehavior, interval};

use crate::config::SlowStatements;
use crate::logging;
use crate::platform::Platform;

/// How often the log and the database are told.
const EVERY: Duration = Duration::from_secs(10);

/// How often what is too old is deleted.
const FORGET_EVERY: Duration = Duration::from_secs(60 * 60);

/// A process has one subscriber, and it is there before anything else.
static HEARD: OnceLock<SlowQueries> = OnceLock::new();

/// What the process' subscriber hears, from the first call on as these settings say.
pub(crate) fn begin(settings: &SlowStatements) -> &'static SlowQueries {
    HEARD.get_or_init(|| {
        SlowQueries::builder()
            .threshold(settings.threshold())
            .repeats(settings.repeats.get())
            .build()
    })
}

/// Tells the log of what is new and the database of all, until the end and once more then.
pub(crate) async fn keep(platform: Platform, mut ended: watch::Receiver<bool>) {
    let settings = &platform.config().slow_queries;
    let found = begin(settings);
    let history = SlowQueryHistory::new(platform.database(), platform.scope());
    let mut ticks = interval(EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut forgotten_at: Option<Instant> = None;
    loop {
        let is_over = tokio::select! {
            _ = ticks.tick() => false,
            _ = ended.wait_for(|ended| *ended) => true,
        };
        found.news().iter().for_each(tell);
        let kept = async {
            history.keep(found, Time::now()).await?;
            if forgotten_at.is_none_or(|at| at.elapsed() > FORGET_EVERY) {
                history.forget(settings.kept(), Time::now()).await?;
                forgotten_at = Some(Instant::now());
            }
            Ok::<_, tenancy_core::Error>(())
        };
        let job = platform.performance().job("slow statements", kept);
        if let Err(error) = job.await
            && let Some(left_out) = logging::admit(error.is_transient())
        {
            tracing::warn!(%error, left_out, "slow statements could not be kept; they will be");
        }
        if is_over {
            return;
        }
    }
}

fn tell(query: &SlowQuery) {
    let tenant_id = query.tenant_id.map(tracing::field::display);
    let caller = query.caller.as_ref().map(tracing::field::display);
    tracing::warn!(
        calls = query.calls,
        longest = ?query.longest,
        rows = query.rows,
        tenant_id,
        caller,
        request_id = query.request_id.as_deref(),
        statement = query.statement.text(),
        "a statement is slow",
    );
}
