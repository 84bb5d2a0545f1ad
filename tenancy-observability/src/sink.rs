//! Ways out for what was counted: each writes down a [`Snapshot`](crate::metrics::Snapshot).
//!
//! [`prometheus`] is asked for it; a [`Pusher`](push::Pusher) sends it, as [`line_protocol`] or to a
//! collector of OpenTelemetry. Every point has the labels `environment` and `tenant`.

pub mod line_protocol;
#[cfg(feature = "otlp")]
pub mod otlp;
pub mod prometheus;
#[cfg(feature = "push")]
pub mod push;
