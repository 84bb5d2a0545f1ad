use std::num::NonZeroU32;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use tokio::task::JoinSet;

use super::{Ended, Work, over};

/// How often is looked whether tasks of this process run when they should.
const PROBE: Duration = Duration::from_millis(10);

/// Has users send one request after the other.
pub(super) async fn run(
    work: &Arc<Work>,
    users: NonZeroU32,
    stop: impl Future<Output = ()>,
) -> Ended {
    let next = Arc::new(AtomicU64::new(0));
    let mut calls = JoinSet::new();
    for _ in 0..users.get() {
        calls.spawn(use_server(work.clone(), next.clone()));
    }
    let probe = tokio::spawn(probe(work.clone()));
    let ended = {
        let done = async { while calls.join_next().await.is_some() {} };
        tokio::select! {
            () = over(work) => Ended::Duration,
            () = stop => Ended::Interrupted,
            () = done => Ended::Requests,
        }
    };
    probe.abort();
    // Gives up what is under way, and waits until it knows.
    calls.shutdown().await;
    ended
}

async fn use_server(work: Arc<Work>, next: Arc<AtomicU64>) {
    loop {
        let number = next.fetch_add(1, Ordering::Relaxed);
        if work
            .plan
            .requests
            .is_some_and(|requests| number >= requests)
        {
            return;
        }
        work.clone().send(number, Instant::now()).await;
    }
}

/// Measures how late tasks run, since users have no time at which a request is due. tokio's timer itself
/// counts in milliseconds, so another thread keeps the time.
async fn probe(work: Arc<Work>) {
    loop {
        let due = Instant::now() + PROBE;
        let slept = tokio::task::spawn_blocking(move || {
            std::thread::sleep(due.saturating_duration_since(Instant::now()));
        });
        if slept.await.is_err() {
            return;
        }
        work.watch.lag(due.elapsed());
    }
}
