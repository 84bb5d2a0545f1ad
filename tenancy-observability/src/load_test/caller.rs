use http::header::HOST;
use http::{HeaderMap, HeaderName, HeaderValue};

/// As whom requests are sent: a tenant, by its host or a header, and with its credential.
#[derive(Clone, Debug)]
pub struct Caller {
    name: Box<str>,
    headers: HeaderMap,
}

impl Caller {
    /// One without headers of its own; `name` is what results call it.
    pub fn new(name: impl Into<Box<str>>) -> Self {
        Self {
            name: name.into(),
            headers: HeaderMap::new(),
        }
    }

    /// Sets the host that its requests name. They go to the target all the same.
    #[must_use]
    pub fn host(self, host: HeaderValue) -> Self {
        self.header(HOST, host)
    }

    /// Sets a header of its requests.
    #[must_use]
    pub fn header(mut self, name: HeaderName, mut value: HeaderValue) -> Self {
        // No log of this program shows a credential.
        value.set_sensitive(true);
        self.headers.insert(name, value);
        self
    }

    /// Sets a header of its requests unless it has one of this name.
    #[must_use]
    pub fn or_header(self, name: HeaderName, value: HeaderValue) -> Self {
        if self.headers.contains_key(&name) {
            return self;
        }
        self.header(name, value)
    }

    /// What results call it.
    pub fn name(&self) -> &str {
        &self.name
    }

    pub(crate) fn headers(&self) -> &HeaderMap {
        &self.headers
    }
}
