mod history;

use std::collections::BTreeMap;
use std::ops::Bound;
use std::time::{Duration, Instant};

use tenancy_core::time::Time;
use tenancy_core::{Error, ErrorKind, PlatformScope, TenantId, TenantScope};
use tenancy_observability::alert::{Measure, Question, Sample, Subject};
use tenancy_observability::report::{Part, Period, Reports};
use tokio::sync::Mutex;

use self::history::{History, Sum, Window};

/// How many shops are looked at in one turn, and for how long; the next goes on after them.
const SHOPS_MAX: usize = 500;
const SHOPS_WITHIN: Duration = Duration::from_secs(4);

/// Below how many requests a share of them says nothing.
const REQUESTS_MIN: u32 = 20;

/// For how long what was read serves; reports are not written more often.
const FRESH_FOR: Duration = Duration::from_secs(30);

/// How late servers may write what was: a recorder keeps an hour of it while the database is away.
const LATE: Duration = Duration::from_secs(70 * 60);

/// What requests took, as far as reports have it: `error_rate` in percent and the mean `response_time_ms`
/// of the platform and of each shop; and from 0 to 1 `error_share` of the platform, and `shop_error_share`
/// of both.
///
/// Of each, what was is read once as far back as rules look, and from then on only what may have changed.
/// Only shops with requests are looked at, some in a turn, so that a turn's work is bounded however many there
/// are; what is known of the others serves until it is their turn again.
#[derive(Debug)]
pub(super) struct ReportMeasure {
    reports: Reports,
    scope: PlatformScope,
    shops_max: usize,
    reach: Reach,
    /// Held while it is read anew, so that it is read once.
    known: Mutex<Known>,
}

/// How far back rules look. Over longer times there is no value.
#[derive(Clone, Copy, Debug)]
pub(super) struct Reach {
    pub(super) platform: Duration,
    pub(super) shops: Duration,
}

#[derive(Debug, Default)]
struct Known {
    read_at: Option<Instant>,
    platform: Party,
    shops: BTreeMap<TenantId, (Subject, Party)>,
    /// The last shop that was looked at, unless it was the last of all.
    looked_at: Option<TenantId>,
    /// When the first was.
    round: Option<Time>,
    /// When it was in the round before, after which all that were known have been looked at.
    round_before: Option<Time>,
}

#[derive(Debug, Default)]
struct Party {
    history: History,
    read_at: Option<Time>,
}

impl Party {
    /// From when on it has to be read.
    fn from(&self, now: Time, reach: Duration) -> Window {
        changed_since(self.read_at, now, reach)
    }

    fn put(&mut self, from: Window, parts: &[Part], now: Time, reach: Duration) {
        self.history.put(from, parts);
        self.history
            .age(Window::of(now), Window::before(now, reach));
        self.read_at = Some(now);
    }
}

/// From when on something may have changed, as far as anybody looks.
fn changed_since(read_at: Option<Time>, now: Time, reach: Duration) -> Window {
    let first = Window::before(now, reach);
    read_at.map_or(first, |at| Window::before(at, LATE).hour().max(first))
}

/// From a window up to now.
fn up_to(now: Time, from: Window) -> Period {
    Period::between(from.start(), now.after(Duration::from_micros(1)))
}

/// Every window by itself.
const ALL_PARTS: usize = usize::MAX;

impl ReportMeasure {
    pub(super) fn new(reports: &Reports, scope: &PlatformScope, reach: Reach) -> Self {
        Self {
            reports: reports.clone(),
            scope: scope.clone(),
            shops_max: SHOPS_MAX,
            reach,
            known: Mutex::default(),
        }
    }

