//! Servers that never outlive the test process.

use std::fmt;
use std::io::{self, BufRead, BufReader, Write};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use crate::StartError;

const SCRIPT: &str = include_str!("supervise/supervise.sh");

/// Becomes the server only once told to, so that a test process that dies before it has told the
/// watchdog about the server takes the server with it.
const LAUNCH: &str = r#"read -r go && exec "$@" </dev/null"#;

/// One server at a time, in a folder of its own.
///
/// A watchdog process waits on a pipe that only this process holds. When the pipe closes, be it
/// through `Drop`, an exit that runs no destructor or `kill -9`, the watchdog ends the server and
/// removes the folder.
#[derive(Clone)]
pub(crate) struct Supervised(Arc<Inner>);

impl Supervised {
    /// Makes the folder, `name` and a random suffix, and starts its watchdog.
    pub(crate) fn new(name: &str) -> Result<Self, StartError> {
        let failed = |error| StartError::new(format!("cannot watch over {name}: {error}"));
        let mut watchdog = script()
            .args(["watch", &format!("tenancy-{name}")])
            .process_group(0)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .map_err(failed)?;
        let mut folder = String::new();
        let stdout = watchdog.stdout.take().expect("stdout is piped");
        BufReader::new(stdout)
            .read_line(&mut folder)
            .map_err(failed)?;
        if folder.is_empty() {
            return Err(StartError::new(format!(
                "cannot make a temporary folder for {name}"
            )));
        }
        let channel = watchdog.stdin.take();
        Ok(Self(Arc::new(Inner {
            folder: PathBuf::from(folder.trim_end()),
            state: Mutex::new(State {
                channel,
                watchdog,
                launch: None,
                server: None,
                ended: None,
            }),
        })))
    }

    pub(crate) fn folder(&self) -> &Path {
        &self.0.folder
    }

    /// A command for [`launch`](Self::launch), running in the folder.
    pub(crate) fn command(&self, program: &Path) -> Command {
        let mut command = Command::new("sh");
        command
            .args(["-c", LAUNCH, "sh"])
            .arg(program)
            .current_dir(self.folder())
            .process_group(0)
            .stdin(Stdio::piped());
        command
    }

    /// Starts the server; `last_signal` is what ends it when this process is gone.
    pub(crate) fn launch(&self, command: Command, last_signal: Signal) -> io::Result<()> {
        let mut state = self.state();
        state.launch = Some((command, last_signal));
        state.relaunch()
    }

    /// Starts the server again as it was started before.
    pub(crate) fn relaunch(&self) -> io::Result<()> {
        self.state().relaunch()
    }

    /// The running server's process id.
    pub(crate) fn pid(&self) -> Option<u32> {
        let mut state = self.state();
        state.exited();
        state.server.as_ref().map(Child::id)
    }

