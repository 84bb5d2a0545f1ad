use std::num::NonZeroU32;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, Thread};
use std::time::{Duration, Instant};

use tokio::runtime::Handle;
use tokio::sync::{Semaphore, oneshot};
use tokio::task::JoinSet;

use super::{Ended, Work, over};
use crate::load_test::Rate;

/// Sends requests at their times, whatever becomes of those before.
pub(super) async fn run(
    work: &Arc<Work>,
    runtime: &Handle,
    rate: Rate,
    in_flight_max: NonZeroU32,
    stop: impl Future<Output = ()>,
) -> Ended {
    let mut pacer = Pacer::start(work.clone(), runtime.clone(), rate, in_flight_max);
    let ended = tokio::select! {
        () = over(work) => Ended::Duration,
        () = stop => Ended::Interrupted,
        () = pacer.all_ended() => match work.began.elapsed() < work.plan.duration {
            true => Ended::Requests,
            false => Ended::Duration,
        },
    };
    // Gives up what is under way, and waits until it knows.
    pacer.stop().await.shutdown().await;
    ended
}

/// A thread that keeps the time: tokio's timer counts in milliseconds.
struct Pacer {
    thread: Thread,
    stopped: Arc<AtomicBool>,
    handed_over: oneshot::Receiver<JoinSet<()>>,
    calls: JoinSet<()>,
}

impl Pacer {
    fn start(work: Arc<Work>, runtime: Handle, rate: Rate, in_flight_max: NonZeroU32) -> Self {
        let stopped = Arc::new(AtomicBool::new(false));
        let (hand_over, handed_over) = oneshot::channel();
        let thread = thread::spawn({
            let stopped = stopped.clone();
            move || {
                let calls = pace(&work, &runtime, rate, in_flight_max, &stopped);
                // Whoever does not take them any more has given them up.
                let _ = hand_over.send(calls);
            }
        });
        Self {
            thread: thread.thread().clone(),
            stopped,
            handed_over,
            calls: JoinSet::new(),
        }
    }

    /// Waits until all requests were sent and have ended.
    async fn all_ended(&mut self) {
        self.take_calls().await;
        while self.calls.join_next().await.is_some() {}
    }

    /// Sends no more, and tells what is under way.
    async fn stop(mut self) -> JoinSet<()> {
        self.stopped.store(true, Ordering::Release);
        self.thread.unpark();
        self.take_calls().await;
        std::mem::take(&mut self.calls)
    }

    async fn take_calls(&mut self) {
        if !self.handed_over.is_terminated()
            && let Ok(calls) = (&mut self.handed_over).await
        {
            self.calls = calls;
        }
    }
}

impl Drop for Pacer {
    fn drop(&mut self) {
        self.stopped.store(true, Ordering::Release);
        self.thread.unpark();
    }
}

fn pace(
    work: &Arc<Work>,
    runtime: &Handle,
    rate: Rate,
    in_flight_max: NonZeroU32,
    stopped: &AtomicBool,
) -> JoinSet<()> {
    let places = Arc::new(Semaphore::new(in_flight_max.get() as usize));
    let mut calls = JoinSet::new();
    for number in 0..work.plan.requests.unwrap_or(u64::MAX) {
        // Each from the beginning, so that no error adds up.
        let after = Duration::try_from_secs_f64(number as f64 / rate.per_second());
        let after = after.unwrap_or(Duration::MAX);
        let due = work.began + after.min(work.plan.duration);
        // The time after the last request is part of the run as well.
        if !wait_until(due, stopped) || after >= work.plan.duration {
            break;
        }
        while calls.try_join_next().is_some() {}
        let Ok(place) = places.clone().try_acquire_owned() else {
            let (endpoint, caller) = work.plan.mix.pick(number);
            work.recorder.drop_one(endpoint, caller);
            continue;
        };
        let sending = work.clone().send(number, due);
        let work = work.clone();
        let call = async move {
            let _place = place;
            work.watch.lag(due.elapsed());
            sending.await;
        };
        calls.spawn_on(call, runtime);
    }
    calls
}

/// Waits, and tells whether the time has come rather than the end. What was due before the end was due,
/// however late this thread is.
fn wait_until(due: Instant, stopped: &AtomicBool) -> bool {
    loop {
        let left = due.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return true;
        }
        if stopped.load(Ordering::Acquire) {
            return false;
        }
        thread::park_timeout(left);
    }
}
