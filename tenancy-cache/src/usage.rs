use std::cmp::Reverse;

use serde::Serialize;
use tenancy_core::TenantId;

use crate::shelf::Pool;

/// What one tenant takes of the cache's memory.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize)]
pub struct Usage {
    /// Which tenant.
    pub tenant_id: TenantId,
    /// How many entries it has.
    pub entries: usize,
    /// How many bytes they take.
    pub bytes: u64,
    /// How many bytes they may take now.
    pub share_bytes: u64,
    /// How many of its keys are being loaded now.
    pub loads: usize,
}

impl Usage {
    pub(crate) fn of(pool: &Pool) -> Vec<Self> {
        let mut usage: Vec<Self> = pool
            .shelves()
            .iter()
            .map(|shelf| Self {
                tenant_id: shelf.tenant,
                entries: shelf.len(),
                bytes: shelf.bytes(),
                share_bytes: shelf.share(),
                loads: shelf.flights.len(),
            })
            .collect();
        usage.sort_by_key(|tenant| Reverse(tenant.bytes));
        usage
    }
}
