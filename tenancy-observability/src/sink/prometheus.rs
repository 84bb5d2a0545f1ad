//! What Prometheus and its like ask for, at `/metrics`.
//!
//! ```
//! use tenancy_observability::metrics::Metrics;
//! use tenancy_observability::sink::prometheus::Format;
//!
//! let metrics = Metrics::builder("production").build();
//! let format = Format::accepted("application/openmetrics-text;version=1.0.0,text/plain;q=0.5");
//! assert_eq!(format, Format::OpenMetrics);
//! assert!(format.write(&metrics.snapshot()).ends_with("# EOF\n"));
//! ```
//!
//! It tells of tenants by name, so it is for the platform's operator alone.

use std::fmt::{self, Write as _};

use crate::metrics::{Family, Kind, Point, Snapshot, Value};

/// The two formats.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Format {
    /// OpenMetrics 1.0.
    OpenMetrics,
    /// Prometheus' text, version 0.0.4.
    #[default]
    Text,
}

impl Format {
    /// The one that the header `Accept` asks for before the other; text where it asks for neither.
    pub fn accepted(accept: &str) -> Self {
        let quality = |media_type: &str| {
            let ranges = accept.split(',').filter_map(|range| {
                let mut parts = range.split(';').map(str::trim);
                let is_it = parts.next()?.eq_ignore_ascii_case(media_type);
                let quality = parts.find_map(|part| part.strip_prefix("q="));
                let quality = quality.map_or(Some(1.0), |quality| quality.parse::<f32>().ok());
                quality.filter(|_| is_it)
            });
            ranges.fold(0.0, f32::max)
        };
        let open_metrics = quality("application/openmetrics-text");
        if open_metrics > 0.0 && open_metrics >= quality("text/plain") {
            Self::OpenMetrics
        } else {
            Self::Text
        }
    }

    /// The value of `Content-Type`.
    pub fn content_type(self) -> &'static str {
        match self {
            Self::OpenMetrics => "application/openmetrics-text; version=1.0.0; charset=utf-8",
            Self::Text => "text/plain; version=0.0.4; charset=utf-8",
        }
    }

    /// The whole of a snapshot.
    pub fn write(self, snapshot: &Snapshot) -> String {
        let points = snapshot.families.iter().map(|family| family.points.len());
        let mut text = String::with_capacity(points.sum::<usize>() * 200);
        // Never fails: a string takes whatever is written.
        let _ = self.write_to(&mut text, snapshot);
        text
    }

    fn write_to(self, text: &mut String, snapshot: &Snapshot) -> fmt::Result {
        let mut environment = String::new();
        escape(&mut environment, &snapshot.environment);
        for family in &snapshot.families {
            self.family(text, family, &environment)?;
        }
        match self {
            Self::OpenMetrics => text.write_str("# EOF\n"),
            Self::Text => Ok(()),
        }
    }

    fn family(self, text: &mut String, family: &Family, environment: &str) -> fmt::Result {
        let Family {
            name,
            help,
            kind,
            points,
        } = family;
        let (name, kind) = match (self, kind) {
            // There a counter is called by its name without `_total`, and its number with it.
            (Self::OpenMetrics, Kind::Counter) => {
                (name.strip_suffix("_total").unwrap_or(name), "counter")
            }
            (Self::Text, Kind::Counter) => (&**name, "counter"),
            (_, Kind::Gauge) => (&**name, "gauge"),
            (_, Kind::Histogram) => (&**name, "histogram"),
        };
        if !help.is_empty() {
            write!(text, "# HELP {name} ")?;
            self.escape_help(text, help);
            text.push('\n');
        }
        writeln!(text, "# TYPE {name} {kind}")?;
        let mut labels = String::new();
        for point in points {
            labels.clear();
            write_labels(&mut labels, point, environment)?;
            match &point.value {
                Value::Counter(number) => {
                    let suffix = match self {
                        Self::OpenMetrics => "_total",
                        Self::Text => "",
                    };
                    writeln!(text, "{name}{suffix}{{{labels}}} {number}")?;
                }
                Value::Gauge(number) => {
                    writeln!(text, "{name}{{{labels}}} {}", Number(*number))?;
                }
                Value::Histogram {
                    bounds,
                    counts,
                    sum,
                } => {
                    let mut count = 0;
                    for (at, in_bucket) in counts.iter().enumerate() {
                        count += in_bucket;
                        let bound = bounds.get(at).copied().unwrap_or(f64::INFINITY);
                        let bound = Bound(bound, self);
                        writeln!(text, "{name}_bucket{{{labels},le=\"{bound}\"}} {count}")?;
                    }
                    writeln!(text, "{name}_sum{{{labels}}} {}", Number(*sum))?;
                    writeln!(text, "{name}_count{{{labels}}} {count}")?;
                }
            }
        }
        Ok(())
    }

    fn escape_help(self, text: &mut String, help: &str) {
        for letter in help.chars() {
            match (letter, self) {
                ('\\', _) => text.push_str("\\\\"),
                ('\n', _) => text.push_str("\\n"),
                ('"', Self::OpenMetrics) => text.push_str("\\\""),
                (letter, _) => text.push(letter),
            }
        }
    }
}

fn write_labels(labels: &mut String, point: &Point, environment: &str) -> fmt::Result {
    write!(labels, "environment=\"{environment}\",tenant=\"")?;
    escape(labels, &point.tenant);
    labels.push('"');
    for (name, value) in point.labels.iter() {
        write!(labels, ",{name}=\"")?;
        escape(labels, value);
        labels.push('"');
    }
    Ok(())
}

fn escape(text: &mut String, value: &str) {
    for letter in value.chars() {
        match letter {
            '\\' => text.push_str("\\\\"),
            '\n' => text.push_str("\\n"),
            '"' => text.push_str("\\\""),
            letter => text.push(letter),
        }
    }
}

/// A number as the formats write it.
struct Number(f64);

impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            f64::INFINITY => f.write_str("+Inf"),
            f64::NEG_INFINITY => f.write_str("-Inf"),
            number if number.is_nan() => f.write_str("NaN"),
            number => number.fmt(f),
        }
    }
}

/// A bucket's bound, which OpenMetrics writes with a point always.
struct Bound(f64, Format);

impl fmt::Display for Bound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.1 {
            Format::OpenMetrics if self.0.is_finite() => write!(f, "{:?}", self.0),
            Format::OpenMetrics | Format::Text => Number(self.0).fmt(f),
        }
    }
}
