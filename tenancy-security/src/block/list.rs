use std::collections::{HashMap, VecDeque};
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};

use foldhash::fast::RandomState;
use ipnet::IpNet;
use jiff::{SignedDuration, Timestamp};
use metrics::counter;
use tenancy_core::TenantId;

use super::entry::{Block, Effect};
use super::networks::Networks;
use crate::address::AddressGroups;

/// How many bans wait until the application takes them.
const BANS_MAX: usize = 10_000;

/// How much longer a ban must be than the one that stands, to be worth telling everybody again.
const RENEWAL: SignedDuration = SignedDuration::from_secs(60);

/// How often what is over is looked for in a list that is full, which takes long.
const SWEEP: SignedDuration = SignedDuration::from_secs(10);

/// Whom the platform and its tenants do not serve. Clones share it.
///
/// It holds a million entries of the platform at most, as many of all tenants, and ten thousand of each
/// tenant, so that nobody fills it for others; those that are over make room.
#[derive(Clone, Debug, Default)]
pub struct BlockList(Arc<Inner>);

#[derive(Debug, Default)]
struct Inner {
    groups: AddressGroups,
    entries: RwLock<Entries>,
    /// Those that nobody has taken; locked before the entries where both are.
    bans: Mutex<VecDeque<Block>>,
}

#[derive(Debug, Default)]
struct Entries {
    platform: Lists,
    tenants: HashMap<TenantId, Lists, RandomState>,
    of_tenants: usize,
    swept_at: Timestamp,
}

#[derive(Debug, Default)]
struct Lists {
    allowed: Networks<Block>,
    blocked: Networks<Block>,
    count: usize,
}

/// The list is full, or this tenant's part of it.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("the block list is full")]
pub struct TooManyBlocks;

impl BlockList {
    /// How many entries the platform may have, and as many all tenants together.
    pub const ENTRIES_MAX: usize = 1_000_000;

    /// How many one tenant may have, so that none takes the room of all.
    pub const TENANT_ENTRIES_MAX: usize = 10_000;

    /// An empty list that takes IPv4 addresses out of what these groups know.
    pub fn new(groups: AddressGroups) -> Self {
        Self(Arc::new(Inner {
            groups,
            ..Inner::default()
        }))
    }

    /// Puts an entry into the list, in place of one with the same network, tenant and effect.
    ///
    /// # Errors
    /// When the list is full.
    pub fn put(&self, block: Block) -> Result<(), TooManyBlocks> {
        let mut entries = self
            .0
            .entries
            .write()
            .unwrap_or_else(PoisonError::into_inner);
        if entries.is_full(block.tenant_id) {
            entries.sweep(Timestamp::now());
        }
        entries.put(block)
    }

    /// Puts an entry into the list that the server itself decided on, as a
    /// [`LoginGuard`](crate::login_guard::LoginGuard) does, and notes it for
    /// [`take_bans`](Self::take_bans). Returns whether it did.
    ///
    /// It does nothing where the same list allows the network, nor where an entry stands that ends less
    /// than a minute earlier: whoever gets past a ban, by an allowance inside of it, would have it
    /// written again with each request.
    ///
    /// # Errors
    /// When the list is full.
    pub fn ban(&self, block: Block) -> Result<bool, TooManyBlocks> {
        let mut bans = self.bans();
        if self.is_settled(&block) {
            return Ok(false);
        }
        self.put(block.clone())?;
        if bans.len() == BANS_MAX {
            bans.pop_front();
            counter!("tenancy_block_bans_forgotten_total").increment(1);
        }
        bans.push_back(block);
        Ok(true)
    }

    /// The last entry that blocks this very network, over or not, as long as there is room for what is
    /// over.
    pub(crate) fn last(&self, network: IpNet, tenant_id: Option<TenantId>) -> Option<Block> {
        let entries = self.0.entries.read();
        let entries = entries.unwrap_or_else(PoisonError::into_inner);
        entries.lists(tenant_id)?.blocked.get(network).cloned()
    }

