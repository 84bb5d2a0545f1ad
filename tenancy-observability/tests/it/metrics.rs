mod facade;
mod memory;
mod names;
mod requests;
mod room;
mod sums;

use std::collections::BTreeMap;

use tenancy_core::{Tenant, TenantId};
use tenancy_observability::metrics::{Snapshot, Value};

fn tenant(slug: &str) -> Tenant {
    Tenant::new(TenantId::generate(), slug.parse().unwrap())
}

fn tenants(number: usize) -> Vec<Tenant> {
    (0..number)
        .map(|at| tenant(&format!("shop-{at}")))
        .collect()
}

/// What a counter has for each party, all sets of labels together.
fn counted(snapshot: &Snapshot, name: &str) -> BTreeMap<String, u64> {
    let mut counted = BTreeMap::new();
    for point in snapshot
        .family(name)
        .into_iter()
        .flat_map(|family| &family.points)
    {
        match point.value {
            Value::Counter(number) => {
                *counted.entry(point.tenant.to_string()).or_default() += number
            }
            ref other => panic!("{name} has {other:?}"),
        }
    }
    counted
}
