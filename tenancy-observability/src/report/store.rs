use std::collections::HashSet;
use std::fmt;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use tenancy_core::sql::{Database, PlatformTx};
use tenancy_core::time::Time;
use tenancy_core::{Error, PlatformScope, TenantId, TenantScope};
use tokio::time::{MissedTickBehavior, interval};
use uuid::Uuid;

use super::ranking::{self, Ranking};
use super::recorder::{ALL_ENDPOINTS_MAX, Own, Recorder, Whose, Window};
use super::rows::{self, PAGE_ROWS};
use super::slice::Slice;
use super::summary::{Report, WhichEndpoints};
use super::window::{HOUR, Period, WINDOW, before, beginning};

/// All requests' row, whoever they were for. It is no tenant's id.
pub(super) const ALL: Uuid = Uuid::nil();

/// The row of those that were not told apart by tenant. It is no tenant's id, and comes after each.
const FOLDED: Uuid = Uuid::max();

/// The row that has tenants beside each other. It is no tenant's id, and comes after each.
pub(super) const RANKED: Uuid = Uuid::from_u128(u128::MAX - 1);

/// How old windows are before they become hours: a day's report is made of windows alone, and nobody
/// writes them any more.
const TIDIED_AFTER: Duration = Duration::from_secs(26 * 60 * 60);

/// How many rows are written, or hours made, in one transaction.
const BATCH: usize = 32;

/// Keeps what a [`Recorder`] has counted in the platform's own database, and reports on it. Cheap to
/// clone.
#[derive(Clone)]
pub struct Reports(Arc<Inner>);

struct Inner {
    database: Database,
    scope: PlatformScope,
    recorder: Recorder,
    every: Duration,
    kept_for: Duration,
    slow: Duration,
}

/// Sets up [`Reports`].
#[must_use]
pub struct ReportsBuilder(Inner);

impl ReportsBuilder {
    /// How often what was counted is written. Default: 30 seconds.
    pub fn every(mut self, every: Duration) -> Self {
        self.0.every = every.max(Duration::from_secs(1));
        self
    }

    /// How long numbers are kept. Default: 30 days.
    pub fn kept_for(mut self, kept_for: Duration) -> Self {
        self.0.kept_for = kept_for.max(HOUR);
        self
    }

    /// Longer than this is slow, where tenants are [compared](Reports::busiest). Default: 1 second.
    pub fn slow(mut self, slow: Duration) -> Self {
        self.0.slow = slow;
        self
    }

    /// The reports.
    pub fn build(self) -> Reports {
        Reports(Arc::new(self.0))
    }
}

impl Reports {
    /// The reports on what `recorder` counts, kept in the tables of [`MIGRATIONS`](crate::MIGRATIONS).
    pub fn builder(
        database: &Database,
        scope: &PlatformScope,
        recorder: &Recorder,
    ) -> ReportsBuilder {
        ReportsBuilder(Inner {
            database: database.clone(),
            scope: scope.clone(),
            recorder: recorder.clone(),
            every: Duration::from_secs(30),
            kept_for: Duration::from_secs(30 * 24 * 60 * 60),
            slow: Duration::from_secs(1),
        })
    }

    /// What a tenant's requests took, in its scope.
    ///
    /// # Errors
    /// What [`TenantScope::check_known`] refuses, and those of the database.
    pub async fn of_tenant(
        &self,
        scope: &TenantScope,
        period: Period,
        which: WhichEndpoints,
    ) -> Result<Report, Error> {
        scope.check_known()?;
        let id = scope.tenant_id();
        self.report(id.as_uuid(), Some(Whose::Tenant(id)), period, which)
            .await
    }

