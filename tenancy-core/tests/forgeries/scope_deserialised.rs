//! A scope cannot come from what a client sends.
use tenancy_core::{PlatformScope, TenantScope};

fn read<T: for<'de> serde::Deserialize<'de>>() {}

fn main() {
    read::<TenantScope>();
    read::<PlatformScope>();
}
