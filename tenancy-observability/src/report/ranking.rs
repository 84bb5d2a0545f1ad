use std::cmp::Reverse;
use std::collections::HashMap;
use std::time::Duration;

use foldhash::fast::RandomState;
use serde::{Deserialize, Serialize};
use tenancy_core::sql::PlatformTx;
use tenancy_core::time::Time;
use tenancy_core::{Error, ErrorKind, TenantId};

use super::recorder::{Whose, Window};
use super::rows::{self, PAGE_ROWS};
use super::slice::{OPERATION, Slice};
use super::store::{ALL, Found, RANKED, Reports};
use super::window::Period;

/// How many tenants a window or an hour names.
const RANKED_MAX: usize = 256;

/// The form in which rankings are stored.
const VERSION: u8 = 1;

/// What one tenant's requests came to, taken together.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Load {
    /// How many requests ended.
    pub requests: u64,
    /// How many of them were errors.
    pub errors: u64,
    /// How many of them took longer than is slow, to within [one percent](super::QUANTILE_ERROR) of that.
    pub slow: u64,
    /// How many operations ended, which are no requests.
    pub operations: u64,
    /// What requests and operations took together.
    pub time: Duration,
}

impl Load {
    fn of(slice: &Slice, slow: Duration) -> Self {
        let mut load = Self::default();
        for (method, _, totals) in slice.iter() {
            load.time += Duration::from_nanos(totals.times.sum());
            if method == OPERATION {
                load.operations += totals.times.count();
                continue;
            }
            load.requests += totals.times.count();
            load.errors += totals.errors;
            load.slow += totals.times.count_over(slow);
        }
        load
    }

    fn add(&mut self, other: Self) {
        self.requests += other.requests;
        self.errors += other.errors;
        self.slow += other.slow;
        self.operations += other.operations;
        self.time = self.time.saturating_add(other.time);
    }
}

/// Tenants beside each other, without having to look at what is kept of each.
#[derive(Clone, Debug, Default)]
pub(super) struct Ranking(HashMap<TenantId, Load, RandomState>);

impl Ranking {
    pub(super) fn add(&mut self, whose: Whose, slice: &Slice, slow: Duration) {
        if let Whose::Tenant(tenant) = whose {
            let load = self.0.entry(tenant).or_default();
            load.add(Load::of(slice, slow));
        }
    }

    pub(super) fn add_window(&mut self, window: &Window, slow: Duration) {
        for (whose, own) in window.owns() {
            self.add(whose, &own.counted().slice, slow);
        }
    }

    pub(super) fn merge(&mut self, other: &Self) {
        for (tenant, load) in &other.0 {
            self.0.entry(*tenant).or_default().add(*load);
        }
    }

    /// Returns whether it was there.
    pub(super) fn remove(&mut self, tenant: TenantId) -> bool {
        self.0.remove(&tenant).is_some()
    }

    /// The tenants with the most requests and operations, the first of them first.
    pub(super) fn first(&self, count: usize) -> Vec<(TenantId, Load)> {
        let mut all: Vec<_> = self.0.iter().map(|(id, load)| (*id, *load)).collect();
        all.sort_unstable_by_key(|(tenant, load)| {
            (
                Reverse(load.requests.saturating_add(load.operations)),
                *tenant,
            )
        });
        all.truncate(count);
        all
    }

    pub(super) fn encode(&self) -> Result<Vec<u8>, Error> {
        let unwritable = |error| Error::with_source(ErrorKind::InvalidInput, error);
        postcard::to_extend(&self.first(RANKED_MAX), vec![VERSION]).map_err(unwritable)
    }

    pub(super) fn decode(stored: &[u8]) -> Result<Self, Error> {
        let corrupt = || Error::with_source(ErrorKind::Corrupt, "a report's ranking is unreadable");
        let Some((&VERSION, loads)) = stored.split_first() else {
            return Err(corrupt());
        };
        let loads: Vec<(TenantId, Load)> = postcard::from_bytes(loads).map_err(|_| corrupt())?;
        Ok(Self(loads.into_iter().collect()))
    }
}

