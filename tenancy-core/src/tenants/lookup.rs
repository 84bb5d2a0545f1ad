use std::hash::{BuildHasher, RandomState};
use std::sync::Arc;

use quick_cache::sync::Cache;
use tokio::sync::Mutex;

use super::Inner;
use super::live::LiveTenant;
use crate::error::Error;
use crate::registry::Address;

/// How many questions the directory is asked at once at the most; the same address always takes
/// the same place, so it is asked for once however many requests wait for it.
const QUESTIONS_MAX: usize = 64;

/// Addresses that were asked for, with and without a tenant, each kind in a bound of its own.
pub(super) struct Lookup {
    known: Cache<Address, Known>,
    unknown: Cache<Address, Answer>,
    questions: [Mutex<()>; QUESTIONS_MAX],
    hasher: RandomState,
}

#[derive(Clone)]
struct Known {
    live: Arc<LiveTenant>,
    answer: Answer,
}

/// What an answer rests on.
#[derive(Clone, Copy)]
struct Answer {
    /// The tenant's revision (for a tenant) or the registry's (for none) that it was true of.
    revision: u64,
    fetched_at: u64,
}

impl Lookup {
    pub(super) fn new(known_max: usize, unknown_max: usize) -> Self {
        Self {
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
    ) -> Result<Option<Arc<LiveTenant>>, Error> {
        if let Some(answer) = self.fresh(tenants, address) {
            return Ok(answer);
        }
        let place = (self.hasher.hash_one(address) % QUESTIONS_MAX as u64) as usize;
        let _asking = self.questions[place].lock().await;
        if let Some(answer) = self.fresh(tenants, address) {
            return Ok(answer);
        }
        let answer = Answer {
            revision: tenants.freshness.revision(),
            fetched_at: tenants.freshness.now(),
        };
        match tenants.ask(address).await {
            Ok(Some(record)) => {
                let answer = Answer {
                    revision: record.revision,
                    ..answer
                };
                let live = tenants.live.accept(record);
                self.unknown.remove(address);
                self.known.insert(
                    address.clone(),
                    Known {
                        live: live.clone(),
                        answer,
                    },
                );
                Ok(Some(live))
            }
            Ok(None) => {
                self.known.remove(address);
                if let Address::Id(id) = address {
                    tenants.live.mark_gone(*id);
                }
                self.unknown.insert(address.clone(), answer);
                Ok(None)
            }
            Err(error) => self.stale(tenants, address).ok_or(error).map(Some),
        }
    }

    /// The answer in the cache, where it can be relied on.
    fn fresh(&self, tenants: &Inner, address: &Address) -> Option<Option<Arc<LiveTenant>>> {
        let freshness = &tenants.freshness;
        if let Some(Known { live, answer }) = self.known.get(address) {
            let holds = if freshness.is_tracked() {
                // Any change of the tenant may have taken this address away from it.
                answer.revision == live.revision() && !live.is_gone()
            } else {
                freshness.is_young(answer.fetched_at)
            };
            return holds.then_some(Some(live));
        }
        let answer = self.unknown.get(address)?;
        let holds = if freshness.is_tracked() {
            answer.revision == freshness.revision()
        } else {
            freshness.is_young(answer.fetched_at)
        };
        holds.then_some(None)
    }

    /// What may be served while the directory is away: an address known not to have changed.
    fn stale(&self, tenants: &Inner, address: &Address) -> Option<Arc<LiveTenant>> {
        let Known { live, answer } = self.known.get(address)?;
        let servable = !tenants.freshness.is_tracked()
            && tenants.freshness.is_within_stale_limit(answer.fetched_at);
        servable.then_some(live)
    }
}
