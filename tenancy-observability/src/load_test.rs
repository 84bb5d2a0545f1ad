//! Load tests that do not flatter the server.
//!
//! A [`LoadTest`] is a [`Target`], a [`Model`] that says when requests are sent, a mix of [`Endpoint`]s with
//! exact weights, and [`Caller`]s: tenants, in turn. [`run_times`] sends the requests, and a [`Report`]
//! judges what came of it by [`Requirement`]s. The program `tenancy-load` does the same from the command
//! line.
//!
//! ```
//! # #[tokio::main]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! use std::sync::Arc;
//! use tenancy_observability::load_test::{
//!     Caller, Endpoint, LoadTest, Model, Reach, Report, Requirement, Target, run_times,
//! };
//!
//! let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
//! let url = format!("http://{}", listener.local_addr()?);
//! let app = axum::Router::new().fallback(async || "hello");
//! tokio::spawn(async { axum::serve(listener, app).await });
//!
//! let target = Target::find(&url, Reach::Private).await?;
//! let model = Model::Closed { users: 2.try_into()? };
//! let test = LoadTest::builder(target, model)
//!     .endpoint(Endpoint::get("/").weight(3.try_into()?))
//!     .endpoint(Endpoint::get("/cart"))
//!     .caller(Caller::new("acme").host("acme.localhost".parse()?))
//!     .requests_per_endpoint(20.try_into()?)
//!     .build()?;
//! let test = Arc::new(test);
//! let required: [Requirement; 2] = ["success_rate==100%".parse()?, "requests==40".parse()?];
//! let runs = run_times(&test, 1, std::future::pending(), |_, _| ()).await;
//! let report = Report::new(&test, runs, &required);
//! assert!(report.met, "{report}");
//! assert_eq!(report.merged().endpoints[0].series.succeeded, 30);
//! # Ok(())
//! # }
//! ```
//!
//! **Times of responses** count from when a request was due, in the open model: a server that stalls for a
//! second makes all wait that were due in it, and cannot hide that by being asked less. Times of the
//! service, from when it was sent, stand beside them. Users of the closed model wait themselves, so what
//! others would have waited is an estimate beside what was measured.
//!
//! **What has no answer is not left out.** A time-out counts with the time that was waited; what was
//! refused, broke off, was dropped or was under way at the end is counted beside the times. What was not
//! measured meets no requirement.
//!
//! **Memory** is fixed by the numbers of endpoints and callers, however many requests there are. Times are
//! kept to three digits of a microsecond count, those of callers and of the run's course to two.
//!
//! **It sends to loopback and private networks only**, unless it is told that the server is one's own. Over
//! TLS it speaks HTTP/2 where the server does. Of HTTP/2 a connection carries up to a hundred requests at
//! once.

mod caller;
mod client;
mod compare;
mod endpoint;
mod environment;
mod generator;
mod histogram;
mod html;
mod interrupted;
mod mix;
mod model;
mod plan;
mod progress;
mod recorder;
mod report;
mod requirement;
mod run;
mod score;
mod series;
mod target;
mod text;
mod time;
mod timed;
mod timeline;

pub use self::caller::Caller;
pub use self::client::Connections;
pub use self::compare::{Change, Compared, Comparison};
pub use self::endpoint::{Call, Endpoint};
pub use self::environment::Environment;
pub use self::generator::Generator;
pub use self::histogram::Figures;
pub use self::interrupted::interrupted;
pub use self::model::{InvalidRate, Model, Rate};
pub use self::plan::{ENDPOINTS_MAX, InvalidLoadTest, LoadTest, LoadTestBuilder};
pub use self::progress::{Progress, ProgressLine};
pub use self::recorder::{NAMED_CALLERS_MAX, Recorded, Recorder};
pub use self::report::{Conclusion, Plan, PlannedEndpoint, Report, UnreadableReport};
pub use self::requirement::{InvalidRequirement, Requirement, Verdict};
pub use self::run::{Ended, Named, Run, Runner, run_times};
pub use self::series::{Ending, Sample, Series};
pub use self::target::{InvalidTarget, Reach, Target};
pub use self::time::{InvalidTime, parse_time};
pub use self::timed::Timed;
pub use self::timeline::Interval;
