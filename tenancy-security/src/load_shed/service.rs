use std::fmt;
use std::task::{Context, Poll};

use http::{Request, Response};
use tenancy_core::problem::{Problem, Refuse};
use tower_service::Service;

use super::layer::LoadShedLayer;
use super::shedder::Place;
use crate::admission::ResponseFuture;

/// The service that a [`LoadShedLayer`] makes of another.
pub struct LoadShedService<S, R> {
    pub(super) inner: S,
    pub(super) layer: LoadShedLayer<R>,
}

impl<S, R, ReqBody, ResBody> Service<Request<ReqBody>> for LoadShedService<S, R>
where
    S: Service<Request<ReqBody>, Response = Response<ResBody>>,
    R: Refuse<ResBody>,
{
    type Response = Response<ResBody>;
    type Error = S::Error;
    type Future = ResponseFuture<S::Future, ResBody, Place>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<ReqBody>) -> Self::Future {
        let (parts, body) = request.into_parts();
        match self.layer.admit(&parts) {
            Ok(place) => {
                let future = self.inner.call(Request::from_parts(parts, body));
                ResponseFuture::admitted(future, place)
            }
            Err(overload) => {
                let refuse = &self.layer.refuse;
                let mut response = refuse.refuse(&Problem::from(overload), &parts);
                response.extensions_mut().insert(overload);
                ResponseFuture::refused(response)
            }
        }
    }
}

impl<S: Clone, R> Clone for LoadShedService<S, R> {
    fn clone(&self) -> Self {
        Self {
            inner: self.inner.clone(),
            layer: self.layer.clone(),
        }
    }
}

impl<S: fmt::Debug, R> fmt::Debug for LoadShedService<S, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LoadShedService")
            .field("inner", &self.inner)
            .field("layer", &self.layer)
            .finish()
    }
}
