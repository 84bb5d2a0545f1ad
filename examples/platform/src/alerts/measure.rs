use tenancy_core::registry::{SqlTenants, TenantRegistry as _};
use tenancy_core::time::Time;
use tenancy_core::{Error, PlatformScope};
use tenancy_observability::alert::{Measure, Question, Sample, Subject};
use tenancy_observability::report::{Period, Report, Reports, WhichEndpoints};

/// How many shops have values of their own; the platform's are of all of them.
const TENANTS_MAX: usize = 500;

/// How many shops one look at the registry finds.
const PAGE_ROWS: u32 = 100;

/// Below how many requests a share of them says nothing.
const REQUESTS_MIN: u64 = 20;

/// What requests took, as far as reports have it: `error_rate` in percent and the mean `response_time_ms`,
/// of the platform and of each shop.
#[derive(Debug)]
pub(super) struct ReportMeasure {
    reports: Reports,
    scope: PlatformScope,
    registry: SqlTenants,
}

impl ReportMeasure {
    pub(super) fn new(reports: &Reports, scope: &PlatformScope, registry: &SqlTenants) -> Self {
        Self {
            reports: reports.clone(),
            scope: scope.clone(),
            registry: registry.clone(),
        }
    }

    async fn samples(&self, question: &Question) -> Result<Vec<Sample>, Error> {
        let value = match &*question.metric {
            "error_rate" => |report: &Report| report.error_rate.map(|share| share * 100.0),
            "response_time_ms" => |report: &Report| report.average_response_time,
            _ => return Ok(vec![]),
        };
        let period = Period::last(question.window, Time::now());
        let mut samples = vec![];
        let mut take = |subject: Subject, report: &Report| {
            if report.requests >= REQUESTS_MIN
                && let Some(value) = value(report)
            {
                samples.push(Sample::new(subject, value));
            }
        };
        let of_all = self.reports.of_platform(period, WhichEndpoints::default());
        take(Subject::Platform, &of_all.await?);
        let (mut after, mut seen) = (None, 0);
        while seen < TENANTS_MAX {
            let page = self.registry.list(after.as_ref(), PAGE_ROWS).await?;
            let Some(last) = page.last() else { break };
            after = Some(last.slug.clone());
            seen += page.len();
            for tenant in page {
                let scope = self.scope.tenant(tenant.id).await?;
                let which = WhichEndpoints::default();
                let report = self.reports.of_tenant(&scope, period, which).await?;
                let (id, slug) = (tenant.id, tenant.slug);
                take(Subject::Tenant { id, slug }, &report);
            }
        }
        Ok(samples)
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
