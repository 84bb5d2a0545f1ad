use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use http::header::CONTENT_TYPE;
use http::{HeaderName, HeaderValue, Method};
use tower_layer::Layer;

use super::service::Cors;
use crate::origin::AllowOrigin;

/// How long browsers keep a preflight's answer; none keeps it for longer than a day, and some for no
/// longer than this.
const MAX_AGE: Duration = Duration::from_secs(2 * 60 * 60);

/// Lets scripts of other origins read answers.
///
/// See the [module docs](super) for an example. By default they may send `GET`, `HEAD` and `POST` with
/// a `Content-Type`, read no headers but those that all scripts may, and browsers keep what a
/// preflight said for two hours.
#[derive(Clone)]
#[must_use]
pub struct CorsLayer {
    pub(super) settings: Arc<Settings>,
}

#[derive(Clone)]
pub(super) struct Settings {
    pub(super) readers: Readers,
    pub(super) methods: HeaderValue,
    pub(super) headers: HeaderValue,
    pub(super) exposed: Option<HeaderValue>,
    pub(super) max_age: HeaderValue,
}

/// Who may read.
#[derive(Clone)]
pub(super) enum Readers {
    Anybody,
    Listed {
        origins: Arc<dyn AllowOrigin>,
        with_credentials: bool,
    },
}

impl CorsLayer {
    /// Lets these origins read what everybody may.
    pub fn new(origins: impl AllowOrigin) -> Self {
        Self::of(Readers::Listed {
            origins: Arc::new(origins),
            with_credentials: false,
        })
    }

    /// Lets these origins read what the visitor may, with cookies and client certificates. They are
    /// trusted as the site itself is.
    pub fn with_credentials(origins: impl AllowOrigin) -> Self {
        Self::of(Readers::Listed {
            origins: Arc::new(origins),
            with_credentials: true,
        })
    }

    /// Lets every origin read what everybody may; never with credentials.
    pub fn anybody() -> Self {
        Self::of(Readers::Anybody)
    }

    fn of(readers: Readers) -> Self {
        Self {
            settings: Arc::new(Settings {
                readers,
                methods: list([Method::GET, Method::HEAD, Method::POST]),
                headers: list([CONTENT_TYPE]),
                exposed: None,
                max_age: HeaderValue::from(MAX_AGE.as_secs()),
            }),
        }
    }

    /// The methods that scripts may use.
    pub fn methods(mut self, methods: impl IntoIterator<Item = Method>) -> Self {
        self.settings_mut().methods = list(methods);
        self
    }

    /// The headers that scripts may send.
    pub fn headers(mut self, headers: impl IntoIterator<Item = HeaderName>) -> Self {
        self.settings_mut().headers = list(headers);
        self
    }

    /// The headers that scripts may read.
    pub fn expose(mut self, headers: impl IntoIterator<Item = HeaderName>) -> Self {
        self.settings_mut().exposed = Some(list(headers));
        self
    }

    /// How long browsers keep a preflight's answer, in whole seconds.
    pub fn max_age(mut self, max_age: Duration) -> Self {
        self.settings_mut().max_age = HeaderValue::from(max_age.as_secs());
        self
    }

    fn settings_mut(&mut self) -> &mut Settings {
        Arc::make_mut(&mut self.settings)
    }
}

fn list<T: AsRef<str>>(names: impl IntoIterator<Item = T>) -> HeaderValue {
    let names: Vec<T> = names.into_iter().collect();
    let names: Vec<&str> = names.iter().map(T::as_ref).collect();
    HeaderValue::try_from(names.join(", ")).expect("methods and names of headers are visible ASCII")
}

impl<S> Layer<S> for CorsLayer {
    type Service = Cors<S>;

    fn layer(&self, inner: S) -> Cors<S> {
        Cors {
            inner,
            layer: self.clone(),
        }
    }
}

impl fmt::Debug for CorsLayer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CorsLayer")
            .field("methods", &self.settings.methods)
            .field("headers", &self.settings.headers)
            .finish_non_exhaustive()
    }
}
