//! What the server is told: defaults, then a file, then the environment, then flags.
//!
//! Every key is also an environment variable: `TENANCY_` and the key, with `__` between levels.
//! A key that does not exist is an error, wherever it stands.

mod alerts;
mod backups;
mod contradiction;
mod edge;
mod environment;
mod flags;
mod health;
mod limits;
mod media;
mod metrics;
mod name;
mod origin;
mod performance;
mod proxies;
mod sessions;
mod slow_queries;
mod threat;
mod unsafe_setting;
mod web_url;
mod within;

use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::time::Duration;

use figment::Figment;
use figment::providers::{Format, Serialized, Toml};
use serde::{Deserialize, Serialize};
use tenancy_core::resolve::Host;

pub(crate) use self::alerts::Alerts;
pub(crate) use self::backups::Backups;
pub(crate) use self::edge::{Edge, PurgeForm};
use self::environment::Environment;
pub(crate) use self::flags::Flags;
pub(crate) use self::health::{Health, Service};
pub(crate) use self::limits::{Limit, Limits, Rate};
pub(crate) use self::media::Media;
pub(crate) use self::metrics::{Metrics, Push, Temporality};
pub(crate) use self::origin::Origin;
pub(crate) use self::performance::Performance;
pub(crate) use self::proxies::{Proxies, WrittenHeader};
use self::sessions::SignedIn;
pub(crate) use self::slow_queries::SlowStatements;
pub(crate) use self::threat::Threat;
use self::within::{Seconds, Within};
use crate::failure::Failure;
use crate::secret::Secret;

/// What a platform is called that has been given no name.
const NAME: &str = "Shops";

/// What the one with the demonstration shops is called.
const DEMO_NAME: &str = "Market Row";

/// The whole configuration.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Config {
    /// Where SQLite's files and what the server makes for itself are kept.
    pub(crate) data: PathBuf,
    /// PostgreSQL as the role that serves; without it SQLite under `data`.
    pub(crate) database_url: Option<Secret>,
    /// PostgreSQL as the role that owns the schema, for `migrate`.
    pub(crate) owner_database_url: Option<Secret>,
    /// Redis or Valkey through which several servers share what they cache, single or a cluster.
    pub(crate) redis_url: Option<Secret>,
    /// What this platform's keys there begin with.
    pub(crate) redis_prefix: String,
    /// Signs cursors; 32 characters or more, the same on all nodes.
    pub(crate) secret: Option<Secret>,
    /// Where errors are told; nowhere unless it is set.
    pub(crate) sentry_dsn: Option<Secret>,
    pub(crate) listen: SocketAddr,
    /// What the platform's own page is headed with.
    pub(crate) name: Option<String>,
    /// Where visitors find the platform.
    pub(crate) public_url: Option<Origin>,
    /// The domain under which tenants have theirs; that of `public_url` unless set.
    pub(crate) base_domain: Option<Host>,
    /// Who is believed as to the client and `X-Forwarded-Host`; the latter only where `Host` names
    /// no other shop.
    pub(crate) trusted_proxies: Proxies,
    /// What they write of the client. What stands in the other is the client's own word.
    pub(crate) proxy_header: WrittenHeader,
    pub(crate) log: Log,
    pub(crate) alerts: Alerts,
    pub(crate) backups: Backups,
    pub(crate) database: Connections,
    pub(crate) cache: Kept,
    pub(crate) edge: Edge,
    pub(crate) health: Health,
    pub(crate) limits: Limits,
    pub(crate) threat: Threat,
    pub(crate) media: Media,
    pub(crate) http: Http,
    pub(crate) metrics: Metrics,
    pub(crate) performance: Performance,
    pub(crate) push: Push,
    pub(crate) sessions: SignedIn,
    pub(crate) slow_queries: SlowStatements,
}

/// What is kept in memory of the shops' catalogues.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Kept {
    /// Off for measurements only.
    pub(crate) enabled: bool,
    pub(crate) capacity_bytes: Within<1_048_576, 1_099_511_627_776>,
    pub(crate) product_lists_seconds: Seconds,
    pub(crate) products_seconds: Seconds,
    pub(crate) categories_seconds: Seconds,
}

#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Log {
    /// Directives such as `info,platform=debug`.
    pub(crate) filter: String,
    pub(crate) format: LogFormat,
}

#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum LogFormat {
    Json,
    Text,
}

#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Connections {
    pub(crate) connections: Within<2, 10_000>,
    /// The longest wait for a connection or an answer; well below `http.request_seconds`, so that
    /// a request is told what it waited for in vain.
    pub(crate) time_out_seconds: Seconds,
}

