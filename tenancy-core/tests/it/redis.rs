//! The handle to Redis, on real servers that are killed, frozen and replaced under it.

mod commands;

use std::time::Duration;

use bytes::Bytes;
use tenancy_core::redis::{Redis, Value};

/// Long enough for a machine that does much else.
const PATIENCE: Duration = Duration::from_secs(5);

fn handle(url: &str) -> Redis {
    Redis::builder(url).time_out(PATIENCE).build().unwrap()
}

fn bytes(text: &'static str) -> Value {
    Value::Bytes(Bytes::from_static(text.as_bytes()))
}

fn cause(error: &tenancy_core::Error) -> String {
    std::error::Error::source(error).unwrap().to_string()
}
