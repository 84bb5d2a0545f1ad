use std::time::Duration;

use axum::extract::State;
use axum::response::IntoResponse;
use http::StatusCode;
use http::header::{CACHE_CONTROL, HeaderName};
use serde::{Deserialize, Serialize};
use tenancy_core::Slug;
use tenancy_core::json::Json;
use tenancy_core::problem::Problem;
use tenancy_core::registry::{Address, Directory as _};
use tenancy_core::time::Time;
use tenancy_observability::report::{EndpointOrder, Period, Report, WhichEndpoints};
use utoipa::IntoParams;

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

const NO_STORE: [(HeaderName, &str); 1] = [(CACHE_CONTROL, "no-store")];

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
    limit: Option<usize>,
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

    fn endpoints(&self) -> Result<WhichEndpoints, Refused> {
        let which = WhichEndpoints::default().order(self.order.unwrap_or_default());
        match self.limit {
            None => Ok(which),
            Some(limit) if (1..=ENDPOINTS_MAX).contains(&limit) => Ok(which.count(limit)),
            Some(_) => {
                let message = format!("is not from 1 to {ENDPOINTS_MAX}");
                Err(Refused::invalid("limit", message))
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
    let (period, which) = (wanted.period(Time::now())?, wanted.endpoints()?);
    let reports = platform.performance().reports();
    let report = reports.of_tenant(&scope, period, which).await?;
    Ok((NO_STORE, Json(report)))
}

/// Whose requests.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct OfShop {
    /// A shop's alone; those of all unless given.
    tenant: Option<Slug>,
}

/// The same of all requests, or of any shop's, for the platform's operators.
pub(super) async fn performance_of_platform(
    State(platform): State<Platform>,
    visit: Visit,
    Params(OfShop { tenant }): Params<OfShop>,
    Params(wanted): Params<Wanted>,
) -> Result<impl IntoResponse, Refused> {
    let Door::Platform(scope) = &visit.door else {
        return Err(Refused::not_found());
    };
    if visit.user(&platform).await?.is_none() {
        let problem = Problem::new(StatusCode::UNAUTHORIZED);
        return Err(problem.detail("this needs an operator's session").into());
    }
    let (period, which) = (wanted.period(Time::now())?, wanted.endpoints()?);
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
