use std::num::NonZeroU64;
use std::time::Duration;

use super::client::Connections;
use super::endpoint::Call;
use super::mix::{Mix, ROUND_MAX};
use super::{Caller, Endpoint, Model, Target};

/// More endpoints would take more memory than a run may.
pub const ENDPOINTS_MAX: usize = 32;

/// What will be sent where, when, and as whom.
#[derive(Debug)]
pub struct LoadTest {
    pub(crate) target: Target,
    pub(crate) model: Model,
    pub(crate) endpoints: Vec<Endpoint>,
    pub(crate) callers: Vec<Caller>,
    pub(crate) duration: Duration,
    pub(crate) requests: Option<u64>,
    pub(crate) time_out: Duration,
    pub(crate) connections: Connections,
    pub(crate) http2: bool,
    pub(crate) mix: Mix,
}

/// Sets up a [`LoadTest`].
#[must_use]
#[derive(Debug)]
pub struct LoadTestBuilder {
    target: Target,
    model: Model,
    endpoints: Vec<Endpoint>,
    callers: Vec<Caller>,
    duration: Duration,
    requests_per_endpoint: Option<NonZeroU64>,
    time_out: Duration,
    connections: Connections,
    http2: bool,
}

/// Why a [`LoadTest`] cannot be run.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidLoadTest {
    /// Two are called the same.
    #[error("two endpoints, or two callers, are called {0}")]
    Ambiguous(String),
    /// Nothing would be sent.
    #[error("there is no endpoint to send requests to")]
    NoEndpoint,
    /// There are too many.
    #[error("there are {0} endpoints, and {ENDPOINTS_MAX} at most are measured at once")]
    TooManyEndpoints(usize),
    /// What would be sent is no request.
    #[error("what {endpoint} would send as {caller} is no request: {source}")]
    Unsendable {
        /// The endpoint.
        endpoint: String,
        /// As whom.
        caller: String,
        /// What is wrong with it.
        source: http::Error,
    },
    /// The weights have next to nothing in common.
    #[error("the weights make a round of more than {ROUND_MAX} requests; choose smaller ones")]
    Weights,
}

impl LoadTest {
    /// Ten seconds of requests with a time-out of ten seconds each, over connections that are kept, as
    /// nobody in particular; each to be changed.
    pub fn builder(target: Target, model: Model) -> LoadTestBuilder {
        LoadTestBuilder {
            target,
            model,
            endpoints: vec![],
            callers: vec![],
            duration: Duration::from_secs(10),
            requests_per_endpoint: None,
            time_out: Duration::from_secs(10),
            connections: Connections::default(),
            http2: false,
        }
    }
}

impl LoadTestBuilder {
    /// Adds an endpoint.
    pub fn endpoint(mut self, endpoint: Endpoint) -> Self {
        self.endpoints.push(endpoint);
        self
    }

    /// Adds somebody as whom requests are sent, in turn with the others.
    pub fn caller(mut self, caller: Caller) -> Self {
        self.callers.push(caller);
        self
    }

    /// Sets how long the run takes at most. Default: ten seconds.
    pub fn duration(mut self, duration: Duration) -> Self {
        self.duration = duration;
        self
    }

    /// Ends the run when so many requests were sent for each endpoint, by their weights. Default: only
    /// time ends it.
    pub fn requests_per_endpoint(mut self, requests: NonZeroU64) -> Self {
        self.requests_per_endpoint = Some(requests);
        self
    }

    /// Sets how long an answer is waited for. Default: ten seconds.
    pub fn time_out(mut self, time_out: Duration) -> Self {
        self.time_out = time_out;
        self
    }

    /// Sets whether connections are kept. Default: they are.
    pub fn connections(mut self, connections: Connections) -> Self {
        self.connections = connections;
        self
    }

    /// Speaks HTTP/2 and nothing else, in the clear as well. Default: HTTP/1.1, and over TLS what the
    /// server prefers.
    pub fn http2(mut self) -> Self {
        self.http2 = true;
        self
    }

    /// Looks at all of it before anything is sent.
    ///
    /// # Errors
    /// Each of [`InvalidLoadTest`].
    pub fn build(mut self) -> Result<LoadTest, InvalidLoadTest> {
        if self.endpoints.is_empty() {
            return Err(InvalidLoadTest::NoEndpoint);
        }
        if self.endpoints.len() > ENDPOINTS_MAX {
            return Err(InvalidLoadTest::TooManyEndpoints(self.endpoints.len()));
        }
        if self.callers.is_empty() {
            self.callers.push(Caller::new("anybody"));
        }
        unambiguous(self.endpoints.iter().map(Endpoint::name))?;
        unambiguous(self.callers.iter().map(Caller::name))?;
        for endpoint in &self.endpoints {
            for caller in &self.callers {
                let built = endpoint.build(&Call { caller, number: 0 });
                built.map_err(|source| InvalidLoadTest::Unsendable {
                    endpoint: endpoint.name().to_owned(),
                    caller: caller.name().to_owned(),
                    source,
                })?;
            }
        }
        let weights = self.endpoints.iter().map(Endpoint::weight_count);
        let weights: Vec<u32> = weights.collect();
        let mix = Mix::new(&weights, self.callers.len()).ok_or(InvalidLoadTest::Weights)?;
        let endpoints = self.endpoints.len() as u64;
        let each = self.requests_per_endpoint.map(NonZeroU64::get);
        Ok(LoadTest {
            requests: each.map(|each| each.saturating_mul(endpoints)),
            target: self.target,
            model: self.model,
            endpoints: self.endpoints,
            callers: self.callers,
            duration: self.duration,
            time_out: self.time_out,
            connections: self.connections,
            http2: self.http2,
            mix,
        })
    }
}

fn unambiguous<'a>(names: impl Iterator<Item = &'a str>) -> Result<(), InvalidLoadTest> {
    let mut seen = std::collections::HashSet::new();
    let mut names = names;
    let twice = names.find(|name| !seen.insert(*name));
    twice.map_or(Ok(()), |name| {
        Err(InvalidLoadTest::Ambiguous(name.to_owned()))
    })
}
