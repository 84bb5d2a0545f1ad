use std::collections::{BTreeMap, VecDeque};
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use serde::Serialize;
use tenancy_core::TenantId;
use tenancy_core::meter::{Meter, SpanKind};
use tenancy_core::time::Time;

use super::finished::{FinishedRequest, Outcome, Spent};
use super::observe::ObserveRequests;
use crate::party::Party;

/// Requests that took long, the newest of each tenant, in this process's memory.
///
/// There is room for so many in all. Whoever has the most of them gives way, so a tenant with many slow
/// requests does not hide those of others. Clones share them.
#[derive(Clone)]
pub struct SlowRequests(Arc<Inner>);

struct Inner {
    threshold: Duration,
    capacity: usize,
    kept: Mutex<Kept>,
}

#[derive(Default)]
struct Kept {
    /// The platform's own under `None`, with those of nobody in particular.
    by_tenant: BTreeMap<Option<TenantId>, VecDeque<SlowRequest>>,
    count: usize,
}

/// Sets up [`SlowRequests`].
#[derive(Clone, Copy, Debug)]
#[must_use]
pub struct SlowRequestsBuilder {
    threshold: Duration,
    capacity: usize,
}

/// A request that took long, and what it took.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SlowRequest {
    /// When it ended.
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = DateTime))]
    pub at: Time,
    /// Whose it was; `None` for the platform's own.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>, format = Uuid))]
    pub tenant_id: Option<TenantId>,
    /// The tenant's slug, or the party's name.
    pub party: String,
    /// The method.
    pub method: &'static str,
    /// The route's template.
    pub route: String,
    /// How it ended.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub outcome: Outcome,
    /// The answer's status, if there was one.
    pub status: Option<u16>,
    /// What it took, in milliseconds.
    #[cfg_attr(feature = "openapi", schema(value_type = Object))]
    pub spent: Spent,
    /// What it waited for.
    pub spans: Vec<SlowSpan>,
    /// Its trace's id.
    pub trace_id: String,
    /// Its own.
    pub request_id: Option<String>,
}

/// Something that a slow request waited for.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SlowSpan {
    /// What it was.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub kind: SpanKind,
    /// The file and line of a statement.
    pub location: Option<String>,
    /// When it began, in milliseconds since the request did.
    pub begins_at: f64,
    /// How long it took, in milliseconds.
    pub took: f64,
}

/// What a request waited for, by its scope's work.
fn spans(request: &FinishedRequest<'_>) -> Vec<SlowSpan> {
    let spans = request.meter.map(Meter::spans).unwrap_or_default();
    let milliseconds = |time: Duration| time.as_secs_f64() * 1e3;
    let spans = spans.into_iter().map(|span| SlowSpan {
        kind: span.kind,
        location: span.location.map(ToString::to_string),
        begins_at: milliseconds(span.began.saturating_duration_since(request.began)),
        took: milliseconds(span.took),
    });
    spans.collect()
}

impl SlowRequestsBuilder {
    /// From how long on a request is slow. Default: one second.
    pub fn threshold(mut self, threshold: Duration) -> Self {
        self.threshold = threshold;
        self
    }

    /// How many are kept. Default: 256.
    pub fn capacity(mut self, capacity: usize) -> Self {
        self.capacity = capacity.max(1);
        self
    }

    /// An empty collection.
    pub fn build(self) -> SlowRequests {
        SlowRequests(Arc::new(Inner {
            threshold: self.threshold,
            capacity: self.capacity,
            kept: Mutex::default(),
        }))
    }
}

impl SlowRequests {
    /// Bounds to choose.
    pub fn builder() -> SlowRequestsBuilder {
        SlowRequestsBuilder {
            threshold: Duration::from_secs(1),
            capacity: 256,
        }
    }

    /// The newest of all, the newest first.
    pub fn newest(&self, count: usize) -> Vec<SlowRequest> {
        self.with(|kept| {
            let mut all: Vec<_> = kept.by_tenant.values().flatten().collect();
            all.sort_by_key(|request| std::cmp::Reverse(request.at));
            all.into_iter().take(count).cloned().collect()
        })
    }

    /// The newest of one tenant, the newest first.
    pub fn newest_of(&self, tenant: TenantId, count: usize) -> Vec<SlowRequest> {
        self.with(|kept| {
            let own = kept.by_tenant.get(&Some(tenant)).into_iter().flatten();
            own.rev().take(count).cloned().collect()
        })
    }

    fn with<T>(&self, work: impl FnOnce(&mut Kept) -> T) -> T {
        // A panic leaves at most a count that is one too high.
        let kept = self.0.kept.lock();
        work(&mut kept.unwrap_or_else(PoisonError::into_inner))
    }
}

impl ObserveRequests for SlowRequests {
    fn finished(&self, request: &FinishedRequest<'_>) {
        if request.spent.total < self.0.threshold {
            return;
        }
        let tenant_id = match request.party {
            Party::Tenant(tenant) => Some(tenant.id),
            Party::Platform | Party::Unknown => None,
        };
        let slow = SlowRequest {
            at: request.at,
            tenant_id,
            party: request.party.name().to_owned(),
            method: request.method,
            route: request.route.to_owned(),
            outcome: request.outcome,
            status: request.status.map(|status| status.as_u16()),
            spent: request.spent,
            spans: spans(request),
            trace_id: request.trace.trace_id().to_string(),
            request_id: request.request_id.map(str::to_owned),
        };
        self.with(|kept| kept.add(slow, self.0.capacity));
    }
}

impl Kept {
    fn add(&mut self, slow: SlowRequest, capacity: usize) {
        self.by_tenant
            .entry(slow.tenant_id)
            .or_default()
            .push_back(slow);
        self.count += 1;
        if self.count <= capacity {
            return;
        }
        // Of those with the most, whoever's oldest is the oldest.
        let fullest = self.by_tenant.iter().max_by_key(|(_, own)| {
            let oldest = own.front().map(|slow| slow.at);
            (own.len(), std::cmp::Reverse(oldest))
        });
        let Some(fullest) = fullest.map(|(tenant, _)| *tenant) else {
            return;
        };
        if let Some(own) = self.by_tenant.get_mut(&fullest) {
            own.pop_front();
            self.count -= 1;
            if own.is_empty() {
                self.by_tenant.remove(&fullest);
            }
        }
    }
}

impl fmt::Debug for SlowRequests {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SlowRequests")
            .field("threshold", &self.0.threshold)
            .field("capacity", &self.0.capacity)
            .finish_non_exhaustive()
    }
}
