use std::collections::VecDeque;
use std::num::NonZeroUsize;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use metrics::{Counter, Gauge, counter, gauge, with_local_recorder};
use tenancy_core::log_throttle::LogThrottle;
use tenancy_core::outbound::{Error, Outbound};
use tokio::time::{Instant, MissedTickBehavior, sleep_until};

use super::answer::Answer;
use super::target::Target;
use crate::metrics::{Metrics, Snapshot};
use crate::outgoing::SlowOutgoing;

/// The first and the longest wait after a failure.
const WAIT: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(60));

/// Sends snapshots of a registry to one target.
#[derive(Debug)]
pub struct Pusher {
    metrics: Metrics,
    target: Target,
    outbound: Outbound,
    every: Duration,
    queue_max: usize,
    flush: Duration,
    told: Told,
}

/// Sets up a [`Pusher`].
#[derive(Clone, Debug)]
#[must_use]
pub struct PusherBuilder {
    metrics: Metrics,
    target: Target,
    every: Duration,
    time_out: Duration,
    queue_max: usize,
    flush: Duration,
    outgoing: Option<SlowOutgoing>,
}

/// What is counted of the sending.
#[derive(Debug)]
struct Told {
    sent: Counter,
    refused: Counter,
    failed: Counter,
    dropped: Counter,
    left_out: Counter,
    queued: Gauge,
    complaints: LogThrottle,
}

/// What waits to be sent.
#[derive(Debug)]
struct Queue {
    snapshots: VecDeque<Arc<Snapshot>>,
    delivered: Option<Arc<Snapshot>>,
    /// How long the next failure makes it wait.
    wait: Duration,
    not_before: Option<Instant>,
    /// Whether it was the receiver that asked for the wait.
    is_asked: bool,
}

impl Pusher {
    /// Every ten seconds, with ten seconds for each, a queue of 30 and five seconds at the end, each to be
    /// changed.
    pub fn builder(metrics: Metrics, target: Target) -> PusherBuilder {
        PusherBuilder {
            metrics,
            target,
            every: Duration::from_secs(10),
            time_out: Duration::from_secs(10),
            queue_max: 30,
            flush: Duration::from_secs(5),
            outgoing: None,
        }
    }

    /// Sends until `end`, and then what is left; gives how many snapshots did not arrive in time.
    ///
    /// Needs a runtime of tokio of any flavour, for time and the network; spawns nothing. Dropped, it stops
    /// at once.
    pub async fn run(self, end: impl Future<Output = ()>) -> usize {
        let mut queue = Queue::new();
        let mut end = pin!(end);
        let mut ticks = tokio::time::interval_at(Instant::now() + self.every, self.every);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Skip);
        let mut deadline = None;
        let mut sending = None;
        while deadline.is_none() || sending.is_some() || !queue.snapshots.is_empty() {
            if sending.is_none() && queue.is_due() {
                // While it is under way it has no place in the queue.
                let next = queue.snapshots.pop_front();
                let delivered = queue.delivered.clone();
                sending = next.map(|snapshot| Box::pin(self.send(snapshot, delivered)));
            }
            let idle_until = queue.not_before.filter(|_| sending.is_none());
            tokio::select! {
                (snapshot, answer) = optional(sending.as_mut()) => {
                    sending = None;
                    self.settle(&mut queue, snapshot, answer);
                }
                () = until(idle_until) => {
                    queue.not_before = None;
                }
                _ = ticks.tick(), if deadline.is_none() => self.enqueue(&mut queue),
                () = &mut end, if deadline.is_none() => {
                    deadline = Some(Instant::now() + self.flush);
                    self.enqueue(&mut queue);
                    queue.hurry();
                }
                () = until(deadline) => break,
            }
        }
        let left = queue.snapshots.len() + usize::from(sending.is_some());
        if left > 0 {
            self.told.dropped.increment(left as u64);
            let sink = self.target.name();
            tracing::warn!(sink, left, "ends without having sent all metrics");
        }
        left
    }

    /// The oldest gives way: a later one has its counts as well.
    fn enqueue(&self, queue: &mut Queue) {
        if queue.snapshots.len() >= self.queue_max {
            queue.snapshots.pop_front();
            self.told.dropped.increment(1);
        }
        queue.snapshots.push_back(Arc::new(self.metrics.snapshot()));
        self.told.queued.set(queue.snapshots.len() as f64);
    }

    async fn send(
        &self,
        snapshot: Arc<Snapshot>,
        delivered: Option<Arc<Snapshot>>,
    ) -> (Arc<Snapshot>, Answer) {
        let (request, left_out) = self.target.request(&snapshot, delivered.as_deref());
        let answer = Answer::of(self.outbound.send(request).await);
        if let Answer::Taken(_) = answer {
            self.told.left_out.increment(left_out);
        }
        (snapshot, answer)
    }

    fn settle(&self, queue: &mut Queue, snapshot: Arc<Snapshot>, answer: Answer) {
        let sink = self.target.name();
        match answer {
            Answer::Taken(body) => {
                self.told.sent.increment(1);
                if let Some((points, why)) = self.target.refused(&body) {
                    self.told.left_out.increment(points);
                    self.complain(|| {
                        tracing::warn!(sink, points, why, "points of metrics were refused")
                    });
                }
                queue.delivered = Some(snapshot);
                queue.wait = WAIT.0;
            }
            Answer::Refused { why } => {
                self.told.refused.increment(1);
                self.told.dropped.increment(1);
                self.complain(|| {
                    tracing::error!(sink, why, "metrics were refused and will not be sent again")
                });
            }
            Answer::Failed { why, retry_after } => {
                self.told.failed.increment(1);
                self.complain(|| tracing::warn!(sink, why, "metrics could not be sent and wait"));
                queue.put_off(retry_after);
                if queue.snapshots.len() < self.queue_max {
                    queue.snapshots.push_front(snapshot);
                } else {
                    self.told.dropped.increment(1);
                }
            }
        }
        self.told.queued.set(queue.snapshots.len() as f64);
    }

    fn complain(&self, say: impl FnOnce()) {
        if self.told.complaints.admit().is_some() {
            say();
        }
    }
}

