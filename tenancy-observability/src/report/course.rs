use std::time::Duration;

use serde::Serialize;
use tenancy_core::time::Time;
use tenancy_core::{Error, TenantScope};
use uuid::Uuid;

use super::recorder::Whose;
use super::slice::OPERATION;
use super::store::{ALL, Reports};
use super::summary::ResponseTime;
use super::totals::Totals;
use super::window::{Period, WINDOW};

/// What requests took in one of the equal parts of a period. Times are in milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Part {
    /// The first moment of the part.
    pub from: Time,
    /// How many requests ended.
    pub requests: u64,
    /// How many of them were errors.
    pub errors: u64,
    /// How many of them were given up by their clients.
    pub cancelled: u64,
    /// How their times are spread; `None` where there were none.
    pub response_time: Option<ResponseTime>,
}

impl Reports {
    /// How a tenant's requests went over a period, in parts of about equal length, the oldest first.
    /// What has become an hour by now stands in the part that the hour begins in.
    ///
    /// # Errors
    /// As [`of_tenant`](Self::of_tenant).
    pub async fn course_of_tenant(
        &self,
        scope: &TenantScope,
        period: Period,
        parts: usize,
    ) -> Result<Vec<Part>, Error> {
        scope.check_known()?;
        let id = scope.tenant_id();
        self.course(id.as_uuid(), Some(Whose::Tenant(id)), period, parts)
            .await
    }

    /// The same for all requests, of whatever tenants or none.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn course_of_platform(
        &self,
        period: Period,
        parts: usize,
    ) -> Result<Vec<Part>, Error> {
        self.course(ALL, None, period, parts).await
    }

    async fn course(
        &self,
        party: Uuid,
        whose: Option<Whose>,
        period: Period,
        parts: usize,
    ) -> Result<Vec<Part>, Error> {
        let beginnings = beginnings(period, parts);
        let mut totals = vec![Totals::default(); beginnings.len()];
        self.visit(party, whose, period, |start, slice| {
            // An hour may begin before the period that it reaches into.
            let part = beginnings.partition_point(|from| *from <= start).max(1) - 1;
            let Some(totals) = totals.get_mut(part) else {
                return;
            };
            let requests = slice.iter().filter(|(method, ..)| *method != OPERATION);
            for (_, _, of_endpoint) in requests {
                totals.merge(of_endpoint);
            }
        })
        .await?;
        let part = |(from, totals): (&Time, &Totals)| Part {
            from: *from,
            requests: totals.times.count(),
            errors: totals.errors,
            cancelled: totals.cancelled,
            response_time: ResponseTime::of(totals),
        };
        Ok(beginnings.iter().zip(&totals).map(part).collect())
    }
}

/// Where the parts of a period begin: whole windows, so there may be fewer parts than were asked for.
fn beginnings(period: Period, parts: usize) -> Vec<Time> {
    let window = i64::try_from(WINDOW.as_micros()).unwrap_or(i64::MAX);
    let length = period.to().as_microseconds() - period.from().as_microseconds();
    let parts = i64::try_from(parts.max(1)).unwrap_or(i64::MAX);
    let windows = (length / window).max(1);
    let step = u64::try_from(windows.div_euclid(parts) + i64::from(windows % parts != 0));
    let step = WINDOW.saturating_mul(step.ok().and_then(|step| step.try_into().ok()).unwrap_or(1));
    let mut from = period.from();
    let mut beginnings = Vec::new();
    while from < period.to() {
        beginnings.push(from);
        from = from.after(step.max(Duration::from_secs(1)));
    }
    beginnings
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_period_has_as_many_parts_as_whole_windows_go_into() {
        let check = |hours: u64, parts: usize, expected: usize| {
            let start = Time::from_microseconds(0);
            let period = Period::between(start, start.after(Duration::from_secs(hours * 3600)));
            let found = beginnings(period, parts);
            assert_eq!(found.len(), expected, "{hours} h in {parts}");
            assert_eq!(found[0], start);
        };
        check(1, 12, 12);
        check(1, 60, 12);
        check(6, 36, 36);
        check(24, 48, 48);
        check(168, 42, 42);
        check(168, 40, 40);
    }
}
