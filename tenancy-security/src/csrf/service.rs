use std::fmt;
use std::mem;
use std::task::{Context, Poll};

use bytes::Bytes;
use http::header::{HeaderName, UPGRADE};
use http::request::Parts;
use http::{Method, Request, Response, StatusCode};
use http_body::Body;
use tenancy_core::TenantScope;
use tenancy_core::problem::Refuse;
use tower_service::Service;

use super::form::Search;
use super::layer::{CsrfLayer, Settings};
use super::proof::{self, Proof};
use super::refusal::Refusal;
use super::token::CsrfToken;
use crate::deciding_future::DecidingFuture;
use crate::diagnosis::{Concern, Part, note};
use crate::peeked_body::PeekedBody;

const X_CSRF_TOKEN: HeaderName = HeaderName::from_static("x-csrf-token");

/// Addresses of the kind that a forged request must never reach.
const PROTECTED: [&str; 8] = [
    "/account/x",
    "/admin/x",
    "/api/login",
    "/api/x",
    "/login",
    "/logout",
    "/platform/x",
    "/settings",
];

/// The service that a [`CsrfLayer`] makes of another.
pub struct Csrf<S, R> {
    pub(super) inner: S,
    pub(super) layer: CsrfLayer<R>,
}

/// What a request that was not refused still has to show.
enum Admission {
    Given,
    WithFormToken(CsrfToken, Search),
}

impl<S, R, ReqBody, ResBody> Service<Request<ReqBody>> for Csrf<S, R>
where
    S: Service<Request<PeekedBody<ReqBody>>, Response = Response<ResBody>> + Clone + Send + 'static,
    S::Future: Send,
    S::Error: 'static,
    ReqBody: Body<Data = Bytes, Error: Send> + Send + 'static,
    ResBody: 'static,
    R: Refuse<ResBody>,
{
    type Response = Response<ResBody>;
    type Error = S::Error;
    type Future = DecidingFuture<S::Future, ResBody, S::Error>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<ReqBody>) -> Self::Future {
        let (mut parts, body) = request.into_parts();
        match self.layer.settings.admit(&mut parts) {
            Ok(Admission::Given) => {
                let request = Request::from_parts(parts, PeekedBody::untouched(body));
                DecidingFuture::admitted(self.inner.call(request))
            }
            Ok(Admission::WithFormToken(token, search)) => {
                let next = self.inner.clone();
                let mut inner = mem::replace(&mut self.inner, next);
                let layer = self.layer.clone();
                DecidingFuture::deciding(async move {
                    let refusal = match search.run(body).await {
                        Ok((Some(sent), body)) if token.matches(sent.as_bytes()) => {
                            return inner.call(Request::from_parts(parts, body)).await;
                        }
                        Ok((Some(_), _)) => Refusal::InvalidToken,
                        Ok((None, _)) => Refusal::MissingToken,
                        Err(refusal) => refusal,
                    };
                    Ok(layer.refused(refusal, &parts))
                })
            }
            Err(refusal) => DecidingFuture::refused(self.layer.refused(refusal, &parts)),
        }
    }
}

impl<R> CsrfLayer<R> {
    fn refused<B>(&self, refusal: Refusal, request: &Parts) -> Response<B>
    where
        R: Refuse<B>,
    {
        let status = match refusal.status() {
            StatusCode::FORBIDDEN => self.settings.forbidden,
            status => status,
        };
        let problem = refusal.problem(status);
        let mut response = self.refuse.refuse(&problem, request);
        response.extensions_mut().insert(refusal);
        response
    }
}

impl Settings {
    fn admit(&self, request: &mut Parts) -> Result<Admission, Refusal> {
        let part = Part::Csrf {
            tokens: self.tokens.is_some(),
        };
        note(&request.extensions, part, || self.concern());
        let token = self.token(request);
        if let Some(token) = &token {
            request.extensions.insert(token.clone());
        }
        let is_safe = matches!(request.method, Method::GET | Method::HEAD | Method::OPTIONS);
        let path = request.uri.path();
        let opens_socket = opens_socket(request);
        let is_exempt = || self.exempt.iter().any(|exempt| exempt.contains(path));
        if (is_safe && !opens_socket) || is_exempt() {
            return Ok(Admission::Given);
        }
        let scheme = self.scheme.of(&request.extensions, &request.headers);
        let proof = proof::weigh(request, scheme.as_ref(), &*self.trusted)?;
        let Some(token) = token else {
            return Ok(Admission::Given);
        };
        let mut sent = request.headers.get_all(X_CSRF_TOKEN).iter();
        match (sent.next(), sent.next()) {
            (Some(sent), None) if token.matches(sent.as_bytes()) => Ok(Admission::Given),
            (Some(_), _) => Err(Refusal::InvalidToken),
            // No script can give a handshake a header, and every browser gives it an origin.
            (None, _) if proof == Proof::Given && (opens_socket || !self.tokens_required) => {
                Ok(Admission::Given)
            }
            (None, _) => {
                let search = Search::of(&request.headers).ok_or(Refusal::MissingToken)?;
                Ok(Admission::WithFormToken(token, search))
            }
        }
    }

    fn concern(&self) -> Option<Concern> {
        let exempts = |path: &&str| self.exempt.iter().any(|exempt| exempt.contains(path));
        PROTECTED
            .iter()
            .any(exempts)
            .then_some(Concern::ExemptsTooMuch)
    }

    /// The token of the request's session, if it has one.
    fn token(&self, request: &Parts) -> Option<CsrfToken> {
        let tokens = self.tokens.as_ref()?;
        let session = tokens.session.session(request)?;
        let tenant = request.extensions.get().map(TenantScope::tenant_id);
        Some(tokens.key.token(tenant, &session))
    }
}

/// Whether the request is a WebSocket's handshake: a `GET` whose answer lets a page read and write.
fn opens_socket(request: &Parts) -> bool {
    let mut upgrades = request.headers.get_all(UPGRADE).iter();
    request.method == Method::GET
        && upgrades.any(|protocols| {
            let mut protocols = protocols.as_bytes().split(|byte| *byte == b',');
            protocols.any(|protocol| protocol.trim_ascii().eq_ignore_ascii_case(b"websocket"))
        })
}

impl<S: Clone, R> Clone for Csrf<S, R> {
    fn clone(&self) -> Self {
        Self {
            inner: self.inner.clone(),
            layer: self.layer.clone(),
        }
    }
}

impl<S: fmt::Debug, R> fmt::Debug for Csrf<S, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Csrf")
            .field("inner", &self.inner)
            .field("layer", &self.layer)
            .finish()
    }
}
