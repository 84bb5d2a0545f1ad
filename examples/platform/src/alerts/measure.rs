use std::collections::{BTreeMap, HashMap};
use std::ops::Bound;
use std::time::{Duration, Instant};

use tenancy_core::time::Time;
use tenancy_core::{Error, ErrorKind, PlatformScope, TenantId};
use tenancy_observability::alert::{Measure, Question, Sample, Subject};
use tenancy_observability::report::{Period, Report, Reports, WhichEndpoints};
use tokio::sync::Mutex;

/// How many shops are looked at in one turn, and for how long; the next goes on after them.
const SHOPS_MAX: usize = 500;
const SHOPS_WITHIN: Duration = Duration::from_secs(4);

/// Over more than this a shop's requests are too many rows to read for each of them.
const SHOPS_WINDOW_MAX: Duration = Duration::from_secs(60 * 60);

/// Below how many requests a share of them says nothing.
const REQUESTS_MIN: u64 = 20;

/// For how long what was read serves; reports are not written more often.
const FRESH_FOR: Duration = Duration::from_secs(30);

/// What a long window's values change in this part of it is not worth reading it anew.
const FRESH_PART: u32 = 120;

/// What requests took, as far as reports have it: `error_rate` in percent and the mean `response_time_ms`
/// of the platform and of each shop; and from 0 to 1 `error_share` of the platform, and `shop_error_share`
/// of both.
///
/// Only shops with requests in the window are looked at, some in a turn, so that a turn's work is bounded
/// however many there are; what is known of the others serves until it is their turn again.
#[derive(Debug)]
pub(super) struct ReportMeasure {
    reports: Reports,
    scope: PlatformScope,
    shops_max: usize,
    /// What is known by window; held while it is read anew, so that it is read once. Rules are few.
    known: Mutex<HashMap<Duration, Known>>,
}

#[derive(Debug, Default)]
struct Known {
    read_at: Option<Instant>,
    platform: Numbers,
    shops: BTreeMap<TenantId, (Subject, Numbers)>,
    /// The last shop that was looked at, unless it was the last of all.
    looked_at: Option<TenantId>,
}

/// What rules ask of a report.
#[derive(Clone, Copy, Debug, Default)]
struct Numbers {
    requests: u64,
    error_share: Option<f64>,
    response_time_ms: Option<f64>,
}

impl Numbers {
    fn of(report: &Report) -> Self {
        Self {
            requests: report.requests,
            error_share: report.error_rate,
            response_time_ms: report.average_response_time,
        }
    }
}

impl ReportMeasure {
    pub(super) fn new(reports: &Reports, scope: &PlatformScope) -> Self {
        Self {
            reports: reports.clone(),
            scope: scope.clone(),
            shops_max: SHOPS_MAX,
            known: Mutex::default(),
        }
    }

    async fn samples(&self, question: &Question, now: Instant) -> Result<Vec<Sample>, Error> {
        let of: fn(&Numbers) -> Option<f64> = match &*question.metric {
            "error_rate" => |numbers| numbers.error_share.map(|share| share * 100.0),
            "error_share" | "shop_error_share" => |numbers| numbers.error_share,
            "response_time_ms" => |numbers| numbers.response_time_ms,
            _ => return Ok(vec![]),
        };
        let mut known = self.known.lock().await;
        let known = known.entry(question.window).or_default();
        let fresh_for = FRESH_FOR.max(question.window / FRESH_PART);
        if known
            .read_at
            .is_none_or(|at| now.duration_since(at) >= fresh_for)
        {
            self.read(known, question.window).await?;
            known.read_at = Some(now);
        }
        let value = |numbers: &Numbers| of(numbers).filter(|_| numbers.requests >= REQUESTS_MIN);
        let platform = value(&known.platform);
        let platform = platform.map(|value| Sample::new(Subject::Platform, value));
        let shops = known
            .shops
            .values()
            .filter(|_| *question.metric != *"error_share");
        let shops = shops
            .filter_map(|(subject, numbers)| Some(Sample::new(subject.clone(), value(numbers)?)));
        Ok(platform.into_iter().chain(shops).collect())
    }

    /// Reads what has become of the platform and of the next shops.
    async fn read(&self, known: &mut Known, window: Duration) -> Result<(), Error> {
        let period = Period::last(window, Time::now());
        let of_all = self.reports.of_platform(period, WhichEndpoints::default());
        known.platform = Numbers::of(&of_all.await?);
        if window > SHOPS_WINDOW_MAX {
            return Ok(());
        }
        let after = known.looked_at;
        let page = self.reports.tenants(period, after, self.shops_max).await?;
        let until = Instant::now() + SHOPS_WITHIN;
        for id in &page {
            let reached = known.looked_at.replace(*id);
            // Whoever lies between has no requests any more.
            forget(known, reached, Some(*id));
            if let Some((subject, numbers)) = self.shop(*id, period).await? {
                known.shops.insert(*id, (subject, numbers));
            }
            if Instant::now() > until {
                return Ok(());
            }
        }
        if page.len() < self.shops_max {
            let reached = known.looked_at.take();
            forget(known, reached, None);
        }
        Ok(())
    }

    /// What a shop's requests took, unless it is gone.
    async fn shop(
        &self,
        id: TenantId,
        period: Period,
    ) -> Result<Option<(Subject, Numbers)>, Error> {
        let scope = match self.scope.tenant(id).await {
            Ok(scope) => scope,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error),
        };
        let which = WhichEndpoints::default();
        let report = self.reports.of_tenant(&scope, period, which).await?;
        let slug = scope.tenant().slug.clone();
        Ok(Some((Subject::Tenant { id, slug }, Numbers::of(&report))))
    }
}

/// Drops what is known of the shops after one and up to another.
fn forget(known: &mut Known, after: Option<TenantId>, up_to: Option<TenantId>) {
    let from = after.map_or(Bound::Unbounded, Bound::Excluded);
    let to = up_to.map_or(Bound::Unbounded, Bound::Included);
    let gone: Vec<_> = known.shops.range((from, to)).map(|(id, _)| *id).collect();
    for id in gone {
        known.shops.remove(&id);
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
