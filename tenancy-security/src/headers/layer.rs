use std::fmt;
use std::sync::Arc;

use http::{HeaderName, HeaderValue};
use tenancy_core::problem::ProblemJson;
use tower_layer::Layer;

use super::csp::{Policy, TenantSources};
use super::hsts::Hsts;
use super::removed::Removed;
use super::safe::safe_headers;
use super::service::SecurityHeaders;
use crate::public_scheme::PublicScheme;

/// Gives every answer the headers that protect those who read it.
///
/// See the [module docs](super) for an example. Its place is outermost: before a
/// [`TenantLayer`](tenancy_core::layer::TenantLayer) it learns of the tenant through a
/// [`RequestSlot`](tenancy_core::layer::RequestSlot).
///
/// A header that the answer already has stays as it is. A [`Policy`] in the answer's extensions takes
/// the layer's place for this answer, an [`Arc`] of [`Additions`](super::csp::Additions) that of what its
/// tenant adds, and a `Content-Security-Policy` header does too; more than one
/// of them become one, in which browsers still apply each. An answer with status 304 gets no policy,
/// since that would replace the one of the page which the browser kept.
#[must_use]
pub struct SecurityHeadersLayer<R = ProblemJson> {
    pub(super) settings: Arc<Settings>,
    pub(super) refuse: Arc<R>,
}

#[derive(Clone)]
pub(super) struct Settings {
    pub(super) scheme: PublicScheme,
    pub(super) safe: Vec<(HeaderName, HeaderValue)>,
    pub(super) removed: Removed,
    pub(super) hsts: Option<HeaderValue>,
    pub(super) policy: Prepared,
    pub(super) report_only: Option<Prepared>,
    pub(super) tenant_sources: Option<Arc<dyn TenantSources>>,
}

/// A policy, and its values for answers that need no other.
#[derive(Clone)]
pub(super) struct Prepared {
    pub(super) policy: Policy,
    pub(super) over_tls: HeaderValue,
    pub(super) plain: HeaderValue,
}

impl From<Policy> for Prepared {
    fn from(policy: Policy) -> Self {
        Self {
            over_tls: policy.value(None, None, true),
            plain: policy.value(None, None, false),
            policy,
        }
    }
}

impl SecurityHeadersLayer {
    /// A layer with the defaults.
    pub fn new() -> Self {
        Self {
            settings: Arc::new(Settings {
                scheme: PublicScheme::default(),
                safe: safe_headers(),
                removed: Removed::default(),
                hsts: Some(Hsts::default().value()),
                policy: Policy::default().into(),
                report_only: None,
                tenant_sources: None,
            }),
            refuse: Arc::new(ProblemJson),
        }
    }
}

impl Default for SecurityHeadersLayer {
    fn default() -> Self {
        Self::new()
    }
}

impl<R> SecurityHeadersLayer<R> {
    /// How it is known that a client came over TLS. By default only by
    /// [`OverTls`](crate::public_scheme::OverTls).
    pub fn scheme(mut self, scheme: PublicScheme) -> Self {
        self.settings_mut().scheme = scheme;
        self
    }

    /// Another value of one of the headers, or a further header.
    pub fn set(mut self, name: HeaderName, value: HeaderValue) -> Self {
        let safe = &mut self.settings_mut().safe;
        safe.retain(|(safe, _)| *safe != name);
        safe.push((name, value));
        self
    }

    /// Leaves one of the headers out, such as `X-XSS-Protection`, which only old browsers heed.
    pub fn without(mut self, name: &HeaderName) -> Self {
        self.settings_mut().safe.retain(|(safe, _)| safe != name);
        self
    }

    /// Takes this header away from answers, beside those that tell what a server is made of.
    pub fn remove(mut self, name: HeaderName) -> Self {
        self.settings_mut().removed.add(name);
        self
    }

    /// Lets this header through though it is one that tells what a server is made of.
    pub fn keep(mut self, name: &HeaderName) -> Self {
        self.settings_mut().removed.keep(name);
        self
    }

    /// What `Strict-Transport-Security` says to clients that came over TLS. Default: [`Hsts`]'s own.
    pub fn hsts(mut self, hsts: Hsts) -> Self {
        self.settings_mut().hsts = Some(hsts.value());
        self
    }

    /// Leaves `Strict-Transport-Security` to whoever ends TLS.
    pub fn without_hsts(mut self) -> Self {
        self.settings_mut().hsts = None;
        self
    }

    /// The Content-Security-Policy. Default: [`Policy`]'s own.
    pub fn policy(mut self, policy: Policy) -> Self {
        self.settings_mut().policy = policy.into();
        self
    }

    /// A policy that is not enforced, only reported about. Default: none.
    pub fn report_only(mut self, policy: Policy) -> Self {
        self.settings_mut().report_only = Some(policy.into());
        self
    }

    /// What tenants add to both policies. Default: nothing.
    pub fn tenant_sources(mut self, sources: impl TenantSources) -> Self {
        self.settings_mut().tenant_sources = Some(Arc::new(sources));
        self
    }

    /// What makes the answer where the inner service panicked, a
    /// [`Refuse`](tenancy_core::problem::Refuse) that is shown the request's method, address and
    /// `Accept` only. Default: [`ProblemJson`].
    pub fn refuse<Q>(self, refuse: Q) -> SecurityHeadersLayer<Q> {
        SecurityHeadersLayer {
            settings: self.settings,
            refuse: Arc::new(refuse),
        }
    }

    fn settings_mut(&mut self) -> &mut Settings {
        Arc::make_mut(&mut self.settings)
    }
}

impl<S, R> Layer<S> for SecurityHeadersLayer<R> {
    type Service = SecurityHeaders<S, R>;

    fn layer(&self, inner: S) -> Self::Service {
        SecurityHeaders {
            inner,
            layer: self.clone(),
        }
    }
}

impl<R> Clone for SecurityHeadersLayer<R> {
    fn clone(&self) -> Self {
        Self {
            settings: Arc::clone(&self.settings),
            refuse: Arc::clone(&self.refuse),
        }
    }
}

impl<R> fmt::Debug for SecurityHeadersLayer<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SecurityHeadersLayer")
            .field("scheme", &self.settings.scheme)
            .field("safe", &self.settings.safe)
            .field("hsts", &self.settings.hsts)
            .field("policy", &self.settings.policy.policy)
            .finish_non_exhaustive()
    }
}
