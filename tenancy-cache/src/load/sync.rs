//! What [`flight`](super::flight) synchronises with; a test of every interleaving brings its own.

pub(super) use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
