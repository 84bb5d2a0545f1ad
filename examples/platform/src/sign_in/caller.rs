use http::header::AUTHORIZATION;
use http::request::Parts;
use tenancy_core::client_address::ClientAddress;
use tenancy_core::layer::{Authenticate, Caller};
use tenancy_core::{Actor, Error, Tenant};
use tenancy_security::session::SessionId;

use super::lookups::{Lookup, Lookups};
use crate::keys::ApiKey;
use crate::platform::Platform;
use crate::users::Door;

/// Signs programs in by `Authorization: Bearer KEY`, and people by the cookie of their session. Either
/// counts at its own tenant only; where both are sent, the key does.
///
/// For a client that is blocked nothing is looked up; nor, for a while, for an address from which too many
/// credentials were worth nothing.
#[derive(Debug)]
pub(crate) struct SignIn {
    platform: Platform,
    lookups: Lookups,
}

impl Authenticate for SignIn {
    async fn authenticate(
        &self,
        request: &Parts,
        tenant: Option<&Tenant>,
    ) -> Result<Caller, Error> {
        if self.is_blocked(request, tenant) {
            // The layer inside refuses it.
            return Ok(Caller::Anonymous);
        }
        if request.headers.contains_key(AUTHORIZATION) {
            self.by_key(request, tenant).await
        } else {
            self.by_cookie(request, tenant).await
        }
    }
}

impl SignIn {
    pub(crate) fn new(platform: &Platform) -> Self {
        Self {
            platform: platform.clone(),
            lookups: Lookups::new(&platform.config().limits),
        }
    }

    fn is_blocked(&self, request: &Parts, tenant: Option<&Tenant>) -> bool {
        let client = request.extensions.get::<ClientAddress>();
        client.is_some_and(|ClientAddress(address)| {
            let tenant_id = tenant.map(|tenant| tenant.id);
            self.platform.blocks().check(*address, tenant_id).is_some()
        })
    }

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
        let keys = self.platform.known_keys();
        if let Some(actor) = keys.remembered(tenant, &key) {
            return Ok(actor.map_or(Caller::Rejected, |actor| member(tenant, actor)));
        }
        let lookup = keys.look_up(tenant, &key);
        Ok(match self.lookups.find(request, lookup).await? {
            Lookup::Found(actor) => member(tenant, actor),
            Lookup::Nobody => Caller::Rejected,
            Lookup::TooMany { retry_after } => Caller::Limited { retry_after },
        })
    }

    /// Asked of the database each time, so that who was shut out is signed out at once.
    async fn by_cookie(&self, request: &Parts, tenant: Option<&Tenant>) -> Result<Caller, Error> {
        let (Some(id), Some(tenant)) = (SessionId::sent(&request.headers), tenant) else {
            // Operators are not the tenant layer's: the platform's own pages look for them.
            return Ok(Caller::Anonymous);
        };
        if self.lookups.is_nobodys(tenant.id, id.digest()) {
            return Ok(Caller::Anonymous);
        }
        let lookup = async {
            let scope = self.platform.scope().tenant(tenant.id).await?;
            self.platform.signed_in(&Door::Shop(scope), &id).await
        };
        Ok(match self.lookups.find(request, lookup).await? {
            Lookup::Found(user) => member(tenant, user.actor()),
            Lookup::Nobody => {
                self.lookups.note_nobodys(tenant.id, id.digest());
                Caller::Anonymous
            }
            Lookup::TooMany { retry_after } => Caller::Limited { retry_after },
        })
    }
}

fn member(tenant: &Tenant, actor: Actor) -> Caller {
    Caller::Member {
        tenant_id: tenant.id,
        actor,
    }
}
