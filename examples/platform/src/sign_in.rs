use http::header::AUTHORIZATION;
use http::request::Parts;
use tenancy_core::layer::{Authenticate, Caller};
use tenancy_core::{Error, Tenant};

use crate::keys::{ApiKey, KnownKeys};

/// Signs programs in by `Authorization: Bearer KEY`. A key counts at its own tenant only.
#[derive(Debug)]
pub(crate) struct SignInByKey(pub(crate) KnownKeys);

impl Authenticate for SignInByKey {
    async fn authenticate(
        &self,
        request: &Parts,
        tenant: Option<&Tenant>,
    ) -> Result<Caller, Error> {
        let mut values = request.headers.get_all(AUTHORIZATION).iter();
        let Some(value) = values.next() else {
            return Ok(Caller::Anonymous);
        };
        let key = value.to_str().ok().and_then(|text| {
            let (scheme, key) = text.split_once(' ')?;
            let bearer = scheme.eq_ignore_ascii_case("bearer");
            bearer.then(|| key.parse::<ApiKey>().ok())?
        });
        let (Some(key), None, Some(tenant)) = (key, values.next(), tenant) else {
            return Ok(Caller::Rejected);
        };
        let actor = self.0.actor(tenant, &key).await?;
        Ok(actor.map_or(Caller::Rejected, |actor| Caller::Member {
            tenant_id: tenant.id,
            actor,
        }))
    }
}
