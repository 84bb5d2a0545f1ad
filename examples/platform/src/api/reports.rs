use std::time::Duration;

use axum::extract::State;
use axum::response::IntoResponse;
use http::StatusCode;
use http::header::{CACHE_CONTROL, HeaderName};
use serde::{Deserialize, Serialize};
use tenancy_core::json::Json;
use tenancy_core::problem::Problem;
use tenancy_core::registry::{Address, Directory as _};
use tenancy_core::time::Time;
use tenancy_core::{PlatformScope, Slug};
use tenancy_observability::layer::SlowRequest;
use tenancy_observability::report::{EndpointOrder, Period, Report, WhichEndpoints};
use utoipa::{IntoParams, ToSchema};

use super::{Params, Refused, Staff};
use crate::platform::Platform;
use crate::sign_in::Visit;
use crate::users::Door;

const HOUR: Duration = Duration::from_secs(60 * 60);

/// The hours of a report that does not say how many.
const HOURS: u32 = 24;

/// Ten years: longer than anything is kept.
const HOURS_MAX: u32 = 10 * 366 * 24;

const ENDPOINTS_MAX: usize = 256;

/// How many slow requests are shown.
const SLOW_MAX: usize = 100;

pub(super) const NO_STORE: [(HeaderName, &str); 1] = [(CACHE_CONTROL, "no-store")];

/// What a report is about.
#[derive(Clone, Debug, Deserialize, IntoParams, Serialize)]
#[into_params(parameter_in = Query)]
pub(super) struct Wanted {
    /// The first moment; unless given, `hours` before `to`.
    #[param(value_type = Option<String>, format = DateTime)]
    from: Option<Time>,
    /// The first moment after it; now unless given.
    #[param(value_type = Option<String>, format = DateTime)]
    to: Option<Time>,
    /// How many hours; 24 unless given.
    #[param(minimum = 1)]
    hours: Option<u32>,
    /// By what endpoints are ordered; by their share of all time unless given.
    order: Option<EndpointOrder>,
    /// How many endpoints at most; 10 unless given.
    #[param(minimum = 1, maximum = 256)]
    endpoints: Option<usize>,
}

impl Wanted {
    fn period(&self, now: Time) -> Result<Period, Refused> {
        let hours = self.hours.unwrap_or(HOURS);
        if !(1..=HOURS_MAX).contains(&hours) {
            let message = format!("is not from 1 to {HOURS_MAX}");
            return Err(Refused::invalid("hours", message));
        }
        let time = hours * HOUR;
        match (self.from, self.to, self.hours) {
            (Some(_), Some(_), Some(_)) => {
                Err(Refused::invalid("hours", "is too much beside from and to"))
            }
            (Some(from), Some(to), None) if from >= to => {
                Err(Refused::invalid("from", "is not before to"))
            }
            (Some(from), Some(to), None) => Ok(Period::between(from, to)),
            (Some(from), None, Some(_)) => Ok(Period::between(from, from.after(time))),
            (Some(from), None, None) if from > now => {
                Err(Refused::invalid("from", "has not come yet"))
            }
            (Some(from), None, None) => Ok(Period::between(from, now)),
            (None, to, _) => Ok(match to {
                Some(to) => Period::ending(to, time),
                None => Period::last(time, now),
            }),
        }
    }

    fn which(&self) -> Result<WhichEndpoints, Refused> {
        let which = WhichEndpoints::default().order(self.order.unwrap_or_default());
        match self.endpoints {
            None => Ok(which),
            Some(count) if (1..=ENDPOINTS_MAX).contains(&count) => Ok(which.count(count)),
            Some(_) => {
                let message = format!("is not from 1 to {ENDPOINTS_MAX}");
                Err(Refused::invalid("endpoints", message))
            }
        }
    }
}

