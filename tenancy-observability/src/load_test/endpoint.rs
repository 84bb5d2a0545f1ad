use std::fmt;
use std::num::NonZeroU32;
use std::sync::Arc;

use bytes::Bytes;
use http::Request;

use super::Caller;

/// One kind of request, and its part in the mix.
#[derive(Clone)]
pub struct Endpoint {
    name: Box<str>,
    weight: NonZeroU32,
    build: Arc<Build>,
}

type Build = dyn Fn(&Call<'_>) -> http::Result<Request<Bytes>> + Send + Sync;

/// A request that is about to be sent.
#[derive(Clone, Copy, Debug)]
pub struct Call<'a> {
    /// As whom it is sent.
    pub caller: &'a Caller,
    /// No other request of the run has this number.
    pub number: u64,
}

impl Endpoint {
    /// Requests that `build` makes, with a path for their address; the host and the caller's headers
    /// are put in afterwards. `name` is what results call it.
    ///
    /// It is called for each request, so what takes long is better made before.
    pub fn new(
        name: impl Into<Box<str>>,
        build: impl Fn(&Call<'_>) -> http::Result<Request<Bytes>> + Send + Sync + 'static,
    ) -> Self {
        Self {
            name: name.into(),
            weight: NonZeroU32::MIN,
            build: Arc::new(build),
        }
    }

    /// `GET` of one path, which is its name as well.
    pub fn get(path: &str) -> Self {
        let name = format!("GET {path}");
        let path: Box<str> = path.into();
        Self::new(name, move |_| Request::get(&*path).body(Bytes::default()))
    }

    /// Sets how often it is called, compared with the others. Default: 1.
    #[must_use]
    pub fn weight(mut self, weight: NonZeroU32) -> Self {
        self.weight = weight;
        self
    }

    /// What results call it.
    pub fn name(&self) -> &str {
        &self.name
    }

    pub(crate) fn weight_count(&self) -> u32 {
        self.weight.get()
    }

    pub(crate) fn build(&self, call: &Call<'_>) -> http::Result<Request<Bytes>> {
        (self.build)(call)
    }
}

impl fmt::Debug for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Endpoint")
            .field("name", &self.name)
            .field("weight", &self.weight)
            .finish_non_exhaustive()
    }
}
