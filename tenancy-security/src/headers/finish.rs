use std::any::Any;
use std::mem;
use std::sync::Arc;

use http::header::{
    ACCEPT, CONTENT_SECURITY_POLICY, CONTENT_SECURITY_POLICY_REPORT_ONLY, HeaderName, HeaderValue,
    STRICT_TRANSPORT_SECURITY,
};
use http::request::Parts;
use http::{HeaderMap, Method, Request, Response, StatusCode, Uri};
use tenancy_core::TenantScope;
use tenancy_core::layer::RequestSlot;
use tenancy_core::problem::{Problem, Refuse};

use super::cache::keep_to_one_client;
use super::csp::{Additions, CspNonce, Policy};
use super::layer::{Prepared, SecurityHeadersLayer};

const REPORTING_ENDPOINTS: HeaderName = HeaderName::from_static("reporting-endpoints");

/// How many headers come beside the safe ones, at most.
const POLICIES_AND_HSTS: usize = 4;

/// What is left to do once the inner service has answered.
pub(super) struct Finish<R> {
    pub(super) layer: SecurityHeadersLayer<R>,
    pub(super) asked: Asked,
    pub(super) over_tls: bool,
    pub(super) nonce: CspNonce,
    pub(super) tenant: Option<Tenant>,
}

/// As much of a request as the answer to a panic may depend on.
#[derive(Default)]
pub(super) struct Asked {
    method: Method,
    uri: Uri,
    accept: Option<HeaderValue>,
}

impl Asked {
    pub(super) fn by<B>(request: &Request<B>) -> Self {
        Self {
            method: request.method().clone(),
            uri: request.uri().clone(),
            accept: request.headers().get(ACCEPT).cloned(),
        }
    }

    fn into_head(self) -> Parts {
        let (mut head, ()) = Request::new(()).into_parts();
        head.method = self.method;
        head.uri = self.uri;
        head.headers
            .extend(self.accept.map(|accept| (ACCEPT, accept)));
        head
    }
}

pub(super) enum Tenant {
    Awaited(RequestSlot),
    Known(TenantScope),
}

impl<R> Finish<R> {
    /// The answer to a request whose handling panicked.
    pub(super) fn panicked<B>(mut self, panic: &(dyn Any + Send)) -> Response<B>
    where
        R: Refuse<B>,
    {
        let said = panic.downcast_ref::<&str>().copied();
        let said = said.or_else(|| panic.downcast_ref::<String>().map(String::as_str));
        tracing::error!(
            method = %self.asked.method,
            path = self.asked.uri.path(),
            panic = said.unwrap_or("without a message"),
            "a request's handling panicked"
        );
        let problem = Problem::new(StatusCode::INTERNAL_SERVER_ERROR);
        let head = mem::take(&mut self.asked).into_head();
        let response = self.layer.refuse.refuse(&problem, &head);
        self.answered(response)
    }

    pub(super) fn answered<B>(self, mut response: Response<B>) -> Response<B> {
        let settings = &self.layer.settings;
        let own_policy = response.extensions_mut().remove::<Policy>();
        let more = response.extensions_mut().remove::<Arc<Additions>>();
        let has_page = response.status() != StatusCode::NOT_MODIFIED;
        let headers = response.headers_mut();
        headers.reserve(settings.safe.len() + POLICIES_AND_HSTS);
        while let Some(name) = headers.keys().find(|name| settings.removed.contains(name)) {
            let name = name.clone();
            headers.remove(name);
        }
        for (name, value) in &settings.safe {
            headers.entry(name).or_insert_with(|| value.clone());
        }
        if let Some(hsts) = settings.hsts.as_ref().filter(|_| self.over_tls) {
            headers
                .entry(STRICT_TRANSPORT_SECURITY)
                .or_insert_with(|| hsts.clone());
        }
        if has_page {
            let additions = more.or_else(|| self.additions());
            let additions = additions.as_deref();
            let own_policy = own_policy.map(Prepared::from);
            let policy = own_policy.as_ref().unwrap_or(&settings.policy);
            self.set(CONTENT_SECURITY_POLICY, policy, additions, headers);
            if let Some(policy) = &settings.report_only {
                self.set(
                    CONTENT_SECURITY_POLICY_REPORT_ONLY,
                    policy,
                    additions,
                    headers,
                );
            }
        } else {
            headers.remove(CONTENT_SECURITY_POLICY);
            headers.remove(CONTENT_SECURITY_POLICY_REPORT_ONLY);
        }
        if self.nonce.taken().is_some() {
            keep_to_one_client(headers);
        }
        response
    }

    fn additions(&self) -> Option<Arc<Additions>> {
        let sources = self.layer.settings.tenant_sources.as_ref()?;
        let scope = match self.tenant.as_ref()? {
            Tenant::Awaited(slot) => slot.scope()?,
            Tenant::Known(scope) => scope,
        };
        sources.additions(scope)
    }

    fn set(
        &self,
        name: HeaderName,
        prepared: &Prepared,
        additions: Option<&Additions>,
        headers: &mut HeaderMap,
    ) {
        if headers.contains_key(&name) {
            join(name, headers);
            return;
        }
        let value = match (additions, self.nonce.taken(), self.over_tls) {
            (None, None, true) => prepared.over_tls.clone(),
            (None, None, false) => prepared.plain.clone(),
            (additions, nonce, over_tls) => prepared.policy.value(additions, nonce, over_tls),
        };
        headers.insert(name, value);
        if let Some(path) = prepared.policy.report_path() {
            let endpoint = format!("csp=\"{}\"", path.as_str());
            if let Ok(endpoint) = HeaderValue::try_from(endpoint) {
                headers.entry(REPORTING_ENDPOINTS).or_insert(endpoint);
            }
        }
    }
}

/// Makes one header of several: a list of policies, each of which browsers apply.
fn join(name: HeaderName, headers: &mut HeaderMap) {
    let mut values = headers.get_all(&name).iter();
    let (Some(first), Some(second)) = (values.next(), values.next()) else {
        return;
    };
    let all = [first, second].into_iter().chain(values);
    let all: Vec<&[u8]> = all.map(HeaderValue::as_bytes).collect();
    if let Ok(joined) = HeaderValue::from_bytes(&all.join(&b", "[..])) {
        headers.insert(name, joined);
    }
}
