use std::collections::HashMap;
use std::hash::{BuildHasher, Hash};
use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use foldhash::fast::RandomState;
use metrics::counter;
use tenancy_core::TenantId;

use crate::address::AddressKey;

/// The share of all places that is kept for critical requests, as one in so many.
const RESERVE_ONE_IN: usize = 5;

/// A number of places for requests under way. Clones share them.
#[derive(Clone, Debug)]
pub struct LoadShedder(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    places: usize,
    reserve: usize,
    tenant_max: usize,
    client_max: usize,
    taken: Mutex<Taken>,
}

/// Only who has a request under way is here, so it is never larger than all places.
#[derive(Debug, Default)]
struct Taken {
    all: usize,
    by_tenant: HashMap<Option<TenantId>, usize, RandomState>,
    by_client: HashMap<AddressKey, usize, RandomState>,
}

/// A [`LoadShedder`] about to be made.
#[derive(Debug)]
#[must_use]
pub struct LoadShedderBuilder {
    places: usize,
    reserve: usize,
    tenant_max: usize,
    client_max: usize,
}

/// Why there is no place for a request.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum Overload {
    /// The client has as many as one may have at any time.
    Client,
    /// All places are taken, or all but those for critical requests.
    Full,
    /// The tenant has its fair share of a busy server.
    Share,
    /// The tenant has as many as one may have at any time.
    Tenant,
}

/// A request's place; dropped, it is another's.
#[derive(Debug)]
#[must_use = "dropped, it is free again"]
pub struct Place {
    shedder: LoadShedder,
    tenant_id: Option<TenantId>,
    client: Option<AddressKey>,
}

impl LoadShedder {
    /// So many places, of which one in five is for critical requests.
    pub fn new(places: NonZeroUsize) -> Self {
        Self::builder(places).build()
    }

    /// So many places, with other settings than the usual.
    pub fn builder(places: NonZeroUsize) -> LoadShedderBuilder {
        let places = places.get();
        LoadShedderBuilder {
            places,
            reserve: places / RESERVE_ONE_IN,
            tenant_max: usize::MAX,
            client_max: usize::MAX,
        }
    }

    /// Takes a place, at once or not at all.
    ///
    /// # Errors
    /// Why there is none.
    pub fn admit(&self, tenant_id: Option<TenantId>, is_critical: bool) -> Result<Place, Overload> {
        self.admit_client(tenant_id, None, is_critical)
    }

    /// The same for a request of this client, who may have only
    /// [so many](LoadShedderBuilder::client_max).
    ///
    /// # Errors
    /// Why there is none.
    pub fn admit_client(
        &self,
        tenant_id: Option<TenantId>,
        client: Option<AddressKey>,
        is_critical: bool,
    ) -> Result<Place, Overload> {
        // Nobody is counted where it makes no difference.
        let client = client.filter(|_| self.0.client_max != usize::MAX);
        let admitted = self
            .0
            .take(&mut self.taken(), tenant_id, client, is_critical);
        match admitted {
            Ok(()) => Ok(Place {
                shedder: self.clone(),
                tenant_id,
                client,
            }),
            Err(overload) => {
                counter!("tenancy_load_shed_total", "why" => overload.name()).increment(1);
                Err(overload)
            }
        }
    }

    /// How many requests are under way.
    pub fn under_way(&self) -> usize {
        self.taken().all
    }

    fn taken(&self) -> MutexGuard<'_, Taken> {
        // Whatever is changed under the lock is changed without a chance to panic.
        self.0.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inner {
    fn take(
        &self,
        taken: &mut Taken,
        tenant_id: Option<TenantId>,
        client: Option<AddressKey>,
        is_critical: bool,
    ) -> Result<(), Overload> {
        let of_client = client.and_then(|client| taken.by_client.get(&client).copied());
        if of_client.unwrap_or(0) >= self.client_max {
            return Err(Overload::Client);
        }
        let own = taken.by_tenant.get(&tenant_id).copied().unwrap_or(0);
        if own >= self.tenant_max {
            return Err(Overload::Tenant);
        }
        let places = match is_critical {
            true => self.places,
            false => self.places - self.reserve,
        };
        if taken.all >= places {
            return Err(Overload::Full);
        }
        let tenants = taken.by_tenant.len() + usize::from(own == 0);
        if !is_critical && taken.all >= places / 2 && own >= (places / tenants).max(1) {
            return Err(Overload::Share);
        }
        taken.all += 1;
        *taken.by_tenant.entry(tenant_id).or_insert(0) += 1;
        if let Some(client) = client {
            *taken.by_client.entry(client).or_insert(0) += 1;
        }
        Ok(())
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut taken = self.shedder.taken();
        taken.all -= 1;
        leave(&mut taken.by_tenant, &self.tenant_id);
        if let Some(client) = &self.client {
            leave(&mut taken.by_client, client);
        }
    }
}

fn leave<K: Eq + Hash, S: BuildHasher>(taken: &mut HashMap<K, usize, S>, key: &K) {
    if let Some(own) = taken.get_mut(key) {
        *own -= 1;
        if *own == 0 {
            taken.remove(key);
        }
    }
}

impl LoadShedderBuilder {
    /// How many of the places are for critical requests only; at most all. Default: one in five.
    pub fn reserve(mut self, reserve: usize) -> Self {
        self.reserve = reserve.min(self.places);
        self
    }

