use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use http::{HeaderMap, StatusCode, Uri};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

/// An HTTP server that notes what it is sent, and answers as it is told.
pub(super) struct Sink {
    address: SocketAddr,
    kept: Arc<Kept>,
    serving: JoinHandle<()>,
}

#[derive(Default)]
struct Kept {
    requests: Mutex<Vec<Received>>,
    answers: Mutex<VecDeque<Answer>>,
}

/// What it was sent.
#[derive(Clone, Debug)]
pub(super) struct Received {
    pub(super) headers: HeaderMap,
    pub(super) body: Bytes,
}

/// What it answers next; when there is nothing, 200.
#[derive(Clone, Copy, Debug)]
pub(super) enum Answer {
    Never,
    Status(u16),
    Wait(u16, &'static str),
    /// With more words than anybody reads.
    Wordy(u16),
}

impl Sink {
    pub(super) async fn start() -> Self {
        let kept = Arc::<Kept>::default();
        let app = Router::new().fallback(take).with_state(kept.clone());
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let serving = tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
        Self {
            address,
            kept,
            serving,
        }
    }

    pub(super) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    pub(super) fn answers(&self, answers: impl IntoIterator<Item = Answer>) {
        self.kept.answers.lock().unwrap().extend(answers);
    }

    pub(super) fn received(&self) -> Vec<Received> {
        self.kept.requests.lock().unwrap().clone()
    }

    /// Takes no more connections, and breaks those that there are.
    pub(super) async fn die(&mut self) {
        self.serving.abort();
        let _ = (&mut self.serving).await;
    }
}

impl Received {
    pub(super) fn header(&self, name: &str) -> &str {
        self.headers[name].to_str().unwrap()
    }

    pub(super) fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).unwrap()
    }
}

async fn take(State(kept): State<Arc<Kept>>, _: Uri, headers: HeaderMap, body: Bytes) -> Response {
    let answer = kept.answers.lock().unwrap().pop_front();
    kept.requests
        .lock()
        .unwrap()
        .push(Received { headers, body });
    let status = |code: u16| StatusCode::from_u16(code).unwrap();
    match answer {
        None => StatusCode::OK.into_response(),
        Some(Answer::Never) => std::future::pending().await,
        Some(Answer::Status(code)) => status(code).into_response(),
        Some(Answer::Wordy(code)) => (status(code), "x".repeat(200_000)).into_response(),
        Some(Answer::Wait(code, wait)) => (status(code), [("retry-after", wait)]).into_response(),
    }
}