    /// Whether there is an allowance of the network, or an entry for the same that lasts about as long.
    fn is_settled(&self, ban: &Block) -> bool {
        let entries = self.0.entries.read();
        let entries = entries.unwrap_or_else(PoisonError::into_inner);
        entries.lists(ban.tenant_id).is_some_and(|lists| {
            let known = lists.blocked.get(ban.network);
            known.is_some_and(|known| known.lasts_until(ban, RENEWAL)) || lists.allows(ban.network)
        })
    }

    /// The bans since the last call, for an application that keeps them and tells other processes.
    ///
    /// The last 10,000 are noted, and those that nobody has taken survive a
    /// [`replace`](Self::replace). What was forgotten is counted in
    /// `tenancy_block_bans_forgotten_total`; it is in this list all the same.
    pub fn take_bans(&self) -> Vec<Block> {
        self.bans().drain(..).collect()
    }

    fn bans(&self) -> MutexGuard<'_, VecDeque<Block>> {
        self.0.bans.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes an entry out. Returns whether it was there.
    pub fn remove(&self, network: IpNet, tenant_id: Option<TenantId>, effect: Effect) -> bool {
        // The network in the form in which it is kept.
        let network = Block::new(network, "").network;
        let mut entries = self
            .0
            .entries
            .write()
            .unwrap_or_else(PoisonError::into_inner);
        let Some(lists) = entries.of(tenant_id) else {
            return false;
        };
        let is_removed = lists.of(effect).remove(network).is_some();
        if is_removed {
            lists.count -= 1;
            entries.of_tenants -= usize::from(tenant_id.is_some());
        }
        is_removed
    }

    /// Puts other entries in the place of all there are, at once.
    ///
    /// # Errors
    /// When they are too many. The first hold; those beyond what the list, or a tenant's part of it, has
    /// room for were left out.
    pub fn replace(&self, blocks: impl IntoIterator<Item = Block>) -> Result<(), TooManyBlocks> {
        let mut entries = Entries::default();
        let mut fit = Ok(());
        let bans = self.bans();
        for block in blocks.into_iter().chain(bans.iter().cloned()) {
            fit = fit.and(entries.put(block));
        }
        *self
            .0
            .entries
            .write()
            .unwrap_or_else(PoisonError::into_inner) = entries;
        fit
    }

    /// All entries of the platform, or of one tenant, that are not over; in no order.
    pub fn entries(&self, tenant_id: Option<TenantId>) -> Vec<Block> {
        let now = Timestamp::now();
        let entries = self
            .0
            .entries
            .read()
            .unwrap_or_else(PoisonError::into_inner);
        let all = entries.lists(tenant_id).into_iter().flat_map(|lists| {
            let allowed = lists.allowed.values();
            allowed.chain(lists.blocked.values())
        });
        all.filter(|block| !block.is_over(now)).cloned().collect()
    }

    /// The entry by which a client is refused: by the platform, or by this tenant.
    ///
    /// What the platform allows, a tenant may still block.
    pub fn check(&self, address: IpAddr, tenant_id: Option<TenantId>) -> Option<Block> {
        let address = self.0.groups.plain(address);
        let entries = self
            .0
            .entries
            .read()
            .unwrap_or_else(PoisonError::into_inner);
        let own = tenant_id.and_then(|id| entries.tenants.get(&id));
        let lists = [Some(&entries.platform), own];
        let mut lists = lists.into_iter().flatten();
        lists.find_map(|lists| lists.check(address)).cloned()
    }
}

impl Entries {
    fn lists(&self, tenant_id: Option<TenantId>) -> Option<&Lists> {
        match tenant_id {
            None => Some(&self.platform),
            Some(id) => self.tenants.get(&id),
        }
    }

