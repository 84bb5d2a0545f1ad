use std::error::Error as _;

use bytes::Bytes;
use http::header::{CONNECTION, HOST};
use http::uri::{Authority, PathAndQuery, Scheme, Uri};
use http::{Request, Response};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::client::conn::{http1, http2};
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::io::{AsyncRead, AsyncWrite};

/// The right to send one request at a time over a connection.
#[derive(Debug)]
pub(super) enum Connection {
    Http1(http1::SendRequest<Full<Bytes>>),
    /// One of many streams.
    Http2(http2::SendRequest<Full<Bytes>>, Scheme),
}

/// A request without an answer.
#[derive(Debug)]
pub(super) struct Unanswered {
    /// The request, where the server has not seen it or says that it did nothing about it.
    pub(super) unsent: Option<Request<Full<Bytes>>>,
    pub(super) error: hyper::Error,
}

/// So many requests are under way on a connection of HTTP/2 at once: what every server should allow, says
/// RFC 9113.
pub(super) const STREAMS: usize = 100;

impl Connection {
    pub(super) async fn http1(
        stream: impl AsyncRead + AsyncWrite + Send + Unpin + 'static,
    ) -> hyper::Result<Self> {
        let (sender, driver) = http1::handshake(TokioIo::new(stream)).await?;
        // Ends with the connection; what becomes of requests on it they hear themselves.
        tokio::spawn(driver);
        Ok(Self::Http1(sender))
    }

    pub(super) async fn http2(
        stream: impl AsyncRead + AsyncWrite + Send + Unpin + 'static,
        scheme: Scheme,
    ) -> hyper::Result<Self> {
        let handshake = http2::handshake(TokioExecutor::new(), TokioIo::new(stream));
        let (sender, driver) = handshake.await?;
        tokio::spawn(driver);
        Ok(Self::Http2(sender, scheme))
    }

    /// The right to another request beside this one's; none where they come one after the other.
    pub(super) fn beside(&self) -> Option<Self> {
        match self {
            Self::Http1(_) => None,
            Self::Http2(sender, scheme) => Some(Self::Http2(sender.clone(), scheme.clone())),
        }
    }

    pub(super) fn is_closed(&self) -> bool {
        match self {
            Self::Http1(sender) => sender.is_closed(),
            Self::Http2(sender, _) => sender.is_closed(),
        }
    }

    /// Waits until a request can be sent, and tells whether one ever can.
    pub(super) async fn is_ready(&mut self) -> bool {
        match self {
            Self::Http1(sender) => sender.ready().await.is_ok(),
            Self::Http2(sender, _) => sender.ready().await.is_ok(),
        }
    }

    pub(super) async fn send(
        &mut self,
        request: Request<Full<Bytes>>,
    ) -> Result<Response<Incoming>, Unanswered> {
        match self {
            Self::Http1(sender) => {
                let sent = sender.try_send_request(request).await;
                sent.map_err(|mut error| Unanswered {
                    unsent: error.take_message(),
                    error: error.into_error(),
                })
            }
            Self::Http2(sender, scheme) => {
                let kept = request.clone();
                let sent = sender.try_send_request(absolute(request, scheme)).await;
                sent.map_err(|mut error| {
                    let unseen = error.take_message().is_some();
                    let error = error.into_error();
                    Unanswered {
                        unsent: (unseen || is_refusal(&error)).then_some(kept),
                        error,
                    }
                })
            }
        }
    }
}

/// HTTP/2 has no `Host`: it is part of the address.
fn absolute(mut request: Request<Full<Bytes>>, scheme: &Scheme) -> Request<Full<Bytes>> {
    let host = request.headers().get(HOST);
    let authority = host.and_then(|host| Authority::try_from(host.as_bytes()).ok());
    if let Some(authority) = authority {
        let path = request.uri().path_and_query().cloned();
        let address = Uri::builder()
            .scheme(scheme.clone())
            .authority(authority)
            .path_and_query(path.unwrap_or(PathAndQuery::from_static("/")))
            .build();
        if let Ok(address) = address {
            *request.uri_mut() = address;
            request.headers_mut().remove(HOST);
        }
    }
    // It has a way of its own to end a connection.
    request.headers_mut().remove(CONNECTION);
    request
}

/// Whether the server says that it has done nothing about a request. Many close a connection after some
/// thousand requests, and then refuse what is under way to them.
fn is_refusal(error: &hyper::Error) -> bool {
    let cause = error.source().and_then(|cause| cause.downcast_ref());
    cause.is_some_and(|cause: &h2::Error| {
        cause.is_remote()
            && match cause.reason() {
                Some(h2::Reason::NO_ERROR) => cause.is_go_away(),
                reason => reason == Some(h2::Reason::REFUSED_STREAM),
            }
    })
}
