use std::collections::BTreeMap;
use std::time::Duration;

use serde::de::Error as _;
use serde::ser::SerializeMap as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::histogram::{Figures, Times};

/// What became of one request.
#[derive(Clone, Copy, Debug)]
pub struct Sample {
    /// From when it was to be sent until its answer was there.
    pub response: Duration,
    /// From when it was sent.
    pub service: Duration,
    /// How it ended.
    pub ending: Ending,
}

/// How a request ended.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Ending {
    /// With an answer, read to its end.
    Answered {
        /// Its status.
        status: u16,
        /// The length of its body.
        bytes: u64,
    },
    /// The connection broke off.
    Broken,
    /// No answer within the time-out.
    TimedOut,
    /// No connection was made.
    Unreachable,
}

impl Ending {
    /// Whether it is an answer with a status below 400.
    pub fn is_success(self) -> bool {
        matches!(self, Self::Answered { status, .. } if status < 400)
    }
}

/// What was measured of one endpoint, or of all together.
///
/// Times are those of requests that were answered, whatever the status, or that timed out, which took
/// that long at least. What could not be sent or broke off is counted beside them: a connection that is
/// refused is no fast answer.
#[derive(Clone, Debug, Deserialize, PartialEq)]
pub struct Series {
    #[serde(rename = "response_histogram")]
    pub(crate) response: Times,
    #[serde(rename = "service_histogram")]
    pub(crate) service: Times,
    /// Requests whose answer had a status below 400.
    pub succeeded: u64,
    /// How many answers had which status.
    #[serde(deserialize_with = "statuses")]
    pub statuses: BTreeMap<u16, u64>,
    /// How many connections broke off.
    pub broken: u64,
    /// How many got no answer in time.
    pub timed_out: u64,
    /// How many found no connection.
    pub unreachable: u64,
    /// How many were under way when the run ended. They are not among the others.
    pub cut_off: u64,
    /// How long the longest of them had been under way, in microseconds.
    pub cut_off_longest_us: u64,
    /// How many were never sent, since as many as may be were under way.
    pub dropped: u64,
    /// The bytes of all answers' bodies.
    pub bytes: u64,
}

impl Series {
    pub(crate) fn new(times: fn() -> Times) -> Self {
        Self {
            response: times(),
            service: times(),
            succeeded: 0,
            statuses: BTreeMap::new(),
            broken: 0,
            timed_out: 0,
            unreachable: 0,
            cut_off: 0,
            cut_off_longest_us: 0,
            dropped: 0,
            bytes: 0,
        }
    }

    /// Gives up what it has measured, and its memory with it.
    pub(crate) fn take(&mut self) -> Self {
        std::mem::replace(self, Self::new(Times::none)).kept()
    }

    /// In as little memory as can be, since nothing more will be measured.
    pub(crate) fn kept(self) -> Self {
        Self {
            response: self.response.kept(),
            service: self.service.kept(),
            ..self
        }
    }

    pub(crate) fn record(&mut self, sample: &Sample) {
        self.succeeded += u64::from(sample.ending.is_success());
        match sample.ending {
            Ending::Answered { status, bytes } => {
                // There are no more than nine hundred of them.
                *self.statuses.entry(status).or_default() += 1;
                self.bytes += bytes;
            }
            Ending::TimedOut => self.timed_out += 1,
            Ending::Broken => return self.broken += 1,
            Ending::Unreachable => return self.unreachable += 1,
        }
        self.response.record(sample.response);
        self.service.record(sample.service);
    }

    pub(crate) fn cut_off(&mut self, after: Duration) {
        self.cut_off += 1;
        let micros = super::histogram::micros(after);
        self.cut_off_longest_us = self.cut_off_longest_us.max(micros);
    }

    pub(crate) fn add(&mut self, other: &Self) {
        self.response.add(&other.response);
        self.service.add(&other.service);
        self.succeeded += other.succeeded;
        for (status, count) in &other.statuses {
            *self.statuses.entry(*status).or_default() += count;
        }
        self.broken += other.broken;
        self.timed_out += other.timed_out;
        self.unreachable += other.unreachable;
        self.cut_off += other.cut_off;
        self.cut_off_longest_us = self.cut_off_longest_us.max(other.cut_off_longest_us);
        self.dropped += other.dropped;
        self.bytes += other.bytes;
    }

    /// From when requests were to be sent: what somebody waits. `None` without a sample.
    pub fn response(&self) -> Option<Figures> {
        self.response.figures()
    }

    /// From when requests were sent: what the server takes, once it is asked.
    pub fn service(&self) -> Option<Figures> {
        self.service.figures()
    }

    /// Requests that were answered, whatever the status.
    pub fn answered(&self) -> u64 {
        self.statuses.values().sum()
    }

    /// Requests whose outcome is known.
    pub fn ended(&self) -> u64 {
        self.answered() + self.broken + self.timed_out + self.unreachable
    }

    /// The share of those that did not succeed; `None` where none has ended.
    pub fn error_rate(&self) -> Option<f64> {
        let ended = self.ended();
        (ended > 0).then(|| (ended - self.succeeded) as f64 / ended as f64)
    }
}

impl Serialize for Series {
    /// With figures for those who do not read histograms; reading it back makes them anew.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("response", &self.response())?;
        map.serialize_entry("service", &self.service())?;
        map.serialize_entry("answered", &self.answered())?;
        map.serialize_entry("error_rate", &self.error_rate())?;
        map.serialize_entry("succeeded", &self.succeeded)?;
        map.serialize_entry("statuses", &self.statuses)?;
        map.serialize_entry("broken", &self.broken)?;
        map.serialize_entry("timed_out", &self.timed_out)?;
        map.serialize_entry("unreachable", &self.unreachable)?;
        map.serialize_entry("cut_off", &self.cut_off)?;
        map.serialize_entry("cut_off_longest_us", &self.cut_off_longest_us)?;
        map.serialize_entry("dropped", &self.dropped)?;
        map.serialize_entry("bytes", &self.bytes)?;
        map.serialize_entry("response_histogram", &self.response)?;
        map.serialize_entry("service_histogram", &self.service)?;
        map.end()
    }
}

/// JSON's keys are texts, and where a series is read as part of something else nobody makes them numbers.
fn statuses<'de, D: Deserializer<'de>>(deserializer: D) -> Result<BTreeMap<u16, u64>, D::Error> {
    let read = BTreeMap::<String, u64>::deserialize(deserializer)?;
    let read = read.into_iter().map(|(status, count)| {
        let status = status.parse().map_err(D::Error::custom)?;
        Ok((status, count))
    });
    read.collect()
}
