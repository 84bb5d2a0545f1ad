//! A scope has no public constructor and no public field.
use tenancy_core::TenantScope;

fn main() {
    let _ = TenantScope(std::sync::Arc::new(()));
}