impl Reports {
    /// The tenants with the most requests and operations in a period, on all servers: so many, the first of
    /// them first. What an hour holds counts for all of it.
    ///
    /// Of a window of five minutes, and of an hour, each server names its first 256 tenants, so that
    /// requests are missing here of those who were not among them.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn busiest(
        &self,
        period: Period,
        count: usize,
    ) -> Result<Vec<(TenantId, Load)>, Error> {
        let mut ranking = Ranking::default();
        let merge = |_, found: Found<'_>| {
            match found {
                Found::Held(window) => ranking.add_window(window, self.slow()),
                Found::Kept(data) => ranking.merge(&Ranking::decode(data)?),
            }
            Ok(())
        };
        self.find(RANKED, period, merge).await?;
        Ok(ranking.first(count))
    }
}

/// Removes a tenant where it stands beside others.
pub(super) async fn forget(tx: &mut PlatformTx, tenant: TenantId) -> Result<(), Error> {
    let without = |data: &[u8]| {
        let mut ranking = Ranking::decode(data)?;
        let is_there = ranking.remove(tenant);
        is_there.then(|| ranking.encode()).transpose()
    };
    let end = Time::from_microseconds(i64::MAX);
    let mut after = (i64::MIN, ALL);
    loop {
        let page = rows::windows(tx, RANKED, after, end).await?;
        for row in &page {
            after = (row.starts_at, row.writer);
            if let Some(data) = without(&row.data)? {
                let start = Time::from_microseconds(row.starts_at);
                rows::put_window(tx, RANKED, start, row.writer, &data).await?;
            }
        }
        if page.len() < PAGE_ROWS {
            break;
        }
    }
    let mut after = i64::MIN;
    loop {
        let page = rows::hours(tx, RANKED, after, end).await?;
        for row in &page {
            after = row.starts_at;
            if let Some(data) = without(&row.data)? {
                rows::put_hour(tx, RANKED, Time::from_microseconds(row.starts_at), &data).await?;
            }
        }
        if page.len() < PAGE_ROWS {
            return Ok(());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layer::Spent;
    use crate::report::totals::End;

    const SECOND: Duration = Duration::from_secs(1);

    fn slice(times: &[u64]) -> Slice {
        let mut slice = Slice::default();
        for milliseconds in times {
            let spent = Spent {
                total: Duration::from_millis(*milliseconds),
                ..Spent::default()
            };
            slice.totals("GET", "/", 9).add(End::Fine, &spent);
        }
        slice
    }

    #[test]
    fn what_is_stored_is_the_first_tenants_and_what_is_read_is_what_was_stored() {
        let tenants: Vec<_> = (0..RANKED_MAX + 10).map(|_| TenantId::generate()).collect();
        let mut ranking = Ranking::default();
        for (number, tenant) in tenants.iter().enumerate() {
            let times = vec![1; number + 1];
            ranking.add(Whose::Tenant(*tenant), &slice(&times), SECOND);
        }
        ranking.add(Whose::Nobody, &slice(&[1; 9999]), SECOND);
        ranking.add(Whose::Folded, &slice(&[1; 9999]), SECOND);
        let stored = ranking.encode().unwrap();
        let read = Ranking::decode(&stored).unwrap().first(usize::MAX);
        assert_eq!(read.len(), RANKED_MAX);
        assert_eq!(read, ranking.first(RANKED_MAX));
        assert_eq!(read[0].0, *tenants.last().unwrap());
        let unreadable = |stored: &[u8]| Ranking::decode(stored).unwrap_err().kind();
        assert_eq!(unreadable(&[]), ErrorKind::Corrupt);
        assert_eq!(unreadable(&[2, 0]), ErrorKind::Corrupt);
        assert_eq!(unreadable(&stored[..stored.len() - 3]), ErrorKind::Corrupt);
    }

    #[test]
    fn slow_is_what_takes_longer() {
        let load = Load::of(&slice(&[1, 970, 1030, 5000]), SECOND);
        assert_eq!((load.requests, load.slow), (4, 2));
        assert_eq!(load.time, Duration::from_millis(7001));
    }
}
