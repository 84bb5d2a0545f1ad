use std::fmt;
use std::mem;
use std::sync::Arc;
use std::task::{Context, Poll};

use http::request::Parts;
use http::{Request, Response};
use tower_service::Service;

use super::authenticate::{Authenticate, Caller};
use super::future::ResponseFuture;
use super::refusal::Refusal;
use super::request::{OnPlatform, RequestId, RequestSlot};
use super::tenant_layer::TenantLayer;
use crate::client_address::{self, ClientAddress};
use crate::error::{Error, ErrorKind};
use crate::problem::{Problem, Refuse};
use crate::registry::Address;
use crate::resolve::Named;
use crate::scope::{Actor, Purpose, TenantScope};
use crate::tenants::LiveTenant;

/// The service that a [`TenantLayer`] makes of another.
pub struct TenantService<S, A, R> {
    pub(super) inner: S,
    pub(super) layer: TenantLayer<A, R>,
}

impl<S, A, R, ReqBody, ResBody> Service<Request<ReqBody>> for TenantService<S, A, R>
where
    S: Service<Request<ReqBody>, Response = Response<ResBody>> + Clone + Send + 'static,
    S::Future: Send,
    S::Error: 'static,
    ReqBody: Send + 'static,
    ResBody: Send + 'static,
    A: Authenticate,
    R: Refuse<ResBody>,
{
    type Response = Response<ResBody>;
    type Error = S::Error;
    type Future = ResponseFuture<ResBody, S::Error>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<ReqBody>) -> Self::Future {
        let next = self.inner.clone();
        let mut inner = mem::replace(&mut self.inner, next);
        let layer = self.layer.clone();
        ResponseFuture::new(async move {
            let (mut parts, body) = request.into_parts();
            match layer.admit(&mut parts).await {
                Ok(Some(scope)) => {
                    let request = Request::from_parts(parts, body);
                    scope.in_logs(inner.call(request)).await
                }
                Ok(None) => inner.call(Request::from_parts(parts, body)).await,
                Err(refusal) => {
                    let problem = Problem::from(&refusal);
                    let mut response = layer.refuse.refuse(&problem, &parts);
                    response.extensions_mut().insert(refusal);
                    Ok(response)
                }
            }
        })
    }
}

impl<A: Authenticate, R> TenantLayer<A, R> {
    /// Prepares a request for the inner service: its scope, or none on the platform's host.
    async fn admit(&self, request: &mut Parts) -> Result<Option<TenantScope>, Refusal> {
        // Only this layer says which tenant a request has.
        request.extensions.remove::<TenantScope>();
        request.extensions.remove::<OnPlatform>();
        if let Some(peer) = client_address::peer(&request.extensions) {
            let proxies = &self.shared.proxies;
            let address = proxies.client_address(peer, &request.headers);
            request.extensions.insert(ClientAddress(address));
        }
        let named = self.shared.sources.read(request, &self.shared.proxies)?;
        let addressed = self.addressed(&named).await?;
        let Some((live, actor)) = self.signed_in(request, &named, addressed).await? else {
            if !(named.on_platform && self.shared.platform_admitted) {
                return Err(Refusal::UnknownTenant);
            }
            if let Some(slot) = request.extensions.get::<RequestSlot>() {
                slot.fill(None);
            }
            request.extensions.insert(OnPlatform(()));
            return Ok(None);
        };
        let request_id = match request.extensions.get::<RequestId>() {
            Some(id) => id.clone(),
            None => RequestId::generate(),
        };
        let id = Some(request_id.as_str().into());
        let scope = self.tenants.enter(live, actor, Purpose::Request, id);
        request.extensions.insert(request_id);
        if let Some(slot) = request.extensions.get::<RequestSlot>() {
            slot.fill(Some(&scope));
        }
        request.extensions.insert(scope.clone());
        if let Some(uri) = named.inner_uri {
            request.uri = uri;
        }
        Ok(Some(scope))
    }

