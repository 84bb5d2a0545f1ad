use std::net::{IpAddr, Ipv4Addr};

use axum::extract::FromRequestParts;
use http::request::Parts;
use tenancy_core::client_address::ClientAddress;
use tenancy_core::layer::NoTenant;
use tenancy_core::{Error, TenantScope};
use tenancy_security::address::{AddressGroups, AddressKey};
use tenancy_security::session::SessionId;

use crate::platform::Platform;
use crate::users::{Door, User};

/// Somebody at a door: which one, from where, and with what cookie.
#[derive(Debug)]
pub(crate) struct Visit {
    pub(crate) door: Door,
    pub(crate) address: AddressKey,
    pub(crate) session_id: Option<SessionId>,
}

impl Visit {
    /// Who it is, if they have signed in.
    pub(crate) async fn user(&self, platform: &Platform) -> Result<Option<User>, Error> {
        match &self.session_id {
            Some(id) => platform.signed_in(&self.door, id).await,
            None => Ok(None),
        }
    }
}

impl FromRequestParts<Platform> for Visit {
    type Rejection = NoTenant;

    async fn from_request_parts(parts: &mut Parts, platform: &Platform) -> Result<Self, NoTenant> {
        let scope = Option::<TenantScope>::from_request_parts(parts, platform).await?;
        let address = parts.extensions.get::<ClientAddress>();
        // The server notes the peer of each connection. Without one all share what they may do.
        let address = address.map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |address| address.0);
        Ok(Self {
            door: match scope {
                Some(scope) => Door::Shop(scope),
                None => Door::Platform(platform.scope().clone()),
            },
            address: AddressGroups::default().key(address),
            session_id: SessionId::sent(&parts.headers),
        })
    }
}