    fn of(&mut self, tenant_id: Option<TenantId>) -> Option<&mut Lists> {
        match tenant_id {
            None => Some(&mut self.platform),
            Some(id) => self.tenants.get_mut(&id),
        }
    }

    fn is_full(&self, tenant_id: Option<TenantId>) -> bool {
        let Some(id) = tenant_id else {
            return self.platform.count >= BlockList::ENTRIES_MAX;
        };
        let own = self.tenants.get(&id).map_or(0, |lists| lists.count);
        own >= BlockList::TENANT_ENTRIES_MAX || self.of_tenants >= BlockList::ENTRIES_MAX
    }

    fn put(&mut self, block: Block) -> Result<(), TooManyBlocks> {
        let is_full = self.is_full(block.tenant_id);
        let is_tenants = block.tenant_id.is_some();
        let lists = match block.tenant_id {
            None => &mut self.platform,
            Some(id) => self.tenants.entry(id).or_default(),
        };
        if is_full && lists.of(block.effect).get(block.network).is_none() {
            return Err(TooManyBlocks);
        }
        let before = lists.of(block.effect).insert(block.network, block);
        if before.is_none() {
            lists.count += 1;
            self.of_tenants += usize::from(is_tenants);
        }
        Ok(())
    }

    /// Takes out what is over, unless that was done a moment ago.
    fn sweep(&mut self, now: Timestamp) {
        if now.duration_since(self.swept_at).abs() < SWEEP {
            return;
        }
        self.swept_at = now;
        self.platform.sweep(now);
        self.tenants.retain(|_, lists| {
            lists.sweep(now);
            lists.count > 0
        });
        self.of_tenants = self.tenants.values().map(|lists| lists.count).sum();
    }
}

impl Lists {
    fn of(&mut self, effect: Effect) -> &mut Networks<Block> {
        match effect {
            Effect::Allow => &mut self.allowed,
            Effect::Block => &mut self.blocked,
        }
    }

    fn sweep(&mut self, now: Timestamp) {
        self.allowed.retain(|block| !block.is_over(now));
        self.blocked.retain(|block| !block.is_over(now));
        self.count = self.allowed.len() + self.blocked.len();
    }

    fn allows(&self, network: IpNet) -> bool {
        let now = Timestamp::now();
        let mut around = self.allowed.of(network.addr());
        around.any(|entry| entry.network.contains(&network) && !entry.is_over(now))
    }

