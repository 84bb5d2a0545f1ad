//! InfluxDB's line protocol, which Telegraf, VictoriaMetrics and others take as well.
//!
//! A counter and a gauge have the field `value`. A histogram has `count` and `sum`, and for each bucket a
//! field such as `le_0.25` with how much was of that size or less. The tag `writer` keeps processes from
//! overwriting each other's points.

use std::fmt::{self, Write as _};

use crate::metrics::{Family, Point, Snapshot, Value, mark};

/// What cannot be said in a name or a value.
const NOT_SAID: [char; 3] = ['\n', '\r', '\\'];

/// Lines, and what of the snapshot they could not say.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
#[non_exhaustive]
pub struct Lines {
    /// One line for each point; each ends.
    pub text: String,
    /// How many points were left out: the protocol knows neither infinity nor what is not a number.
    pub left_out: u64,
}

/// Writes a snapshot down. Its time is in nanoseconds.
pub fn write(snapshot: &Snapshot) -> Lines {
    let mut lines = Lines::default();
    for family in &snapshot.families {
        for point in &family.points {
            let before = lines.text.len();
            // A string takes whatever is written, so only what cannot be said is an error.
            if line(&mut lines.text, snapshot, family, point).is_err() {
                lines.text.truncate(before);
                lines.left_out += 1;
            }
        }
    }
    lines
}

fn line(text: &mut String, snapshot: &Snapshot, family: &Family, point: &Point) -> fmt::Result {
    escape(text, &family.name, &[',', ' '])?;
    let mut tags: Vec<(&str, &str)> = point
        .labels
        .iter()
        .map(|(key, value)| (&**key, &**value))
        .chain([
            ("environment", &*snapshot.environment),
            ("tenant", &*point.tenant),
            ("writer", &*snapshot.writer),
        ])
        // One without a value would be a syntax error.
        .filter(|(_, value)| !value.is_empty())
        .collect();
    tags.sort_unstable();
    for (key, value) in tags {
        text.push(',');
        escape(text, key, &[',', '=', ' '])?;
        text.push('=');
        escape(text, value, &[',', '=', ' '])?;
    }
    match &point.value {
        Value::Counter(number) => write!(text, " value={}i", signed(*number))?,
        Value::Gauge(number) => write!(text, " value={}", finite(*number)?)?,
        Value::Histogram {
            bounds,
            counts,
            sum,
        } => {
            let mut count = 0;
            let mut separator = ' ';
            for (at, in_bucket) in counts.iter().enumerate() {
                count += in_bucket;
                match bounds.get(at) {
                    Some(bound) => write!(text, "{separator}le_{bound}={}i", signed(count))?,
                    None => write!(text, "{separator}le_inf={}i", signed(count))?,
                }
                separator = ',';
            }
            let sum = finite(*sum)?;
            write!(text, "{separator}count={}i,sum={sum}", signed(count))?;
        }
    }
    writeln!(
        text,
        " {}",
        snapshot.at.as_microseconds().saturating_mul(1000)
    )
}

/// Integers have a sign there.
fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

fn finite(number: f64) -> Result<f64, fmt::Error> {
    if number.is_finite() {
        Ok(number)
    } else {
        Err(fmt::Error)
    }
}

/// No escape says a line's end, nor a backslash where the next letter could seem to be escaped. Where they
/// give way to other letters a mark keeps two values apart.
fn escape(text: &mut String, value: &str, special: &[char]) -> fmt::Result {
    for letter in value.chars() {
        match letter {
            letter if NOT_SAID.contains(&letter) => text.push('_'),
            letter if special.contains(&letter) => write!(text, "\\{letter}")?,
            letter => text.push(letter),
        }
    }
    if value.contains(NOT_SAID) {
        write!(text, "~{}", mark(value))?;
    }
    Ok(())
}
