mod connection;

use std::error::Error;
use std::io;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};

use bytes::Bytes;
use http::header::{CONNECTION, HOST, USER_AGENT};
use http::uri::Scheme;
use http::{HeaderValue, Request};
use http_body_util::{BodyExt as _, Full};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use self::connection::{Connection, STREAMS};
use super::target::Tls;
use super::{Caller, Ending, LoadTest, Target};

/// Sends requests to one server, over as many connections as are in use at once.
///
/// hyper's own connection under a stack of idle ones: a client with a pool, redirects and cookies would
/// spend the time that is measured.
#[derive(Debug)]
pub(crate) struct Client {
    target: Target,
    connections: Connections,
    tls: Option<Tls>,
    /// Whether HTTP/2 is spoken without a choice.
    http2: bool,
    /// Connections that serve nobody; those of HTTP/2 as often as more requests fit on them.
    idle: Mutex<Vec<Connection>>,
    /// The address that was reached last.
    address: AtomicUsize,
    /// Held while a connection is made, as long as others might fit on it.
    making: tokio::sync::Mutex<()>,
    might_be_shared: AtomicBool,
    is_http2: AtomicBool,
    failure: OnceLock<String>,
}

/// Whether a connection serves one request or many.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Connections {
    /// As browsers and proxies do: it is kept for the next request.
    #[default]
    Kept,
    /// A new one for each request.
    New,
}

const AGENT: HeaderValue =
    HeaderValue::from_static(concat!("tenancy-load/", env!("CARGO_PKG_VERSION")));

impl Client {
    pub(crate) fn new(plan: &LoadTest) -> Self {
        let target = plan.target.clone();
        let is_kept = plan.connections == Connections::Kept;
        Self {
            connections: plan.connections,
            tls: target.tls().map(|tls| tls.offering(plan.http2)),
            http2: plan.http2,
            idle: Mutex::default(),
            address: AtomicUsize::new(0),
            making: tokio::sync::Mutex::default(),
            might_be_shared: AtomicBool::new(is_kept && (plan.http2 || target.tls().is_some())),
            is_http2: AtomicBool::new(false),
            failure: OnceLock::new(),
            target,
        }
    }

    /// Sends a request and reads the whole answer.
    pub(crate) async fn send(&self, request: Request<Bytes>, caller: &Caller) -> Ending {
        let mut request = self.addressed(request, caller);
        loop {
            let (mut connection, is_new) = match self.take_idle() {
                Some(idle) => (idle, false),
                None => match self.connect().await {
                    Ok(connected) => connected,
                    Err(error) => return self.failed(Ending::Unreachable, &error),
                },
            };
            if !is_new && !connection.is_ready().await {
                continue;
            }
            match connection.send(request).await {
                Ok(answer) => return self.read(answer, connection).await,
                Err(unanswered) => match unanswered.unsent {
                    // The server had closed it while nobody looked, and has seen nothing of the request.
                    Some(unsent) if !is_new => request = unsent,
                    Some(_) | None => return self.failed(Ending::Broken, &unanswered.error),
                },
            }
        }
    }

    /// What was wrong with the first connection that was not made or broke off.
    pub(crate) fn failure(&self) -> Option<String> {
        self.failure.get().cloned()
    }

    /// Whether HTTP/2 was spoken.
    pub(crate) fn is_http2(&self) -> bool {
        self.is_http2.load(Ordering::Relaxed)
    }

    fn addressed(&self, request: Request<Bytes>, caller: &Caller) -> Request<Full<Bytes>> {
        let mut request = request.map(Full::new);
        let headers = request.headers_mut();
        headers.entry(USER_AGENT).or_insert(AGENT);
        headers
            .entry(HOST)
            .or_insert_with(|| self.target.host().clone());
        for (name, value) in caller.headers() {
            headers.insert(name, value.clone());
        }
        if self.connections == Connections::New {
            headers.insert(CONNECTION, HeaderValue::from_static("close"));
        }
        request
    }

    async fn read(
        &self,
        answer: http::Response<hyper::body::Incoming>,
        connection: Connection,
    ) -> Ending {
        let status = answer.status().as_u16();
        let mut body = answer.into_body();
        let mut bytes = 0;
        while let Some(frame) = body.frame().await {
            match frame {
                Ok(frame) => bytes += frame.data_ref().map_or(0, Bytes::len) as u64,
                Err(error) => return self.failed(Ending::Broken, &error),
            }
        }
        if self.connections == Connections::Kept && !connection.is_closed() {
            self.lock_idle().push(connection);
        }
        Ending::Answered { status, bytes }
    }

    /// A connection that can be sent a request, and whether nobody has used it.
    async fn connect(&self) -> io::Result<(Connection, bool)> {
        let turn = match self.might_be_shared.load(Ordering::Relaxed) {
            true => Some(self.making.lock().await),
            false => None,
        };
        if turn.is_some()
            && let Some(shared) = self.take_idle()
        {
            return Ok((shared, false));
        }
        // Who waited has heard by now whether there was anything to wait for.
        let _turn = turn.filter(|_| self.might_be_shared.load(Ordering::Relaxed));
        let connection = self.make().await?;
        self.is_http2
            .store(connection.beside().is_some(), Ordering::Relaxed);
        if connection.beside().is_none() {
            self.might_be_shared.store(false, Ordering::Relaxed);
        } else if self.connections == Connections::Kept {
            let mut idle = self.lock_idle();
            idle.retain(|connection| !connection.is_closed());
            idle.extend((1..STREAMS).filter_map(|_| connection.beside()));
        }
        Ok((connection, true))
    }

    async fn make(&self) -> io::Result<Connection> {
        let stream = self.reach().await?;
        let made = match &self.tls {
            None if self.http2 => Connection::http2(stream, Scheme::HTTP).await,
            None => Connection::http1(stream).await,
            Some(tls) => {
                let connector = TlsConnector::from(tls.config.clone());
                let stream = connector.connect(tls.name.clone(), stream).await?;
                match stream.get_ref().1.alpn_protocol() {
                    Some(b"h2") => Connection::http2(stream, Scheme::HTTPS).await,
                    _ if self.http2 => return Err(io::Error::other("it speaks no HTTP/2")),
                    _ => Connection::http1(stream).await,
                }
            }
        };
        made.map_err(io::Error::other)
    }

    async fn reach(&self) -> io::Result<TcpStream> {
        let addresses = self.target.addresses();
        let first = self.address.load(Ordering::Relaxed);
        let mut failed = io::Error::from(io::ErrorKind::NotFound);
        for index in (0..addresses.len()).map(|step| (first + step) % addresses.len()) {
            match TcpStream::connect(addresses[index]).await {
                Ok(stream) => {
                    self.address.store(index, Ordering::Relaxed);
                    stream.set_nodelay(true)?;
                    return Ok(stream);
                }
                Err(error) => failed = error,
            }
        }
        Err(failed)
    }

    /// The one used last, so that those not needed any more are left alone.
    fn take_idle(&self) -> Option<Connection> {
        self.lock_idle().pop()
    }

    fn lock_idle(&self) -> MutexGuard<'_, Vec<Connection>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn failed(&self, ending: Ending, error: &dyn Error) -> Ending {
        self.failure.get_or_init(|| told(error));
        ending
    }
}

/// An error with what is beneath it, each said once.
fn told(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let beneath = error.to_string();
        if !text.ends_with(&beneath) {
            text = format!("{text}: {beneath}");
        }
        cause = error.source();
    }
    text
}