impl PusherBuilder {
    /// Sets how often a snapshot is taken. Default: every ten seconds.
    pub fn every(mut self, every: Duration) -> Self {
        self.every = every;
        self
    }

    /// Sets how long sending one may take. Default: ten seconds.
    pub fn time_out(mut self, time_out: Duration) -> Self {
        self.time_out = time_out;
        self
    }

    /// Sets how many snapshots may wait. Default: 30.
    pub fn queue_max(mut self, snapshots: NonZeroUsize) -> Self {
        self.queue_max = snapshots.get();
        self
    }

    /// Sets how long sending may go on after the end. Default: five seconds.
    pub fn flush(mut self, flush: Duration) -> Self {
        self.flush = flush;
        self
    }

    /// Tells of what is slow to arrive.
    pub fn outgoing(mut self, slow: &SlowOutgoing) -> Self {
        self.outgoing = Some(slow.clone());
        self
    }

    /// Ready to run.
    ///
    /// # Errors
    /// Where the system has no certificates to trust.
    pub fn build(self) -> Result<Pusher, Error> {
        // The address is the operator's: its own network is where collectors are.
        let outbound = Outbound::builder()
            .internal_addresses()
            .time_out(self.time_out);
        let outbound = match &self.outgoing {
            Some(slow) => outbound.observe(slow.observer()),
            None => outbound,
        };
        Ok(Pusher {
            told: Told::new(&self.metrics, self.target.name()),
            outbound: outbound.build()?,
            metrics: self.metrics,
            target: self.target,
            every: self.every.max(Duration::from_millis(1)),
            queue_max: self.queue_max,
            flush: self.flush,
        })
    }
}

impl Told {
    fn new(metrics: &Metrics, sink: &'static str) -> Self {
        with_local_recorder(metrics, || {
            let pushes = |outcome: &'static str| counter!("tenancy_metrics_pushes_total", "sink" => sink, "outcome" => outcome);
            Self {
                sent: pushes("sent"),
                refused: pushes("refused"),
                failed: pushes("failed"),
                dropped: counter!("tenancy_metrics_dropped_snapshots_total", "sink" => sink),
                left_out: counter!("tenancy_metrics_left_out_points_total", "sink" => sink),
                queued: gauge!("tenancy_metrics_queued_snapshots", "sink" => sink),
                complaints: LogThrottle::default(),
            }
        })
    }
}

impl Queue {
    fn new() -> Self {
        Self {
            snapshots: VecDeque::new(),
            delivered: None,
            wait: WAIT.0,
            not_before: None,
            is_asked: false,
        }
    }

    fn is_due(&self) -> bool {
        self.not_before.is_none_or(|at| at <= Instant::now())
    }

    /// Waits as long as the receiver asks, or ever longer.
    fn put_off(&mut self, retry_after: Option<Duration>) {
        self.is_asked = retry_after.is_some();
        self.not_before = Some(Instant::now() + retry_after.unwrap_or(self.wait));
        if !self.is_asked {
            self.wait = (self.wait * 2).min(WAIT.1);
        }
    }

    /// Tries again at once, unless the receiver asked for the wait.
    fn hurry(&mut self) {
        self.wait = WAIT.0;
        if !self.is_asked {
            self.not_before = None;
        }
    }
}

/// What a future gives, if there is one; else it is never ready.
async fn optional<F: Future + Unpin>(future: Option<F>) -> F::Output {
    match future {
        Some(future) => future.await,
        None => std::future::pending().await,
    }
}

/// Ready at a time, if there is one; else never.
async fn until(time: Option<Instant>) {
    match time {
        Some(time) => sleep_until(time).await,
        None => std::future::pending().await,
    }
}
