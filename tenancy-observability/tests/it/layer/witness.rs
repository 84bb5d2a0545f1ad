use std::sync::{Arc, Mutex};

use tenancy_observability::Party;
use tenancy_observability::layer::{FinishedRequest, ObserveRequests, Outcome, Spent};

/// Writes down what it hears of.
#[derive(Clone, Default)]
pub(crate) struct Witness(Arc<Mutex<Seen>>);

#[derive(Default)]
struct Seen {
    begun: usize,
    finished: Vec<Finished>,
}

#[derive(Clone, Debug)]
pub(crate) struct Finished {
    pub(crate) party: String,
    pub(crate) is_tenant: bool,
    pub(crate) method: &'static str,
    pub(crate) route: String,
    pub(crate) outcome: Outcome,
    pub(crate) status: Option<u16>,
    pub(crate) spent: Spent,
    pub(crate) trace_id: String,
    pub(crate) request_id: Option<String>,
}

impl ObserveRequests for Witness {
    fn began(&self) {
        self.0.lock().unwrap().begun += 1;
    }

    fn finished(&self, request: &FinishedRequest<'_>) {
        self.0.lock().unwrap().finished.push(Finished {
            party: request.party.name().to_owned(),
            is_tenant: matches!(request.party, Party::Tenant(_)),
            method: request.method,
            route: request.route.to_owned(),
            outcome: request.outcome,
            status: request.status.map(|status| status.as_u16()),
            spent: request.spent,
            trace_id: request.trace.trace_id().to_string(),
            request_id: request.request_id.map(str::to_owned),
        });
    }
}

impl Witness {
    /// The one request that there was.
    pub(crate) fn only(&self) -> Finished {
        let all = self.all();
        assert_eq!(all.len(), 1, "{all:?}");
        all[0].clone()
    }

    /// All, each of which has begun.
    pub(crate) fn all(&self) -> Vec<Finished> {
        let seen = self.0.lock().unwrap();
        assert_eq!(seen.begun, seen.finished.len());
        seen.finished.clone()
    }
}
