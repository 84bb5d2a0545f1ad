//! See each tenant of a server: what it asks for, what is slow and why, and whether all is well.
//!
//! [`metrics`] counts for each tenant in bounded memory, [`sink`] tells Prometheus and others. The
//! [`layer`] measures requests, [`memory`] what they allocate, `report` what they took over any time.
//! `slow_query` finds slow statements, `advisor` the indexes they lack, `outgoing` slow requests to other
//! servers. [`health`] says how a server's parts are, `alert` tells somebody once, `load_test` proves what a
//! server can take, and [`readiness`] whether it is fit for production.
//!
//! # Feature flags
//! All off by default. `postgres` and `sqlite`: what is kept in a database, with [`MIGRATIONS`]. `axum`:
//! route templates as axum matches them. `push`, `otlp`, `sentry`: who is told. `slow-query`, `advisor`,
//! `alert`, `load-test`: the modules of those names. `blob`, `redis`, `outbound`: more that health looks
//! at, the last with `outgoing`. `certificate`: more that readiness looks at. `openapi`: schemas of reports and alerts.
#![cfg_attr(docsrs, feature(doc_cfg))]

#[cfg(all(feature = "advisor", any(feature = "postgres", feature = "sqlite")))]
#[cfg_attr(
    not(all(feature = "postgres", feature = "sqlite")),
    allow(
        dead_code,
        reason = "its catalogue has what only the other database knows"
    )
)]
pub mod advisor;
#[cfg(feature = "alert")]
pub mod alert;
#[cfg(doctest)]
mod guides;
pub mod health;
pub mod layer;
#[cfg(feature = "load-test")]
#[cfg_attr(docsrs, doc(cfg(feature = "load-test")))]
pub mod load_test;
pub mod memory;
pub mod metrics;
#[cfg(feature = "outbound")]
pub mod outgoing;
mod party;
pub mod readiness;
#[cfg(any(feature = "postgres", feature = "sqlite"))]
pub mod report;
#[cfg(feature = "sentry")]
pub mod sentry;
pub mod sink;
#[cfg(feature = "slow-query")]
pub mod slow_query;
#[cfg(any(feature = "postgres", feature = "sqlite"))]
mod tables;
#[cfg(any(feature = "certificate", feature = "load-test"))]
#[cfg_attr(docsrs, doc(cfg(any(feature = "certificate", feature = "load-test"))))]
pub mod tls;
pub mod trace_context;

pub use crate::party::Party;
#[cfg(any(feature = "postgres", feature = "sqlite"))]
pub use crate::tables::MIGRATIONS;
