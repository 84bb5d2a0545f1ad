//! One connection, by fred. No other file names it, so that it can be replaced.
//!
//! fred only frames, multiplexes and tells when the connection has ended. Reconnecting, routing in
//! a cluster, repeating and time-outs are ours: fred would repeat commands of unknown outcome, and
//! stops serving a whole cluster while one of its nodes is away.

use std::future::poll_fn;
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use bytes::Bytes;
use fred::clients::Client;
use fred::interfaces::{ClientLike, EventInterface, KeysInterface, PubsubInterface};
use fred::rustls::{ClientConfig, RootCertStore, crypto::aws_lc_rs};
use fred::types::config::{
    Config, ConnectionConfig, PerformanceConfig, Server, ServerConfig, TcpConfig, TlsConnector,
};
use fred::types::{
    ConnectHandle, CustomCommand, Message, Resp3Frame, RespVersion, Value as Argument,
};
use futures_util::future::maybe_done;
use tokio::sync::broadcast::{Receiver, error::RecvError};

use super::address::{Address, Target};
use super::command::Command;
use super::reply::{Failure, Reply};
use super::value::Value;
use crate::error::{Error, ErrorKind};

/// How much news of a connection may wait: a failure is told twice.
const NEWS_MAX: usize = 4;

/// What every connection to a target needs.
#[derive(Clone, Debug)]
pub(super) struct Dialer {
    target: Arc<Target>,
    tls: Option<TlsConnector>,
    time_out: Duration,
    /// How many messages may wait between fred and the task that takes them over.
    messages_max: usize,
}

impl Dialer {
    pub(super) fn new(
        target: Target,
        time_out: Duration,
        messages_max: usize,
    ) -> Result<Self, Error> {
        Ok(Self {
            tls: target.is_tls.then(connector).transpose()?,
            target: Arc::new(target),
            time_out,
            messages_max,
        })
    }

    pub(super) fn target(&self) -> &Target {
        &self.target
    }

    /// Connects, signs in and hears a first answer.
    pub(super) async fn dial(&self, address: &Address) -> Result<(Connection, Lifetime), String> {
        // Its answers are the same whatever the commands; RESP3 would give some other types.
        self.connect(address, RespVersion::RESP2, NEWS_MAX).await
    }

    /// A connection for subscriptions, on which RESP3 allows a `PING` in between.
    pub(super) async fn dial_for_messages(
        &self,
        address: &Address,
    ) -> Result<(Connection, Lifetime), String> {
        self.connect(address, RespVersion::RESP3, self.messages_max.max(NEWS_MAX))
            .await
    }

    async fn connect(
        &self,
        address: &Address,
        version: RespVersion,
        messages_max: usize,
    ) -> Result<(Connection, Lifetime), String> {
        let server = Server {
            host: (&*address.host).into(),
            port: address.port,
            tls_server_name: Some((&*self.target.tls_name(address)).into()),
        };
        let config = Config {
            username: self.target.user.clone(),
            password: self.target.password.clone(),
            server: ServerConfig::Centralized { server },
            version,
            database: self.target.database,
            tls: self.tls.clone().map(Into::into),
            ..Config::default()
        };
        let performance = PerformanceConfig {
            broadcast_channel_capacity: messages_max,
            ..PerformanceConfig::default()
        };
        let connection = ConnectionConfig {
            connection_timeout: self.time_out,
            internal_command_timeout: self.time_out,
            max_command_attempts: 1,
            tcp: TcpConfig {
                nodelay: Some(true),
                ..TcpConfig::default()
            },
            ..ConnectionConfig::default()
        };
        let client = Client::new(config, Some(performance), Some(connection), None);
        let mut connected = pin!(client.wait_for_connect());
        // Polled before the start, so that it does not miss the news.
        poll_fn(|cx| {
            let _ = connected.as_mut().poll(cx);
            Poll::Ready(())
        })
        .await;
        let lifetime = Lifetime(client.connect());
        match tokio::time::timeout(self.time_out, connected).await {
            Ok(Ok(())) => Ok((Connection(client.clone()), lifetime)),
            Ok(Err(error)) => Err(error.details().to_owned()),
            Err(_) => Err(format!("no answer within {:?}", self.time_out)),
        }
    }
}

/// An open connection, shared by all who send over it.
#[derive(Clone)]
pub(super) struct Connection(Client);

impl Connection {
    /// Sends the commands together and waits for all answers.
    ///
    /// Dropped, it has sent them or none. They arrive in order, but those of others may come in
    /// between.
    pub(super) async fn send(&self, commands: &[&Command]) -> Vec<Reply> {
        if let [command] = commands {
            return vec![self.request(command).await];
        }
        let requests = commands.iter().map(|command| self.request(command));
        let mut requests: Vec<_> = requests
            .map(|request| Box::pin(maybe_done(request)))
            .collect();
        // fred flushes when its queue is empty, so all go into the queue before any is awaited.
        poll_fn(|cx| {
            for request in &mut requests {
                let _ = request.as_mut().poll(cx);
            }
            Poll::Ready(())
        })
        .await;
        let mut replies = Vec::with_capacity(requests.len());
        for mut request in requests {
            request.as_mut().await;
            replies.push(
                request.as_mut().take_output().unwrap_or_else(|| {
                    Err(Failure::Away("the answer was taken already".to_owned()))
                }),
            );
        }
        replies
    }

