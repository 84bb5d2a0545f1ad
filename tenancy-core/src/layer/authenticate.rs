use std::sync::Arc;

use http::request::Parts;
use jiff::SignedDuration;

use crate::error::Error;
use crate::scope::Actor;
use crate::tenant::{Tenant, TenantId};

/// Says who sends a request: the place for an application's own sign-in.
///
/// Called once for each request, after its address has been resolved and the tenant found open, and
/// before the layers inside have refused or limited anybody: an implementation that asks a database
/// holds those back itself who send one worthless credential after the other
/// ([`Caller::Limited`]).
/// It may be dropped at any await when the client goes away. Whatever it asks needs a time-out of
/// its own.
pub trait Authenticate: Send + Sync + 'static {
    /// Who sends this request; `tenant` is the one its address names, if it names one.
    ///
    /// # Errors
    /// When nobody can tell now; the request is refused with 503. A credential that is known to be
    /// worthless is no error but [`Caller::Rejected`].
    fn authenticate(
        &self,
        request: &Parts,
        tenant: Option<&Tenant>,
    ) -> impl Future<Output = Result<Caller, Error>> + Send;
}

/// Who sends a request.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Caller {
    /// Nobody has signed in: no credential was sent.
    Anonymous,
    /// A credential was sent and not looked up, since too many from there were worthless; the request is
    /// refused with 429.
    Limited {
        /// When the next one is looked up.
        retry_after: SignedDuration,
    },
    /// Somebody with a credential of this tenant.
    Member {
        /// Whose credential it is. The layer compares it with the tenant that the address names.
        tenant_id: TenantId,
        /// Who it is, as the journal will name them.
        actor: Actor,
    },
    /// A credential was sent, and it is not valid.
    Rejected,
}

/// Takes everybody for a visitor who has not signed in; the default.
#[derive(Clone, Copy, Debug, Default)]
pub struct Visitors;

impl Authenticate for Visitors {
    async fn authenticate(&self, _: &Parts, _: Option<&Tenant>) -> Result<Caller, Error> {
        Ok(Caller::Anonymous)
    }
}

impl<A: Authenticate> Authenticate for Arc<A> {
    async fn authenticate(
        &self,
        request: &Parts,
        tenant: Option<&Tenant>,
    ) -> Result<Caller, Error> {
        (**self).authenticate(request, tenant).await
    }
}
