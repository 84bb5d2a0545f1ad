//! Calls of other servers that take long or get no answer.
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
//! end of them. [`observer`](SlowOutgoing::observer) hears of what an `Outbound` and a store of files in S3 send;
//! an alert's e-mail and the events for Sentry take a [`SlowOutgoing`] where they are set up, and whatever else
//! calls servers tells of it by [`SlowOutgoing::hear`].

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use http::StatusCode;
use serde::Serialize;
use tenancy_core::outbound::Exchange;
use tenancy_core::time::Time;

/// Of how many methods and servers is remembered what was slow.
const CAPACITY: usize = 100;

/// The longest name of a server.
const HOST_BYTES_MAX: usize = 253;

/// The longest method.
const METHOD_BYTES_MAX: usize = 32;

/// Slow and failed calls of other servers, in this process's memory. Clones share them.
///
/// Of a hundred servers at the most; the one longest without any gives way.
#[derive(Clone)]
pub struct SlowOutgoing(Arc<Inner>);

struct Inner {
    threshold: Duration,
    kept: Mutex<HashMap<Key, SlowServer>>, // std's: never held across an await
}

/// A method and a server.
type Key = (Box<str>, Box<str>);

/// A call of another server that is over.
#[derive(Clone, Copy, Debug)]
pub struct Call<'a> {
    /// The method, such as `POST`; of what is not HTTP the protocol, such as `SMTP`.
    pub method: &'a str,
    /// The server, with its port where that is not the scheme's, and without who asks it.
    pub host: &'a str,
    /// The answer's status or code, if there was one.
    pub status: Option<u16>,
    /// Whether there was no answer, or one that says that the server could not.
    pub failed: bool,
    /// How long it took, the whole answer included.
    pub time: Duration,
}

/// What calls of a server took that were slow, or failed.
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct SlowServer {
    /// The method, such as `POST`, or the protocol.
    pub method: Box<str>,
    /// The server, with its port where that is not the scheme's.
    pub host: Box<str>,
    /// How many calls were slow.
    pub slow: u64,
    /// How many failed: without an answer, or with a status of 500 or more.
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
    /// Keeps calls that take at least so long.
    pub fn new(threshold: Duration) -> Self {
        Self(Arc::new(Inner {
            threshold,
            kept: Mutex::default(),
        }))
    }

    /// What [`OutboundBuilder::observe`](tenancy_core::outbound::OutboundBuilder::observe) takes.
    pub fn observer(&self) -> impl Fn(&Exchange<'_>) + Send + Sync + use<> {
        let slow = self.clone();
        move |exchange| {
            slow.hear(&Call {
                method: exchange.method.as_str(),
                host: exchange.host,
                status: exchange.outcome.ok().map(|status| status.as_u16()),
                failed: exchange
                    .outcome
                    .as_ref()
                    .map_or(true, StatusCode::is_server_error),
                time: exchange.time,
            });
        }
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

    /// Counts a call, if it was slow or failed.
    pub fn hear(&self, call: &Call<'_>) {
        let is_slow = call.time >= self.0.threshold;
        if !is_slow && !call.failed {
            return;
        }
        let host = &call.host[..call.host.floor_char_boundary(HOST_BYTES_MAX)];
        let method = &call.method[..call.method.floor_char_boundary(METHOD_BYTES_MAX)];
        let now = Time::now();
        self.with(|kept| {
            let key: Key = (method.into(), host.into());
            if kept.len() >= CAPACITY && !kept.contains_key(&key) {
                let oldest = kept.iter().min_by_key(|(_, server)| server.last_at);
                if let Some(oldest) = oldest.map(|(key, _)| key.clone()) {
                    kept.remove(&oldest);
                }
            }
            let server = kept.entry(key).or_insert_with(|| SlowServer {
                method: method.into(),
                host: host.into(),
                slow: 0,
                failures: 0,
                total: Duration::ZERO,
                longest: Duration::ZERO,
                status: None,
                last_at: now,
            });
            server.slow += u64::from(is_slow);
            server.failures += u64::from(call.failed);
            server.total += call.time;
            server.longest = server.longest.max(call.time);
            server.status = call.status;
            server.last_at = now;
        });
    }

    fn with<T>(&self, work: impl FnOnce(&mut HashMap<Key, SlowServer>) -> T) -> T {
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
