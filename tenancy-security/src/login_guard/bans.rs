use std::time::Duration;

use quick_cache::sync::Cache;
use tenancy_core::TenantId;

use crate::address::AddressKey;

/// How many addresses are remembered for what they did before.
const ADDRESSES: usize = 10_000;

/// Who was banned how often; each time it is for twice as long.
#[derive(Debug)]
pub(super) struct Bans {
    before: Cache<(Option<TenantId>, AddressKey), u32>,
    first: Duration,
    longest: Duration,
}

impl Bans {
    pub(super) fn new(first: Duration, longest: Duration) -> Self {
        Self {
            before: Cache::new(ADDRESSES),
            first,
            longest,
        }
    }

    /// For how long it is this time.
    pub(super) fn next(&self, tenant_id: Option<TenantId>, address: AddressKey) -> Duration {
        let key = (tenant_id, address);
        let before = self.before.get(&key).unwrap_or(0);
        self.before.insert(key, before.saturating_add(1));
        let doubled = 2_u32.checked_pow(before).unwrap_or(u32::MAX);
        self.first.saturating_mul(doubled).min(self.longest)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::address::AddressGroups;

    #[test]
    fn each_ban_is_twice_as_long_up_to_the_longest() {
        let bans = Bans::new(Duration::from_secs(1), Duration::from_secs(5));
        let key = |text: &str| AddressGroups::default().key(text.parse().unwrap());
        let next = |text: &str| bans.next(None, key(text)).as_secs();
        let times = [(); 5].map(|()| next("192.0.2.1"));
        assert_eq!(times, [1, 2, 4, 5, 5]);
        assert_eq!(next("192.0.2.2"), 1);
    }
}
