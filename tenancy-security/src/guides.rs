//! The code of the guides in `docs/`, so that it is tested with the crate. No documentation of its
//! own: the guides do not travel with the package.

#[doc = include_str!("../../docs/defend-a-server.md")]
mod defend_a_server {}

#[doc = include_str!("../../docs/rate-limits.md")]
mod rate_limits {}

#[doc = include_str!("../../docs/uploads.md")]
mod uploads {}

#[doc = include_str!("../../docs/keep-clients-out.md")]
mod keep_clients_out {}

#[doc = include_str!("../../docs/detect-attacks.md")]
mod detect_attacks {}
