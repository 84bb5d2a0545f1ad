//! The harness, tested on the servers it starts.

mod browser;
mod postgres;
mod redis;
mod remains;
mod server;
mod shared;

use std::time::{Duration, Instant};

/// Polls `done` until it holds, and fails the test when it does not within ten seconds.
fn eventually(what: &str, mut done: impl FnMut() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(10);
    while !done() {
        assert!(Instant::now() < deadline, "not within ten seconds: {what}");
        std::thread::sleep(Duration::from_millis(10));
    }
}
