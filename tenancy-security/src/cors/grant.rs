use http::header::{
    ACCESS_CONTROL_ALLOW_CREDENTIALS, ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS,
    ACCESS_CONTROL_ALLOW_ORIGIN, ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE,
    ACCESS_CONTROL_REQUEST_METHOD, HeaderValue, ORIGIN, VARY,
};
use http::{HeaderMap, Method, Request, Response, StatusCode};
use tenancy_core::TenantScope;

use super::layer::{CorsLayer, Readers};
use crate::origin::Origin;

/// What a request's origin may do with the answer.
pub(super) struct Grant {
    layer: CorsLayer,
    origin: Option<HeaderValue>,
}

impl Grant {
    pub(super) fn of<B>(layer: &CorsLayer, request: &Request<B>) -> Self {
        let origin = match &layer.settings.readers {
            Readers::Anybody => request
                .headers()
                .contains_key(ORIGIN)
                .then(|| HeaderValue::from_static("*")),
            Readers::Listed { origins, .. } => sent(request)
                .filter(|sent| {
                    let origin = sent.to_str().ok().and_then(Origin::sent);
                    let tenant = request.extensions().get::<TenantScope>();
                    origin.is_some_and(|origin| origins.allows(&origin, tenant))
                })
                .cloned(),
        };
        Self {
            layer: layer.clone(),
            origin,
        }
    }

    /// The answer to a preflight of an origin that may do something.
    pub(super) fn preflight<B, ResBody: Default>(
        &self,
        request: &Request<B>,
    ) -> Option<Response<ResBody>> {
        let is_preflight = request.method() == Method::OPTIONS
            && request
                .headers()
                .contains_key(ACCESS_CONTROL_REQUEST_METHOD);
        if !is_preflight || self.origin.is_none() {
            return None;
        }
        let mut response = Response::new(ResBody::default());
        *response.status_mut() = StatusCode::NO_CONTENT;
        let headers = response.headers_mut();
        let settings = &self.layer.settings;
        headers.insert(ACCESS_CONTROL_ALLOW_METHODS, settings.methods.clone());
        headers.insert(ACCESS_CONTROL_ALLOW_HEADERS, settings.headers.clone());
        headers.insert(ACCESS_CONTROL_MAX_AGE, settings.max_age.clone());
        self.allow(headers);
        Some(response)
    }

    /// Says in an answer what its reader may, and that other readers would be told otherwise.
    pub(super) fn answered(&self, headers: &mut HeaderMap) {
        self.allow(headers);
        if let (Some(_), Some(exposed)) = (&self.origin, &self.layer.settings.exposed) {
            headers.insert(ACCESS_CONTROL_EXPOSE_HEADERS, exposed.clone());
        }
    }

    fn allow(&self, headers: &mut HeaderMap) {
        let with_credentials = match self.layer.settings.readers {
            Readers::Anybody => false,
            Readers::Listed {
                with_credentials, ..
            } => {
                // Whoever asked: a cache would give one's answer to another.
                vary_by_origin(headers);
                with_credentials
            }
        };
        let Some(origin) = &self.origin else {
            return;
        };
        headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin.clone());
        if with_credentials {
            headers.insert(
                ACCESS_CONTROL_ALLOW_CREDENTIALS,
                HeaderValue::from_static("true"),
            );
        } else {
            headers.remove(ACCESS_CONTROL_ALLOW_CREDENTIALS);
        }
    }
}

/// The origin of a request that names one.
fn sent<B>(request: &Request<B>) -> Option<&HeaderValue> {
    let mut origins = request.headers().get_all(ORIGIN).iter();
    let origin = origins.next();
    origin.filter(|_| origins.next().is_none())
}

fn vary_by_origin(headers: &mut HeaderMap) {
    let named = headers.get_all(VARY).iter().any(|line| {
        let mut names = line.as_bytes().split(|byte| *byte == b',');
        names.any(|name| matches!(&*name.trim_ascii().to_ascii_lowercase(), b"origin" | b"*"))
    });
    if !named {
        headers.append(VARY, HeaderValue::from_static("origin"));
    }
}
