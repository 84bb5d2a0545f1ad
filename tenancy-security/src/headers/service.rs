use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::task::{Context, Poll};

use http::uri::Scheme;
use http::{Request, Response};
use tenancy_core::TenantScope;
use tenancy_core::layer::RequestSlot;
use tenancy_core::problem::Refuse;
use tower_service::Service;

use super::csp::CspNonce;
use super::finish::{Asked, Finish, Tenant};
use super::future::ResponseFuture;
use super::layer::SecurityHeadersLayer;
use crate::diagnosis::{Part, note};

/// The service that a [`SecurityHeadersLayer`] makes of another.
pub struct SecurityHeaders<S, R> {
    pub(super) inner: S,
    pub(super) layer: SecurityHeadersLayer<R>,
}

impl<S, R, ReqBody, ResBody> Service<Request<ReqBody>> for SecurityHeaders<S, R>
where
    S: Service<Request<ReqBody>, Response = Response<ResBody>>,
    R: Refuse<ResBody>,
{
    type Response = Response<ResBody>;
    type Error = S::Error;
    type Future = ResponseFuture<S::Future, R>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, mut request: Request<ReqBody>) -> Self::Future {
        let settings = &self.layer.settings;
        let part = Part::Headers {
            https: settings.scheme.is_declared_https(),
        };
        note(request.extensions(), part, || None);
        let scheme = settings.scheme.of(request.extensions(), request.headers());
        let nonce = CspNonce::default();
        request.extensions_mut().insert(nonce.clone());
        let finish = Finish {
            layer: self.layer.clone(),
            asked: Asked::by(&request),
            over_tls: scheme == Some(Scheme::HTTPS),
            nonce,
            tenant: settings
                .tenant_sources
                .is_some()
                .then(|| tenant(&mut request)),
        };
        // A panic leaves nothing behind that is used again but the service itself, as with every
        // server's own catching of panics.
        let call = AssertUnwindSafe(|| self.inner.call(request));
        match catch_unwind(call) {
            Ok(future) => ResponseFuture::new(future, finish),
            Err(panic) => ResponseFuture::panicked(panic, finish),
        }
    }
}

/// The request's tenant, or where it will be known.
fn tenant<B>(request: &mut Request<B>) -> Tenant {
    let extensions = request.extensions_mut();
    match extensions.get::<TenantScope>() {
        Some(scope) => Tenant::Known(scope.clone()),
        None => Tenant::Awaited(extensions.get_or_insert_default::<RequestSlot>().clone()),
    }
}

impl<S: Clone, R> Clone for SecurityHeaders<S, R> {
    fn clone(&self) -> Self {
        Self {
            inner: self.inner.clone(),
            layer: self.layer.clone(),
        }
    }
}

impl<S: fmt::Debug, R> fmt::Debug for SecurityHeaders<S, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SecurityHeaders")
            .field("inner", &self.inner)
            .field("layer", &self.layer)
            .finish()
    }
}
