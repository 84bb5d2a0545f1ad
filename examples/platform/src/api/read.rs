use http::Uri;
use tenancy_commerce::catalog::CachedRead;
use tenancy_core::TenantScope;

use super::products;
use super::{Params, Refused};
use crate::failure::Failure;
use crate::platform::Platform;

/// The read of the catalogue that the answer at an address is made of.
pub(crate) fn read_at(
    platform: &Platform,
    scope: &TenantScope,
    address: &Uri,
) -> Result<CachedRead, Failure> {
    let unknown = || {
        Failure::new(format!(
            "{address} is not read from the catalogue: give /api/products with its parameters, \
             /api/products/ID, /api/categories or /api/categories/ID"
        ))
    };
    let refused = |refused: Refused| {
        let status = refused.status();
        Failure::new(format!("the shop answers {status} at {address}"))
    };
    let parts: Vec<_> = address.path().split('/').skip(1).collect();
    Ok(match parts[..] {
        ["api", "products"] => {
            let paging = Params::of(address).map_err(refused)?.0;
            let filters = Params::of(address).map_err(refused)?.0;
            let wanted = products::wanted(platform, scope, &paging, &filters);
            CachedRead::Products(wanted.map_err(refused)?.1)
        }
        ["api", "products", id] => CachedRead::Product(id.parse().map_err(|_| unknown())?),
        ["api", "categories"] => CachedRead::Categories,
        ["api", "categories", id] => CachedRead::Category(id.parse().map_err(|_| unknown())?),
        _ => return Err(unknown()),
    })
}
