//! The handle to Redis, on real servers and clusters that are killed, frozen and replaced under it.

mod cluster;
mod commands;
mod eviction;
mod failover;
mod outage;
mod proxy;
mod scripts;
mod subscriptions;

use std::error::Error as _;
use std::time::{Duration, Instant};

use bytes::Bytes;
use tenancy_core::redis::{BreakerState, Command, Redis, Value};
use tenancy_core::{Error, ErrorKind};
use tenancy_tests::Redis as Server;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;

/// Long enough for a machine that does much else.
const PATIENCE: Duration = Duration::from_secs(20);

/// The time-out of a handle whose server is expected to hang.
const TIME_OUT: Duration = Duration::from_millis(250);

fn handle(url: &str) -> Redis {
    Redis::builder(url).time_out(PATIENCE).build().unwrap()
}

fn hasty_handle(url: &str) -> Redis {
    Redis::builder(url).time_out(TIME_OUT).build().unwrap()
}

fn bytes(text: &'static str) -> Value {
    Value::Bytes(Bytes::from_static(text.as_bytes()))
}

fn get(key: &str) -> Command {
    Command::new("GET").key(key)
}

fn set(key: &str, value: &str) -> Command {
    Command::new("SET").key(key).arg(value)
}

fn incr(key: &str) -> Command {
    Command::new("INCR").key(key)
}

fn cause(error: &Error) -> String {
    error.source().unwrap().to_string()
}

fn breaker(redis: &Redis) -> BreakerState {
    redis.breakers()[0].1
}

/// Sends a command until it succeeds. Whatever fails before must be an outage.
async fn recover(redis: &Redis, command: Command) -> (Value, Duration) {
    let began = Instant::now();
    let mut turns = tokio::time::interval(Duration::from_millis(10));
    loop {
        turns.tick().await;
        match redis.command(command.clone()).await {
            Ok(value) => return (value, began.elapsed()),
            Err(error) => {
                assert_outage(&error);
                assert!(began.elapsed() < PATIENCE, "{error:?}");
            }
        }
    }
}

fn assert_outage(error: &Error) {
    let kinds = [ErrorKind::TimedOut, ErrorKind::Unavailable];
    assert!(kinds.contains(&error.kind()), "{error:?}");
}

/// Sends a server what the handle does not, and returns the line or the text that it answers.
async fn ask(server: &Server, command: &str) -> String {
    let connection = TcpStream::connect(("127.0.0.1", server.port())).await;
    let mut connection = BufReader::new(connection.unwrap());
    let line = format!("{command}\r\n");
    connection.write_all(line.as_bytes()).await.unwrap();
    let mut reply = String::new();
    connection.read_line(&mut reply).await.unwrap();
    if reply.starts_with('$') {
        reply.clear();
        connection.read_line(&mut reply).await.unwrap();
    }
    reply.trim_end().to_owned()
}

async fn administer(server: &Server, command: &str) {
    assert_eq!(ask(server, command).await, "+OK", "{command}");
}
