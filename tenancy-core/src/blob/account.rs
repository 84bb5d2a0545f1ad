//! How much a tenant keeps, exactly, whatever is written at the same time in this process.

use std::collections::HashMap;
use std::fmt;
use std::mem;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Mutex as TurnMutex;

use crate::error::{Error, ErrorKind};
use crate::tenant::{Tenant, TenantId};

/// How many bytes a tenant may keep.
type QuotaOf = dyn Fn(&Tenant) -> u64 + Send + Sync;

/// The accounts of all tenants that have written something.
pub(super) struct Accounts {
    quota_of: Box<QuotaOf>,
    by_tenant: Mutex<HashMap<TenantId, Arc<Account>>>,
}

/// One tenant's account.
#[derive(Debug, Default)]
pub(super) struct Account {
    /// Held while blobs appear or go, so that what was counted stays what there is.
    pub(super) turn: TurnMutex<()>,
    used: Mutex<Used>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Used {
    /// The bytes of all blobs that are there.
    kept: u64,
    /// Whether that is certain: not before the first count, nor after a call whose outcome is unknown.
    is_counted: bool,
    /// The bytes of those that are being written.
    reserved: u64,
}

impl Accounts {
    pub(super) fn new(quota_of: impl Fn(&Tenant) -> u64 + Send + Sync + 'static) -> Self {
        Self {
            quota_of: Box::new(quota_of),
            by_tenant: Mutex::default(),
        }
    }

    pub(super) fn quota_of(&self, tenant: &Tenant) -> u64 {
        (self.quota_of)(tenant)
    }

    pub(super) fn of(&self, tenant: TenantId) -> Arc<Account> {
        let mut accounts = lock(&self.by_tenant);
        accounts.entry(tenant).or_default().clone()
    }
}

impl Account {
    /// The bytes of all blobs, where they have been counted.
    pub(super) fn kept(&self) -> Option<u64> {
        let used = lock(&self.used);
        used.is_counted.then_some(used.kept)
    }

    /// Notes a count, made while the turn was held.
    pub(super) fn counted(&self, kept: u64) {
        let mut used = lock(&self.used);
        used.kept = kept;
        used.is_counted = true;
    }

    /// Notes that what there is must be counted again before the next blob is begun.
    pub(super) fn unknown(&self) {
        lock(&self.used).is_counted = false;
    }

    /// Notes that a blob of so many bytes is gone. The turn is held.
    pub(super) fn free(&self, bytes: u64) {
        let mut used = lock(&self.used);
        used.kept = used.kept.saturating_sub(bytes);
    }
}

/// What one blob that is being written takes up already.
#[derive(Debug)]
pub(super) struct Reserved {
    pub(super) account: Arc<Account>,
    quota: u64,
    bytes: u64,
}

impl Reserved {
    /// Nothing yet.
    pub(super) fn new(account: Arc<Account>, quota: u64) -> Self {
        Self {
            account,
            quota,
            bytes: 0,
        }
    }

    /// Takes up more.
    pub(super) fn grow(&mut self, bytes: u64) -> Result<(), Error> {
        let mut used = lock(&self.account.used);
        let after = used
            .kept
            .saturating_add(used.reserved)
            .saturating_add(bytes);
        if after > self.quota {
            return Err(ErrorKind::QuotaExceeded.into());
        }
        used.reserved += bytes;
        self.bytes += bytes;
        Ok(())
    }

    /// The blob is there, in the place of one of `before` bytes. The turn is held.
    pub(super) fn settle(mut self, before: u64) {
        let bytes = mem::take(&mut self.bytes);
        let mut used = lock(&self.account.used);
        used.reserved -= bytes;
        used.kept = (used.kept + bytes).saturating_sub(before);
    }
}

impl Drop for Reserved {
    fn drop(&mut self) {
        lock(&self.account.used).reserved -= self.bytes;
    }
}

impl fmt::Debug for Accounts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Accounts").finish_non_exhaustive()
    }
}

/// Each critical section is a few additions, so what a panicking thread held is still whole.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
