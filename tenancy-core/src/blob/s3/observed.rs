use std::sync::Arc;
use std::time::Instant;

use async_trait::async_trait;
use object_store::ClientOptions;
use object_store::client::{
    HttpClient, HttpConnector, HttpError, HttpErrorKind, HttpRequest, HttpResponse, HttpService,
    ReqwestConnector,
};

use crate::outbound::{ErrorKind, Exchange, Observer, server};

/// Makes clients whose requests somebody hears of.
#[derive(Debug)]
pub(super) struct ObservedConnector {
    inner: ReqwestConnector,
    observer: Observer,
}

#[derive(Debug)]
struct Observed {
    inner: HttpClient,
    observer: Observer,
}

impl ObservedConnector {
    pub(super) fn new(by: impl Fn(&Exchange<'_>) + Send + Sync + 'static) -> Self {
        Self {
            inner: ReqwestConnector::default(),
            observer: Observer(Arc::new(by)),
        }
    }
}

impl HttpConnector for ObservedConnector {
    fn connect(&self, options: &ClientOptions) -> object_store::Result<HttpClient> {
        Ok(HttpClient::new(Observed {
            inner: self.inner.connect(options)?,
            observer: self.observer.clone(),
        }))
    }
}

#[async_trait]
impl HttpService for Observed {
    async fn call(&self, request: HttpRequest) -> Result<HttpResponse, HttpError> {
        let method = request.method().clone();
        let host = request.uri().authority().map_or_else(String::new, server);
        let began = Instant::now();
        let answer = self.inner.execute(request).await;
        (self.observer.0)(&Exchange {
            method: &method,
            host: &host,
            outcome: answer.as_ref().map(HttpResponse::status).map_err(kind),
            time: began.elapsed(),
        });
        answer
    }
}

fn kind(error: &HttpError) -> ErrorKind {
    match error.kind() {
        HttpErrorKind::Timeout => ErrorKind::TimedOut,
        _ => ErrorKind::Unreachable,
    }
}
