//! What every implementation of the stores must do, as functions that panic where one does not.
//!
//! Each takes a store and the scopes of two tenants that have nothing in it yet.
#![expect(
    clippy::unwrap_used,
    reason = "a failed expectation is the suite's answer"
)]

pub mod catalog;
pub mod customers;
pub mod media;
pub mod orders;
pub mod stock;

use crate::error::{Error, ErrorKind};

fn refusal<T: std::fmt::Debug>(result: Result<T, Error>) -> ErrorKind {
    result.unwrap_err().kind().clone()
}

/// The fields that were refused.
fn refused<T: std::fmt::Debug>(result: Result<T, Error>) -> Vec<String> {
    match refusal(result) {
        ErrorKind::Invalid(violations) => violations.into_iter().map(|one| one.field).collect(),
        other => panic!("expected a refusal of fields, got {other:?}"),
    }
}
