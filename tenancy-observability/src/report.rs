//! What a tenant's requests took, and the platform's, over any time that is still kept.
//!
//! A [`Recorder`] hears of every request and counts it, by tenant and endpoint, in windows of five
//! minutes. [`Reports`] keeps the windows in the platform's database and makes a [`Report`] of them. A
//! window's durations are a [DDSketch](https://arxiv.org/abs/1908.10693): percentiles are within one
//! percent, over any number of windows and servers, in bounded memory.
//!
//! ```
//! # #[cfg(feature = "sqlite")]
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! use tenancy_core::registry::SqlTenants;
//! use tenancy_core::sql::migrate::{self, MigrationSet};
//! use tenancy_core::sql::{Database, SqlStorage};
//! use tenancy_core::{Actor, Tenants, time::Time};
//! use tenancy_observability::MIGRATIONS;
//! use tenancy_observability::layer::PerformanceLayer;
//! use tenancy_observability::report::{Period, Recorder, Reports, WhichEndpoints};
//!
//! let folder = tempfile::tempdir()?;
//! let storage = SqlStorage::builder().sqlite(folder.path()).await?;
//! let sets: &[&MigrationSet] = &[&migrate::CORE, &MIGRATIONS];
//! migrate::prepare(&storage, sets).await?;
//! let tenants = Tenants::new(SqlTenants::new(&storage));
//! let database = Database::builder(&storage, &tenants).migrations(&MIGRATIONS).build();
//!
//! let recorder = Recorder::new();
//! let layer = PerformanceLayer::new().observe(recorder.clone());
//! let platform = tenants.platform(Actor::system("reports"));
//! let reports = Reports::builder(&database, &platform, &recorder).build();
//! // In a task of its own: reports.keep_until(shutdown).await
//!
//! let day = Period::last(std::time::Duration::from_secs(24 * 60 * 60), Time::now());
//! let report = reports.of_platform(day, WhichEndpoints::default()).await?;
//! assert_eq!((report.requests, report.average_response_time), (0, None));
//! # drop(layer);
//! # Ok(())
//! # }
//! # #[cfg(not(feature = "sqlite"))]
//! # fn main() {}
//! ```
//!
//! # What is kept
//! For each tenant with requests in a window one row of some kilobytes and server, and one for all
//! together, so that the platform's report visits no tenant. One more names the 256 tenants with the most
//! requests, so that those of a time are found without a look at each tenant. A server writes its own rows only, each
//! time as a whole: what is written twice counts once, and servers do not wait for one another. After a
//! day, windows become hours; hours are removed after a time to choose. A server's numbers are in the
//! database after half a minute, and in its own reports at once.
//!
//! # Bounds
//! Endpoints of one tenant beyond 64 in a window are counted together as `__other__`, and so are all
//! endpoints of tenants that come once there are 16384 of all tenants. Requests of whole tenants beyond 4096
//! count for the platform and for no tenant in that window: a [`Report`] that may lack them says so
//! ([`incomplete`](Report::incomplete)), and how many there were.

#[cfg(any(feature = "postgres", feature = "sqlite"))]
mod course;
mod measure;
mod ranking;
mod recorder;
mod rows;
mod sketch;
mod slice;
mod store;
mod summary;
mod totals;
mod window;

#[cfg(any(feature = "postgres", feature = "sqlite"))]
pub use self::course::Part;
pub use self::ranking::Load;
pub use self::recorder::{Recorder, RecorderBuilder};
pub use self::sketch::QUANTILE_ERROR;
pub use self::store::{Reports, ReportsBuilder};
pub use self::summary::{
    CachePerformance, DatabasePerformance, EndpointOrder, EndpointReport, MemoryUsage, Report,
    ResponseTime, TimeSplit, WhichEndpoints,
};
pub use self::window::Period;