    /// What all requests took, of whatever tenants or none.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn of_platform(
        &self,
        period: Period,
        which: WhichEndpoints,
    ) -> Result<Report, Error> {
        self.report(ALL, None, period, which).await
    }

    /// Tenants with requests in a period, as far as that is written: so many, in the order of their ids, of
    /// those after one. What an hour holds counts for all of it.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn tenants(
        &self,
        period: Period,
        after: Option<TenantId>,
        count: usize,
    ) -> Result<Vec<TenantId>, Error> {
        let after = after.map_or(ALL, |tenant| tenant.as_uuid());
        let mut tx = self.0.database.platform_read(&self.0.scope).await?;
        let found = rows::parties(&mut tx, (period.from(), period.to()), after, count).await?;
        tx.commit().await?;
        let tenants = found.into_iter().filter(|party| *party < RANKED);
        Ok(tenants.map(TenantId::from).collect())
    }

    /// Writes and tidies up until `end`, and then writes once more. What fails is logged and tried
    /// again.
    pub async fn keep_until(&self, end: impl Future<Output = ()>) {
        let mut end = pin!(end);
        let mut turn = interval(self.0.every);
        turn.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut tidied = None;
        loop {
            let has_ended = tokio::select! {
                _ = turn.tick() => false,
                () = &mut end => true,
            };
            let now = Time::now();
            let hour = beginning(now, HOUR);
            let done = async {
                self.flush(now).await?;
                if tidied != Some(hour) && !has_ended {
                    self.tidy(now).await?;
                    tidied = Some(hour);
                }
                Ok::<_, Error>(())
            };
            if let Err(error) = done.await {
                tracing::warn!(%error, cause = std::error::Error::source(&error), "reports are not kept now");
            }
            if has_ended {
                return;
            }
        }
    }

    /// Writes what was counted since the last time. Done again after a failure nothing is lost, nor
    /// counted twice.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn flush(&self, now: Time) -> Result<(), Error> {
        let _writing = self.0.recorder.lock_writing().await;
        for window in self.0.recorder.windows() {
            self.flush_window(&window).await?;
        }
        self.0.recorder.release(now);
        Ok(())
    }

    /// Makes old windows into hours, and removes hours that have been kept for long enough. Servers
    /// do it in turns, in small transactions.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn tidy(&self, now: Time) -> Result<(), Error> {
        let horizon = beginning(before(now, TIDIED_AFTER), HOUR);
        loop {
            let mut tx = self.0.database.platform_read(&self.0.scope).await?;
            let oldest = rows::oldest_window(&mut tx, horizon).await?;
            tx.commit().await?;
            if oldest.is_none() {
                break;
            }
            let mut tx = self.0.database.platform(&self.0.scope).await?;
            rows::lock(&mut tx).await?;
            for _ in 0..BATCH {
                if !make_hour(&mut tx, horizon).await? {
                    break;
                }
            }
            tx.commit().await?;
        }
        let horizon = before(now, self.0.kept_for);
        loop {
            let mut tx = self.0.database.platform(&self.0.scope).await?;
            let removed = rows::remove_hours(&mut tx, horizon).await?;
            tx.commit().await?;
            if !removed {
                return Ok(());
            }
        }
    }

    /// Removes all that is kept of a tenant but for its part in the platform's numbers. What this
    /// process has not yet written stays until it is.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn forget(&self, tenant: TenantId) -> Result<(), Error> {
        let mut tx = self.0.database.platform(&self.0.scope).await?;
        // Whoever makes an hour of windows meanwhile would write what is removed here.
        rows::lock(&mut tx).await?;
        rows::forget(&mut tx, tenant.as_uuid()).await?;
        ranking::forget(&mut tx, tenant).await?;
        tx.commit().await
    }

    /// What takes longer is slow.
    pub(super) fn slow(&self) -> Duration {
        self.0.slow
    }

    async fn flush_window(&self, window: &Window) -> Result<(), Error> {
        let (mut all, mut ranking) = (Slice::default(), Ranking::default());
        let mut changed: Vec<(Uuid, Vec<u8>)> = Vec::new();
        let mut seen: Vec<(Arc<Own>, u64)> = Vec::new();
        for (whose, own) in window.owns() {
            let counted = own.counted();
            all.merge(&counted.slice, ALL_ENDPOINTS_MAX);
            ranking.add(whose, &counted.slice, self.slow());
            let changes = counted.changes;
            if changes != own.written.load(Ordering::Acquire) {
                let row = match whose {
                    Whose::Folded => Some(FOLDED),
                    Whose::Nobody => None,
                    Whose::Tenant(tenant) => Some(tenant.as_uuid()),
                };
                if let Some(row) = row {
                    changed.push((row, counted.slice.encode()?));
                }
                drop(counted);
                seen.push((own, changes));
            }
        }
        if seen.is_empty() {
            return Ok(());
        }
        changed.push((ALL, all.encode()?));
        changed.push((RANKED, ranking.encode()?));
        for batch in changed.chunks(BATCH) {
            let mut tx = self.0.database.platform(&self.0.scope).await?;
            for (party, data) in batch {
                rows::put_window(&mut tx, *party, window.start, window.writer, data).await?;
            }
            tx.commit().await?;
        }
        for (own, changes) in seen {
            own.written.store(changes, Ordering::Release);
        }
        Ok(())
    }

    async fn report(
        &self,
        party: Uuid,
        whose: Option<Whose>,
        period: Period,
        which: WhichEndpoints,
    ) -> Result<Report, Error> {
        let mut all = Slice::default();
        let merge = |_, slice: &Slice| all.merge(slice, ALL_ENDPOINTS_MAX);
        let period = self.visit(party, whose, period, merge).await?;
        let mut folded = 0;
        let count = |_, slice: &Slice| folded += slice.requests();
        self.visit(FOLDED, Some(Whose::Folded), period, count)
            .await?;
        Ok(Report::of(&all, period, folded, which))
    }

    /// Shows all that is known of a party in a period, each with its beginning, and says how far that goes:
    /// an hour is shown as a whole, where it lies partly in the period. What is still in memory here counts
    /// instead of what this process has written of the same window.
    pub(super) async fn visit(
        &self,
        party: Uuid,
        whose: Option<Whose>,
        period: Period,
        mut show: impl FnMut(Time, &Slice),
    ) -> Result<Period, Error> {
        self.find(party, period, |start, found| {
            match found {
                Found::Held(window) => {
                    let owns = window.owns();
                    let wanted = |(other, _): &&(Whose, _)| whose.is_none_or(|one| one == *other);
                    for (_, own) in owns.iter().filter(wanted) {
                        show(start, &own.counted().slice);
                    }
                }
                Found::Kept(data) => show(start, &Slice::decode(data)?),
            }
            Ok(())
        })
        .await
    }

    /// The same before it is read.
    pub(super) async fn find(
        &self,
        party: Uuid,
        period: Period,
        mut show: impl FnMut(Time, Found<'_>) -> Result<(), Error>,
    ) -> Result<Period, Error> {
        let mut held = HashSet::new();
        for window in self.0.recorder.windows() {
            held.insert(window.writer);
            if period.meets(window.start, WINDOW) {
                show(window.start, Found::Held(&window))?;
            }
        }
        let mut tx = self.0.database.platform_read(&self.0.scope).await?;
        let mut after = (rows::just_before(period.from()), ALL);
        let mut windows = Vec::new();
        loop {
            let page = rows::windows(&mut tx, party, after, period.to()).await?;
            let rows = page.len();
            for row in page {
                after = (row.starts_at, row.writer);
                let start = Time::from_microseconds(row.starts_at);
                if !held.contains(&row.writer) && period.meets(start, WINDOW) {
                    windows.push((start, row.data));
                }
            }
            if rows < PAGE_ROWS {
                break;
            }
        }
        let mut hours = HashSet::new();
        let mut shown = period;
        let mut after = rows::just_before(period.from());
        loop {
            let page = rows::hours(&mut tx, party, after, period.to()).await?;
            for row in &page {
                after = row.starts_at;
                hours.insert(row.starts_at);
                let start = Time::from_microseconds(row.starts_at);
                shown = shown.with(start, HOUR);
                show(start, Found::Kept(&row.data))?;
            }
            if page.len() < PAGE_ROWS {
                break;
            }
        }
        tx.commit().await?;
        // The statements do not see one state: of what was tidied in between, the hour counts. A window
        // that came too late for its hour is seen once it has joined it.
        windows.retain(|(start, _)| !hours.contains(&beginning(*start, HOUR).as_microseconds()));
        for (start, data) in windows {
            show(start, Found::Kept(&data))?;
        }
        Ok(shown)
    }
}

