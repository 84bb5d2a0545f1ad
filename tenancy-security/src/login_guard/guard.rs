use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use metrics::counter;
use tenancy_core::TenantScope;

use super::attempt::{Attempt, Refused};
use super::bans::Bans;
use crate::address::{AddressKey, SITE_BITS};
use crate::block::BlockList;
use crate::rate_limit::{
    Caller, Charge, Class, Dimension, Outage, Policy, Quota, RateLimiter, RateLimiterBuilder, Rules,
};

/// An account from an address.
pub(super) const PAIR: &str = "login";
/// An account from a site.
const PAIR_SITE: &str = "login-pair-site";
/// An address over accounts.
const ADDRESS: &str = "login-address";
/// A site over accounts.
const SITE: &str = "login-site";
/// An account over addresses.
const ACCOUNT: &str = "login-account";
/// An account from an address that has not failed from there of late.
const NOVEL: &str = "login-novel";

/// The longest account name that is told from others, in bytes. No e-mail address is longer (RFC 5321).
const ACCOUNT_BYTES_MAX: usize = 320;

/// How many more failures, of one account or of accounts, a site may have than one of its addresses.
const PAIR_SITE_TIMES: u32 = 5;
const SITE_TIMES: u32 = 10;

/// How many failures of one account are counted until it is answered as late as it ever is.
const FAILURES_MAX: u32 = 100;

const QUARTER_OF_AN_HOUR: NonZeroU32 = NonZeroU32::new(900).expect("900 is not zero");

/// Watches over attempts to sign in. Clones share what they count.
///
/// See the [module docs](super) for what it does.
#[derive(Clone, Debug)]
pub struct LoginGuard(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    limiter: RateLimiter,
    bans: Bans,
    patience: u32,
    delay_max: Duration,
    site_bits: Option<u8>,
}

/// A [`LoginGuard`] about to be made.
#[derive(Debug)]
#[must_use]
pub struct LoginGuardBuilder {
    blocks: BlockList,
    limiter: RateLimiterBuilder,
    patience: u32,
    delay_max: Duration,
    ban: Duration,
    ban_max: Duration,
    site_bits: Option<u8>,
}

impl LoginGuard {
    /// A guard that counts in this process, and puts addresses on this list.
    pub fn new(blocks: &BlockList) -> Self {
        Self::builder(blocks).build()
    }

    /// A guard with other settings than the usual.
    pub fn builder(blocks: &BlockList) -> LoginGuardBuilder {
        let hour = Duration::from_secs(3600);
        LoginGuardBuilder {
            blocks: blocks.clone(),
            limiter: RateLimiter::builder(rules(Some(SITE_BITS))),
            patience: 10,
            delay_max: Duration::from_secs(5),
            ban: hour,
            ban_max: 24 * hour,
            site_bits: Some(SITE_BITS),
        }
    }

    /// Begins an attempt to sign in, before the password is looked at. Without a scope it is one at
    /// the platform's own door.
    ///
    /// The account is what the client calls itself; blanks around it and capitals make no difference.
    ///
    /// # Errors
    /// When there were too many failures.
    pub async fn begin(
        &self,
        scope: Option<&TenantScope>,
        account: &str,
        address: AddressKey,
    ) -> Result<Attempt, Refused> {
        // However long a client makes it, no more is looked at than tells accounts apart.
        let account = account.trim();
        let account = account[..account.floor_char_boundary(ACCOUNT_BYTES_MAX)].to_lowercase();
        let door = || scope.map_or_else(Caller::without_tenant, Caller::of);
        let pair = door().address_and_name(address, &account);
        let taken = self.0.limiter.check(&pair, PAIR, 1).await;
        if !taken.is_admitted() {
            counter!("tenancy_login_refused_total").increment(1);
            return Err(Refused::of(&taken));
        }
        // Charged at once like the pair, or as many as like to come together would all come first. Beyond
        // its quota it is as bad as it gets.
        let account = door().named(&account);
        let late = self.0.limiter.check(&account, ACCOUNT, 1).await;
        let used = late
            .outcomes()
            .next()
            .map_or(0, |outcome| outcome.quota().amount() - outcome.left());
        let failures = used - u32::from(late.is_admitted()).min(used);
        Ok(Attempt {
            guard: self.clone(),
            taken,
            late,
            pair,
            address: door().address(address),
            tenant_id: scope.map(TenantScope::tenant_id),
            network: address,
            beyond: failures.saturating_sub(self.0.patience),
        })
    }

    pub(super) fn delay(&self, beyond: u32) -> Duration {
        // A tenth of a second, doubled with each failure.
        let doubled = 2_u32.checked_pow(beyond).unwrap_or(u32::MAX);
        match beyond {
            0 => Duration::ZERO,
            _ => Duration::from_millis(50)
                .saturating_mul(doubled)
                .min(self.0.delay_max),
        }
    }

