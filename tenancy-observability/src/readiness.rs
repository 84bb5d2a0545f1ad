//! Is a server fit for production? A list of checks that measure, each with its evidence and the mend.
//!
//! A [`Readiness`] holds checks: what is asked, how much it matters, and a probe. It asks all of them at
//! once, each with a time of its own, and makes a [`Report`]. [`build`], [`headers`], [`postgres`],
//! [`redis`] and, with the feature of its name, `certificate` judge what most servers have; an application adds
//! its own beside them.
//!
//! ```
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() {
//! use tenancy_observability::readiness::{Finding, Readiness, Weight, build};
//!
//! let report = Readiness::new()
//!     .check("panics", "Does a panic end one request only?", Weight::Grave, async {
//!         build::panics()
//!     })
//!     .check("backups", "How old is the newest backup?", Weight::Grave, async {
//!         Finding::fail("there is none", "run `backup` once a day")
//!     })
//!     .run()
//!     .await;
//! assert_eq!(report.checks[1].finding.evidence, "there is none");
//! assert_eq!(report.score, Some(50.0));
//! # }
//! ```
//!
//! **The score** is the part of all weights that is earned: a check that passes earns its weight, one that
//! warns half of it, and one that fails nothing. One that could not tell earns nothing either: not to know
//! is no reason to be at ease. So it rises with each thing that is mended.
//!
//! **It does not** mend anything.

pub mod build;
#[cfg(feature = "certificate")]
#[cfg_attr(docsrs, doc(cfg(feature = "certificate")))]
pub mod certificate;
mod check;
mod finding;
pub mod headers;
pub mod postgres;
pub mod redis;
mod report;

pub use self::check::{Readiness, Weight};
pub use self::finding::{Finding, Status};
pub use self::report::{Checked, Report};
