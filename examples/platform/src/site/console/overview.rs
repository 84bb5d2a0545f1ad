use std::convert::Infallible;
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use askama::Template as _;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse as _, Response};
use futures_util::stream;
use http::StatusCode;
use serde::Deserialize;
use tenancy_core::registry::{Address, Directory as _, TenantRegistry as _};
use tenancy_core::time::Time;
use tenancy_core::{Error, Slug, TenantId, TenantScope};
use tenancy_observability::alert::Fate;
use tenancy_observability::health::Phase;
use tenancy_observability::report::{Period, WhichEndpoints};
use tenancy_observability::slow_query::{Findings, SlowQueryHistory};
use tokio::sync::Semaphore;

use super::Operator;
use super::tables::slugs;
use crate::defence;
use crate::pages::{
    self, HOURS, Language, Measured, Messages, OfPlatform, Overview, OverviewPage, OverviewView,
    ROWS, Room,
};
use crate::platform::Platform;
use crate::servers;
use crate::site::refuse::NoPage;

/// How many shops the form suggests.
const SUGGESTED: u32 = 200;

/// Of how many slow requests the first are shown, by what they are sorted by.
const SORTED: usize = 1000;

/// Of how many busy shops the first are shown, by what they are sorted by.
const BUSY: usize = 256;

/// Into how many parts a plot divides its period.
const PARTS: usize = 48;

/// How often a page that is looked at changes.
const EVERY: Duration = Duration::from_secs(5);

/// How often it does so before the browser asks again.
const TIMES: u32 = 5;

/// How many pages are kept as things are now; others are as they were asked for.
static LOOKED_AT: LazyLock<Arc<Semaphore>> = LazyLock::new(|| Arc::new(Semaphore::new(32)));

/// Which part of the overview somebody wants to see.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Wanted {
    hours: Option<u32>,
    shop: String,
    sort: Option<String>,
}

type Asked = Result<Query<Wanted>, QueryRejection>;

/// What requests take, of all shops or of one.
pub(super) async fn page(
    State(platform): State<Platform>,
    operator: Operator,
    asked: Asked,
) -> Result<Response, NoPage> {
    let (view, shop) = view_of(&platform, asked).await?;
    let language = operator.language();
    let overview = overview(&platform, language, &view, shop.as_ref()).await;
    let overview = overview.map_err(|error| NoPage::failed(&error))?;
    let shops = platform.registry().list(None, SUGGESTED).await;
    let shops = shops.map_err(|error| NoPage::failed(&error))?;
    let page = OverviewPage {
        console: operator.at(Room::Overview),
        view,
        overview,
        shops: shops
            .into_iter()
            .map(|tenant| tenant.slug.to_string())
            .collect(),
    };
    let mut response = Operator::show(&page);
    response.extensions_mut().insert(defence::of_console());
    Ok(response)
}

/// The part of the page that changes, again and again.
pub(super) async fn live(
    State(platform): State<Platform>,
    operator: Operator,
    asked: Asked,
) -> Result<Response, NoPage> {
    let (view, shop) = view_of(&platform, asked).await?;
    let Ok(place) = LOOKED_AT.clone().try_acquire_owned() else {
        return Ok(StatusCode::SERVICE_UNAVAILABLE.into_response());
    };
    let language = operator.language();
    let visit = Arc::new(operator.into_visit());
    let events = stream::unfold(0, move |times| {
        // Given back when the browser goes away.
        let _place = &place;
        let (platform, view, shop) = (platform.clone(), view.clone(), shop.clone());
        let visit = visit.clone();
        async move {
            tokio::time::sleep(EVERY).await;
            if times == TIMES || platform.health().phase() == Phase::Draining {
                return None;
            }
            // Whoever was shut out, or has signed out, is shown nothing more.
            visit.user(&platform).await.ok()??;
            let overview = overview(&platform, language, &view, shop.as_ref())
                .await
                .ok()?;
            let html = overview.render().ok()?;
            let event = Event::default().event("overview").data(html);
            Some((Ok::<_, Infallible>(event), times + 1))
        }
    });
    let events = Sse::new(events).keep_alive(KeepAlive::default());
    Ok(crate::site::sign_in::private(events.into_response()))
}

