mod closed;
mod open;

use std::sync::Arc;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::client::Client;
use super::endpoint::Call;
use super::generator::{Generator, Watch};
use super::histogram::{Figures, Times};
use super::progress::Progress;
use super::recorder::Recorder;
use super::series::{Ending, Sample, Series};
use super::timeline::Interval;
use super::{LoadTest, Model};

/// How often is told how far a run has come.
const SHOWN_EVERY: Duration = Duration::from_millis(250);

/// What one run has measured.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Run {
    /// When it began.
    pub began_at: Timestamp,
    /// How long it went on.
    pub seconds: f64,
    /// Why it ended.
    pub ended: Ended,
    /// By how many users requests were sent, where each waited for answers.
    pub users: Option<u32>,
    /// Each endpoint, in the order of the plan.
    pub endpoints: Vec<Named>,
    /// Each caller as far as they are named, with what the others did as `…`; times to a hundredth. Of a test
    /// that is run [several times](run_times), the first run has those of all.
    pub callers: Vec<Named>,
    /// How it went.
    pub timeline: Vec<Interval>,
    /// Whether the program that sent kept up.
    pub generator: Generator,
    /// Whether HTTP/2 was spoken.
    #[serde(default)]
    pub http2: bool,
    /// What was wrong with the first connection that was not made or broke off.
    #[serde(default)]
    pub first_failure: Option<String>,
}

/// A series and whose it is.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Named {
    /// Whose it is.
    pub name: String,
    /// What was measured.
    #[serde(flatten)]
    pub series: Series,
}

/// Why a run ended.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Ended {
    /// Its time was over.
    Duration,
    /// It was told to.
    Interrupted,
    /// All requests were sent and answered.
    Requests,
}

/// A run that has not begun, and can be watched.
#[derive(Debug)]
pub struct Runner {
    work: Arc<Work>,
    runtime: tokio::runtime::Handle,
}

/// What the tasks of a run share.
#[derive(Debug)]
struct Work {
    plan: Arc<LoadTest>,
    client: Client,
    recorder: Recorder,
    watch: Watch,
    began: Instant,
}

impl Runner {
    /// Begins: times count from here. It needs a runtime of tokio, best with several threads.
    ///
    /// # Panics
    /// Outside of a runtime.
    pub fn begin(plan: &Arc<LoadTest>) -> Self {
        let work = Work {
            client: Client::new(plan),
            recorder: Recorder::new(plan.endpoints.len(), plan.callers.len()),
            watch: Watch::begin(),
            plan: plan.clone(),
            began: Instant::now(),
        };
        Self {
            work: Arc::new(work),
            runtime: tokio::runtime::Handle::current(),
        }
    }

    /// How far it has come.
    pub fn progress(&self) -> Progress {
        self.work.recorder.progress()
    }

    /// Sends until the end, or until `stop`. Requests that are under way then are given up.
    pub async fn run(&self, stop: impl Future<Output = ()>) -> Run {
        let began_at = Timestamp::now();
        let work = &self.work;
        let ended = match work.plan.model {
            Model::Closed { users } => closed::run(work, users, stop).await,
            Model::Open {
                rate,
                in_flight_max,
            } => open::run(work, &self.runtime, rate, in_flight_max, stop).await,
        };
        let length = work.began.elapsed();
        let generator = work.watch.finish();
        let recorded = work.recorder.finish(length);
        let endpoints = work.plan.endpoints.iter().map(|endpoint| endpoint.name());
        let callers = work.plan.callers.iter().map(|caller| caller.name());
        let callers = callers.take(recorded.callers.len() - 1).chain(["…"]);
        let callers = named(callers, recorded.callers);
        Run {
            began_at,
            seconds: length.as_secs_f64(),
            ended,
            users: match work.plan.model {
                Model::Closed { users } => Some(users.get()),
                Model::Open { .. } => None,
            },
            endpoints: named(endpoints, recorded.endpoints),
            callers: callers.into_iter().filter(Named::has_any).collect(),
            timeline: recorded.timeline,
            generator,
            http2: work.client.is_http2(),
            first_failure: work.client.failure(),
        }
    }
}

