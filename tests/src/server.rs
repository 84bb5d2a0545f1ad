//! A program under test that serves.

use std::env;
use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::ExitStatus;
use std::time::Duration;

use crate::StartError;
use crate::port::free_port;
use crate::supervise::{Signal, Supervised, blocking};

/// A running program, in a temporary folder of its own.
///
/// Dropping the last clone kills it and removes the folder, and so does the end of the test
/// process.
///
/// ```no_run
/// # async fn example() {
/// use tenancy_tests::Server;
///
/// let address = Server::free_address();
/// let server = Server::builder(Server::built("platform"))
///     .args(["--listen", &address.to_string()])
///     .ready_when_answering(address)
///     .start()
///     .await;
/// println!("{}", server.stdout());
/// assert!(server.terminate().await.success());
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct Server {
    supervised: Supervised,
}

impl Server {
    /// A server made from the program at `program`.
    pub fn builder(program: impl Into<PathBuf>) -> ServerBuilder {
        ServerBuilder {
            program: program.into(),
            arguments: Vec::new(),
            environment: Vec::new(),
            patience: Duration::from_secs(30),
            readiness: Readiness::Launched,
        }
    }

    /// The program `name` of this workspace, as Cargo put it beside the running test.
    ///
    /// # Panics
    /// When it is not there. Cargo builds a package's programs along with its integration tests, so
    /// `cargo test --workspace` does; `cargo test` for one package may not.
    pub fn built(name: &str) -> PathBuf {
        let test = env::current_exe().expect("a running test is a file");
        // target/debug/deps/it-0123456789abcdef is the test, target/debug/platform the program.
        let program = test
            .ancestors()
            .skip(1)
            .take(2)
            .map(|folder| folder.join(name));
        program
            .into_iter()
            .find(|program| program.is_file())
            .unwrap_or_else(|| {
                panic!("the program {name} is not built: cargo build -p {name}");
            })
    }

    /// A loopback address that nothing listens on.
    pub fn free_address() -> SocketAddr {
        SocketAddr::from(([127, 0, 0, 1], free_port()))
    }

    /// The program's working folder.
    pub fn folder(&self) -> &Path {
        self.supervised.folder()
    }

    /// The program's process, while it runs.
    pub fn pid(&self) -> Option<u32> {
        self.supervised.pid()
    }

    /// What the program has printed so far.
    pub fn stdout(&self) -> String {
        read(&self.folder().join(STDOUT))
    }

    /// What the program has logged so far.
    pub fn stderr(&self) -> String {
        read(&self.folder().join(STDERR))
    }

    /// Asks the program to end (`SIGTERM`) and waits until it has.
    ///
    /// # Panics
    /// When it still runs after half a minute, or had ended before.
    pub async fn terminate(&self) -> ExitStatus {
        let supervised = self.supervised.clone();
        let status = blocking(move || {
            supervised.signal(Signal::Terminate);
            supervised.wait(Duration::from_secs(30))
        });
        status.await.expect("the program ends when asked to")
    }

    /// Kills the program and everything it has started.
    pub async fn kill(&self) {
        let supervised = self.supervised.clone();
        blocking(move || supervised.kill()).await;
    }

    /// Freezes the program.
    pub async fn pause(&self) {
        let supervised = self.supervised.clone();
        blocking(move || supervised.signal_all(Signal::Stop)).await;
    }

    /// Continues after [`pause`](Self::pause).
    pub async fn resume(&self) {
        let supervised = self.supervised.clone();
        blocking(move || supervised.signal_all(Signal::Continue)).await;
    }

    /// Waits until the program has ended by itself, at most half a minute.
    pub async fn wait(&self) -> Option<ExitStatus> {
        let supervised = self.supervised.clone();
        blocking(move || supervised.wait(Duration::from_secs(30))).await
    }
}

/// A [`Server`] about to be started.
#[derive(Clone, Debug)]
#[must_use]
pub struct ServerBuilder {
    program: PathBuf,
    arguments: Vec<OsString>,
    environment: Vec<(OsString, OsString)>,
    patience: Duration,
    readiness: Readiness,
}

