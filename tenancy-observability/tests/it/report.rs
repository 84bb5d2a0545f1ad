//! Reports: what they say, and that nothing is lost or counted twice on the way.

mod exact;
mod measured;
mod says;
mod schema;

use std::time::{Duration, Instant};

use http::StatusCode;
use tenancy_core::Tenant;
use tenancy_core::time::Time;
use tenancy_observability::Party;
use tenancy_observability::layer::{FinishedRequest, ObserveRequests as _, Outcome, Spent};
use tenancy_observability::report::{Recorder, Reports};
use tenancy_observability::trace_context::TraceContext;

use crate::site::Site;

const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(60 * 60);

fn time(text: &str) -> Time {
    text.parse::<jiff::Timestamp>().unwrap().into()
}

/// One server.
struct Node {
    recorder: Recorder,
    reports: Reports,
}

impl Node {
    fn new(site: &Site) -> Self {
        Self::with(site, Recorder::new())
    }

    fn with(site: &Site, recorder: Recorder) -> Self {
        let reports = Reports::builder(&site.database, &site.platform(), &recorder).build();
        Self { recorder, reports }
    }

    /// A request for a product that took so long.
    fn request(&self, tenant: &Tenant, milliseconds: u64, at: Time) {
        let end = (Outcome::Answered, Some(200));
        self.ended(Party::Tenant(tenant), "/products", end, milliseconds, at);
    }

    fn ended(
        &self,
        party: Party<'_>,
        route: &str,
        (outcome, status): (Outcome, Option<u16>),
        milliseconds: u64,
        at: Time,
    ) {
        let mut spent = Spent::default();
        spent.total = Duration::from_millis(milliseconds);
        self.spent(party, route, (outcome, status), spent, at);
    }

    fn spent(
        &self,
        party: Party<'_>,
        route: &str,
        (outcome, status): (Outcome, Option<u16>),
        spent: Spent,
        at: Time,
    ) {
        self.recorder.finished(&FinishedRequest {
            party,
            method: "GET",
            route,
            outcome,
            status: status.map(|status| StatusCode::from_u16(status).unwrap()),
            at,
            began: Instant::now(),
            spent,
            meter: None,
            trace: &TraceContext::begin(),
            request_id: None,
        });
    }
}