    async fn request(&self, command: &Command) -> Reply {
        if let ("GET", [key]) = (command.name(), command.arguments()) {
            // fred sends many of these at once, and each command that it does not know by itself.
            let value: Result<Argument, _> = self.0.get(key.clone()).await;
            let value = value.map_err(|error| failure(&error))?;
            return Ok(value.into_bytes().map_or(Value::Nil, Value::Bytes));
        }
        let arguments = command.arguments().iter().cloned().map(Argument::Bytes);
        let custom = CustomCommand::new_static(command.name(), None, false);
        let reply = self.0.custom_raw(custom, arguments.collect()).await;
        value(reply.map_err(|error| lost(&error))?)
    }

    /// Subscribes, and returns when Redis has confirmed it.
    pub(super) async fn subscribe(&self, channel: &str) -> Result<Messages, Failure> {
        let messages = Messages(self.0.message_rx());
        self.0
            .subscribe(channel)
            .await
            .map_err(|error| lost(&error))?;
        // fred does not wait for the confirmation; the answer to what was sent later comes later.
        self.request(&Command::new("PING")).await?;
        Ok(messages)
    }
}

impl std::fmt::Debug for Connection {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Connection").finish_non_exhaustive()
    }
}

/// Closes the connection when dropped.
pub(super) struct Lifetime(ConnectHandle);

impl Lifetime {
    /// Returns why the connection has ended, once it has. May be dropped and called again before.
    pub(super) async fn ended(&mut self) -> String {
        match (&mut self.0).await {
            Ok(Err(error)) => error.details().to_owned(),
            Ok(Ok(())) => "the connection was closed".to_owned(),
            Err(error) => format!("the connection's task failed: {error}"),
        }
    }
}

impl Drop for Lifetime {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// What arrives on the channels of a connection.
pub(super) struct Messages(Receiver<Message>);

impl Messages {
    /// The next message; `Err` holds how many were missed before it. May be dropped and called
    /// again.
    pub(super) async fn next(&mut self) -> Result<Bytes, u64> {
        loop {
            match self.0.recv().await {
                Ok(message) => return Ok(message.value.into_bytes().unwrap_or_default()),
                Err(RecvError::Lagged(missed)) => return Err(missed),
                // Whoever waits here is told by the connection's lifetime.
                Err(RecvError::Closed) => std::future::pending().await,
            }
        }
    }
}

fn value(frame: Resp3Frame) -> Reply {
    match frame {
        Resp3Frame::SimpleString { data, .. } | Resp3Frame::BlobString { data, .. } => {
            Ok(Value::Bytes(data))
        }
        Resp3Frame::Number { data, .. } => Ok(Value::Integer(data)),
        Resp3Frame::Null => Ok(Value::Nil),
        Resp3Frame::Array { data, .. } => {
            let values: Result<_, _> = data.into_iter().map(value).collect();
            values.map(Value::Array)
        }
        // An inner array that looks like a message; fred has put a word of its own before it.
        Resp3Frame::Push { data, .. } => {
            let values: Result<_, _> = data.into_iter().skip(1).map(value).collect();
            values.map(Value::Array)
        }
        Resp3Frame::SimpleError { data, .. } => Err(Failure::Refused(data.to_string())),
        Resp3Frame::BlobError { data, .. } => Err(Failure::Refused(
            String::from_utf8_lossy(&data).into_owned(),
        )),
        _ => Err(Failure::Refused(
            "the answer is of a kind that RESP2 does not have".to_owned(),
        )),
    }
}

/// What a command that fred knows has met: Redis' own refusals begin with a word in capitals.
fn failure(error: &fred::error::Error) -> Failure {
    let word = error.details().split(' ').next().unwrap_or_default();
    let is_refusal = !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_uppercase());
    match is_refusal {
        true => Failure::Refused(error.details().to_owned()),
        false => lost(error),
    }
}

fn lost(error: &fred::error::Error) -> Failure {
    Failure::Away(format!("the connection was lost: {}", error.details()))
}

/// Trusts the system's certificate authorities.
fn connector() -> Result<TlsConnector, Error> {
    let failed = |why: String| Error::with_source(ErrorKind::Unavailable, why);
    let mut roots = RootCertStore::empty();
    let found = fred::rustls_native_certs::load_native_certs();
    let (added, _) = roots.add_parsable_certificates(found.certs);
    if added == 0 {
        let why = "the system has no certificate authorities, which TLS to Redis needs";
        return Err(failed(why.to_owned()));
    }
    let config = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|error| failed(error.to_string()))?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(config.into())
}
