use std::fmt;
use std::mem;
use std::task::{Context, Poll};

use bytes::Bytes;
use http::request::Parts;
use http::{Method, Request, Response};
use http_body::Body;
use tenancy_core::problem::Refuse;
use tower_service::Service;

use super::body::Beginning;
use super::event::Action;
use super::head;
use super::inspection::{Inspection, Tally};
use super::layer::{Settings, ThreatLayer, count_unread};
use super::look::Look;
use super::mode::Mode;
use super::refusal::Refusal;
use super::route::BodyPolicy;
use crate::deciding_future::DecidingFuture;
use crate::diagnosis::{Part, note};
use crate::peeked_body::PeekedBody;

/// The service that a [`ThreatLayer`] makes of another.
pub struct ThreatService<S, R> {
    pub(super) inner: S,
    pub(super) layer: ThreatLayer<R>,
}

impl<S, R, ReqBody, ResBody> Service<Request<ReqBody>> for ThreatService<S, R>
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
        let (parts, body) = request.into_parts();
        let settings = &self.layer.settings;
        let plan = settings.plan(&parts);
        let part = Part::Threat {
            looks: plan.mode != Mode::Off,
        };
        note(&parts.extensions, part, || None);
        if plan.mode == Mode::Off {
            let request = Request::from_parts(parts, PeekedBody::untouched(body));
            return DecidingFuture::admitted(self.inner.call(request));
        }
        let mut tally = Tally::new(plan.mode);
        // Whether anything was found is the tally's to say.
        let _ = head::inspect(&mut settings.inspection(&parts, &mut tally), &parts);
        // What follows a CONNECT is no body but a tunnel, such as a WebSocket's over HTTP/2.
        let is_read = plan.body == BodyPolicy::Inspect && parts.method != Method::CONNECT;
        let has_body = is_read && !body.is_end_stream();
        let look = match has_body && !tally.is_refused() {
            true => Some(Look::at(
                &parts,
                plan,
                settings.encodings,
                &body.size_hint(),
            )),
            false => None,
        };
        match look {
            Some(Ok(look)) => {
                let next = self.inner.clone();
                let mut inner = mem::replace(&mut self.inner, next);
                let layer = self.layer.clone();
                DecidingFuture::deciding(async move {
                    let beginning = Beginning::read(body, plan.body_bytes_max).await;
                    let inspection = layer.settings.inspection(&parts, &mut tally);
                    let looked = look.inspect(inspection, &beginning.bytes, beginning.end);
                    match looked.await {
                        Ok(()) if !tally.is_refused() => {
                            layer.settings.report(&parts, tally);
                            let request = Request::from_parts(parts, beginning.into_body());
                            inner.call(request).await
                        }
                        Ok(()) => Ok(layer.refused(Refusal::Threat, &parts, tally)),
                        Err(refusal) => Ok(layer.refused(refusal, &parts, tally)),
                    }
                })
            }
            Some(Err(refusal)) => {
                DecidingFuture::refused(self.layer.refused(refusal, &parts, tally))
            }
            None if tally.is_refused() => {
                DecidingFuture::refused(self.layer.refused(Refusal::Threat, &parts, tally))
            }
            None => {
                if plan.body == BodyPolicy::StreamPast && !body.is_end_stream() {
                    count_unread("streamed-past", Action::Passed);
                }
                settings.report(&parts, tally);
                let request = Request::from_parts(parts, PeekedBody::untouched(body));
                DecidingFuture::admitted(self.inner.call(request))
            }
        }
    }
}

impl Settings {
    pub(super) fn inspection<'a>(
        &'a self,
        request: &'a Parts,
        tally: &'a mut Tally,
    ) -> Inspection<'a> {
        Inspection {
            exclusions: &self.exclusions,
            known: &self.known,
            path: request.uri.path(),
            tally,
        }
    }
}

impl<R> ThreatLayer<R> {
    fn refused<B>(&self, refusal: Refusal, request: &Parts, tally: Tally) -> Response<B>
    where
        R: Refuse<B>,
    {
        if refusal != Refusal::Threat {
            count_unread(refusal.name(), Action::Refused);
        }
        self.settings.report(request, tally);
        let problem = refusal.problem(self.settings.encodings);
        let mut response = self.refuse.refuse(&problem, request);
        response.extensions_mut().insert(refusal);
        response
    }
}

impl<S: Clone, R> Clone for ThreatService<S, R> {
    fn clone(&self) -> Self {
        Self {
            inner: self.inner.clone(),
            layer: self.layer.clone(),
        }
    }
}

impl<S: fmt::Debug, R> fmt::Debug for ThreatService<S, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ThreatService")
            .field("inner", &self.inner)
            .field("layer", &self.layer)
            .finish()
    }
}
