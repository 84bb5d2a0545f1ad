use std::sync::Arc;
use std::time::Duration;

use http::request::Parts;
use jiff::{SignedDuration, Timestamp};
use metrics::counter;
use tenancy_core::TenantScope;
use tenancy_core::client_address::ClientAddress;
use tenancy_core::log_throttle::LogThrottle;

use crate::address::{AddressGroups, AddressKey};
use crate::block::{Block, BlockList};
use crate::rate_limit::{Caller, Class, Policy, Quota, RateLimiter, Rules};

/// What is counted: a client's findings, within one tenant.
const NAME: &str = "threats";

/// How many clients are counted apart at the same time.
const CLIENTS: usize = 20_000;

/// Counts what clients are refused for, and blocks those who go on.
#[derive(Clone, Debug)]
pub(super) struct Strikes {
    blocks: BlockList,
    limiter: RateLimiter,
    time: Duration,
    full: Arc<LogThrottle>,
}

impl Strikes {
    pub(super) fn new(blocks: &BlockList, findings: Quota, time: Duration) -> Self {
        let policy = Policy::new(NAME, findings).expect("the name above is a name");
        let class = Class::new(NAME).expect("the name above is a name");
        let rules = Rules::new(class.policy(policy));
        Self {
            blocks: blocks.clone(),
            limiter: RateLimiter::builder(rules).keys(CLIENTS).build(),
            time,
            full: Arc::default(),
        }
    }

    /// Counts the findings of a request that was refused.
    pub(super) fn count(&self, request: &Parts, groups: &AddressGroups, findings: usize) {
        let Some(ClientAddress(address)) = request.extensions.get() else {
            return;
        };
        let scope = request.extensions.get::<TenantScope>();
        let client = scope.map_or_else(Caller::without_tenant, Caller::of);
        let address = groups.key(*address);
        let client = client.address(address);
        let findings = u32::try_from(findings).unwrap_or(u32::MAX);
        let decision = self.limiter.check_here(&client, NAME, findings);
        let is_last = decision.outcomes().any(|outcome| outcome.left() == 0);
        if is_last || !decision.is_admitted() {
            self.block(address, scope);
        }
    }

    /// Of a tenant's own doing, so that it holds for this tenant alone.
    fn block(&self, address: AddressKey, scope: Option<&TenantScope>) {
        let time = SignedDuration::try_from(self.time).unwrap_or(SignedDuration::MAX);
        let until = Timestamp::now().checked_add(time).unwrap_or(Timestamp::MAX);
        let network = address.network();
        let mut block = Block::new(network, "sent what looks like attacks").until(until);
        if let Some(scope) = scope {
            block = block.of_tenant(scope.tenant_id());
        }
        counter!("tenancy_threat_blocks_total").increment(1);
        if let Err(error) = self.blocks.ban(block)
            && let Some(left_out) = self.full.admit()
        {
            tracing::error!(%error, %network, left_out, "an address that attacks is not blocked");
        }
    }
}
