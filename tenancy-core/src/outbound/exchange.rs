use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use http::{Method, StatusCode};

use super::error::ErrorKind;

/// A request that is over, as those hear of it who [observe](super::OutboundBuilder::observe).
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Exchange<'a> {
    /// Its method.
    pub method: &'a Method,
    /// The server it was for, with a port that is not the scheme's; no path, which may hold a secret.
    pub host: &'a str,
    /// The answer's status, or why there was none.
    pub outcome: Result<StatusCode, ErrorKind>,
    /// How long it took, the whole answer included.
    pub time: Duration,
}

/// Who hears of requests.
#[derive(Clone)]
pub(crate) struct Observer(pub(crate) Arc<dyn Fn(&Exchange<'_>) + Send + Sync>);

impl fmt::Debug for Observer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Observer")
    }
}
