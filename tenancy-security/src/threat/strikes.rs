use std::sync::Arc;
use std::time::Duration;

use http::HeaderName;
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

/// The same, of what a page of somebody else has made the client's browser send.
const CROSS_SITE: &str = "threats-cross-site";

/// How many times as many of those it takes: any page may have its visitors send them, and whoever
/// attacks by himself may say that one did.
const CROSS_SITE_TIMES: u32 = 10;

const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

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
        let cross_site = class(CROSS_SITE, findings.times(CROSS_SITE_TIMES));
        let rules = Rules::new(class(NAME, findings)).class(cross_site);
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
        let is_cross_site = is_cross_site(request);
        if is_cross_site && scope.is_none() {
            // No page anywhere is to shut its visitors out of the whole platform.
            return;
        }
        let name = if is_cross_site { CROSS_SITE } else { NAME };
        let decision = self.limiter.check_here(&client, name, findings);
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

fn class(name: &str, quota: Quota) -> Class {
    let policy = Policy::new(name, quota).expect("the names above are names");
    let class = Class::new(name).expect("the names above are names");
    class.policy(policy)
}

/// Whether the browser says that a page of another origin has sent it. Shops are other origins to each
/// other, also where they have one site.
fn is_cross_site(request: &Parts) -> bool {
    let mut sites = request.headers.get_all(SEC_FETCH_SITE).iter();
    sites.any(|site| site != "same-origin" && site != "none")
}
