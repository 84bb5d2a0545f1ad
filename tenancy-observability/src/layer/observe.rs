use std::panic::{AssertUnwindSafe, catch_unwind};

use super::finished::FinishedRequest;
use super::own_cost::OwnCost;

/// Hears of requests. It is called while requests are answered, so it must not wait for anything.
///
/// One that panics changes no answer; that is logged.
pub trait ObserveRequests: Send + Sync + 'static {
    /// A request has begun; it will finish once.
    fn began(&self) {}

    /// A request is over.
    fn finished(&self, request: &FinishedRequest<'_>);

    /// The last finished request of this thread was one of those of which it is timed what measuring takes:
    /// its own figures, observers' [`began`](Self::began) and [`finished`](Self::finished) included.
    fn timed(&self, cost: &OwnCost) {
        let _ = cost;
    }
}

/// Calls an observer, whatever it does.
pub(super) fn shielded(call: impl FnOnce()) {
    // Unwind safe: what an observer left half done is the observer's own.
    if catch_unwind(AssertUnwindSafe(call)).is_err() {
        tracing::error!("an observer of requests panicked");
    }
}
