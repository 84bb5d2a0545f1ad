use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use super::eventually;

#[test]
fn nothing_remains_after_an_exit_without_destructors() {
    let (mut process, servers) = hold_servers("exit");
    process.wait().unwrap();
    assert_gone(&servers);
}

#[test]
fn nothing_remains_after_a_panic() {
    let (mut process, servers) = hold_servers("panic");
    assert_eq!(process.wait().unwrap().code(), Some(101));
    assert_gone(&servers);
}

#[test]
fn nothing_remains_after_kill_9() {
    let (mut process, servers) = hold_servers("hold");
    for server in &servers {
        assert!(server.is_running() && server.folder.is_dir(), "{server:?}");
    }
    process.kill().unwrap();
    process.wait().unwrap();
    assert_gone(&servers);
}

#[test]
fn nothing_remains_after_kill_9_while_a_server_is_paused() {
    let (mut process, servers) = hold_servers("paused");
    process.kill().unwrap();
    process.wait().unwrap();
    assert_gone(&servers);
}

#[derive(Debug)]
struct Held {
    pid: String,
    folder: PathBuf,
}

impl Held {
    fn is_running(&self) -> bool {
        // A zombie has no command line any more.
        fs::read(format!("/proc/{}/cmdline", self.pid)).is_ok_and(|line| !line.is_empty())
    }
}

/// Starts servers in another process, which is to end in the way called `end`.
fn hold_servers(end: &str) -> (Child, Vec<Held>) {
    let mut process = Command::new(env!("CARGO_BIN_EXE_hold-servers"))
        .arg(end)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let lines = BufReader::new(process.stdout.take().unwrap())
        .lines()
        .take(COUNT);
    let servers: Vec<_> = lines
        .map(|line| {
            let line = line.unwrap();
            let (pid, folder) = line.split_once(' ').unwrap();
            Held {
                pid: pid.to_owned(),
                folder: Path::new(folder).to_owned(),
            }
        })
        .collect();
    assert_eq!(servers.len(), COUNT);
    (process, servers)
}

/// PostgreSQL, Redis and a browser.
const COUNT: usize = 3;

fn assert_gone(servers: &[Held]) {
    for server in servers {
        eventually(&format!("{server:?} is gone"), || {
            !server.is_running() && !server.folder.exists()
        });
    }
}
