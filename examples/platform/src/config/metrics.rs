use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::web_url::WebUrl;
use super::within::{Seconds, Within};
use crate::secret::Secret;

/// What is counted, and who may ask for it.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Metrics {
    /// Whether `/metrics` answers. Counting begins with this or with the first address under `push`.
    pub(crate) enabled: bool,
    /// Shown to `/metrics` as `Authorization: Bearer`; needed unless the platform is on loopback.
    pub(crate) token: Option<Secret>,
    /// What every point says of where it comes from.
    pub(crate) environment: String,
    /// What this server is called among the others; by default its machine and process.
    pub(crate) writer: Option<String>,
    /// How many shops have series of their own.
    pub(crate) named_tenants: Within<0, 10_000>,
    /// How many sets of labels there may be.
    pub(crate) series_max: Within<100, 1_000_000>,
    /// How many bytes all of it may be as text.
    pub(crate) text_bytes_max: Within<65_536, 1_073_741_824>,
    /// How often it is decided which shops are named.
    pub(crate) window_seconds: Seconds,
}

/// Where metrics are sent.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Push {
    pub(crate) every_seconds: Seconds,
    /// The longest wait for an answer.
    pub(crate) time_out_seconds: Seconds,
    /// How many times may wait to be sent.
    pub(crate) queue_max: Within<1, 10_000>,
    pub(crate) influx: Influx,
    pub(crate) otlp: Otlp,
}

/// A server that takes InfluxDB's line protocol.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Influx {
    /// With the path and query for writing.
    pub(crate) url: Option<WebUrl>,
    pub(crate) token: Option<Secret>,
}

/// A collector of OpenTelemetry.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Otlp {
    /// With its path, mostly `/v1/metrics`.
    pub(crate) url: Option<WebUrl>,
    /// `name=value,name=value`, as OpenTelemetry's programs take them.
    pub(crate) headers: Option<Secret>,
    /// What the platform is called there.
    pub(crate) service: String,
    pub(crate) temporality: Temporality,
}

/// From when on counters count in what is sent.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Temporality {
    Cumulative,
    Delta,
}

impl Default for Metrics {
    fn default() -> Self {
        Self {
            enabled: false,
            token: None,
            environment: "production".to_owned(),
            writer: None,
            named_tenants: Within::new(100),
            series_max: Within::new(10_000),
            text_bytes_max: Within::new(2 << 20),
            window_seconds: Within::new(60),
        }
    }
}

impl Metrics {
    pub(crate) fn window(&self) -> Duration {
        Duration::from_secs(self.window_seconds.get())
    }
}

impl Default for Push {
    fn default() -> Self {
        Self {
            every_seconds: Within::new(10),
            time_out_seconds: Within::new(10),
            queue_max: Within::new(30),
            influx: Influx::default(),
            otlp: Otlp {
                url: None,
                headers: None,
                service: "platform".to_owned(),
                temporality: Temporality::Cumulative,
            },
        }
    }
}

impl Push {
    pub(crate) fn is_configured(&self) -> bool {
        self.influx.url.is_some() || self.otlp.url.is_some()
    }

    pub(crate) fn every(&self) -> Duration {
        Duration::from_secs(self.every_seconds.get())
    }

    pub(crate) fn time_out(&self) -> Duration {
        Duration::from_secs(self.time_out_seconds.get())
    }

    /// The setting whose secret would cross a network in the clear, if there is one.
    pub(super) fn shows_secret(&self) -> Option<&'static str> {
        let shows = |url: &Option<WebUrl>, secret: &Option<Secret>| {
            secret.is_some() && url.as_ref().is_some_and(WebUrl::is_in_the_clear)
        };
        if shows(&self.influx.url, &self.influx.token) {
            Some("push.influx")
        } else if shows(&self.otlp.url, &self.otlp.headers) {
            Some("push.otlp")
        } else {
            None
        }
    }
}