/// What is known of a party's window or hour.
pub(super) enum Found<'a> {
    /// In this process, of all parties.
    Held(&'a Window),
    Kept(&'a [u8]),
}

/// Makes the oldest window and those of the same hour and party into an hour. Returns whether there
/// was one.
async fn make_hour(tx: &mut PlatformTx, horizon: Time) -> Result<bool, Error> {
    let Some((party, start)) = rows::oldest_window(tx, horizon).await? else {
        return Ok(false);
    };
    let hour = beginning(Time::from_microseconds(start), HOUR);
    let known = rows::hour(tx, party, hour).await?;
    let windows = rows::take_windows(tx, party, hour).await?;
    let (mut all, mut ranking) = (Slice::default(), Ranking::default());
    for data in known.iter().chain(&windows) {
        let merged = match party {
            RANKED => Ranking::decode(data).map(|one| ranking.merge(&one)),
            _ => Slice::decode(data).map(|one| all.merge(&one, ALL_ENDPOINTS_MAX)),
        };
        // It would stand in the way of all that come after it.
        if let Err(error) = merged {
            tracing::error!(%error, %party, %hour, "numbers of a report were given up");
        }
    }
    let data = match party {
        RANKED => ranking.encode()?,
        _ => all.encode()?,
    };
    rows::put_hour(tx, party, hour, &data).await?;
    Ok(true)
}

impl fmt::Debug for Reports {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reports")
            .field("recorder", &self.0.recorder)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for ReportsBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ReportsBuilder").finish_non_exhaustive()
    }
}