/// What the shop's requests took, and of what; the last 24 hours unless said otherwise
///
/// Times are in milliseconds, shares from 0 to 1. Bounds are moved out to the next five minutes; what is
/// older than a day is known by the hour.
#[utoipa::path(
    get, path = "/api/reports/performance", tag = "reports", operation_id = "report_performance",
    params(Wanted), responses((status = 200, body = Report)),
)]
pub(super) async fn performance(
    State(platform): State<Platform>,
    Staff(scope): Staff,
    Params(wanted): Params<Wanted>,
) -> Result<impl IntoResponse, Refused> {
    let (period, which) = (wanted.period(Time::now())?, wanted.which()?);
    let reports = platform.performance().reports();
    let report = reports.of_tenant(&scope, period, which).await?;
    Ok((NO_STORE, Json(report)))
}

/// The shop's newest requests that took long at the server that answers, since it began, with what each
/// took
#[utoipa::path(
    get, path = "/api/reports/slow-requests", tag = "reports", operation_id = "list_slow_requests",
    responses((status = 200, body = SlowOnes)),
)]
pub(super) async fn slow_requests(
    State(platform): State<Platform>,
    Staff(scope): Staff,
) -> impl IntoResponse {
    let slow = platform.performance().slow_requests();
    let mut data = slow.newest_of(scope.tenant_id(), SLOW_MAX);
    // Where in the program a statement stands is the operators' business.
    for span in data.iter_mut().flat_map(|slow| &mut slow.spans) {
        span.location = None;
    }
    (NO_STORE, Json(SlowOnes { data }))
}

/// The newest, the newest first.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct SlowOnes {
    data: Vec<SlowRequest>,
}

/// The newest requests of all shops and of none that took long at the server that answers, since it began
#[utoipa::path(
    get, path = "/platform/api/reports/slow-requests", tag = "reports",
    operation_id = "list_slow_requests_of_platform",
    responses((status = 200, body = SlowOnes)),
)]
pub(super) async fn slow_requests_of_platform(
    State(platform): State<Platform>,
    visit: Visit,
) -> Result<impl IntoResponse, Refused> {
    operator(&platform, &visit).await?;
    let data = platform.performance().slow_requests().newest(SLOW_MAX);
    Ok((NO_STORE, Json(SlowOnes { data })))
}

/// The platform's scope, for an operator who has signed in at its door.
pub(super) async fn operator<'v>(
    platform: &Platform,
    visit: &'v Visit,
) -> Result<&'v PlatformScope, Refused> {
    let Door::Platform(scope) = &visit.door else {
        return Err(Refused::not_found());
    };
    if visit.user(platform).await?.is_none() {
        let problem = Problem::new(StatusCode::UNAUTHORIZED);
        return Err(problem.detail("this needs an operator's session").into());
    }
    Ok(scope)
}

/// Whose requests.
#[derive(Clone, Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct OfShop {
    /// A shop's alone; those of all unless given.
    #[param(value_type = Option<String>)]
    tenant: Option<Slug>,
}

/// What all requests took, or any shop's, and of what; the last 24 hours unless said otherwise
///
/// Times are in milliseconds, shares from 0 to 1. Bounds are moved out to the next five minutes; what is
/// older than a day is known by the hour.
#[utoipa::path(
    get, path = "/platform/api/reports/performance", tag = "reports",
    operation_id = "report_performance_of_platform",
    params(OfShop, Wanted), responses((status = 200, body = Report)),
)]
pub(super) async fn performance_of_platform(
    State(platform): State<Platform>,
    visit: Visit,
    Params(OfShop { tenant }): Params<OfShop>,
    Params(wanted): Params<Wanted>,
) -> Result<impl IntoResponse, Refused> {
    let scope = operator(&platform, &visit).await?;
    let (period, which) = (wanted.period(Time::now())?, wanted.which()?);
    let reports = platform.performance().reports();
    let report = match tenant {
        None => reports.of_platform(period, which).await?,
        Some(slug) => {
            let found = platform.registry().find(&Address::Slug(slug)).await?;
            let tenant = found.ok_or_else(Refused::not_found)?;
            let scope = scope.tenant(tenant.id).await?;
            reports.of_tenant(&scope, period, which).await?
        }
    };
    Ok((NO_STORE, Json(report)))
}
