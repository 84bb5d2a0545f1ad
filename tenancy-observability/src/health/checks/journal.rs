use std::collections::HashMap;
use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tenancy_core::journal::Backlog;
use tenancy_core::registry::TenantRegistry;
use tenancy_core::sql::Database;
use tenancy_core::time::Time;
use tenancy_core::{Error, PlatformScope, Slug, TenantId};

use crate::health::{Check, Finding};

/// How many tenants are visited only to see whether something of theirs was put aside.
const ROUND_TENANTS: u32 = 20;

/// How many tenants with entries put aside are remembered.
const PARKED_TENANTS_MAX: usize = 1000;

/// Whether consumers of the journal keep up: how old the oldest entry is that one has not taken, and
/// whether entries were put aside.
///
/// It visits the tenants that have something to take, and goes round the others by twenty at a time.
pub struct JournalCheck<R> {
    database: Database,
    scope: PlatformScope,
    registry: R,
    consumers: Vec<&'static str>,
    oldest_max: Duration,
    round: Mutex<Round>, // std's: never held across an await
}

#[derive(Default)]
struct Round {
    /// The last tenant that was visited in this round.
    after: Option<Slug>,
    /// The next one of those that have something to take, where there are many.
    marked_after: Option<TenantId>,
    parked: HashMap<TenantId, u64>,
}

impl<R: TenantRegistry> JournalCheck<R> {
    /// Looks after these consumers, by name.
    pub fn new(
        database: &Database,
        scope: &PlatformScope,
        registry: R,
        consumers: impl IntoIterator<Item = &'static str>,
    ) -> Self {
        Self {
            database: database.clone(),
            scope: scope.clone(),
            registry,
            consumers: consumers.into_iter().collect(),
            oldest_max: Duration::from_secs(300),
            round: Mutex::default(),
        }
    }

    /// Sets how old an entry may be that a consumer has not taken. Default: five minutes.
    #[must_use]
    pub fn oldest_max(mut self, age: Duration) -> Self {
        self.oldest_max = age;
        self
    }

    /// When the oldest entry was written that waits for its number or for a consumer.
    async fn oldest(&self) -> Result<Option<Time>, Error> {
        let mut oldest = Backlog::unnumbered_since(&self.database).await?;
        if self.consumers.is_empty() {
            return Ok(oldest);
        }
        let after = self.round().marked_after;
        let marked = Backlog::tenants(&self.database, after).await?;
        for tenant in &marked {
            let backlog = self.visit(*tenant).await?;
            oldest = oldest.into_iter().chain(backlog.oldest).min();
        }
        self.round().marked_after = marked.last().copied();
        Ok(oldest)
    }

    /// Goes on with the round, and says how many entries are known to have been put aside.
    async fn parked(&self) -> Result<u64, Error> {
        if !self.consumers.is_empty() {
            let after = self.round().after.clone();
            let next = self.registry.list(after.as_ref(), ROUND_TENANTS).await?;
            for tenant in next
                .iter()
                .filter(|tenant| tenant.unavailability().is_none())
            {
                self.visit(tenant.id).await?;
            }
            self.round().after = next.last().map(|tenant| tenant.slug.clone());
        }
        Ok(self.round().parked.values().sum())
    }

    async fn visit(&self, tenant: TenantId) -> Result<Backlog, Error> {
        let scope = self.scope.tenant(tenant).await?;
        let mut tx = self.database.read(&scope).await?;
        let mut all = Backlog::default();
        for consumer in &self.consumers {
            let one = Backlog::of(&mut tx, consumer).await?;
            all.oldest = all.oldest.into_iter().chain(one.oldest).min();
            all.parked += one.parked;
        }
        tx.commit().await?;
        let mut round = self.round();
        if all.parked == 0 {
            round.parked.remove(&tenant);
        } else if round.parked.len() < PARKED_TENANTS_MAX || round.parked.contains_key(&tenant) {
            round.parked.insert(tenant, all.parked);
        }
        Ok(all)
    }

    fn round(&self) -> MutexGuard<'_, Round> {
        // Critical sections are single assignments, so a poisoned value is still whole.
        self.round.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<R: TenantRegistry> Check for JournalCheck<R> {
    async fn run(&self) -> Finding {
        let looked = async { Ok::<_, Error>((self.oldest().await?, self.parked().await?)) };
        let (oldest, parked) = match looked.await {
            Ok(looked) => looked,
            Err(error) => {
                tracing::debug!(%error, "the journals could not be looked at");
                return Finding::unknown("the journals cannot be looked at");
            }
        };
        let micros = oldest.map_or(0, |at| {
            Time::now()
                .as_microseconds()
                .saturating_sub(at.as_microseconds())
        });
        let age = Duration::from_micros(u64::try_from(micros).unwrap_or(0));
        let finding = match (age > self.oldest_max, parked) {
            (true, _) => Finding::fail("entries of the journal are not taken"),
            (false, 1..) => Finding::warn("entries of the journal were put aside"),
            (false, 0) => Finding::pass(),
        };
        finding.observed(age.as_secs(), "s")
    }
}

impl<R> fmt::Debug for JournalCheck<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("JournalCheck")
            .field("consumers", &self.consumers)
            .finish_non_exhaustive()
    }
}
