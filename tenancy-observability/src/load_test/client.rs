use std::io;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use bytes::Bytes;
use http::header::{CONNECTION, HOST, USER_AGENT};
use http::{HeaderValue, Request};
use http_body_util::{BodyExt as _, Full};
use hyper::client::conn::http1::{self, SendRequest};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

use super::{Caller, Ending, Target};

/// Sends requests to one server, over as many connections as are in use at once.
///
/// hyper's own connection under a stack of idle ones: a client with a pool, redirects and cookies would
/// spend the time that is measured.
#[derive(Debug)]
pub(crate) struct Client {
    target: Target,
    connections: Connections,
    idle: Mutex<Vec<SendRequest<Full<Bytes>>>>,
    /// The address that was reached last.
    address: AtomicUsize,
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
    pub(crate) fn new(target: Target, connections: Connections) -> Self {
        Self {
            target,
            connections,
            idle: Mutex::default(),
            address: AtomicUsize::new(0),
        }
    }

    /// Sends a request and reads the whole answer.
    pub(crate) async fn send(&self, request: Request<Bytes>, caller: &Caller) -> Ending {
        let mut request = self.addressed(request, caller);
        while let Some(mut connection) = self.take_idle() {
            if connection.ready().await.is_err() {
                continue;
            }
            match connection.try_send_request(request).await {
                Ok(answer) => return self.read(answer, connection).await,
                // The server had closed it while nobody looked, and has seen nothing of the request.
                Err(mut error) => match error.take_message() {
                    Some(unsent) => request = unsent,
                    None => return Ending::Broken,
                },
            }
        }
        let Ok(mut connection) = self.connect().await else {
            return Ending::Unreachable;
        };
        match connection.send_request(request).await {
            Ok(answer) => self.read(answer, connection).await,
            Err(_) => Ending::Broken,
        }
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
        connection: SendRequest<Full<Bytes>>,
    ) -> Ending {
        let status = answer.status().as_u16();
        let mut body = answer.into_body();
        let mut bytes = 0;
        while let Some(frame) = body.frame().await {
            let Ok(frame) = frame else {
                return Ending::Broken;
            };
            bytes += frame.data_ref().map_or(0, Bytes::len) as u64;
        }
        if self.connections == Connections::Kept && !connection.is_closed() {
            self.lock_idle().push(connection);
        }
        Ending::Answered { status, bytes }
    }

    async fn connect(&self) -> io::Result<SendRequest<Full<Bytes>>> {
        let addresses = self.target.addresses();
        let first = self.address.load(Ordering::Relaxed);
        let mut failed = io::Error::from(io::ErrorKind::NotFound);
        for index in (0..addresses.len()).map(|step| (first + step) % addresses.len()) {
            match TcpStream::connect(addresses[index]).await {
                Ok(stream) => {
                    self.address.store(index, Ordering::Relaxed);
                    stream.set_nodelay(true)?;
                    let made = http1::handshake(TokioIo::new(stream)).await;
                    let (connection, driver) = made.map_err(io::Error::other)?;
                    // Ends with the connection; what becomes of requests on it they hear themselves.
                    tokio::spawn(driver);
                    return Ok(connection);
                }
                Err(error) => failed = error,
            }
        }
        Err(failed)
    }

    /// The one used last, so that those not needed any more are left alone.
    fn take_idle(&self) -> Option<SendRequest<Full<Bytes>>> {
        self.lock_idle().pop()
    }

    fn lock_idle(&self) -> std::sync::MutexGuard<'_, Vec<SendRequest<Full<Bytes>>>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
