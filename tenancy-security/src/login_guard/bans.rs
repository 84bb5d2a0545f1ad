use std::time::Duration;

use ipnet::IpNet;
use jiff::{SignedDuration, Timestamp};
use metrics::counter;
use tenancy_core::TenantId;

use crate::block::{Block, BlockList};

/// Whom a guard puts on a list, for twice as long each time.
#[derive(Debug)]
pub(super) struct Bans {
    list: BlockList,
    first: SignedDuration,
    longest: SignedDuration,
}

impl Bans {
    pub(super) fn new(list: BlockList, first: Duration, longest: Duration) -> Self {
        let signed = |time| SignedDuration::try_from(time).unwrap_or(SignedDuration::MAX);
        Self {
            list,
            first: signed(first.min(longest)),
            longest: signed(longest),
        }
    }

    /// Puts a network on the list, unless it is refused or allowed there already: what fails then was
    /// under way before, and is no repeat.
    pub(super) fn add(&self, network: IpNet, tenant_id: Option<TenantId>) {
        let now = Timestamp::now();
        let last = self.list.last(network, tenant_id);
        let is_banned = last.as_ref().is_some_and(|last| !last.is_over(now));
        if is_banned || self.list.check(network.addr(), tenant_id).is_some() {
            return;
        }
        let until = now.checked_add(self.time(last.as_ref()));
        let block = Block::new(network, "failed to sign in to many accounts")
            .since(now)
            .until(until.unwrap_or(Timestamp::MAX));
        let block = match tenant_id {
            Some(tenant_id) => block.of_tenant(tenant_id),
            None => block,
        };
        match self.list.ban(block) {
            Ok(true) => counter!("tenancy_login_bans_total").increment(1),
            Ok(false) => {}
            Err(error) => {
                tracing::error!(%error, %network, "an address that guesses passwords is not blocked");
            }
        }
    }

    /// For how long it is after the last time, which may have been another process's doing.
    fn time(&self, last: Option<&Block>) -> SignedDuration {
        let lasted = last.and_then(|last| Some(last.ends_at()?.duration_since(last.began_at()?)));
        let doubled = lasted.map_or(self.first, |lasted| lasted.saturating_mul(2));
        doubled.clamp(self.first, self.longest)
    }
}