/// Runs a test several times, or until `stop`, after which no other run begins.
///
/// `show` hears four times a second which run it is and how far that has come.
///
/// # Panics
/// Outside of a runtime of tokio.
pub async fn run_times(
    test: &Arc<LoadTest>,
    times: usize,
    stop: impl Future<Output = ()>,
    mut show: impl FnMut(usize, Progress),
) -> Vec<Run> {
    let mut stop = std::pin::pin!(stop);
    let mut runs: Vec<Run> = vec![];
    for index in 0..times {
        let runner = Runner::begin(test);
        let mut ticks = tokio::time::interval(SHOWN_EVERY);
        let showing = async {
            loop {
                ticks.tick().await;
                show(index, runner.progress());
            }
        };
        let mut run = tokio::select! {
            run = runner.run(stop.as_mut()) => run,
            () = showing => break,
        };
        if let Some(first) = runs.first_mut() {
            first.take_callers(&mut run);
        }
        runs.push(run);
        if runs.iter().any(|run| run.ended == Ended::Interrupted) {
            break;
        }
    }
    runs
}

impl Named {
    pub(crate) fn new(name: &str, series: Series) -> Self {
        Self {
            name: name.to_owned(),
            series,
        }
    }

    fn has_any(&self) -> bool {
        self.series.ended() + self.series.cut_off + self.series.dropped > 0
    }
}

impl Run {
    /// One in which nothing was sent.
    pub(crate) fn empty(seconds: f64, generator: Generator) -> Self {
        Self {
            began_at: Timestamp::UNIX_EPOCH,
            seconds,
            ended: Ended::Duration,
            users: None,
            endpoints: vec![],
            callers: vec![],
            timeline: vec![],
            generator,
            http2: false,
            first_failure: None,
        }
    }

    /// Takes over what a later run has measured of callers, of whom there are so many that only the sums over
    /// all runs are kept.
    pub(crate) fn take_callers(&mut self, later: &mut Self) {
        add_all(&mut self.callers, &std::mem::take(&mut later.callers));
        for caller in std::mem::take(&mut self.callers) {
            self.callers.push(Named {
                series: caller.series.kept(),
                ..caller
            });
        }
    }

    /// Several runs, one after the other, as one.
    pub(crate) fn merged(runs: &[Self]) -> Self {
        let mut merged = Self::empty(0.0, Generator::judged(0.0, None));
        merged.began_at = runs
            .first()
            .map_or(Timestamp::UNIX_EPOCH, |run| run.began_at);
        for run in runs {
            let shifted = run.timeline.iter().map(|interval| Interval {
                from_seconds: interval.from_seconds + merged.seconds,
                ..*interval
            });
            merged.timeline.extend(shifted);
            merged.seconds += run.seconds;
            merged.ended = run.ended;
            merged.users = run.users;
            add_all(&mut merged.endpoints, &run.endpoints);
            add_all(&mut merged.callers, &run.callers);
            merged.generator = merged.generator.worse_of(&run.generator);
            merged.http2 |= run.http2;
            let failure = merged.first_failure.take();
            merged.first_failure = failure.or_else(|| run.first_failure.clone());
        }
        merged
    }

    /// What should be known when reading the figures.
    pub(crate) fn remarks(&self) -> Vec<String> {
        let mut remarks = vec![];
        if self.generator.saturated {
            remarks.push(self.generator.remark());
        }
        if let Some(failure) = &self.first_failure {
            remarks.push(format!("the first connection that failed: {failure}"));
        }
        let all = self.all();
        // Users who wait always have some: what counts is whether one of them got no answer any more.
        let usual = all.response().map_or(0, |figures| figures.p99_us);
        if all.cut_off > 0 && all.cut_off_longest_us > usual {
            remarks.push(format!(
                "{} requests were under way at the end and are not among the times; the longest had \
                 waited {:.1} ms",
                all.cut_off,
                all.cut_off_longest_us as f64 / 1e3,
            ));
        }
        if all.dropped > 0 {
            remarks.push(format!(
                "{} requests were not sent, since as many as may be were under way",
                all.dropped
            ));
        }
        match all.statuses.get(&429) {
            Some(refused) if refused * 10 > all.ended() => remarks.push(format!(
                "{refused} of {} answers were 429: much of this measures how the server refuses",
                all.ended()
            )),
            Some(_) | None => {}
        }
        remarks
    }

