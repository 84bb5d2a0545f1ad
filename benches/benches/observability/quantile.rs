use std::error::Error;
use std::time::{Duration, Instant};

use tenancy_benches::Report;
use tenancy_core::sql::{Database, SqlStorage, migrate};
use tenancy_core::time::Time;
use tenancy_core::{Actor, Tenants};
use tenancy_observability::layer::{FinishedRequest, ObserveRequests as _, Outcome, Spent};
use tenancy_observability::report::{Period, Recorder, Reports, WhichEndpoints};
use tenancy_observability::trace_context::TraceContext;
use tenancy_observability::{MIGRATIONS, Party};

const REQUESTS: usize = 1_000_000;

/// By how much a report's quantiles may be wrong.
const ERROR_MAX: f64 = 0.01;

/// What a report says of a million requests, against what they took.
pub(crate) async fn measure(report: &mut Report) -> Result<(), Box<dyn Error>> {
    let folder = tempfile::tempdir()?;
    let storage = SqlStorage::builder().sqlite(folder.path()).await?;
    migrate::prepare(&storage, &[&migrate::CORE, &MIGRATIONS]).await?;
    let nobody = Tenants::from_fn(async |_| Ok(None));
    let database = Database::builder(&storage, &nobody).migrations(&MIGRATIONS);
    let (database, scope) = (database.build(), nobody.platform(Actor::system("bench")));
    let recorder = Recorder::new();
    let reports = Reports::builder(&database, &scope, &recorder).build();

    let (trace, at) = (TraceContext::begin(), Time::now());
    let mut times: Vec<Duration> = durations().take(REQUESTS).collect();
    for &time in &times {
        let mut spent = Spent::default();
        spent.total = time;
        recorder.began();
        recorder.finished(&FinishedRequest {
            party: Party::Platform,
            method: "GET",
            route: "/",
            outcome: Outcome::Answered,
            status: Some(http::StatusCode::OK),
            at,
            began: Instant::now(),
            spent,
            meter: None,
            trace: &trace,
            request_id: None,
        });
    }
    times.sort_unstable();
    let hour = Period::last(Duration::from_secs(60 * 60), Time::now());
    let told = reports.of_platform(hour, WhichEndpoints::default()).await?;
    let told = told.response_time.ok_or("nothing was measured")?;
    let error = |told: f64, share: f64| {
        let rank = (share * REQUESTS as f64).ceil() as usize;
        let exact = times[rank - 1].as_secs_f64() * 1e3;
        (told - exact).abs() / exact
    };
    let errors = [
        error(told.p50, 0.5),
        error(told.p95, 0.95),
        error(told.p99, 0.99),
    ];
    let worst = errors.into_iter().fold(0.0, f64::max);
    report.limit("the error of a report's quantiles", worst, ERROR_MAX);
    Ok(())
}

/// About as requests take: most of them some milliseconds, a few a thousand times as long.
fn durations() -> impl Iterator<Item = Duration> {
    let mut state = 7_u64;
    let mut uniform = move || {
        // Knuth's numbers, whose upper bits are good enough.
        state = state.wrapping_mul(6_364_136_223_846_793_005);
        state = state.wrapping_add(1_442_695_040_888_963_407);
        (state >> 11) as f64 / (1_u64 << 53) as f64
    };
    std::iter::repeat_with(move || {
        // Twelve of them together are nearly normal.
        let normal = (0..12).map(|_| uniform()).sum::<f64>() - 6.0;
        Duration::from_secs_f64(0.005 * normal.exp())
    })
}
