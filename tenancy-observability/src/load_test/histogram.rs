use std::borrow::Cow;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hdrhistogram::Histogram;
use hdrhistogram::serialization::{Deserializer, Serializer as _, V2Serializer};
use serde::{Deserialize, Serialize};

/// What takes longer counts as this: longer than any time-out of a request.
const LONGEST: Duration = Duration::from_secs(60 * 60);

/// How many digits of a time are kept.
const EXACT: u8 = 3;

/// Times from a microsecond to an hour, in memory that is fixed.
///
/// Written down it is base64 of HdrHistogram's own second format, which other tools read as well.
#[derive(Clone, Debug)]
pub(crate) enum Times {
    /// As they are written down, in as much memory as there are different times. They are read again when
    /// somebody asks.
    Kept(Box<[u8]>),
    Measured(Histogram<u64>),
}

/// What is read off a series of times, in microseconds.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Figures {
    /// How many times there are.
    pub samples: u64,
    /// The shortest.
    pub min_us: u64,
    /// Their mean.
    pub mean_us: u64,
    /// What half of them do not exceed.
    pub p50_us: u64,
    /// What nine of ten do not exceed.
    pub p90_us: u64,
    /// What 95 of a hundred do not exceed.
    pub p95_us: u64,
    /// What 99 of a hundred do not exceed.
    pub p99_us: u64,
    /// What 999 of a thousand do not exceed.
    pub p999_us: u64,
    /// The longest.
    pub max_us: u64,
}

impl Times {
    /// To three digits, in 184 KiB.
    pub(crate) fn exact() -> Self {
        Self::to_digits(EXACT)
    }

    /// To two digits, in a seventh of the memory: where there are many of them.
    pub(crate) fn coarse() -> Self {
        Self::to_digits(2)
    }

    /// Of what nobody will measure any more, in next to no memory.
    pub(crate) fn none() -> Self {
        let made = Histogram::new_with_bounds(1, 2, 0);
        Self::Measured(made.expect("two is twice one"))
    }

    fn to_digits(digits: u8) -> Self {
        let made = Histogram::new_with_bounds(1, micros(LONGEST), digits);
        Self::Measured(
            made.expect("an hour is more than two microseconds, and digits go up to five"),
        )
    }

    pub(crate) fn record(&mut self, time: Duration) {
        self.measured_mut().saturating_record(micros(time));
    }

    pub(crate) fn add(&mut self, other: &Self) {
        // All have the same range, so there is always room.
        let added = self.measured_mut().add(&*other.measured());
        debug_assert!(added.is_ok());
    }

    /// Written down, since there will be no more of them.
    pub(crate) fn kept(self) -> Self {
        Self::Kept(self.written().into())
    }

    /// With what a waiting sender did not send meanwhile, one each `interval`.
    pub(crate) fn corrected(&self, interval: Duration) -> Self {
        Self::Measured(self.measured().clone_correct(micros(interval)))
    }

    pub(crate) fn mean_us(&self) -> Option<f64> {
        let measured = self.measured();
        (!measured.is_empty()).then(|| measured.mean())
    }

    /// What `percent` of them do not exceed.
    pub(crate) fn percentile_us(&self, percent: f64) -> Option<u64> {
        let measured = self.measured();
        (!measured.is_empty()).then(|| percentile_us(&measured, percent))
    }

    pub(crate) fn min_us(&self) -> Option<u64> {
        let measured = self.measured();
        (!measured.is_empty()).then(|| measured.min())
    }

    pub(crate) fn max_us(&self) -> Option<u64> {
        let measured = self.measured();
        (!measured.is_empty()).then(|| measured.max())
    }

    /// `None` without a sample: nothing was measured, which is not the same as nought.
    pub(crate) fn figures(&self) -> Option<Figures> {
        let measured = self.measured();
        let at = |percent| percentile_us(&measured, percent);
        (!measured.is_empty()).then(|| Figures {
            samples: measured.len(),
            min_us: measured.min(),
            mean_us: rounded(measured.mean()),
            p50_us: at(50.0),
            p90_us: at(90.0),
            p95_us: at(95.0),
            p99_us: at(99.0),
            p999_us: at(99.9),
            max_us: measured.max(),
        })
    }

    fn measured(&self) -> Cow<'_, Histogram<u64>> {
        match self {
            Self::Kept(written) => {
                let read = Deserializer::new().deserialize(&mut &**written);
                Cow::Owned(read.expect("it was written by `kept`"))
            }
            Self::Measured(measured) => Cow::Borrowed(measured),
        }
    }

    fn measured_mut(&mut self) -> &mut Histogram<u64> {
        if let Self::Kept(_) = self {
            *self = Self::Measured(self.measured().into_owned());
        }
        match self {
            Self::Measured(measured) => measured,
            Self::Kept(_) => unreachable!("it was read above"),
        }
    }

    fn written(&self) -> Vec<u8> {
        let mut bytes = vec![];
        V2Serializer::new()
            .serialize(&self.measured(), &mut bytes)
            .expect("a Vec takes every write");
        bytes
    }

    fn encoded(&self) -> String {
        STANDARD.encode(self.written())
    }

    fn decoded(text: &str) -> Result<Self, String> {
        let bytes = STANDARD.decode(text).map_err(|error| error.to_string())?;
        let read = Deserializer::new().deserialize(&mut bytes.as_slice());
        let read: Histogram<u64> = read.map_err(|error| error.to_string())?;
        // Into the range of ours: a file can hold another, even one that takes all memory to add to.
        let mut times = Self::to_digits(read.sigfig().min(EXACT));
        let measured = times.measured_mut();
        for step in read.iter_recorded() {
            let value = step.value_iterated_to();
            measured.saturating_record_n(value, step.count_since_last_iteration());
        }
        Ok(times.kept())
    }
}

impl PartialEq for Times {
    fn eq(&self, other: &Self) -> bool {
        self.measured() == other.measured()
    }
}

impl Serialize for Times {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.encoded())
    }
}

impl<'de> Deserialize<'de> for Times {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::decoded(&text).map_err(serde::de::Error::custom)
    }
}

/// What `percent` of some times do not exceed.
fn percentile_us(measured: &Histogram<u64>, percent: f64) -> u64 {
    // The upper end of a bucket can lie above the longest time that was in it.
    measured.value_at_percentile(percent).min(measured.max())
}

pub(crate) fn micros(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX).max(1)
}

fn rounded(mean: f64) -> u64 {
    mean.round() as u64
}

#[cfg(test)]
mod tests;
