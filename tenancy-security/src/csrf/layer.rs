use std::fmt;
use std::sync::Arc;

use http::StatusCode;
use tenancy_core::problem::ProblemJson;
use tower_layer::Layer;

use super::exempt::ExemptPath;
use super::service::Csrf;
use super::session::SessionOf;
use super::token::CsrfKey;
use crate::origin::{AllowOrigin, Origins};
use crate::public_scheme::PublicScheme;

/// Lets a request that may change something through only from the site's own pages.
///
/// See the [module docs](super) for the rules and an example. By default no other origin is trusted,
/// no path exempt, and no token asked for, so that requests of browsers which send neither
/// `Sec-Fetch-Site` nor `Origin` pass.
#[must_use]
pub struct CsrfLayer<R = ProblemJson> {
    pub(super) settings: Arc<Settings>,
    pub(super) refuse: Arc<R>,
}

#[derive(Clone)]
pub(super) struct Settings {
    pub(super) scheme: PublicScheme,
    pub(super) trusted: Arc<dyn AllowOrigin>,
    pub(super) exempt: Vec<ExemptPath>,
    pub(super) tokens: Option<Tokens>,
    pub(super) tokens_required: bool,
    pub(super) forbidden: StatusCode,
}

#[derive(Clone)]
pub(super) struct Tokens {
    pub(super) key: CsrfKey,
    pub(super) session: Arc<dyn SessionOf>,
}

impl CsrfLayer {
    /// A layer with the defaults.
    pub fn new() -> Self {
        Self {
            settings: Arc::new(Settings {
                scheme: PublicScheme::default(),
                trusted: Arc::new(Origins::new()),
                exempt: Vec::new(),
                tokens: None,
                tokens_required: false,
                forbidden: StatusCode::FORBIDDEN,
            }),
            refuse: Arc::new(ProblemJson),
        }
    }
}

impl Default for CsrfLayer {
    fn default() -> Self {
        Self::new()
    }
}

impl<R> CsrfLayer<R> {
    /// How the client's scheme is known. Where it is not, as by default, the layer takes it for
    /// HTTPS, except on loopback hosts.
    pub fn scheme(mut self, scheme: PublicScheme) -> Self {
        self.settings_mut().scheme = scheme;
        self
    }

    /// Other origins whose pages may send requests. Default: none. [`Origins`] can change later.
    pub fn trusted(mut self, trusted: impl AllowOrigin) -> Self {
        self.settings_mut().trusted = Arc::new(trusted);
        self
    }

    /// Paths that are let through from anywhere; may be called again for more.
    pub fn exempt(mut self, path: ExemptPath) -> Self {
        self.settings_mut().exempt.push(path);
        self
    }

    /// Tokens for browsers that do not say where a request comes from: asked of requests with a
    /// session that carry neither `Sec-Fetch-Site` nor `Origin`. A token that is sent has to be
    /// right in any case. Pages find theirs as [`CsrfToken`](super::CsrfToken) in the request's
    /// extensions.
    ///
    /// A form's field has to stand among its first 64 KiB: before the files, say.
    pub fn tokens(mut self, key: CsrfKey, session: impl SessionOf) -> Self {
        self.settings_mut().tokens = Some(Tokens {
            key,
            session: Arc::new(session),
        });
        self
    }

    /// Asks for a token on every request with a session, whatever its browser says.
    pub fn require_tokens(mut self) -> Self {
        self.settings_mut().tokens_required = true;
        self
    }

    /// Answers with 419 instead of 403, as Laravel does.
    pub fn page_expired(mut self) -> Self {
        self.settings_mut().forbidden =
            StatusCode::from_u16(419).expect("419 is between 100 and 999");
        self
    }

    /// What makes the response to a refused request, a
    /// [`Refuse`](tenancy_core::problem::Refuse). Default: [`ProblemJson`].
    pub fn refuse<Q>(self, refuse: Q) -> CsrfLayer<Q> {
        CsrfLayer {
            settings: self.settings,
            refuse: Arc::new(refuse),
        }
    }

    fn settings_mut(&mut self) -> &mut Settings {
        Arc::make_mut(&mut self.settings)
    }
}

impl<S, R> Layer<S> for CsrfLayer<R> {
    type Service = Csrf<S, R>;

    fn layer(&self, inner: S) -> Self::Service {
        Csrf {
            inner,
            layer: self.clone(),
        }
    }
}

impl<R> Clone for CsrfLayer<R> {
    fn clone(&self) -> Self {
        Self {
            settings: Arc::clone(&self.settings),
            refuse: Arc::clone(&self.refuse),
        }
    }
}

impl<R> fmt::Debug for CsrfLayer<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CsrfLayer")
            .field("scheme", &self.settings.scheme)
            .field("exempt", &self.settings.exempt)
            .field("tokens_required", &self.settings.tokens_required)
            .finish_non_exhaustive()
    }
}