async fn view_of(
    platform: &Platform,
    asked: Asked,
) -> Result<(OverviewView, Option<TenantScope>), NoPage> {
    let Query(wanted) = asked.map_err(|_| NoPage::not_found())?;
    let hours = wanted.hours.unwrap_or(HOURS[0]);
    if !HOURS.contains(&hours) {
        return Err(NoPage::not_found());
    }
    let sorting = wanted.sort.as_deref().map(str::parse).transpose();
    let shop = match wanted.shop.trim() {
        "" => None,
        slug => Some(shop(platform, slug).await?),
    };
    let view = OverviewView {
        hours,
        shop: shop.as_ref().map(|scope| scope.tenant().slug.to_string()),
        sorting: sorting.map_err(|_| NoPage::not_found())?,
    };
    Ok((view, shop))
}

async fn shop(platform: &Platform, slug: &str) -> Result<TenantScope, NoPage> {
    let slug: Slug = slug.parse().map_err(|_| NoPage::not_found())?;
    let failed = |error: Error| NoPage::failed(&error);
    let found = platform.registry().find(&Address::Slug(slug)).await;
    let tenant = found.map_err(failed)?.ok_or_else(NoPage::not_found)?;
    platform.scope().tenant(tenant.id).await.map_err(failed)
}

async fn overview(
    platform: &Platform,
    language: Language,
    view: &OverviewView,
    shop: Option<&TenantScope>,
) -> Result<Overview, Error> {
    let at = Time::now();
    let period = Period::last(Duration::from_secs(u64::from(view.hours) * 60 * 60), at);
    let performance = platform.performance();
    let (reports, slow) = (performance.reports(), performance.slow_requests());
    // All that there are: which of them come first depends on what a table is sorted by.
    let which = WhichEndpoints::default().count(usize::MAX).samples_min(1);
    let (report, course, slow) = match shop {
        Some(scope) => (
            reports.of_tenant(scope, period, which).await?,
            reports.course_of_tenant(scope, period, PARTS).await?,
            slow.newest_of(scope.tenant_id(), SORTED),
        ),
        None => (
            reports.of_platform(period, which).await?,
            reports.course_of_platform(period, PARTS).await?,
            slow.newest(SORTED),
        ),
    };
    let history = SlowQueryHistory::new(platform.database(), platform.scope());
    let findings = history.read(period.from(), period.to()).await?;
    let findings = first_of(findings, shop.map(TenantScope::tenant_id));
    let slugs = slugs(platform, findings.tenants().collect()).await?;
    let of_platform = match shop {
        Some(_) => None,
        None => Some(of_platform(platform, language, period, at).await?),
    };
    let measured = Measured {
        at,
        report,
        course,
        slow,
        statements: pages::slow_statements(language, &findings, &slugs, period.from()),
        of_platform,
    };
    Ok(Overview::new(language, view, measured))
}

/// What is the platform's own, and no shop's.
async fn of_platform(
    platform: &Platform,
    language: Language,
    period: Period,
    at: Time,
) -> Result<OfPlatform, Error> {
    let (performance, alerts) = (platform.performance(), platform.alerts());
    let busy = performance.reports().busiest(period, BUSY).await?;
    let slugs = slugs(platform, busy.iter().map(|(tenant, _)| *tenant).collect()).await?;
    let busy = busy.into_iter().filter_map(|(tenant, load)| {
        let slug = slugs.get(&tenant)?;
        Some((slug.to_string(), load))
    });
    let messages = Messages {
        waiting: alerts.deliveries(Fate::Waiting).await?,
        dead: alerts.deliveries(Fate::Dead).await?,
    };
    Ok(OfPlatform {
        busy: busy.collect(),
        outgoing: performance.outgoing().worst(usize::MAX),
        queues: pages::queues(language, &platform.health().kept(), &messages, at),
        servers: servers::list(platform, at).await?,
    })
}

/// The worst of all, or of one shop.
fn first_of(mut findings: Findings, tenant: Option<TenantId>) -> Findings {
    if let Some(tenant) = tenant {
        findings
            .slow
            .retain(|query| query.tenant_id == Some(tenant));
        findings
            .repeated
            .retain(|query| query.tenant_id == Some(tenant));
    }
    findings.slow.truncate(ROWS);
    findings.repeated.truncate(ROWS);
    findings
}
