use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};

/// How bad it is.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// Good to know.
    Info,
    /// Somebody should look at it soon.
    Warning,
    /// Somebody has to do something now.
    Critical,
}

/// When there is something to tell of.
#[derive(Clone, Debug)]
#[must_use]
pub struct Rule {
    pub(super) name: Arc<str>,
    pub(super) metric: Arc<str>,
    pub(super) condition: Condition,
    pub(super) level: Level,
    pub(super) holds_for: Duration,
    pub(super) calm_for: Duration,
    pub(super) unit: &'static str,
    pub(super) inhibited_by: Vec<Arc<str>>,
    pub(super) wants_data: bool,
    pub(super) without_database: bool,
}

/// What a value is compared with.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Condition {
    /// The share of errors over a long and a short window, as multiples of what an objective allows.
    BurnRate {
        allowed: f64,
        factor: f64,
        long: Duration,
        short: Duration,
    },
    /// A value over one window: from `enter` on it fires, and below `leave` it does not any longer.
    Threshold {
        enter: f64,
        leave: f64,
        window: Duration,
    },
}

/// Where a value stands.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Side {
    /// Neither.
    Between,
    /// Where it fires.
    In,
    /// Where it does not.
    Out,
}

impl Level {
    /// The colour it is shown in, as CSS has it.
    pub fn colour(self) -> &'static str {
        match self {
            Self::Critical => "#b3261e",
            Self::Info => "#1a5fb4",
            Self::Warning => "#b26a00",
        }
    }

    /// Its name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Critical => "critical",
            Self::Info => "info",
            Self::Warning => "warning",
        }
    }
}

impl Rule {
    /// A rule that fires as soon as a metric, over five minutes, is at `enter` or above. It is a warning,
    /// and has no [`leave`](Self::leave) of its own.
    pub fn above(name: &str, metric: &str, enter: f64) -> Self {
        let window = Duration::from_secs(300);
        let leave = enter;
        Self::new(
            name,
            metric,
            Condition::Threshold {
                enter,
                leave,
                window,
            },
        )
    }

    pub(super) fn new(name: &str, metric: &str, condition: Condition) -> Self {
        Self {
            name: name.into(),
            metric: metric.into(),
            condition,
            level: Level::Warning,
            holds_for: Duration::ZERO,
            calm_for: Duration::from_secs(120),
            unit: "",
            inhibited_by: Vec::new(),
            wants_data: false,
            without_database: false,
        }
    }

    /// What most platforms begin with: `error-rate` (5 percent of `error_rate`, critical),
    /// `response-time` (a mean of 1000 ms of `response_time_ms`), both after two minutes, `memory` (80
    /// percent of `memory`) and `disk` (85 percent of `disk`), and `health`, critical, for each critical
    /// part that fails.
    pub fn defaults() -> Vec<Self> {
        let two_minutes = Duration::from_secs(120);
        let errors = Self::above("error-rate", "error_rate", 5.0).leave(4.0);
        let slow = Self::above("response-time", "response_time_ms", 1000.0).leave(800.0);
        let memory = Self::above("memory", "memory", 80.0).leave(75.0);
        let disk = Self::above("disk", "disk", 85.0).leave(82.0);
        vec![
            errors
                .level(Level::Critical)
                .holds_for(two_minutes)
                .unit("%")
                .inhibited_by("health"),
            slow.holds_for(two_minutes)
                .unit(" ms")
                .inhibited_by("health"),
            memory.holds_for(two_minutes).unit("%").wants_data(),
            disk.unit("%").wants_data(),
            Self::health(),
        ]
    }

    /// A critical alert for each critical part that fails, by what a
    /// [`HealthMeasure`](super::HealthMeasure) tells; also while the platform's own database is away.
    pub fn health() -> Self {
        Self::above("health", "health", 1.0)
            .level(Level::Critical)
            .even_without_database()
    }

    /// Below which value it is over. Between the two nothing changes, so that a value that wavers about
    /// one of them is one alert.
    pub fn leave(mut self, value: f64) -> Self {
        if let Condition::Threshold { leave, .. } = &mut self.condition {
            *leave = value;
        }
        self
    }

    /// Over how much time the metric is taken. Default: five minutes.
    pub fn window(mut self, time: Duration) -> Self {
        if let Condition::Threshold { window, .. } = &mut self.condition {
            *window = time;
        }
        self
    }

    /// How bad it is.
    pub fn level(mut self, level: Level) -> Self {
        self.level = level;
        self
    }

    /// How long the value has to stay before it fires. Default: not at all.
    pub fn holds_for(mut self, time: Duration) -> Self {
        self.holds_for = time;
        self
    }

    /// How long it has to be over before that is said, so that what comes and goes is one alert. Default:
    /// two minutes.
    pub fn calm_for(mut self, time: Duration) -> Self {
        self.calm_for = time;
        self
    }

    /// What stands behind its values in messages.
    pub fn unit(mut self, unit: &'static str) -> Self {
        self.unit = unit;
        self
    }

    /// Says nothing of it while another rule fires for the same subject or for the platform.
    pub fn inhibited_by(mut self, rule: &str) -> Self {
        self.inhibited_by.push(rule.into());
        self
    }

    /// Shows it where nothing at all is measured, as a state of its own. Default: only what was measured
    /// before can be missing.
    pub fn wants_data(mut self) -> Self {
        self.wants_data = true;
        self
    }

    /// Tells of it also while the place where alerts are kept is away; then each server tells for itself.
    pub fn even_without_database(mut self) -> Self {
        self.without_database = true;
        self
    }

    /// What it is called.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What it looks at.
    pub fn metric(&self) -> &str {
        &self.metric
    }

    /// The windows that its metric is wanted over; two for a burn rate, the long one first.
    pub fn windows(&self) -> impl Iterator<Item = Duration> {
        match self.condition {
            Condition::BurnRate { long, short, .. } => [Some(long), Some(short)],
            Condition::Threshold { window, .. } => [Some(window), None],
        }
        .into_iter()
        .flatten()
    }
}

impl Condition {
    /// The limit that messages show.
    pub(super) fn threshold(&self) -> f64 {
        match *self {
            Self::BurnRate { factor, .. } => factor,
            Self::Threshold { enter, .. } => enter,
        }
    }

    /// What the values of the windows come to, and where that stands; nothing where one is missing.
    pub(super) fn judge(&self, long: Option<f64>, short: Option<f64>) -> Option<(f64, Side)> {
        // JSON has no other: what is kept would not be read back.
        let is_number = |value: &f64| value.is_finite();
        match *self {
            Self::BurnRate {
                allowed, factor, ..
            } => {
                let (long, short) = (long.filter(is_number)?, short.filter(is_number)?);
                // Both must burn: the long one so that it matters, the short one so that it goes on.
                let burning = (long / allowed).min(short / allowed);
                let side = match burning >= factor {
                    true => Side::In,
                    false => Side::Out,
                };
                Some((burning, side))
            }
            Self::Threshold { enter, leave, .. } => {
                let value = long.filter(is_number)?;
                let side = match value {
                    _ if value >= enter => Side::In,
                    _ if value < leave => Side::Out,
                    _ => Side::Between,
                };
                Some((value, side))
            }
        }
    }
}
