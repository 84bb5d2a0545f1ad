use tenancy_core::TenantScope;
use tenancy_core::tenant::Setting;

use super::{AllowOrigin, Origin};

/// The setting that holds the origins whose scripts may read a tenant's answers, as in
/// `["https://partner.example"]`; none by default.
#[derive(Debug)]
pub enum OwnOrigins {}

impl Setting for OwnOrigins {
    const KEY: &'static str = "cors_origins";
    type Value = Vec<Origin>;

    fn default() -> Vec<Origin> {
        vec![]
    }
}

/// Allows a tenant what stands in its settings as [`OwnOrigins`], and nobody anything without a
/// tenant.
#[derive(Clone, Copy, Debug, Default)]
pub struct TenantOrigins;

impl AllowOrigin for TenantOrigins {
    fn allows(&self, origin: &Origin, tenant: Option<&TenantScope>) -> bool {
        let settings = tenant.map(|scope| scope.tenant());
        settings.is_some_and(|tenant| tenant.settings.get::<OwnOrigins>().contains(origin))
    }
}