    /// How many one tenant may have at any time. Default: no limit but its fair share.
    pub fn tenant_max(mut self, tenant_max: NonZeroUsize) -> Self {
        self.tenant_max = tenant_max.get();
        self
    }

    /// How many one client may have at any time, whichever tenants they are for, so that nobody who
    /// sends slowly takes all. Default: no limit.
    pub fn client_max(mut self, client_max: NonZeroUsize) -> Self {
        self.client_max = client_max.get();
        self
    }

    /// Makes the shedder.
    pub fn build(self) -> LoadShedder {
        LoadShedder(Arc::new(Inner {
            places: self.places,
            reserve: self.reserve,
            tenant_max: self.tenant_max,
            client_max: self.client_max,
            taken: Mutex::default(),
        }))
    }
}

impl Overload {
    fn name(self) -> &'static str {
        match self {
            Self::Client => "client",
            Self::Full => "full",
            Self::Share => "share",
            Self::Tenant => "tenant",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::address::AddressGroups;

    fn shedder(places: usize) -> LoadShedderBuilder {
        LoadShedder::builder(places.try_into().unwrap())
    }

    /// As many places as this tenant gets.
    fn fill(shedder: &LoadShedder, tenant_id: Option<TenantId>) -> (Vec<Place>, Overload) {
        let mut places = vec![];
        loop {
            match shedder.admit(tenant_id, false) {
                Ok(place) => places.push(place),
                Err(overload) => return (places, overload),
            }
        }
    }

    #[test]
    fn a_share_is_kept_for_what_is_critical() {
        let shedder = LoadShedder::new(10.try_into().unwrap());
        let (places, overload) = fill(&shedder, None);
        assert_eq!((places.len(), overload), (8, Overload::Full));
        let critical: Vec<_> = (0..3).map(|_| shedder.admit(None, true)).collect();
        let admitted = critical.iter().filter(|place| place.is_ok()).count();
        assert_eq!((admitted, shedder.under_way()), (2, 10));
        drop((places, critical));
        assert_eq!(shedder.under_way(), 0);
    }

    #[test]
    fn one_tenants_rush_leaves_the_others_their_shares() {
        let shedder = shedder(12).reserve(0).build();
        let [one, other, third] = std::array::from_fn(|_| Some(TenantId::generate()));
        let (first, _) = fill(&shedder, one);
        assert_eq!(first.len(), 12);
        drop(first);

        let _present = shedder.admit(other, false).unwrap();
        let (rush, overload) = fill(&shedder, one);
        assert_eq!((rush.len(), overload), (6, Overload::Share));
        let (others, overload) = fill(&shedder, other);
        assert_eq!((others.len() + 1, overload), (6, Overload::Full));
        drop(rush);
        let (thirds, overload) = fill(&shedder, third);
        assert_eq!((thirds.len(), overload), (6, Overload::Full));
    }

    #[test]
    fn a_client_has_no_more_than_one_may_whichever_tenant_it_asks() {
        let shedder = shedder(100).client_max(3.try_into().unwrap()).build();
        let groups = AddressGroups::default();
        let [one, other] = ["192.0.2.1", "192.0.2.2"].map(|text| groups.key(text.parse().unwrap()));
        let admit = |client| {
            let tenant_id = Some(TenantId::generate());
            shedder.admit_client(tenant_id, Some(client), true)
        };
        let places: Vec<_> = (0..3).map(|_| admit(one).unwrap()).collect();
        assert_eq!(admit(one).unwrap_err(), Overload::Client);
        assert!(admit(other).is_ok());
        drop(places);
        assert!(admit(one).is_ok());
        assert_eq!(shedder.under_way(), 0);
    }

    #[test]
    fn a_tenant_has_no_more_than_one_may() {
        let shedder = shedder(100).tenant_max(3.try_into().unwrap()).build();
        let (_places, overload) = fill(&shedder, Some(TenantId::generate()));
        assert_eq!((shedder.under_way(), overload), (3, Overload::Tenant));
        assert!(shedder.admit(None, false).is_ok());
    }
}
