use std::fmt;
use std::sync::Arc;

use http::HeaderMap;

/// What adds to the headers of requests.
#[derive(Clone)]
pub(super) struct Headers(pub(super) Arc<dyn Fn(&mut HeaderMap) + Send + Sync>);

impl fmt::Debug for Headers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Headers")
    }
}