    fn check(&self, address: IpAddr) -> Option<&Block> {
        let mut blocked = self.blocked.of(address).peekable();
        blocked.peek()?;
        // The time costs as much as the search, and most are not in the list.
        let now = Timestamp::now();
        let blocked = blocked.find(|block| !block.is_over(now))?;
        let mut allowed = self.allowed.of(address);
        let is_allowed = allowed.any(|block| !block.is_over(now));
        (!is_allowed).then_some(blocked)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn block(network: &str) -> Block {
        Block::new(network.parse().unwrap(), "test")
    }

    fn blocks(list: &BlockList, address: &str, tenant_id: Option<TenantId>) -> bool {
        list.check(address.parse().unwrap(), tenant_id).is_some()
    }

    #[test]
    fn networks_of_both_families_are_blocked_in_any_form() {
        let list = BlockList::default();
        for network in ["192.0.2.0/24", "2001:db8::/32", "::ffff:198.51.100.7/128"] {
            list.put(block(network)).unwrap();
        }
        let check = |address: &str, expected: bool| {
            assert_eq!(blocks(&list, address, None), expected, "{address}");
        };
        check("192.0.2.255", true);
        check("::ffff:192.0.2.1", true);
        check("64:ff9b::192.0.2.1", true);
        check("192.0.3.1", false);
        check("2001:db8:ffff::1", true);
        check("2001:db9::1", false);
        check("198.51.100.7", true);
        check("198.51.100.8", false);
    }

    #[test]
    fn what_is_allowed_wins_and_what_is_over_does_nothing() {
        let list = BlockList::default();
        let past = Timestamp::now() - SignedDuration::from_secs(1);
        list.put(block("192.0.2.0/24")).unwrap();
        list.put(block("192.0.2.9/32").effect(Effect::Allow))
            .unwrap();
        list.put(block("198.51.100.0/24").until(past)).unwrap();
        list.put(block("192.0.2.8/32").effect(Effect::Allow).until(past))
            .unwrap();
        assert!(blocks(&list, "192.0.2.1", None));
        assert!(!blocks(&list, "192.0.2.9", None));
        assert!(!blocks(&list, "198.51.100.1", None));
        assert!(blocks(&list, "192.0.2.8", None));
        assert_eq!(list.entries(None).len(), 2);
        assert!(list.remove("192.0.2.0/24".parse().unwrap(), None, Effect::Block));
        assert!(!list.remove("192.0.2.0/24".parse().unwrap(), None, Effect::Block));
        assert!(!blocks(&list, "192.0.2.1", None));
    }

    #[test]
    fn a_tenants_list_touches_nobody_else() {
        let list = BlockList::default();
        let [one, other] = std::array::from_fn(|_| TenantId::generate());
        list.put(block("192.0.2.0/24").of_tenant(one)).unwrap();
        assert!(blocks(&list, "192.0.2.1", Some(one)));
        assert!(!blocks(&list, "192.0.2.1", Some(other)));
        assert!(!blocks(&list, "192.0.2.1", None));
        list.put(block("192.0.2.1/32").effect(Effect::Allow))
            .unwrap();
        assert!(blocks(&list, "192.0.2.1", Some(one)));
        list.replace([block("192.0.2.7/32")]).unwrap();
        assert!(!blocks(&list, "192.0.2.1", Some(one)));
        assert!(blocks(&list, "192.0.2.7", Some(one)));
    }

    #[test]
    fn a_ban_is_there_until_somebody_has_taken_it() {
        let list = BlockList::default();
        list.ban(block("192.0.2.1/32")).unwrap();
        list.replace([block("198.51.100.0/24")]).unwrap();
        assert!(blocks(&list, "192.0.2.1", None));
        assert_eq!(list.take_bans(), [block("192.0.2.1/32")]);
        assert_eq!(list.take_bans(), []);
        assert!(blocks(&list, "192.0.2.1", None));
        list.replace([]).unwrap();
        assert!(!blocks(&list, "192.0.2.1", None));
    }

    #[test]
    fn a_ban_shortens_nothing() {
        let list = BlockList::default();
        let soon = Timestamp::now() + SignedDuration::from_secs(60);
        let later = soon + SignedDuration::from_secs(60);
        list.put(block("192.0.2.1/32")).unwrap();
        list.put(block("192.0.2.2/32").until(later)).unwrap();
        list.put(block("192.0.2.3/32").until(soon)).unwrap();
        list.ban(block("192.0.2.1/32").until(soon)).unwrap();
        list.ban(block("192.0.2.2/32").until(soon)).unwrap();
        list.ban(block("192.0.2.3/32").until(later)).unwrap();
        assert_eq!(list.take_bans(), [block("192.0.2.3/32").until(later)]);
        let mut ends: Vec<_> = list.entries(None).iter().map(Block::ends_at).collect();
        ends.sort();
        assert_eq!(ends, [None, Some(later), Some(later)]);
    }

    #[test]
    fn a_ban_that_stands_is_not_told_again_for_a_little_more() {
        let list = BlockList::default();
        let end = Timestamp::now() + SignedDuration::from_secs(3600);
        let ban = |seconds: i64| {
            let until = end + SignedDuration::from_secs(seconds);
            list.ban(block("192.0.2.0/24").until(until)).unwrap();
            list.take_bans().len()
        };
        assert_eq!(ban(0), 1);
        // The client gets past it, and goes on.
        list.put(block("192.0.2.9/32").effect(Effect::Allow))
            .unwrap();
        assert_eq!(ban(1), 0);
        assert_eq!(ban(59), 0);
        assert_eq!(ban(60), 1);
        let past = Timestamp::now() - SignedDuration::from_secs(1);
        list.put(block("192.0.2.0/24").until(past)).unwrap();
        assert_eq!(ban(0), 1);
    }

    #[test]
    fn nobody_is_banned_whom_the_same_list_allows() {
        let tenant = TenantId::generate();
        let check = |allowance: Block, ban: Block, expected: usize| {
            let list = BlockList::default();
            let what = format!("{allowance:?} {ban:?}");
            list.put(allowance.effect(Effect::Allow)).unwrap();
            list.ban(ban).unwrap();
            assert_eq!(list.take_bans().len(), expected, "{what}");
        };
        let past = Timestamp::now() - SignedDuration::from_secs(1);
        let (client, around) = (|| block("192.0.2.7/32"), || block("192.0.2.0/24"));
        check(client(), client(), 0);
        check(around(), client(), 0);
        check(client(), around(), 1);
        check(client().until(past), client(), 1);
        check(block("2001:db8::/32"), block("2001:db8:1:2::/64"), 0);
        check(client().of_tenant(tenant), client().of_tenant(tenant), 0);
        // What the platform allows, a tenant may still block, and the other way round.
        check(client(), client().of_tenant(tenant), 1);
        check(client().of_tenant(tenant), client(), 1);
    }

    #[test]
    fn what_has_no_room_keeps_nothing_else_out() {
        let list = BlockList::default();
        let [one, other] = std::array::from_fn(|_| TenantId::generate());
        let numbered = |number: u32| {
            let address = std::net::Ipv4Addr::from_bits(number);
            Block::new(IpNet::from(IpAddr::V4(address)), "test").of_tenant(one)
        };
        let many = (0..BlockList::TENANT_ENTRIES_MAX as u32 + 5).map(numbered);
        let others = [
            block("192.0.2.1/32"),
            block("192.0.2.2/32").of_tenant(other),
        ];
        let replaced = list.replace(many.chain(others));
        assert_eq!(replaced, Err(TooManyBlocks));
        assert_eq!(list.entries(Some(one)).len(), BlockList::TENANT_ENTRIES_MAX);
        assert!(blocks(&list, "192.0.2.1", None));
        assert!(blocks(&list, "192.0.2.2", Some(other)));
        // One that is there can be renewed.
        list.put(numbered(7)).unwrap();
    }

    #[test]
    fn a_tenant_that_fills_its_part_leaves_the_others_theirs() {
        let list = BlockList::default();
        let [one, other] = std::array::from_fn(|_| TenantId::generate());
        let numbered = |number: u32| {
            let address = std::net::Ipv4Addr::from_bits(number);
            Block::new(IpNet::from(IpAddr::V4(address)), "test")
        };
        let past = Timestamp::now() - SignedDuration::from_secs(1);
        for number in 0..BlockList::TENANT_ENTRIES_MAX as u32 {
            list.put(numbered(number).of_tenant(one).until(past))
                .unwrap();
        }
        // What is over makes room.
        list.put(block("192.0.2.0/24").of_tenant(one)).unwrap();
        assert_eq!(list.entries(Some(one)).len(), 1);
        for number in 1..BlockList::TENANT_ENTRIES_MAX as u32 {
            list.put(numbered(number).of_tenant(one)).unwrap();
        }
        let more = || block("203.0.113.0/24");
        assert_eq!(list.put(more().of_tenant(one)), Err(TooManyBlocks));
        list.put(more().of_tenant(other)).unwrap();
        list.put(more()).unwrap();
        assert!(list.remove("192.0.2.0/24".parse().unwrap(), Some(one), Effect::Block));
        list.put(more().of_tenant(one)).unwrap();
    }
}
