use std::hash::{BuildHasher, RandomState};
use std::sync::Arc;

use quick_cache::sync::Cache;
use tokio::sync::Mutex;

use super::Inner;
use super::changed::Changed;
use super::key::{Key, Name};
use crate::error::Error;
use crate::registry::Address;
use crate::tenant::Tenant;

/// How many questions the directory is asked at once at the most; the same address always takes
/// the same place, so it is asked for once however many requests wait for it.
const QUESTIONS_MAX: usize = 64;

/// Addresses that were asked for, with and without a tenant, each kind in a bound of its own.
pub(super) struct Lookup {
    pub(super) changed: Changed,
    known: Cache<Key, Known>,
    unknown: Cache<Address, Answer>,
    questions: [Mutex<()>; QUESTIONS_MAX],
    hasher: RandomState,
}

/// A tenant's record as the directory answered it.
#[derive(Clone)]
pub(super) struct Known {
    pub(super) record: Arc<Tenant>,
    answer: Answer,
}

/// What an answer rests on.
#[derive(Clone, Copy)]
struct Answer {
    /// The registry's revision that it is true of.
    revision: u64,
    fetched_at: u64,
}

impl Lookup {
    pub(super) fn new(known_max: usize, unknown_max: usize) -> Self {
        Self {
            changed: Changed::default(),
            known: Cache::new(known_max),
            unknown: Cache::new(unknown_max),
            questions: [const { Mutex::const_new(()) }; QUESTIONS_MAX],
            hasher: RandomState::new(),
        }
    }

    pub(super) fn len(&self) -> (usize, usize) {
        (self.known.len(), self.unknown.len())
    }

    pub(super) async fn find(
        &self,
        tenants: &Inner,
        address: &Address,
    ) -> Result<Option<Known>, Error> {
        if let Some(answer) = self.fresh(tenants, address) {
            return Ok(answer);
        }
        let place = (self.hasher.hash_one(address) % QUESTIONS_MAX as u64) as usize;
        let _asking = self.questions[place].lock().await;
        if let Some(answer) = self.fresh(tenants, address) {
            return Ok(answer);
        }
        let answer = Answer {
            revision: self.changed.revision(),
            fetched_at: tenants.freshness.now(),
        };
        match tenants.ask(address).await {
            Ok(Some(record)) => {
                let record = self.shared(record);
                tenants.live.accept(&record);
                self.unknown.remove(address);
                let key = Key::new(address, &record);
                let known = Known { record, answer };
                self.known.insert(key, known.clone());
                Ok(Some(known))
            }
            Ok(None) => {
                self.known.remove(&Name::from(address));
                if let Address::Id(id) = address {
                    tenants.live.mark_gone(*id);
                }
                self.unknown.insert(address.clone(), answer);
                Ok(None)
            }
            Err(error) => self.stale(tenants, address).ok_or(error).map(Some),
        }
    }

    /// Whether no change of the tenant has been told since; any may have taken the address away.
    pub(super) fn is_current(&self, known: &Known) -> bool {
        !self.changed.since(known.answer.revision, known.record.id)
    }

    /// The record as the tenant's other addresses have it, so that it is kept once, or a newer one
    /// that they have: this answer may have been long on its way.
    fn shared(&self, record: Tenant) -> Arc<Tenant> {
        let same = [Name::Id(record.id), Name::Slug(&record.slug)]
            .iter()
            .filter_map(|name| self.known.peek(name))
            .filter(|known| known.record.id == record.id)
            .find(|known| known.record.revision > record.revision || *known.record == record);
        same.map_or_else(|| Arc::new(record), |known| known.record)
    }

    /// The answer in the cache, where it can be relied on.
    fn fresh(&self, tenants: &Inner, address: &Address) -> Option<Option<Known>> {
        let freshness = &tenants.freshness;
        if let Some(known) = self.known.get(&Name::from(address)) {
            let holds = if freshness.is_tracked() {
                self.is_current(&known)
            } else {
                freshness.is_young(known.answer.fetched_at)
            };
            return holds.then_some(Some(known));
        }
        let answer = self.unknown.get(address)?;
        let holds = if freshness.is_tracked() {
            answer.revision == self.changed.revision()
        } else {
            freshness.is_young(answer.fetched_at)
        };
        holds.then_some(None)
    }

    /// What may be served while the directory is away: an address known not to have changed.
    fn stale(&self, tenants: &Inner, address: &Address) -> Option<Known> {
        let known = self.known.get(&Name::from(address))?;
        let servable = !tenants.freshness.is_tracked()
            && tenants
                .freshness
                .is_within_stale_limit(known.answer.fetched_at);
        servable.then_some(known)
    }
}
