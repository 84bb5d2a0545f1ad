//! A scope cannot come from nothing.
use tenancy_core::{PlatformScope, TenantScope};

fn main() {
    let _: TenantScope = Default::default();
    let _: PlatformScope = Default::default();
}
