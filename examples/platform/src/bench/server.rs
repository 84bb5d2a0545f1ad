use std::ffi::OsString;
use std::net::SocketAddr;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::{env, io};

use rustix::process::{Signal, getpid, kill_process};
use serde_json::Value;
use tenancy_core::Actor;
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::{Child, Command};

use crate::command::show;
use crate::config::{Alerts, Config, Flags, Http, Performance, Push};
use crate::failure::Failure;
use crate::platform::Platform;
use crate::server;

/// How a server is told the same as this command.
#[derive(Debug)]
pub(crate) struct ServerLikeThis {
    config_file: Option<PathBuf>,
    /// Flags as variables, since what is on a command line all users of the machine can read.
    variables: Vec<(String, OsString)>,
}

/// A server of this command's own, which ends with it.
#[derive(Debug)]
pub(crate) struct OwnServer {
    child: Child,
    pub(crate) address: SocketAddr,
}

impl ServerLikeThis {
    pub(crate) fn new(config_file: Option<&Path>, flags: &Flags) -> Result<Self, Failure> {
        let flags = match serde_json::to_value(flags)? {
            Value::Object(flags) => flags,
            _ => serde_json::Map::new(),
        };
        let variables = flags.into_iter().map(|(key, value)| {
            let text = match value {
                Value::String(text) => text,
                Value::Array(items) => {
                    let items = items.iter().filter_map(Value::as_str);
                    items.collect::<Vec<_>>().join(",")
                }
                other => other.to_string(),
            };
            let name = format!("TENANCY_{}", key.to_ascii_uppercase());
            (name, OsString::from(text))
        });
        Ok(Self {
            config_file: config_file.map(Path::to_owned),
            variables: variables.collect(),
        })
    }

    /// Starts one, and waits until it listens.
    pub(crate) async fn start(&self) -> Result<OwnServer, Failure> {
        let failed = |error: io::Error| Failure::from(error).context("cannot start a server");
        let mut command = std::process::Command::new(env::current_exe().map_err(failed)?);
        command.arg("bench-server");
        if let Some(file) = &self.config_file {
            command.arg("--config").arg(file);
        }
        command
            .envs(self.variables.iter().map(|(name, value)| (name, value)))
            // Whoever interrupts this command means the command: the server ends when all was written.
            .process_group(0)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped());
        let mut child = Command::from(command)
            .kill_on_drop(true)
            .spawn()
            .map_err(failed)?;
        let stdout = child.stdout.take().expect("it is piped");
        let mut line = String::new();
        BufReader::new(stdout)
            .read_line(&mut line)
            .await
            .map_err(failed)?;
        let address = line.trim().parse().map_err(|_| {
            Failure::new("cannot start a server: it ended before it listened, and said why above")
        })?;
        Ok(OwnServer { child, address })
    }
}

impl OwnServer {
    /// Lets it finish what it is at.
    pub(crate) async fn end(mut self) -> Result<(), Failure> {
        drop(self.child.stdin.take());
        self.child.wait().await?;
        Ok(())
    }
}

/// With the limits of callers out of reach, and telling nobody of what a load test does: it pages no
/// people, and its requests are in no shop's reports. All is measured as it is for others.
pub(crate) fn config(mut config: Config) -> Config {
    // That it began and ended is not worth a line between those of the load test.
    if config.log.filter == Config::default().log.filter {
        config.log.filter = "warn".to_owned();
    }
    Config {
        listen: SocketAddr::from(([127, 0, 0, 1], 0)),
        // A port that nobody knows is not where visitors find the shops.
        public_url: Some(config.origin()),
        limits: config.limits.clone().out_of_reach(),
        http: Http {
            client_connections_max: Some(config.http.connections_max),
            ..config.http
        },
        alerts: Alerts {
            enabled: false,
            ..config.alerts
        },
        performance: Performance {
            unkept: true,
            ..config.performance
        },
        push: Push::default(),
        sentry_dsn: None,
        ..config
    }
}

/// Serves on a free port, which it prints, until standard input ends. The settings are those of
/// [`config`].
pub(crate) async fn serve(config: Config) -> Result<(), Failure> {
    let platform = Platform::open_as(config, Actor::system("server")).await?;
    if platform.config().database_url.is_some() {
        platform.audit().await?.require_isolation()?;
    }
    let listener = server::bind(&platform).await?;
    show(listener.local_addr()?)?;
    std::thread::spawn(|| {
        // Also when whoever began this has died.
        let _ = io::copy(&mut io::stdin().lock(), &mut io::sink());
        let _ = kill_process(getpid(), Signal::TERM);
    });
    server::serve(&platform, listener).await
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::secret::Secret;

    #[test]
    fn the_server_of_a_load_test_measures_and_tells_nobody() {
        let mut own = Config {
            sentry_dsn: Some(Secret::new("https://key@sentry.example/1")),
            ..Config::default()
        };
        own.push.otlp.url = Some(
            "https://otlp.example/v1/metrics"
                .to_owned()
                .try_into()
                .unwrap(),
        );
        assert!(own.alerts.enabled && !own.performance.unkept);
        let config = config(own);
        assert!(!config.alerts.enabled && config.performance.unkept);
        assert!(config.performance.enabled);
        assert!(config.push.otlp.url.is_none() && config.sentry_dsn.is_none());
    }
}
