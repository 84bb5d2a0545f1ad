use std::sync::Arc;
use std::time::Duration;

use super::freshness::Freshness;
use super::live::LiveTenants;
use super::lookup::Lookup;
use super::{Inner, Realm, Tenants};
use crate::registry::Directory;

/// Limits of a [`Tenants`].
#[derive(Debug)]
#[must_use]
pub struct TenantsBuilder<D> {
    directory: D,
    known_max: usize,
    unknown_max: usize,
    check_interval: Duration,
    stale_limit: Duration,
    time_out: Duration,
}

impl<D: Directory> TenantsBuilder<D> {
    pub(super) fn new(directory: D) -> Self {
        Self {
            directory,
            known_max: 100_000,
            unknown_max: 10_000,
            check_interval: Duration::from_secs(1),
            stale_limit: Duration::from_secs(15 * 60),
            time_out: Duration::from_secs(5),
        }
    }

    /// How many addresses of tenants are remembered. Default: 100,000.
    pub fn known_max(mut self, addresses: usize) -> Self {
        self.known_max = addresses;
        self
    }

    /// How many addresses without a tenant are remembered; junk never displaces a tenant.
    /// Default: 10,000.
    pub fn unknown_max(mut self, addresses: usize) -> Self {
        self.unknown_max = addresses;
        self
    }

    /// The longest that another process's change may go unnoticed. Default: one second.
    pub fn check_interval(mut self, interval: Duration) -> Self {
        self.check_interval = interval;
        self
    }

    /// How long known tenants are served while the directory cannot be reached. Default: 15
    /// minutes.
    pub fn stale_limit(mut self, limit: Duration) -> Self {
        self.stale_limit = limit;
        self
    }

    /// The longest wait for one answer of the directory. Default: five seconds.
    pub fn time_out(mut self, time_out: Duration) -> Self {
        self.time_out = time_out;
        self
    }

    /// The tenants, in a realm of their own.
    pub fn build(self) -> Tenants {
        Tenants(Arc::new(Inner {
            realm: Realm::new(),
            directory: Box::new(self.directory),
            lookup: Lookup::new(self.known_max, self.unknown_max),
            live: LiveTenants::default(),
            freshness: Freshness::new(self.check_interval, self.stale_limit, self.time_out),
        }))
    }
}
