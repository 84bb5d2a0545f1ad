//! Redis servers and clusters of the tests' own.

mod ask;
mod cluster;

pub use self::cluster::RedisCluster;

use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, TcpStream};
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::time::Duration;

use crate::StartError;
use crate::port::free_port;
use crate::programs::find_program;
use crate::supervise::{Signal, Supervised, blocking};

/// A private Redis or Valkey server, on a free loopback port and in a temporary folder.
///
/// It keeps its data in memory only, so that [`restart`](Self::restart) finds it empty, unless the
/// [builder](Self::builder) says `appendonly yes`. Use [`shared`](Self::shared) unless the test
/// breaks the server; then [`start`](Self::start) one that no other test sees. Dropping the last
/// clone ends the server and removes its files, and so does the end of the test process.
#[derive(Clone, Debug)]
pub struct Redis {
    supervised: Supervised,
    port: u16,
}

impl Redis {
    /// The server that the tests of this process share, started on first use.
    ///
    /// # Panics
    /// When it cannot be started, for example because Redis is not installed.
    pub async fn shared() -> &'static Self {
        static SHARED: OnceLock<Result<Redis, StartError>> = OnceLock::new();
        // Every test has a runtime of its own, so the start must not belong to one of them.
        let started = blocking(|| SHARED.get_or_init(|| Self::builder().start_blocking())).await;
        match started {
            Ok(redis) => redis,
            Err(error) => panic!("{error}"),
        }
    }

    /// Starts a server for one test, which may break it.
    ///
    /// # Panics
    /// When it cannot be started, for example because Redis is not installed.
    pub async fn start() -> Self {
        Self::builder().start().await
    }

    /// A server with other settings than the usual.
    pub fn builder() -> RedisBuilder {
        RedisBuilder::default()
    }

    /// The server's connection string.
    pub fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }

    /// The loopback port the server listens on; it keeps it across restarts.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The folder of the server's files, among them its Unix socket `redis.sock`.
    pub fn folder(&self) -> &Path {
        self.supervised.folder()
    }

    /// The server's process, while it runs.
    pub fn pid(&self) -> Option<u32> {
        self.supervised.pid()
    }

    /// Ends the server in an orderly way, closing its connections.
    pub async fn stop(&self) {
        let supervised = self.supervised.clone();
        blocking(move || supervised.end(Signal::Terminate, Duration::from_secs(10))).await;
    }

    /// Kills the server, as a power cut would.
    pub async fn kill(&self) {
        let supervised = self.supervised.clone();
        blocking(move || supervised.kill()).await;
    }

    /// Freezes the server: connections stay open, and nothing answers.
    pub async fn pause(&self) {
        let supervised = self.supervised.clone();
        blocking(move || supervised.signal_all(Signal::Stop)).await;
    }

    /// Continues after [`pause`](Self::pause).
    pub async fn resume(&self) {
        let supervised = self.supervised.clone();
        blocking(move || supervised.signal_all(Signal::Continue)).await;
    }

    /// Starts the server after [`stop`](Self::stop) or [`kill`](Self::kill); stops it first where
    /// it still runs. The port stays.
    ///
    /// # Panics
    /// When the server does not come back.
    pub async fn restart(&self) {
        let (supervised, port) = (self.supervised.clone(), self.port);
        let restarted = blocking(move || {
            supervised.end(Signal::Terminate, Duration::from_secs(10));
            supervised
                .relaunch()
                .map_err(|error| StartError::new(error.to_string()))?;
            wait_until_ready(&supervised, port)
        });
        if let Err(error) = restarted.await {
            panic!("Redis did not come back: {error}");
        }
    }
}

/// A [`Redis`] about to be started.
#[derive(Clone, Debug, Default)]
#[must_use]
pub struct RedisBuilder {
    program: Option<PathBuf>,
    settings: Vec<(String, String)>,
    is_cluster_node: bool,
}

impl RedisBuilder {
    /// Sets a directive of `redis.conf`. Later calls win.
    pub fn setting(mut self, name: &str, value: &str) -> Self {
        self.settings.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Sets the server's program. Default: `redis-server`, else `valkey-server`, from `PATH`.
    pub fn program(mut self, program: impl Into<PathBuf>) -> Self {
        self.program = Some(program.into());
        self
    }

    /// Starts the server.
    ///
    /// # Panics
    /// When it cannot be started.
    pub async fn start(self) -> Redis {
        self.try_start()
            .await
            .unwrap_or_else(|error| panic!("{error}"))
    }

    /// Starts the server, or says what is missing.
    pub async fn try_start(self) -> Result<Redis, StartError> {
        blocking(move || self.start_blocking()).await
    }

    fn start_blocking(&self) -> Result<Redis, StartError> {
        let program = match &self.program {
            Some(program) => find_program(&[program], "redis-server")?,
            None => find_program(&["redis-server", "valkey-server"], "redis-server")?,
        };
        let supervised = Supervised::new("redis")?;
        let failed = |error: io::Error| StartError::new(format!("cannot run Redis: {error}"));
        loop {
            let port = free_port();
            let log = File::create(log_file(supervised.folder())).map_err(failed)?;
            let mut redis = supervised.command(&program);
            if self.is_cluster_node {
                // By default it is the first port plus 10,000, where outgoing connections get theirs.
                let bus = free_port().to_string();
                redis.args(["--cluster-enabled", "yes", "--cluster-port", &bus]);
            }
            redis
                .args(["--bind", "127.0.0.1", "--port", &port.to_string()])
                .args([
                    "--unixsocket",
                    "redis.sock",
                    "--save",
                    "",
                    "--appendfsync",
                    "no",
                ])
                .args(
                    self.settings
                        .iter()
                        .flat_map(|(name, value)| [format!("--{name}"), value.clone()]),
                )
                .stdout(log.try_clone().map_err(failed)?)
                .stderr(log);
            supervised.launch(redis, Signal::Kill).map_err(failed)?;
            match wait_until_ready(&supervised, port) {
                Ok(()) => return Ok(Redis { supervised, port }),
                // The port was free a moment ago, and another program has taken it since.
                Err(error) if error.mentions("Address already in use") => {}
                Err(error) => return Err(error),
            }
        }
    }
}

fn wait_until_ready(supervised: &Supervised, port: u16) -> Result<(), StartError> {
    supervised
        .wait_until(Duration::from_secs(30), || answers(port).unwrap_or(false))
        .map_err(|error| {
            let log = fs::read_to_string(log_file(supervised.folder())).unwrap_or_default();
            StartError::new(format!("Redis {error}")).with_log(&log)
        })
}

/// Whether the server is up: it answers `PING`, be it with a demand for a password, and does not
/// say that it is still loading its data.
fn answers(port: u16) -> io::Result<bool> {
    let mut connection = TcpStream::connect((Ipv4Addr::LOCALHOST, port))?;
    connection.set_read_timeout(Some(Duration::from_secs(1)))?;
    connection.write_all(b"PING\r\n")?;
    let mut reply = [0; 64];
    let length = connection.read(&mut reply)?;
    let reply = &reply[..length];
    Ok(reply.starts_with(b"+PONG") || reply.starts_with(b"-NOAUTH"))
}

fn log_file(folder: &Path) -> PathBuf {
    folder.join("log")
}