    /// All endpoints together.
    pub fn all(&self) -> Series {
        let mut all = Series::new(Times::exact);
        for endpoint in &self.endpoints {
            all.add(&endpoint.series);
        }
        all
    }

    /// What users would have waited who do not stop asking while the server is slow: an estimate, with
    /// the requests added that those who waited did not send, one for each median time.
    ///
    /// `None` where nobody waited, because requests were sent at times set beforehand, and without a
    /// sample.
    pub fn corrected(&self) -> Option<Figures> {
        self.corrected_times()?.figures()
    }

    pub(crate) fn corrected_times(&self) -> Option<Times> {
        self.users?;
        let all = self.all();
        let usual = Duration::from_micros(all.response()?.p50_us);
        Some(all.response.corrected(usual))
    }
}

impl Work {
    /// Sends the request of this number, which was to be sent at `intended`. It counts from now on, also
    /// where it is given up before it began.
    fn send(
        self: Arc<Self>,
        number: u64,
        intended: Instant,
    ) -> impl Future<Output = ()> + Send + use<> {
        let (endpoint, caller_index) = self.plan.mix.pick(number);
        self.recorder.begin();
        let begun = Begun {
            work: self.clone(),
            endpoint,
            caller: caller_index,
            intended,
            is_over: false,
        };
        async move {
            let sent = Instant::now();
            let caller = &self.plan.callers[caller_index];
            let built = self.plan.endpoints[endpoint].build(&Call { caller, number });
            let ending = match built {
                Ok(request) => {
                    let sending = self.client.send(request, caller);
                    let answered = tokio::time::timeout(self.plan.time_out, sending).await;
                    answered.unwrap_or(Ending::TimedOut)
                }
                // The first of each endpoint and caller was looked at before; this one was never sent.
                Err(_) => Ending::Broken,
            };
            begun.end(sent, ending);
        }
    }
}

/// A request under way, which counts as cut off when it is given up.
struct Begun {
    work: Arc<Work>,
    endpoint: usize,
    caller: usize,
    intended: Instant,
    is_over: bool,
}

impl Begun {
    fn end(mut self, sent: Instant, ending: Ending) {
        self.is_over = true;
        let sample = Sample {
            response: self.intended.elapsed(),
            service: sent.elapsed(),
            ending,
        };
        let recorder = &self.work.recorder;
        recorder.record(self.endpoint, self.caller, &sample);
    }
}

impl Drop for Begun {
    fn drop(&mut self) {
        if !self.is_over {
            let after = self.intended.elapsed();
            let recorder = &self.work.recorder;
            recorder.cut_off(self.endpoint, self.caller, after);
        }
    }
}

fn named<'a>(names: impl Iterator<Item = &'a str>, series: Vec<Series>) -> Vec<Named> {
    let named = names.zip(series);
    named
        .map(|(name, series)| Named::new(name, series))
        .collect()
}

/// Adds each series to that of the same name.
fn add_all(sums: &mut Vec<Named>, more: &[Named]) {
    for named in more {
        match sums.iter_mut().find(|sum| sum.name == named.name) {
            Some(sum) => sum.series.add(&named.series),
            None => sums.push(named.clone()),
        }
    }
}

/// When the run's time is over.
async fn over(work: &Work) {
    let end: Instant = work.began + work.plan.duration;
    tokio::time::sleep_until(end.into()).await;
}
