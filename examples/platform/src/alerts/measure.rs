use std::sync::Arc;
use std::time::{Duration, Instant};

use tenancy_core::registry::{SqlTenants, TenantRegistry as _};
use tenancy_core::time::Time;
use tenancy_core::{Error, PlatformScope};
use tenancy_observability::alert::{Measure, Question, Sample, Subject};
use tenancy_observability::report::{Period, Report, Reports, WhichEndpoints};
use tokio::sync::Mutex;

/// How many shops have values of their own; the platform's are of all of them.
const TENANTS_MAX: usize = 500;

/// How many shops one look at the registry finds.
const PAGE_ROWS: u32 = 100;

/// Below how many requests a share of them says nothing.
const REQUESTS_MIN: u64 = 20;

/// For how long what was read serves; reports are not written more often.
const FRESH_FOR: Duration = Duration::from_secs(30);

/// What requests took, as far as reports have it: `error_rate` in percent and the mean `response_time_ms`,
/// of the platform and of each shop.
#[derive(Debug)]
pub(super) struct ReportMeasure {
    reports: Reports,
    scope: PlatformScope,
    registry: SqlTenants,
    /// What was read last, over which window; held while it is read anew, so that it is read once.
    read: Mutex<Option<Read>>,
}

#[derive(Debug)]
struct Read {
    at: Instant,
    window: Duration,
    reports: Arc<[(Subject, Report)]>,
}

impl ReportMeasure {
    pub(super) fn new(reports: &Reports, scope: &PlatformScope, registry: &SqlTenants) -> Self {
        Self {
            reports: reports.clone(),
            scope: scope.clone(),
            registry: registry.clone(),
            read: Mutex::default(),
        }
    }

    async fn samples(&self, question: &Question) -> Result<Vec<Sample>, Error> {
        let value = match &*question.metric {
            "error_rate" => |report: &Report| report.error_rate.map(|share| share * 100.0),
            "response_time_ms" => |report: &Report| report.average_response_time,
            _ => return Ok(vec![]),
        };
        let reports = self.reports_over(question.window).await?;
        let known = reports.iter().filter_map(|(subject, report)| {
            let value = value(report).filter(|_| report.requests >= REQUESTS_MIN)?;
            Some(Sample::new(subject.clone(), value))
        });
        Ok(known.collect())
    }

    async fn reports_over(&self, window: Duration) -> Result<Arc<[(Subject, Report)]>, Error> {
        let mut read = self.read.lock().await;
        if let Some(read) = &*read
            && read.window == window
            && read.at.elapsed() < FRESH_FOR
        {
            return Ok(read.reports.clone());
        }
        let at = Instant::now();
        let reports: Arc<[_]> = self.read(window).await?.into();
        *read = Some(Read {
            at,
            window,
            reports: reports.clone(),
        });
        Ok(reports)
    }

    async fn read(&self, window: Duration) -> Result<Vec<(Subject, Report)>, Error> {
        let period = Period::last(window, Time::now());
        let which = WhichEndpoints::default;
        let of_all = self.reports.of_platform(period, which()).await?;
        let mut reports = vec![(Subject::Platform, of_all)];
        let mut after = None;
        while reports.len() <= TENANTS_MAX {
            let page = self.registry.list(after.as_ref(), PAGE_ROWS).await?;
            let Some(last) = page.last() else { break };
            after = Some(last.slug.clone());
            for tenant in page {
                let scope = self.scope.tenant(tenant.id).await?;
                let report = self.reports.of_tenant(&scope, period, which()).await?;
                let (id, slug) = (tenant.id, tenant.slug);
                reports.push((Subject::Tenant { id, slug }, report));
            }
        }
        Ok(reports)
    }
}

impl Measure for ReportMeasure {
    async fn read(&self, question: Question) -> Vec<Sample> {
        self.samples(&question).await.unwrap_or_else(|error| {
            tracing::debug!(%error, "there are no values for alerts");
            vec![]
        })
    }
}
