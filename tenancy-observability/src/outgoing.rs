//! Requests to other servers that take long or get no answer.
//!
//! ```
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! use std::time::Duration;
//!
//! use http::Request;
//! use tenancy_core::outbound::Outbound;
//! use tenancy_observability::outgoing::SlowOutgoing;
//!
//! let slow = SlowOutgoing::new(Duration::from_secs(1));
//! let outbound = Outbound::builder().observe(slow.observer()).build()?;
//! let metadata = Request::get("http://169.254.169.254/latest/?token=secret").body(Default::default())?;
//! assert!(outbound.send(metadata).await.is_err());
//! assert_eq!((&*slow.worst(1)[0].host, slow.worst(1)[0].failures), ("169.254.169.254", 1));
//! # Ok(())
//! # }
//! ```
//!
//! A request is known by its method and the server it was for: paths and queries hold secrets, and there is no
//! end of them.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use http::{Method, StatusCode};
use serde::Serialize;
use tenancy_core::outbound::Exchange;
use tenancy_core::time::Time;

/// Of how many methods and servers is remembered what was slow.
const CAPACITY: usize = 100;

/// The longest name of a server.
const HOST_BYTES_MAX: usize = 253;

/// Slow and failed requests to other servers, in this process's memory. Clones share them.
///
/// Of a hundred servers at the most; the one longest without any gives way.
#[derive(Clone)]
pub struct SlowOutgoing(Arc<Inner>);

struct Inner {
    threshold: Duration,
    kept: Mutex<HashMap<(Method, Box<str>), SlowServer>>, // std's: never held across an await
}

/// What requests to a server took that were slow, or failed.
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct SlowServer {
    /// The method, such as `POST`.
    pub method: Box<str>,
    /// The server, with its port where that is not the scheme's.
    pub host: Box<str>,
    /// How many requests were slow.
    pub slow: u64,
    /// How many got no answer, or a status of 500 or more.
    pub failures: u64,
    /// The time of all of these.
    pub total: Duration,
    /// The longest of them.
    pub longest: Duration,
    /// The last answer's status, if there was one.
    pub status: Option<u16>,
    /// When the last of them ended.
    pub last_at: Time,
}

impl SlowOutgoing {
    /// Keeps requests that take at least so long.
    pub fn new(threshold: Duration) -> Self {
        Self(Arc::new(Inner {
            threshold,
            kept: Mutex::default(),
        }))
    }

    /// What [`OutboundBuilder::observe`](tenancy_core::outbound::OutboundBuilder::observe) takes.
    pub fn observer(&self) -> impl Fn(&Exchange<'_>) + Send + Sync + use<> {
        let slow = self.clone();
        move |exchange| slow.hear(exchange)
    }

    /// The servers that took the most time, the worst of them first.
    pub fn worst(&self, count: usize) -> Vec<SlowServer> {
        let mut all: Vec<SlowServer> = self.with(|kept| kept.values().cloned().collect());
        all.sort_by(|one, other| {
            let names = (&one.host, &one.method).cmp(&(&other.host, &other.method));
            other.total.cmp(&one.total).then(names)
        });
        all.truncate(count);
        all
    }

    fn hear(&self, exchange: &Exchange<'_>) {
        let is_slow = exchange.time >= self.0.threshold;
        let failed = exchange
            .outcome
            .map_or(true, |status| status.is_server_error());
        if !is_slow && !failed {
            return;
        }
        let host = &exchange.host[..exchange.host.floor_char_boundary(HOST_BYTES_MAX)];
        let now = Time::now();
        self.with(|kept| {
            let key = (exchange.method.clone(), host.into());
            if kept.len() >= CAPACITY && !kept.contains_key(&key) {
                let oldest = kept.iter().min_by_key(|(_, server)| server.last_at);
                if let Some(oldest) = oldest.map(|(key, _)| key.clone()) {
                    kept.remove(&oldest);
                }
            }
            let server = kept.entry(key).or_insert_with(|| SlowServer {
                method: exchange.method.as_str().into(),
                host: host.into(),
                slow: 0,
                failures: 0,
                total: Duration::ZERO,
                longest: Duration::ZERO,
                status: None,
                last_at: now,
            });
            server.slow += u64::from(is_slow);
            server.failures += u64::from(failed);
            server.total += exchange.time;
            server.longest = server.longest.max(exchange.time);
            server.status = exchange
                .outcome
                .ok()
                .map(|status: StatusCode| status.as_u16());
            server.last_at = now;
        });
    }

    fn with<T>(&self, work: impl FnOnce(&mut HashMap<(Method, Box<str>), SlowServer>) -> T) -> T {
        // A panic leaves at most numbers of one request that do not agree.
        let mut kept = self.0.kept.lock().unwrap_or_else(PoisonError::into_inner);
        work(&mut kept)
    }
}

impl fmt::Debug for SlowOutgoing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SlowOutgoing")
            .field("threshold", &self.0.threshold)
            .finish_non_exhaustive()
    }
}
