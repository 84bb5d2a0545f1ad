//! The HTTP server: connections with time-outs and a bound, and an end that lets requests finish.

mod body;
mod descriptors;
mod head;
mod linger;
mod peers;

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::{DefaultBodyLimit, State};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse as _, Response};
use http::header::HOST;
use http::{Method, Request, StatusCode};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use tenancy_cache::EdgeFollower;
use tenancy_core::client_address::PeerAddress;
use tenancy_core::journal::Worker;
use tenancy_observability::health::HealthLayer;
use tenancy_observability::layer::{PerformanceLayer, ReceivedBodyLayer};
use tenancy_security::diagnosis::{Concern, diagnose};
use tenancy_security::stack::SecurityStack;
use tokio::net::{TcpListener, TcpStream};
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio_io_timeout::TimeoutStream;
use tower::ServiceExt as _;
use tower_http::catch_panic::CatchPanicLayer;

use self::body::bound_body;
pub(crate) use self::descriptors::connections;
use self::head::{HeadLimits, bound_head};
use self::linger::Lingering;
use self::peers::{Counted, Peers};
use crate::alerts;
use crate::background::Beside;
use crate::blocks::{self, Follower};
use crate::config::{Config, Http};
use crate::control;
use crate::defence;
use crate::edge::Cdn;
use crate::failure::Failure;
use crate::health;
use crate::measure;
use crate::media;
use crate::performance;
use crate::platform::Platform;
use crate::servers;
use crate::site;
use crate::slow_queries;
use crate::threats;

/// Takes the address that the server will listen on.
pub(crate) async fn bind(platform: &Platform) -> Result<TcpListener, Failure> {
    let address = platform.config().listen;
    let bound = TcpListener::bind(address).await;
    bound.map_err(|error| Failure::from(error).context(format_args!("cannot listen on {address}")))
}

/// Everything that answers, put together, with what counts its requests if they count.
pub(crate) fn app(platform: &Platform, measured: Option<&PerformanceLayer>) -> Router {
    let stack = defence::stack(platform);
    bounded(
        site::app(platform, &stack),
        platform.config(),
        &stack,
        measured,
        &health::layer(platform),
    )
}

/// Answers requests until the process is asked to end, then lets those in flight finish.
pub(crate) async fn serve(platform: &Platform, listener: TcpListener) -> Result<(), Failure> {
    let http = platform.config().http.clone();
    let worker = journal_worker(platform)?;
    platform.blobs().map_err(|error| {
        Failure::from(error).context("cannot keep uploaded files; see media.folder")
    })?;
    let connections_max = connections(platform.config())?;
    say_concerns(platform).await;
    let performance = platform.performance();
    let app = app(platform, performance.layer());
    let pushers = measure::pushers(platform)?;
    let connections = Arc::new(Semaphore::new(connections_max));
    let each_max = http.client_connections_max.map(|max| max.count());
    let each_max = each_max.unwrap_or_else(|| peers::share(connections_max));
    let peers = Peers::new(each_max, defence::proxies(platform.config()));
    let graceful = GracefulShutdown::new();
    // Nobody who is blocked is served first.
    Follower::begin(platform).await;
    let mut beside = beside(platform, worker);
    let mut counting = Beside::new();
    for pusher in &pushers {
        counting.keep("push of metrics", pusher, measure::push);
    }
    if performance.layer().is_some() && !platform.config().performance.unkept {
        counting.keep("reports", performance, performance::keep);
    }
    let terminate = signal(SignalKind::terminate())?;
    let interrupt = signal(SignalKind::interrupt())?;
    let mut noticed = pin!(notice_end(platform, terminate, interrupt));
    platform.health().started();
    loop {
        let permit = tokio::select! {
            permit = connections.clone().acquire_owned() => permit?,
            () = &mut noticed => break,
        };
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = &mut noticed => break,
        };
        match accepted {
            Ok((stream, peer)) => {
                let Some(counted) = peers.admit(peer.ip()) else {
                    continue;
                };
                let peer = PeerAddress(peer.ip());
                connect(stream, peer, &app, &http, &graceful, (permit, counted));
            }
            Err(error) => {
                // Out of file descriptors, mostly: closing connections is what helps.
                tracing::warn!(%error, "a connection could not be accepted");
                tokio::time::sleep(std::time::Duration::from_millis(50)).await;
            }
        }
    }
    drop(listener);
    tracing::info!("ending: letting requests finish");
    let drained = async { tokio::join!(graceful.shutdown(), beside.finish()) };
    if tokio::time::timeout(http.drain_time(), drained)
        .await
        .is_err()
    {
        tracing::warn!("some requests, or the journal, did not finish in time and were cut off");
    }
    // The last requests are counted by now. Each of them bounds how long it goes on.
    counting.finish().await;
    Ok(())
}

