//! Work that goes on beside the requests, and must not end unnoticed.

use std::any::Any;
use std::panic::AssertUnwindSafe;
use std::time::Duration;

use futures_util::FutureExt as _;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::Instant;

/// The first and the longest wait before work that failed is begun again.
const WAIT: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(60));

/// Runs `work` until it ends after `ended` has become true.
///
/// When it panics or ends unasked, that is logged as an error and it is begun again, after a wait
/// that doubles. It does not end the server: what the work was about to do is kept in the
/// database, and the shops can sell meanwhile.
async fn keep_running<W: Future<Output = ()>>(
    name: &str,
    mut ended: watch::Receiver<bool>,
    work: impl Fn() -> W,
) {
    let mut wait = WAIT.0;
    loop {
        let began = Instant::now();
        // Unwind safe: whatever the work left half done is dropped with its future.
        let outcome = AssertUnwindSafe(async { work().await })
            .catch_unwind()
            .await;
        if began.elapsed() > WAIT.1 {
            wait = WAIT.0;
        }
        match outcome {
            Ok(()) if *ended.borrow() => return,
            Ok(()) => tracing::error!(work = name, ?wait, "ended unasked and will begin again"),
            Err(panic) => {
                let said = message(&*panic);
                tracing::error!(work = name, said, ?wait, "panicked and will begin again");
            }
        }
        tokio::select! {
            () = tokio::time::sleep(wait) => {}
            _ = ended.wait_for(|ended| *ended) => return,
        }
        wait = (wait * 2).min(WAIT.1);
    }
}

/// Several pieces of such work, which end together.
///
/// Dropped, what has not ended is cut off.
#[derive(Debug)]
pub(crate) struct Beside {
    end: watch::Sender<bool>,
    tasks: JoinSet<()>,
}

impl Beside {
    pub(crate) fn new() -> Self {
        Self {
            end: watch::Sender::new(false),
            tasks: JoinSet::new(),
        }
    }

    /// Begins `work` with its part of the program, and begins it again as [`keep_running`] does. It is
    /// given what tells it of the end.
    pub(crate) fn keep<P, W>(
        &mut self,
        name: &'static str,
        part: &P,
        work: impl Fn(P, watch::Receiver<bool>) -> W + Send + Sync + 'static,
    ) where
        P: Clone + Send + Sync + 'static,
        W: Future<Output = ()> + Send + 'static,
    {
        let (part, ended) = (part.clone(), self.end.subscribe());
        self.tasks.spawn(async move {
            let until = ended.clone();
            keep_running(name, ended, || work(part.clone(), until.clone())).await;
        });
    }

    /// Tells all of the end, and waits until they have finished what they are at.
    pub(crate) async fn finish(&mut self) {
        self.end.send_replace(true);
        while self.tasks.join_next().await.is_some() {}
    }
}

fn message(panic: &(dyn Any + Send)) -> &str {
    let literal = panic.downcast_ref::<&str>().copied();
    literal
        .or_else(|| panic.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("no message")
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    /// Runs `work`, which is told how often it was begun before, and counts the beginnings until
    /// the end is asked for after `time`.
    async fn beginnings(time: Duration, work: fn(usize) -> bool) -> usize {
        let begun = Arc::new(AtomicUsize::new(0));
        let (end, ended) = watch::channel(false);
        let running = tokio::spawn({
            let begun = begun.clone();
            let until = ended.clone();
            keep_running("test", ended, move || {
                let goes_on = work(begun.fetch_add(1, Ordering::Relaxed));
                let mut until = until.clone();
                async move {
                    if goes_on {
                        let _ = until.wait_for(|ended| *ended).await;
                    }
                }
            })
        });
        tokio::time::sleep(time).await;
        end.send_replace(true);
        running.await.unwrap();
        begun.load(Ordering::Relaxed)
    }

    #[tokio::test(start_paused = true)]
    async fn work_that_panics_or_ends_unasked_is_begun_again_ever_less_often() {
        let minute = Duration::from_secs(60);
        assert_eq!(beginnings(minute, |_| true).await, 1);
        assert_eq!(beginnings(minute, |times| times == 1).await, 2);
        // At 0, 1, 3, 7, 15, 31 seconds.
        assert_eq!(beginnings(minute, |_| false).await, 6);
        let panics = |times: usize| match times {
            0 => panic!("on purpose"),
            _ => true,
        };
        assert_eq!(beginnings(minute, panics).await, 2);
    }
}