    async fn samples(&self, question: &Question, now: Instant) -> Result<Vec<Sample>, Error> {
        let of: fn(Sum) -> Option<f64> = match &*question.metric {
            "error_rate" => |sum| sum.error_share().map(|share| share * 100.0),
            "error_share" | "shop_error_share" => Sum::error_share,
            "response_time_ms" => Sum::response_time_ms,
            _ => return Ok(vec![]),
        };
        let mut known = self.known.lock().await;
        if known
            .read_at
            .is_none_or(|at| now.duration_since(at) >= FRESH_FOR)
        {
            self.read(&mut known, Time::now()).await?;
            known.read_at = Some(now);
        }
        let first = Window::before(Time::now(), question.window);
        let value = |party: &Party| {
            let sum = party.history.since(first);
            of(sum).filter(|_| sum.requests() >= REQUESTS_MIN)
        };
        let platform = Some(&known.platform).filter(|_| question.window <= self.reach.platform);
        let platform = platform.and_then(value);
        let platform = platform.map(|value| Sample::new(Subject::Platform, value));
        let of_shops = question.window <= self.reach.shops && *question.metric != *"error_share";
        let shops = known.shops.values().filter(|_| of_shops);
        let shops =
            shops.filter_map(|(subject, party)| Some(Sample::new(subject.clone(), value(party)?)));
        Ok(platform.into_iter().chain(shops).collect())
    }

    /// Reads what has become of the platform and of the next shops.
    async fn read(&self, known: &mut Known, now: Time) -> Result<(), Error> {
        let reach = self.reach.platform;
        let from = known.platform.from(now, reach);
        let parts = self.reports.course_of_platform(up_to(now, from), ALL_PARTS);
        known.platform.put(from, &parts.await?, now, reach);

        if known.looked_at.is_none() {
            known.round = Some(now);
        }
        let from = changed_since(known.round_before, now, self.reach.shops);
        let page = self
            .reports
            .tenants(up_to(now, from), known.looked_at, self.shops_max)
            .await?;
        let until = Instant::now() + SHOPS_WITHIN;
        for id in &page {
            self.pass_over(known, Some(*id), from, now).await?;
            self.look_at(known, *id, now).await?;
            known.looked_at = Some(*id);
            if Instant::now() > until {
                return Ok(());
            }
        }
        if page.len() < self.shops_max {
            self.pass_over(known, None, from, now).await?;
            known.looked_at = None;
            known.round_before = known.round;
        }
        Ok(())
    }

    /// Learns what a shop's requests took, unless it is gone.
    async fn look_at(&self, known: &mut Known, id: TenantId, now: Time) -> Result<(), Error> {
        let Some(scope) = self.shop(id).await? else {
            known.shops.remove(&id);
            return Ok(());
        };
        let reach = self.reach.shops;
        let party = known.shops.get(&id).map(|(_, party)| party);
        let from = party.map_or_else(
            || Window::before(now, reach),
            |party| party.from(now, reach),
        );
        let parts = self
            .reports
            .course_of_tenant(&scope, up_to(now, from), ALL_PARTS);
        let parts = parts.await?;
        let slug = scope.tenant().slug.clone();
        let subject = Subject::Tenant { id, slug };
        let (named, party) = known
            .shops
            .entry(id)
            .or_insert_with(|| (subject.clone(), Party::default()));
        *named = subject;
        party.put(from, &parts, now, reach);
        Ok(())
    }

    /// Drops what is no longer known of the shops up to another, which have had no request from a time on.
    async fn pass_over(
        &self,
        known: &mut Known,
        up_to: Option<TenantId>,
        from: Window,
        now: Time,
    ) -> Result<(), Error> {
        let after = known.looked_at.map_or(Bound::Unbounded, Bound::Excluded);
        let to = up_to.map_or(Bound::Unbounded, Bound::Excluded);
        let quiet: Vec<_> = known.shops.range((after, to)).map(|(id, _)| *id).collect();
        for id in quiet {
            let is_gone = self.shop(id).await?.is_none();
            if let Some((_, party)) = known.shops.get_mut(&id) {
                party.put(from, &[], now, self.reach.shops);
                if is_gone || party.history.is_empty() {
                    known.shops.remove(&id);
                }
            }
        }
        Ok(())
    }

    async fn shop(&self, id: TenantId) -> Result<Option<TenantScope>, Error> {
        match self.scope.tenant(id).await {
            Ok(scope) => Ok(Some(scope)),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }
}

impl Measure for ReportMeasure {
    async fn read(&self, question: Question) -> Vec<Sample> {
        let samples = self.samples(&question, Instant::now()).await;
        samples.unwrap_or_else(|error| {
            tracing::debug!(%error, "there are no values for alerts");
            vec![]
        })
    }
}

#[cfg(test)]
mod tests;