    /// Signals the server's first process.
    pub(crate) fn signal(&self, signal: Signal) {
        if let Some(server) = &self.state().server {
            let pid = server.id().to_string();
            let _ = Command::new("sh")
                .args(["-c", r#"kill -"$1" "$2""#, "sh", signal.name(), &pid])
                .stderr(Stdio::null())
                .status();
        }
    }

    /// Signals the server and everything it has started.
    pub(crate) fn signal_all(&self, signal: Signal) {
        if let Some(server) = &self.state().server {
            let pid = server.id().to_string();
            let _ = script().args(["signal", signal.name(), &pid]).status();
        }
    }

    /// Kills the server and everything it has started, and waits until it is gone.
    pub(crate) fn kill(&self) -> Option<ExitStatus> {
        self.signal_all(Signal::Kill);
        self.wait(Duration::from_secs(10))
    }

    /// Asks the server to end, waits until it has, and kills it after `patience`.
    pub(crate) fn end(&self, signal: Signal, patience: Duration) -> Option<ExitStatus> {
        self.signal_all(Signal::Continue);
        self.signal(signal);
        self.wait(patience).or_else(|| self.kill())
    }

    /// Waits at most `patience` for the server to be gone, by its own decision or another's.
    pub(crate) fn wait(&self, patience: Duration) -> Option<ExitStatus> {
        let deadline = Instant::now() + patience;
        loop {
            if let Some(status) = self.state().exited() {
                return Some(status);
            }
            if Instant::now() > deadline || self.state().server.is_none() {
                return None;
            }
            thread::sleep(Duration::from_millis(5));
        }
    }

    /// Polls `ready` until it holds; fails when the server exits first or `patience` runs out.
    pub(crate) fn wait_until(
        &self,
        patience: Duration,
        mut ready: impl FnMut() -> bool,
    ) -> Result<(), NotReady> {
        let deadline = Instant::now() + patience;
        while !ready() {
            let mut state = self.state();
            state.exited();
            // `ready` may have been the one to notice.
            if let Some(status) = state.ended {
                return Err(NotReady::Exited(status));
            }
            drop(state);
            if Instant::now() > deadline {
                return Err(NotReady::Late(patience));
            }
            thread::sleep(Duration::from_millis(5));
        }
        Ok(())
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.state()
    }
}

impl fmt::Debug for Supervised {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Supervised")
            .field("folder", &self.0.folder)
            .finish_non_exhaustive()
    }
}

/// Runs blocking work off the runtime's own threads, whichever runtime the calling test has.
pub(crate) async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    match tokio::task::spawn_blocking(work).await {
        Ok(value) => value,
        Err(error) => std::panic::resume_unwind(error.into_panic()),
    }
}

/// The signals the harness sends.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Signal {
    Continue,
    Interrupt,
    Kill,
    Quit,
    Stop,
    Terminate,
}

impl Signal {
    fn name(self) -> &'static str {
        match self {
            Self::Continue => "CONT",
            Self::Interrupt => "INT",
            Self::Kill => "KILL",
            Self::Quit => "QUIT",
            Self::Stop => "STOP",
            Self::Terminate => "TERM",
        }
    }
}

/// Why a server that was launched does not serve.
#[derive(Debug)]
pub(crate) enum NotReady {
    Exited(ExitStatus),
    Late(Duration),
}

impl fmt::Display for NotReady {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exited(status) => write!(f, "ended with {status} before it was ready"),
            Self::Late(patience) => write!(f, "was not ready after {patience:?}"),
        }
    }
}

struct Inner {
    folder: PathBuf,
    state: Mutex<State>,
}

impl Inner {
    fn state(&self) -> MutexGuard<'_, State> {
        // Every field is replaced whole, so a panic in between leaves nothing half done.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        let mut state = self.state();
        drop(state.channel.take());
        let _ = state.watchdog.wait();
        if let Some(mut server) = state.server.take() {
            let _ = server.wait();
        }
    }
}

struct State {
    channel: Option<ChildStdin>,
    watchdog: Child,
    launch: Option<(Command, Signal)>,
    server: Option<Child>,
    /// How the last server ended, until the next one is launched.
    ended: Option<ExitStatus>,
}

impl State {
    fn relaunch(&mut self) -> io::Result<()> {
        assert!(
            self.exited().is_some() || self.server.is_none(),
            "the server runs already"
        );
        let (command, last_signal) = self
            .launch
            .as_mut()
            .expect("the server was launched before");
        let signal = last_signal.name();
        let mut server = command.spawn()?;
        self.ended = None;
        let told = tell(&mut self.channel, &format!("{} {signal}\n", server.id()));
        let mut launcher = server.stdin.take().expect("stdin is piped");
        self.server = Some(server);
        told.and_then(|()| launcher.write_all(b"go\n"))
    }

    /// Reaps the server if it has ended. From then on its process id may belong to another.
    fn exited(&mut self) -> Option<ExitStatus> {
        let status = self.server.as_mut()?.try_wait().ok().flatten()?;
        self.server = None;
        self.ended = Some(status);
        let _ = tell(&mut self.channel, "\n");
        Some(status)
    }
}

fn tell(channel: &mut Option<ChildStdin>, line: &str) -> io::Result<()> {
    channel
        .as_mut()
        .expect("the channel stays open until the drop")
        .write_all(line.as_bytes())
}

fn script() -> Command {
    let mut command = Command::new("sh");
    command.args(["-c", SCRIPT, "sh"]);
    command
}
