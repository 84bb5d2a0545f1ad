//! Whether the server lives, whether it can do its work, and how its parts are.
//!
//! A [`Health`] has parts, each with a [`Check`] of its own: with a time-out, run once however many ask,
//! and its result used until it is old. A critical part that fails takes the server out of service, an
//! optional one is only told of. One failure alone changes nothing: it is looked at again at once.
//!
//! | asked | answer |
//! |---|---|
//! | `/livez` | 200 as long as the process answers; nothing else is touched |
//! | `/readyz` | 200, or 503 where a critical part fails or is not known, before [`started`](Health::started) and after [`drain`](Health::drain) |
//! | `/health` | the same over all parts, `warn` and 200 where only optional ones fail; the parts themselves are for those whom [`HealthLayer::details_for`] admits |
//!
//! Answers are `application/health+json` (draft-inadarei-api-health-check). What a check says is a
//! `&'static str` and a number, so that no address, name or password of another server gets into one.
//!
//! ```
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() {
//! use tenancy_observability::health::{Finding, Health, Part, Status};
//!
//! let health = Health::builder()
//!     .check(Part::critical("stock"), async || Finding::pass())
//!     .check(Part::optional("post"), async || Finding::fail("the queue is full"))
//!     .build();
//! assert_eq!(health.ready().await.status(), Status::Fail); // it has not started yet
//! health.started();
//! assert_eq!(health.ready().await.status(), Status::Pass);
//! assert_eq!(health.full().await.status(), Status::Warn);
//! # }
//! ```
//!
//! [`HealthLayer`] belongs outside of whatever could redirect, limit, refuse or resolve a request. Run
//! [`Health::keep_fresh`] beside the server, so that nobody who asks has to wait for a check.

mod check;
pub mod checks;
mod damping;
mod layer;
mod monitor;
mod part;
mod report;
mod watched;

pub use self::check::{Check, Finding};
pub use self::layer::{HealthLayer, HealthService, ResponseFuture};
pub use self::monitor::{Health, HealthBuilder};
pub use self::part::Part;
pub use self::report::{PartReport, Phase, Report, Status};