impl ServerBuilder {
    /// Adds arguments.
    pub fn args(mut self, arguments: impl IntoIterator<Item = impl Into<OsString>>) -> Self {
        self.arguments.extend(arguments.into_iter().map(Into::into));
        self
    }

    /// Sets an environment variable; the rest is the test's own environment.
    pub fn env(mut self, name: impl Into<OsString>, value: impl Into<OsString>) -> Self {
        self.environment.push((name.into(), value.into()));
        self
    }

    /// Waits until `GET /livez` at `address` is answered with success. Default: does not wait.
    pub fn ready_when_answering(mut self, address: SocketAddr) -> Self {
        self.readiness = Readiness::Answering(address);
        self
    }

    /// Waits until a line that contains `text` is printed or logged. Default: does not wait.
    pub fn ready_when_printed(mut self, text: impl Into<String>) -> Self {
        self.readiness = Readiness::Printed(text.into());
        self
    }

    /// Sets how long to wait. Default: half a minute.
    pub fn patience(mut self, patience: Duration) -> Self {
        self.patience = patience;
        self
    }

    /// Starts the program.
    ///
    /// # Panics
    /// When it does not become ready.
    pub async fn start(self) -> Server {
        self.try_start()
            .await
            .unwrap_or_else(|error| panic!("{error}"))
    }

    /// Starts the program, or tells what it said when it did not become ready.
    pub async fn try_start(self) -> Result<Server, StartError> {
        blocking(move || self.start_blocking()).await
    }

    fn start_blocking(&self) -> Result<Server, StartError> {
        let program = self.program.display();
        let failed = |error: io::Error| StartError::new(format!("cannot run {program}: {error}"));
        let supervised = Supervised::new("server")?;
        let folder = supervised.folder();
        let mut command = supervised.command(&self.program);
        command
            .args(&self.arguments)
            .envs(self.environment.iter().map(|(name, value)| (name, value)))
            .stdout(File::create(folder.join(STDOUT)).map_err(failed)?)
            .stderr(File::create(folder.join(STDERR)).map_err(failed)?);
        supervised.launch(command, Signal::Kill).map_err(failed)?;
        let server = Server { supervised };
        server
            .supervised
            .wait_until(self.patience, || self.readiness.is_met(&server))
            .map_err(|error| {
                // Before its words are read: it may still be speaking.
                server.supervised.kill();
                let log = format!("{}{}", server.stdout(), server.stderr());
                StartError::new(format!("{program} {error}")).with_log(&log)
            })?;
        Ok(server)
    }
}

const STDOUT: &str = "stdout.log";
const STDERR: &str = "stderr.log";

#[derive(Clone, Debug)]
enum Readiness {
    Answering(SocketAddr),
    Launched,
    Printed(String),
}

impl Readiness {
    fn is_met(&self, server: &Server) -> bool {
        match self {
            Self::Answering(address) => answers(*address).unwrap_or(false),
            Self::Launched => true,
            Self::Printed(text) => {
                // A line counts once it is whole.
                let printed = [server.stdout(), server.stderr()];
                printed
                    .iter()
                    .flat_map(|text| text.split_inclusive('\n'))
                    .any(|line| line.ends_with('\n') && line.contains(text))
            }
        }
    }
}

fn answers(address: SocketAddr) -> io::Result<bool> {
    let mut connection = TcpStream::connect(address)?;
    connection.set_read_timeout(Some(Duration::from_secs(2)))?;
    let request = format!("GET /livez HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n");
    connection.write_all(request.as_bytes())?;
    let mut status = [0; 12];
    connection.read_exact(&mut status)?;
    Ok(status.starts_with(b"HTTP/1.") && status.ends_with(b" 200"))
}

fn read(file: &Path) -> String {
    String::from_utf8_lossy(&fs::read(file).unwrap_or_default()).into_owned()
}
