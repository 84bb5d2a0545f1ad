//! What visitors are shown over TLS.

use tenancy_core::registry::TenantRegistry as _;
use tenancy_core::tenant::Status;
use tenancy_core::{Error, Tenant};
use tenancy_observability::readiness::{Finding, certificate};
use tenancy_observability::tls::Trust;

use crate::config::Origin;
use crate::platform::Platform;

/// Whose name is asked for where there is no shop: one that a certificate for all of them covers.
const ANY_SHOP: &str = "shop";

/// How many shops are read to find one that is open.
const SHOPS_READ: u32 = 20;

const BEFORE_IT: &str = "put a proxy in front that ends TLS, and set an https:// --public-url";

pub(super) async fn of_platform(origin: &Origin, trust: &Trust) -> Finding {
    if origin.is_encrypted() {
        return certificate::judge(origin.host().as_str(), origin.port(), trust).await;
    }
    if origin.is_loopback() {
        Finding::warn("only this machine is served, without TLS", BEFORE_IT)
    } else {
        Finding::fail(format!("{origin} is not over TLS"), BEFORE_IT)
    }
}

/// At one shop's address, which all others are like.
pub(super) async fn of_shops(platform: &Platform, trust: &Trust) -> Finding {
    let config = platform.config();
    let shop = match open_shop(platform).await {
        Ok(shop) => shop.unwrap_or_else(|| ANY_SHOP.to_owned()),
        Err(error) => return Finding::unknown(error.to_string(), "run `platform health`"),
    };
    let host = format!("{shop}.{}", config.base_domain());
    let mut found = certificate::judge(&host, config.origin().port(), trust).await;
    if let Some(mend) = &mut found.mend {
        let all = config.base_domain();
        mend.push_str(&format!("; one certificate for *.{all} covers all shops"));
    }
    found
}

/// The slug of a shop that visitors can see.
async fn open_shop(platform: &Platform) -> Result<Option<String>, Error> {
    let shops = platform.registry().list(None, SHOPS_READ).await?;
    let is_open = |shop: &&Tenant| matches!(shop.status, Status::Active | Status::Trial);
    let open = shops.iter().find(is_open);
    Ok(open.map(|shop| shop.slug.to_string()))
}