/// What a client may make the server wait for, and hold.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Http {
    /// The longest wait for a request's headers, on a new connection or between requests.
    pub(crate) header_seconds: Seconds,
    /// The longest wait for the next part of a request's body.
    pub(crate) body_seconds: Seconds,
    /// The longest wait for a client to take the next part of what is sent to it.
    pub(crate) write_seconds: Seconds,
    /// The longest time for the whole of a request.
    pub(crate) request_seconds: Seconds,
    /// How long requests may go on after the server was asked to end.
    pub(crate) drain_seconds: Within<0, 86_400>,
    pub(crate) connections_max: Within<1, 1_000_000>,
    /// How many of them one client may have, unless it is a trusted proxy. By default a quarter of those
    /// that the system lets the server have.
    pub(crate) client_connections_max: Option<Within<1, 1_000_000>>,
    /// All headers of a request together; hyper's buffer has 8 KiB at least.
    pub(crate) header_bytes_max: Within<8192, 16_777_216>,
    pub(crate) headers_max: Within<1, 10_000>,
    pub(crate) body_bytes_max: Within<1, 1_073_741_824>,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            data: "platform-data".into(),
            database_url: None,
            owner_database_url: None,
            redis_url: None,
            redis_prefix: "tenancy:".to_owned(),
            secret: None,
            sentry_dsn: None,
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 8080)),
            name: None,
            public_url: None,
            base_domain: None,
            trusted_proxies: Proxies::default(),
            proxy_header: WrittenHeader::XForwardedFor,
            log: Log {
                filter: "info,sqlx=warn".to_owned(),
                format: LogFormat::Text,
            },
            alerts: Alerts::default(),
            backups: Backups::default(),
            database: Connections {
                connections: Within::new(16),
                time_out_seconds: Within::new(10),
            },
            cache: Kept {
                enabled: true,
                capacity_bytes: Within::new(128 * 1024 * 1024),
                product_lists_seconds: Within::new(30 * 60),
                products_seconds: Within::new(60 * 60),
                categories_seconds: Within::new(60 * 60),
            },
            edge: Edge::default(),
            health: Health::default(),
            limits: Limits::default(),
            threat: Threat::default(),
            media: Media::default(),
            http: Http {
                header_seconds: Within::new(10),
                body_seconds: Within::new(10),
                write_seconds: Within::new(30),
                request_seconds: Within::new(30),
                drain_seconds: Within::new(20),
                connections_max: Within::new(4096),
                client_connections_max: None,
                header_bytes_max: Within::new(32 * 1024),
                headers_max: Within::new(100),
                body_bytes_max: Within::new(1024 * 1024),
            },
            metrics: Metrics::default(),
            performance: Performance::default(),
            push: Push::default(),
            sessions: SignedIn::default(),
            slow_queries: SlowStatements::default(),
        }
    }
}

impl Config {
    /// Puts the sources together.
    pub(crate) fn load(file: Option<&Path>, flags: &Flags) -> Result<Self, Failure> {
        Self::from_sources(file, &Environment::of_process()?, flags)
    }

    fn from_sources(
        file: Option<&Path>,
        environment: &Environment,
        flags: &Flags,
    ) -> Result<Self, Failure> {
        let mut sources = Figment::from(Serialized::defaults(Self::default()));
        if let Some(file) = file {
            sources = sources.merge(Toml::file_exact(file));
        }
        let config: Self = sources
            .merge(environment)
            .merge(Serialized::defaults(flags))
            .extract_lossy()
            .map_err(|error| Failure::new(format!("the configuration is wrong: {error}")))?;
        config.refuse_contradictions()?;
        Ok(config)
    }

    /// The same for embedded mode: SQLite and memory, and a name that suits the demonstration shops.
    pub(crate) fn embedded(self) -> Self {
        let name = self.name.unwrap_or_else(|| DEMO_NAME.to_owned());
        Self {
            name: Some(name),
            database_url: None,
            owner_database_url: None,
            redis_url: None,
            ..self
        }
    }

    /// What the platform's own page is headed with.
    pub(crate) fn name(&self) -> &str {
        self.name.as_deref().unwrap_or(NAME)
    }

    /// Where visitors find the platform.
    pub(crate) fn origin(&self) -> Origin {
        self.public_url.clone().unwrap_or_else(|| {
            let host = self.base_domain.as_ref().map_or("localhost", Host::as_str);
            Origin::plain(host, self.listen.port())
        })
    }

    /// The domain under which tenants have theirs.
    pub(crate) fn base_domain(&self) -> Host {
        self.base_domain
            .clone()
            .unwrap_or_else(|| self.origin().host().clone())
    }

    /// Where uploaded files are kept.
    pub(crate) fn media_folder(&self) -> PathBuf {
        let folder = self.media.folder.clone();
        folder.unwrap_or_else(|| self.data.join("media"))
    }

    /// What this server is called among the others.
    pub(crate) fn server_name(&self) -> String {
        if let Some(writer) = &self.metrics.writer {
            return writer.clone();
        }
        let host = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
        format!("{}:{}", host.trim(), self.listen.port())
    }

    /// How long new requests are taken after the server was asked to end.
    pub(crate) fn notice(&self) -> Duration {
        let by_default = if self.listen.ip().is_loopback() { 0 } else { 5 };
        let seconds = self.health.drain_seconds.map_or(by_default, Within::get);
        Duration::from_secs(seconds)
    }

    /// The database that commands work on: the server's, or else its owner's.
    pub(crate) fn any_database_url(&self) -> Option<&Secret> {
        self.database_url
            .as_ref()
            .or(self.owner_database_url.as_ref())
    }
}

impl Connections {
    pub(crate) fn time_out(&self) -> Duration {
        Duration::from_secs(self.time_out_seconds.get())
    }
}

impl Kept {
    pub(crate) fn product_lists_time(&self) -> Duration {
        Duration::from_secs(self.product_lists_seconds.get())
    }

    pub(crate) fn products_time(&self) -> Duration {
        Duration::from_secs(self.products_seconds.get())
    }

    pub(crate) fn categories_time(&self) -> Duration {
        Duration::from_secs(self.categories_seconds.get())
    }
}

impl Http {
    pub(crate) fn header_time(&self) -> Duration {
        Duration::from_secs(self.header_seconds.get())
    }

    pub(crate) fn body_time(&self) -> Duration {
        Duration::from_secs(self.body_seconds.get())
    }

    pub(crate) fn write_time(&self) -> Duration {
        Duration::from_secs(self.write_seconds.get())
    }

    pub(crate) fn request_time(&self) -> Duration {
        Duration::from_secs(self.request_seconds.get())
    }

    pub(crate) fn drain_time(&self) -> Duration {
        Duration::from_secs(self.drain_seconds.get())
    }
}

#[cfg(test)]
mod tests;
