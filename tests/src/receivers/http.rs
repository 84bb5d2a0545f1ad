use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use http::{HeaderMap, StatusCode, Uri};
use serde_json::Value;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::timeout;

/// Longer than anything takes that is sent at all, on any machine.
const PATIENCE: Duration = Duration::from_secs(60);

/// An HTTP server that notes what it is sent, and answers as it is told.
#[derive(Debug)]
pub struct HttpReceiver {
    address: SocketAddr,
    kept: Arc<Kept>,
    serving: JoinHandle<()>,
}

#[derive(Debug, Default)]
struct Kept {
    requests: watch::Sender<Vec<Received>>,
    next: Mutex<VecDeque<Answer>>,
    otherwise: Mutex<Option<Answer>>,
}

/// What it was sent.
#[derive(Clone, Debug)]
pub struct Received {
    /// The path, with its query.
    pub uri: Uri,
    /// The headers.
    pub headers: HeaderMap,
    /// The body.
    pub body: Bytes,
}

/// What it answers.
#[derive(Clone, Copy, Debug)]
pub enum Answer {
    /// Nothing at all.
    Never,
    /// A status.
    Status(u16),
    /// A status, and how long to wait before trying again.
    Wait(u16, &'static str),
    /// A status with some bytes.
    With(u16, &'static [u8]),
    /// A status with more words than anybody reads.
    Wordy(u16),
}

impl HttpReceiver {
    /// One that answers 200.
    ///
    /// # Panics
    /// When no port is free.
    pub async fn start() -> Self {
        let kept = Arc::<Kept>::default();
        let app = Router::new().fallback(take).with_state(kept.clone());
        let listener = TcpListener::bind("127.0.0.1:0").await;
        let listener = listener.expect("a port is free");
        let address = listener.local_addr().expect("a listener has an address");
        let serving = tokio::spawn(async move {
            axum::serve(listener, app)
                .await
                .expect("it serves for ever");
        });
        Self {
            address,
            kept,
            serving,
        }
    }

    /// Where it takes this path, as it does all others.
    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// The host and port of its address.
    pub fn authority(&self) -> String {
        self.address.to_string()
    }

    /// Gives these answers next, before those that it gives to all.
    pub fn answers(&self, answers: impl IntoIterator<Item = Answer>) {
        let mut next = self
            .kept
            .next
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        next.extend(answers);
    }

    /// Gives this answer to all from now on.
    pub fn always_answers(&self, answer: Answer) {
        let otherwise = self.kept.otherwise.lock();
        *otherwise.unwrap_or_else(PoisonError::into_inner) = Some(answer);
    }

    /// What it was sent until now.
    pub fn received(&self) -> Vec<Received> {
        self.kept.requests.borrow().clone()
    }

    /// Waits for so many requests, and gives all that there are.
    ///
    /// # Panics
    /// When they do not come within a minute.
    pub async fn until(&self, count: usize) -> Vec<Received> {
        let mut requests = self.kept.requests.subscribe();
        let enough = timeout(PATIENCE, requests.wait_for(|all| all.len() >= count)).await;
        match enough {
            Ok(Ok(all)) => all.clone(),
            _ => panic!("{count} requests, and there are {:?}", self.received()),
        }
    }

    /// Takes no more connections, and breaks those that there are.
    pub async fn die(&mut self) {
        self.serving.abort();
        let _ = (&mut self.serving).await;
    }
}

impl Received {
    /// A header that it has.
    ///
    /// # Panics
    /// When it has none of this name, or that is no text.
    pub fn header(&self, name: &str) -> &str {
        let value = self.headers.get(name);
        let value = value.unwrap_or_else(|| panic!("no {name} in {:?}", self.headers));
        value.to_str().expect("it is a text")
    }

    /// The body as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The body as JSON.
    ///
    /// # Panics
    /// When it is none.
    pub fn json(&self) -> Value {
        let read = serde_json::from_slice(&self.body);
        read.unwrap_or_else(|error| panic!("{error}: {}", self.text()))
    }
}

async fn take(
    State(kept): State<Arc<Kept>>,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let next = kept
        .next
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .pop_front();
    let otherwise = *kept
        .otherwise
        .lock()
        .unwrap_or_else(PoisonError::into_inner);
    let received = Received { uri, headers, body };
    kept.requests.send_modify(|all| all.push(received));
    let status = |code: u16| StatusCode::from_u16(code).expect("a test names a status");
    match next.or(otherwise) {
        None => StatusCode::OK.into_response(),
        Some(Answer::Never) => std::future::pending().await,
        Some(Answer::Status(code)) => status(code).into_response(),
        Some(Answer::With(code, bytes)) => (status(code), bytes).into_response(),
        Some(Answer::Wordy(code)) => (status(code), "x".repeat(200_000)).into_response(),
        Some(Answer::Wait(code, wait)) => (status(code), [("retry-after", wait)]).into_response(),
    }
}
