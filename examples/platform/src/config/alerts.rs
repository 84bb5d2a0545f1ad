use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::name::Name;
use super::web_url::WebUrl;
use super::within::{Seconds, Within};
use crate::secret::Secret;

/// When somebody is told of something, and how. A channel is off until its address is set.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Alerts {
    pub(crate) enabled: bool,
    /// How often values are looked at.
    pub(crate) every_seconds: Seconds,
    /// How long something has to be well again before that is told; objectives have windows for it.
    pub(crate) calm_seconds: Seconds,
    /// From which share of failed requests on.
    pub(crate) error_rate_percent: Within<1, 100>,
    /// From which mean time of an answer on.
    pub(crate) response_milliseconds: Within<1, 3_600_000>,
    pub(crate) memory_percent: Within<1, 100>,
    pub(crate) disk_percent: Within<1, 100>,
    /// Shares of requests that must succeed, by name, in tables such as `[alerts.objectives.shopping]`.
    pub(crate) objectives: BTreeMap<Name, Objective>,
    /// When a channel carries what is critical and nothing else, such as `22:00-07:00`.
    pub(crate) quiet_hours: Option<String>,
    /// Whose hours those are.
    pub(crate) time_zone: String,
    pub(crate) mail: MailChannel,
    pub(crate) slack: SlackChannel,
    pub(crate) sms: SmsChannel,
    pub(crate) webhook: WebhookChannel,
}

/// An objective, of which it is told how fast its allowance of errors is used up.
#[derive(Clone, Copy, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Objective {
    /// How many percent must succeed, such as 99.9.
    pub(crate) percent: Percent,
    /// Whether each shop has it as well: then one that burns is told of by itself.
    #[serde(default)]
    pub(crate) shops: bool,
}

/// More than nothing and less than all.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Serialize)]
#[serde(try_from = "f64", into = "f64")]
pub(crate) struct Percent(f64);

#[derive(Clone, Copy, Debug, PartialEq, thiserror::Error)]
#[error("{0} percent leaves nothing to fail or nothing to succeed: an objective is such as 99.9")]
pub(crate) struct InvalidPercent(f64);

impl Percent {
    /// From 0 to 1.
    pub(crate) fn share(self) -> f64 {
        self.0 / 100.0
    }
}

impl TryFrom<f64> for Percent {
    type Error = InvalidPercent;

    fn try_from(value: f64) -> Result<Self, InvalidPercent> {
        let share = value / 100.0;
        let fits = share > 0.0 && share < 1.0;
        fits.then_some(Self(value)).ok_or(InvalidPercent(value))
    }
}

impl From<Percent> for f64 {
    fn from(percent: Percent) -> Self {
        percent.0
    }
}

#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct MailChannel {
    /// `smtps://NAME:PASSWORD@HOST`, or with `smtp` and `?tls=required`.
    pub(crate) server: Option<Secret>,
    pub(crate) from: String,
    /// With commas between them.
    pub(crate) to: String,
}

#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct SlackChannel {
    /// The address of an incoming webhook, which is a secret.
    pub(crate) url: Option<Secret>,
}

/// A service that speaks as Twilio does.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct SmsChannel {
    pub(crate) url: Option<WebUrl>,
    pub(crate) account: String,
    pub(crate) token: Option<Secret>,
    pub(crate) from: String,
    pub(crate) to: String,
}

#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct WebhookChannel {
    pub(crate) url: Option<WebUrl>,
    /// `whsec_` and at least 24 bytes in base64.
    pub(crate) secret: Option<Secret>,
}

impl Alerts {
    pub(crate) fn every(&self) -> Duration {
        Duration::from_secs(self.every_seconds.get())
    }

    pub(crate) fn calm(&self) -> Duration {
        Duration::from_secs(self.calm_seconds.get())
    }
}

impl SmsChannel {
    /// Whether the token would cross a network in the clear.
    pub(super) fn shows_token(&self) -> bool {
        self.url.as_ref().is_some_and(WebUrl::is_in_the_clear)
    }
}

impl Default for Alerts {
    fn default() -> Self {
        Self {
            enabled: true,
            every_seconds: Within::new(15),
            calm_seconds: Within::new(120),
            error_rate_percent: Within::new(5),
            response_milliseconds: Within::new(1000),
            memory_percent: Within::new(80),
            disk_percent: Within::new(85),
            objectives: BTreeMap::new(),
            quiet_hours: None,
            time_zone: "UTC".to_owned(),
            mail: MailChannel::default(),
            slack: SlackChannel::default(),
            sms: SmsChannel::default(),
            webhook: WebhookChannel::default(),
        }
    }
}
