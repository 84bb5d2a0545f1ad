use http::header::AUTHORIZATION;
use http::request::Parts;
use tenancy_core::layer::{Authenticate, Caller};
use tenancy_core::{Error, Tenant};
use tenancy_security::session::SessionId;

use crate::keys::ApiKey;
use crate::platform::Platform;
use crate::users::Door;

/// Signs programs in by `Authorization: Bearer KEY`, and people by the cookie of their session. Either
/// counts at its own tenant only; where both are sent, the key does.
#[derive(Debug)]
pub(crate) struct SignIn(pub(crate) Platform);

impl Authenticate for SignIn {
    async fn authenticate(
        &self,
        request: &Parts,
        tenant: Option<&Tenant>,
    ) -> Result<Caller, Error> {
        if request.headers.contains_key(AUTHORIZATION) {
            self.by_key(request, tenant).await
        } else {
            self.by_cookie(request, tenant).await
        }
    }
}

impl SignIn {
    async fn by_key(&self, request: &Parts, tenant: Option<&Tenant>) -> Result<Caller, Error> {
        let mut values = request.headers.get_all(AUTHORIZATION).iter();
        let key = values.next().and_then(|value| {
            let (scheme, key) = value.to_str().ok()?.split_once(' ')?;
            let bearer = scheme.eq_ignore_ascii_case("bearer");
            bearer.then(|| key.parse::<ApiKey>().ok())?
        });
        let (Some(key), None, Some(tenant)) = (key, values.next(), tenant) else {
            return Ok(Caller::Rejected);
        };
        let actor = self.0.known_keys().actor(tenant, &key).await?;
        Ok(actor.map_or(Caller::Rejected, |actor| Caller::Member {
            tenant_id: tenant.id,
            actor,
        }))
    }

    /// Asked of the database each time, so that who was shut out is signed out at once.
    async fn by_cookie(&self, request: &Parts, tenant: Option<&Tenant>) -> Result<Caller, Error> {
        let (Some(id), Some(tenant)) = (SessionId::sent(&request.headers), tenant) else {
            // Operators are not the tenant layer's: the platform's own pages look for them.
            return Ok(Caller::Anonymous);
        };
        let scope = self.0.scope().tenant(tenant.id).await?;
        let user = self.0.signed_in(&Door::Shop(scope), &id).await?;
        Ok(user.map_or(Caller::Anonymous, |user| Caller::Member {
            tenant_id: tenant.id,
            actor: user.actor(),
        }))
    }
}