    pub(super) async fn succeeded(&self, attempt: &Attempt) {
        self.0.limiter.refund(&attempt.taken).await;
        self.0.limiter.refund(&attempt.late).await;
    }

    pub(super) async fn failed(&self, attempt: &Attempt) {
        counter!("tenancy_login_failures_total").increment(1);
        let limiter = &self.0.limiter;
        // What an address is charged for is how many accounts it fails for, and not how often.
        let novel = limiter.check(&attempt.pair, NOVEL, 1).await;
        if !novel.is_admitted() {
            return;
        }
        let accounts = limiter.check(&attempt.address, ADDRESS, 1).await;
        let used_up = accounts.outcomes().filter(|outcome| outcome.left() == 0);
        for outcome in used_up {
            let network = match (outcome.policy().as_str(), self.0.site_bits) {
                (SITE, Some(bits)) => attempt.network.within(bits),
                _ => Some(attempt.network),
            };
            if let Some(network) = network {
                self.0.bans.add(network.network(), attempt.tenant_id);
            }
        }
    }
}

/// Closed while a shared store is away: who guesses would only have to wait for that.
fn rules(site_bits: Option<u8>) -> Rules {
    let policy = |name: &str, quota| Policy::new(name, quota).expect("the names above are names");
    let class = |name: &str, quota: Quota, site: Option<(&str, u32)>| {
        let class = Class::new(name).expect("the names above are names");
        let class = class.policy(policy(name, quota));
        match (site, site_bits) {
            (Some((name, times)), Some(ipv6_bits)) => {
                let site = policy(name, quota.times(times));
                class.policy(site.by(Dimension::Network { ipv6_bits }))
            }
            _ => class,
        }
    };
    let pair = Quota::new(10, QUARTER_OF_AN_HOUR);
    let pair = class(PAIR, pair, Some((PAIR_SITE, PAIR_SITE_TIMES)));
    let account = class(ACCOUNT, Quota::per_hour(FAILURES_MAX), None);
    // These two are paid back where nobody failed.
    Rules::new(pair.charge(Charge::OnFailure).outage(Outage::Closed))
        .class(account.charge(Charge::OnFailure))
        .class(class(
            ADDRESS,
            Quota::per_hour(20),
            Some((SITE, SITE_TIMES)),
        ))
        // Over as long as an address' failures are counted, or one account would be several in time.
        .class(class(NOVEL, Quota::per_hour(1), None))
}

impl LoginGuardBuilder {
    /// How many failures an account may have within an hour, from wherever, before it is answered
    /// later and later. Default: 10.
    pub fn patience(mut self, failures: u32) -> Self {
        self.patience = failures.min(FAILURES_MAX);
        self
    }

    /// How late an answer is at the latest. Default: 5 seconds.
    pub fn delay_max(mut self, delay_max: Duration) -> Self {
        self.delay_max = delay_max;
        self
    }

    /// For how long an address is blocked the first time, and at the most. Whoever comes back is blocked
    /// for twice as long as the last time, as far as his entry is still on the list, over or not; so an
    /// application that [replaces](BlockList::replace) the list keeps what is over for a while, and says
    /// [since when](crate::block::Block::since) it was there. Default: an hour and a day.
    pub fn ban(mut self, first: Duration, longest: Duration) -> Self {
        self.ban = first;
        self.ban_max = longest;
        self
    }

    /// How much of an address of IPv6 names a site, in bits: whoever was given more than one network is
    /// held to so many failures in all of them together, five times those of an address for one account and
    /// ten times as many accounts, and is blocked with the whole of it. `None` counts addresses only.
    /// Default: 48.
    ///
    /// Addresses are grouped by whoever [begins](LoginGuard::begin) an attempt.
    pub fn site_bits(mut self, ipv6_bits: Option<u8>) -> Self {
        self.site_bits = ipv6_bits;
        self
    }

    /// Takes the time from tokio, whose clock a test can stop; bans end by the system's clock all the
    /// same. Default: the system's.
    pub fn tokio_clock(mut self) -> Self {
        self.limiter = self.limiter.tokio_clock();
        self
    }

    /// Counts in Redis or Valkey, together with all processes whose guards have the same prefix.
    /// While it is away nobody signs in.
    #[cfg(feature = "redis")]
    pub fn redis(mut self, redis: tenancy_core::redis::Redis, prefix: &str) -> Self {
        self.limiter = self.limiter.redis(redis, prefix);
        self
    }

    /// Makes the guard.
    pub fn build(self) -> LoginGuard {
        let limiter = self.limiter.build();
        limiter.set_rules(rules(self.site_bits));
        LoginGuard(Arc::new(Inner {
            limiter,
            bans: Bans::new(self.blocks, self.ban, self.ban_max),
            patience: self.patience,
            delay_max: self.delay_max,
            site_bits: self.site_bits,
        }))
    }
}
