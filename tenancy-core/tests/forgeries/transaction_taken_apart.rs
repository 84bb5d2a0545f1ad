//! A tenant's transaction does not give its connection away, nor does it change its tenant.
use tenancy_core::sql::{PlatformTx, TenantTx};
use tenancy_core::TenantScope;

fn forge(mut tx: TenantTx, scope: TenantScope) {
    let _ = tx.tx;
    tx.scope = scope;
    let _: sqlx::PgConnection = tx.into();
}

fn need(_: &mut TenantTx) {}

fn pretend(mut tx: PlatformTx) {
    need(&mut tx);
}

fn main() {}