/// Waits until the process is asked to end, says so to those who ask whether to send requests, and gives
/// them the time to find out. Asked once more, it waits no longer.
async fn notice_end(platform: &Platform, mut terminate: Signal, mut interrupt: Signal) {
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
    platform.health().drain();
    let notice = platform.config().notice();
    if !notice.is_zero() {
        tracing::info!(?notice, "ending: new requests are taken a little longer");
    }
    tokio::select! {
        () = tokio::time::sleep(notice) => {}
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
}

/// Numbers the journal's entries and hands them over until the end, and then finishes the step
/// it is at.
async fn keep_journal(worker: Arc<Worker>, mut until: watch::Receiver<bool>) {
    let end = async move { drop(until.wait_for(|ended| *ended).await) };
    worker.run_until(end).await;
}

/// Begins what goes on beside the requests.
fn beside(platform: &Platform, worker: Worker) -> Beside {
    let mut beside = Beside::new();
    beside.keep("commands", platform, control::listen);
    beside.keep("journal", &Arc::new(worker), keep_journal);
    beside.keep("blocks", platform, blocks::keep);
    beside.keep("media", platform, media::keep_swept);
    beside.keep("threats", platform, threats::keep);
    beside.keep("servers", platform, servers::keep);
    beside.keep("slow statements", platform, slow_queries::keep);
    beside.keep("health", platform, health::keep_fresh);
    if platform.config().alerts.enabled {
        beside.keep("alerts", platform, alerts::keep);
    }
    beside
}

/// Says in the log what is wrong with the layers before the doors open.
async fn say_concerns(platform: &Platform) {
    for concern in concerns(platform).await {
        tracing::warn!(code = concern.code(), "{}", concern.says());
    }
}

/// What is wrong with the layers. The requests that tell are nobody's, so none is counted.
pub(crate) async fn concerns(platform: &Platform) -> Vec<Concern> {
    match diagnose(app(platform, None), || front_page(platform)).await {
        Ok(concerns) => concerns,
        Err(never) => match never {},
    }
}

/// A request for the platform's own page.
pub(crate) fn front_page(platform: &Platform) -> Request<Body> {
    let host = platform.config().base_domain().to_string();
    let request = Request::get("/").header(HOST, host).body(Body::empty());
    request.expect("a host is a header's value")
}

/// What follows the journal: the CDN, where there is one.
fn journal_worker(platform: &Platform) -> Result<Worker, Failure> {
    let worker = Worker::builder(platform.database(), platform.tenants());
    let edge = &platform.config().edge;
    let Some(cdn) = Cdn::of(
        edge,
        platform.edge_tags(),
        platform.performance().outgoing(),
    )?
    else {
        return Ok(worker.build());
    };
    let attempts = u32::try_from(edge.purge_attempts.get()).unwrap_or(u32::MAX);
    let follower = EdgeFollower::new(cdn).attempts(attempts);
    Ok(worker.consumer(follower).build())
}

/// How long a request may take: an upload longer than others.
#[derive(Clone, Copy, Debug)]
struct Times {
    request: Duration,
    upload: Duration,
}

async fn bound_time(State(times): State<Times>, request: Request<Body>, next: Next) -> Response {
    let is_upload = request.method() == Method::POST && request.uri().path() == "/api/media";
    let time = if is_upload {
        times.upload
    } else {
        times.request
    };
    let answered = tokio::time::timeout(time, next.run(request)).await;
    answered.unwrap_or_else(|_| StatusCode::REQUEST_TIMEOUT.into_response())
}

/// `app` within its bounds, whatever happens inside.
fn bounded(
    app: Router,
    config: &Config,
    stack: &SecurityStack,
    measured: Option<&PerformanceLayer>,
    health: &HealthLayer,
) -> Router {
    let http = &config.http;
    let times = Times {
        request: http.request_time(),
        upload: config.media.upload_time(),
    };
    let app = app
        .layer(middleware::from_fn_with_state(
            HeadLimits::of(http),
            bound_head,
        ))
        .layer(DefaultBodyLimit::max(http.body_bytes_max.count()))
        .layer((
            ReceivedBodyLayer,
            middleware::from_fn_with_state(http.body_time(), bound_body),
        ))
        .layer(middleware::from_fn_with_state(times, bound_time))
        .layer(CatchPanicLayer::new());
    site::finish(app, config, stack, measured, health)
}

fn connect(
    stream: TcpStream,
    peer: PeerAddress,
    app: &Router,
    http: &Http,
    graceful: &GracefulShutdown,
    place: (OwnedSemaphorePermit, Counted),
) {
    // HTTP/1 only: telling the versions apart waits for a client's first bytes without a limit.
    let mut builder = http1::Builder::new();
    builder
        .timer(TokioTimer::new())
        .header_read_timeout(http.header_time())
        // What hyper refuses, it refuses without a word: it has the last of two limits.
        .max_headers(2 * http.headers_max.count())
        .max_buf_size(2 * http.header_bytes_max.count());
    let service = app
        .clone()
        .map_request(move |mut request: Request<Incoming>| {
            request.extensions_mut().insert(peer);
            request.map(Lingering::new)
        });
    // A request's time ends with its answer's head; whoever does not read the rest ends here.
    let mut stream = TimeoutStream::new(stream);
    stream.set_write_timeout(Some(http.write_time()));
    let stream = TokioIo::new(Box::pin(stream));
    let connection = builder.serve_connection(stream, TowerToHyperService::new(service));
    let connection = graceful.watch(connection);
    tokio::spawn(async move {
        let _place = place;
        if let Err(error) = connection.await {
            tracing::debug!(%error, "a connection ended early");
        }
    });
}

#[cfg(test)]
mod tests;
