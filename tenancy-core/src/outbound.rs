//! Requests to other servers, with a bound on everything.
//!
//! A request has one time for the whole of it, an answer a size; redirects are handed back and not
//! followed, and no proxy is used. Unless allowed, only public addresses are called, so that an address
//! that a tenant gave does not lead into the operator's own network. A name is judged by the addresses
//! that are then connected to.
//!
//! ```
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! use http::Request;
//! use tenancy_core::outbound::{ErrorKind, Outbound};
//!
//! let outbound = Outbound::builder().build()?;
//! let metadata = Request::get("http://169.254.169.254/latest/").body(Default::default())?;
//! let error = outbound.send(metadata).await.unwrap_err();
//! assert_eq!(error.kind(), ErrorKind::InternalAddress);
//! # Ok(())
//! # }
//! ```

mod address;
mod error;
mod exchange;
mod headers;
mod retry_after;

use std::net::IpAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::{Bytes, BytesMut};
use http::uri::Authority;
use http::{HeaderMap, Request, Response};
use reqwest::{Client, redirect};

pub use self::address::is_public;
use self::address::{InternalAddress, PublicOnly};
pub use self::error::{Error, ErrorKind};
pub use self::exchange::Exchange;
pub(crate) use self::exchange::Observer;
use self::headers::Headers;
pub use self::retry_after::retry_after;

/// Sends requests. Cheap to clone; connections are kept and used again.
#[derive(Clone, Debug)]
pub struct Outbound {
    client: Client,
    internal_addresses: bool,
    time_out: Duration,
    answer_bytes_max: usize,
    headers: Option<Headers>,
    observer: Option<Observer>,
}

/// Sets up an [`Outbound`].
#[must_use]
#[derive(Clone, Debug)]
pub struct OutboundBuilder {
    internal_addresses: bool,
    time_out: Duration,
    answer_bytes_max: usize,
    headers: Option<Headers>,
    observer: Option<Observer>,
}

/// How many connections to one server are kept for later.
const IDLE_MAX: usize = 4;

impl Outbound {
    /// Public addresses, ten seconds, and answers of up to 64 KiB, each to be changed.
    pub fn builder() -> OutboundBuilder {
        OutboundBuilder {
            internal_addresses: false,
            time_out: Duration::from_secs(10),
            answer_bytes_max: 64 * 1024,
            headers: None,
            observer: None,
        }
    }

    /// Sends a request and reads the whole answer, whatever its status.
    ///
    /// # Errors
    /// Each of [`ErrorKind`]. After [`TimedOut`](ErrorKind::TimedOut), [`TooLarge`](ErrorKind::TooLarge)
    /// and [`Unreachable`](ErrorKind::Unreachable) the request may have been carried out; where the answer is
    /// too large, [`Error::head`] tells.
    pub async fn send(&self, mut request: Request<Bytes>) -> Result<Response<Bytes>, Error> {
        if let Some(headers) = &self.headers {
            (headers.0)(request.headers_mut());
        }
        let observed = self.observer.as_ref().map(|observer| {
            let host = request.uri().authority();
            let host = host.map_or_else(String::new, server);
            (observer, request.method().clone(), host, Instant::now())
        });
        let exchange = tokio::time::timeout(self.time_out, self.exchange(request));
        let outcome = exchange.await;
        let outcome =
            outcome.unwrap_or_else(|elapsed| Err(Error::new(ErrorKind::TimedOut, elapsed)));
        if let Some((observer, method, host, began)) = observed {
            (observer.0)(&Exchange {
                method: &method,
                host: &host,
                outcome: outcome.as_ref().map(Response::status).map_err(Error::kind),
                time: began.elapsed(),
            });
        }
        outcome
    }

    async fn exchange(&self, request: Request<Bytes>) -> Result<Response<Bytes>, Error> {
        let request = reqwest::Request::try_from(request).map_err(Error::sending)?;
        // As it will be connected to: `http://2130706433` has become 127.0.0.1.
        let host = request.url().host_str().unwrap_or_default();
        let literal: Option<IpAddr> = host.trim_matches(['[', ']']).parse().ok();
        if !self.internal_addresses && literal.is_some_and(|address| !is_public(address)) {
            return Err(Error::new(ErrorKind::InternalAddress, InternalAddress));
        }
        let mut answer = self.client.execute(request).await.map_err(Error::sending)?;
        let mut head = Response::new(());
        *head.status_mut() = answer.status();
        *head.headers_mut() = std::mem::take(answer.headers_mut());
        let mut body = BytesMut::new();
        while let Some(part) = answer.chunk().await.map_err(Error::sending)? {
            if body.len() + part.len() > self.answer_bytes_max {
                return Err(Error::too_large(head, self.answer_bytes_max));
            }
            body.extend_from_slice(&part);
        }
        Ok(head.map(|()| body.freeze()))
    }
}

impl OutboundBuilder {
    /// Lets requests go to this machine and its networks too: for addresses that an operator gave, never
    /// for those that a tenant did.
    pub fn internal_addresses(mut self) -> Self {
        self.internal_addresses = true;
        self
    }

    /// Sets how long a request may take, from the look-up of the name to the end of the answer. Default:
    /// ten seconds.
    pub fn time_out(mut self, time_out: Duration) -> Self {
        self.time_out = time_out;
        self
    }

    /// Sets how large an answer may be. Default: 64 KiB.
    pub fn answer_bytes_max(mut self, bytes: usize) -> Self {
        self.answer_bytes_max = bytes;
        self
    }

    /// Lets a function add to the headers of each request, such as the trace that it belongs to. It is called
    /// by whoever sends, before anything is waited for.
    pub fn headers(mut self, add: impl Fn(&mut HeaderMap) + Send + Sync + 'static) -> Self {
        self.headers = Some(Headers(Arc::new(add)));
        self
    }

    /// Tells of each request once it is over, but for those that are given up by their caller. It is
    /// called while the caller waits for the answer, so it must not wait for anything.
    pub fn observe(mut self, by: impl Fn(&Exchange<'_>) + Send + Sync + 'static) -> Self {
        self.observer = Some(Observer(Arc::new(by)));
        self
    }

    /// Ready to send.
    ///
    /// # Errors
    /// [`Unavailable`](ErrorKind::Unavailable) where the system has no certificates to trust.
    pub fn build(self) -> Result<Outbound, Error> {
        let mut client = Client::builder()
            .redirect(redirect::Policy::none())
            .no_proxy()
            .referer(false)
            .pool_max_idle_per_host(IDLE_MAX);
        if !self.internal_addresses {
            client = client.dns_resolver(Arc::new(PublicOnly));
        }
        let client = client.build();
        Ok(Outbound {
            client: client.map_err(|error| Error::new(ErrorKind::Unavailable, error))?,
            internal_addresses: self.internal_addresses,
            time_out: self.time_out,
            answer_bytes_max: self.answer_bytes_max,
            headers: self.headers,
            observer: self.observer,
        })
    }
}

/// The server that an address is of, without who asks it, which may be a secret.
pub(crate) fn server(authority: &Authority) -> String {
    match authority.port_u16() {
        Some(port) => format!("{}:{port}", authority.host()),
        None => authority.host().to_owned(),
    }
}
