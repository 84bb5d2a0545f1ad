//! Snapshots sent to where they are kept, again and again.
//!
//! What cannot be sent waits in a queue of a few snapshots, the oldest of which gives way; counters go on
//! from where they began, so that costs detail and no counts. A point that is sent twice has the same time
//! and labels both times, and receivers keep one.
//!
//! ```no_run
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! use tenancy_observability::metrics::Metrics;
//! use tenancy_observability::sink::push::{Pusher, Target};
//!
//! let metrics = Metrics::builder("production").build();
//! let target = Target::line_protocol("https://influx.example/api/v2/write?org=shop&bucket=shop".parse()?)
//!     .header("authorization".parse()?, "Token …".parse()?);
//! let pusher = Pusher::builder(metrics, target).build()?;
//! let (_end, ended) = tokio::sync::oneshot::channel::<()>();
//! // Ends when what was counted until then has been sent, or it takes too long.
//! pusher.run(async { _ = ended.await }).await;
//! # Ok(())
//! # }
//! ```
//!
//! # What it says of itself
//! In the registry, with the label `sink`, the counters `tenancy_metrics_pushes_total` (by `outcome`:
//! `sent`, `refused`, `failed`; what failed is tried again), `tenancy_metrics_dropped_snapshots_total`,
//! and `tenancy_metrics_left_out_points_total` (no numbers, or refused by the receiver), and the gauge
//! `tenancy_metrics_queued_snapshots`.

mod answer;
mod pusher;
mod target;

pub use self::pusher::{Pusher, PusherBuilder};
pub use self::target::Target;