    /// The one open tenant that all addresses name.
    async fn addressed(&self, named: &Named) -> Result<Option<Arc<LiveTenant>>, Refusal> {
        let mut found = None;
        for address in &named.passed_on {
            match self.find(address).await {
                Err(Refusal::UnknownTenant) => {} // a proxy's own name
                live => agree(&mut found, live?)?,
            }
        }
        if found.is_none() && !named.passed_on.is_empty() && !named.on_platform {
            return Err(Refusal::UnknownTenant);
        }
        for address in &named.addresses {
            agree(&mut found, self.find(address).await?)?;
        }
        if let Some(live) = &found {
            gate(live)?;
        }
        Ok(found)
    }

    /// The tenant and the actor, once the credential and the header have been weighed as well.
    async fn signed_in(
        &self,
        request: &Parts,
        named: &Named,
        addressed: Option<Arc<LiveTenant>>,
    ) -> Result<Option<(Arc<LiveTenant>, Actor)>, Refusal> {
        let record = addressed.as_ref().map(|live| live.record());
        let caller = self.authenticate.authenticate(request, record.as_deref());
        let (tenant_id, actor) = match caller.await {
            Err(error) => return Err(self.cannot_tell(&error)),
            Ok(Caller::Rejected) => return Err(Refusal::Unauthenticated),
            Ok(Caller::Limited { retry_after }) => {
                return Err(Refusal::TooManyCredentials { retry_after });
            }
            // Without a credential the header claims nothing.
            Ok(Caller::Anonymous) => {
                return Ok(addressed.map(|live| (live, Actor::anonymous())));
            }
            Ok(Caller::Member { tenant_id, actor }) => (tenant_id, actor),
        };
        if addressed
            .as_ref()
            .is_some_and(|live| live.id() != tenant_id)
        {
            return Err(Refusal::Unauthenticated);
        }
        let claimed = match &named.claim {
            None => false,
            Some(Err(_)) => return Err(Refusal::ConflictingTenants),
            Some(Ok(address)) => match self.find(address).await {
                Ok(live) if live.id() == tenant_id => true,
                // Another tenant and none at all are told apart for nobody.
                Ok(_) | Err(Refusal::UnknownTenant) => return Err(Refusal::ConflictingTenants),
                Err(refusal) => return Err(refusal),
            },
        };
        let live = match addressed {
            Some(live) => live,
            None if claimed || self.shared.sources.reads_credentials() => {
                let live = self.find(&Address::Id(tenant_id)).await?;
                gate(&live)?;
                live
            }
            None => return Ok(None),
        };
        Ok(Some((live, actor)))
    }

    async fn find(&self, address: &Address) -> Result<Arc<LiveTenant>, Refusal> {
        let found = self.tenants.live(address).await;
        found.map_err(|error| match error.kind() {
            ErrorKind::NotFound => Refusal::UnknownTenant,
            _ => self.cannot_tell(&error),
        })
    }

    /// Told once in a while where the store is away, since every request meets it.
    fn cannot_tell(&self, error: &Error) -> Refusal {
        let left_out = if error.is_transient() {
            self.away.admit()
        } else {
            Some(0)
        };
        if let Some(left_out) = left_out {
            tracing::warn!(
                error = %error,
                cause = std::error::Error::source(error),
                left_out,
                "a request was refused because its tenant or its sender could not be looked up"
            );
        }
        Refusal::RegistryUnavailable
    }
}

/// Takes what one more address found; all of them must find one tenant.
fn agree(found: &mut Option<Arc<LiveTenant>>, live: Arc<LiveTenant>) -> Result<(), Refusal> {
    match found {
        Some(other) if other.id() != live.id() => Err(Refusal::ConflictingTenants),
        _ => {
            *found = Some(live);
            Ok(())
        }
    }
}

fn gate(live: &LiveTenant) -> Result<(), Refusal> {
    match live.record().unavailability() {
        Some(state) => Err(state.into()),
        None => Ok(()),
    }
}

impl<S: Clone, A, R> Clone for TenantService<S, A, R> {
    fn clone(&self) -> Self {
        Self {
            inner: self.inner.clone(),
            layer: self.layer.clone(),
        }
    }
}

impl<S: fmt::Debug, A, R> fmt::Debug for TenantService<S, A, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TenantService")
            .field("inner", &self.inner)
            .field("layer", &self.layer)
            .finish()
    }
}
