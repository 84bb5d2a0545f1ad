//! What the threat layer found, in the journal of the shop that it was sent to.

use std::collections::{HashMap, VecDeque};
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde::Serialize;
use tenancy_core::journal::{Change, Resource};
use tenancy_core::{Error, TenantId};
use tenancy_security::threat::{Action, Found, LogSink, ThreatEvent, ThreatSink};
use tokio::sync::watch;
use uuid::Uuid;

use crate::logging;
use crate::platform::Platform;

/// How many events wait to be written; what is more is in the metrics only.
const WAITING_MAX: usize = 1000;

/// How many of one shop are written at a time, so that an attack does not fill its journal.
const OF_SHOP_MAX: usize = 20;

/// How often they are written.
const EVERY: Duration = Duration::from_secs(1);

/// Events on their way to the log and to the journals. Clones share them.
#[derive(Clone, Debug, Default)]
pub(crate) struct Threats(Arc<Inner>);

#[derive(Debug, Default)]
struct Inner {
    log: LogSink,
    waiting: Mutex<VecDeque<ThreatEvent>>,
}

/// An event as the journal has it.
#[derive(Debug, Serialize)]
struct Threat<'e> {
    #[serde(skip)]
    id: Uuid,
    client: Option<IpAddr>,
    method: &'e str,
    path: &'e str,
    request_id: Option<&'e str>,
    action: Action,
    findings: &'e [Found],
}

impl Resource for Threat<'_> {
    const KIND: &'static str = "threat";

    fn resource_id(&self) -> String {
        self.id.to_string()
    }
}

impl ThreatSink for Threats {
    fn record(&self, event: &ThreatEvent) {
        self.0.log.record(event);
        let mut waiting = self.waiting();
        if waiting.len() < WAITING_MAX {
            waiting.push_back(event.clone());
        }
    }
}

impl Threats {
    fn waiting(&self) -> MutexGuard<'_, VecDeque<ThreatEvent>> {
        self.0
            .waiting
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// The events since the last call, by the shops they were sent to.
    fn take(&self) -> HashMap<Option<TenantId>, Vec<ThreatEvent>> {
        let mut by_shop = HashMap::<_, Vec<_>>::new();
        for event in self.waiting().drain(..) {
            let of_shop = by_shop.entry(event.tenant_id).or_default();
            if of_shop.len() < OF_SHOP_MAX {
                of_shop.push(event);
            }
        }
        by_shop
    }
}

/// Writes events into the journals until the end. What cannot be written is in the log.
pub(crate) async fn keep(platform: Platform, mut ended: watch::Receiver<bool>) {
    loop {
        for (shop, events) in platform.threats().take() {
            if let Err(error) = write(&platform, shop, &events).await
                && let Some(left_out) = logging::admit(error.is_transient())
            {
                tracing::warn!(%error, left_out, "what looks like an attack is not in the journal");
            }
        }
        tokio::select! {
            () = tokio::time::sleep(EVERY) => {}
            _ = ended.wait_for(|ended| *ended) => return,
        }
    }
}

async fn write(
    platform: &Platform,
    shop: Option<TenantId>,
    events: &[ThreatEvent],
) -> Result<(), Error> {
    let changes = events.iter().map(change);
    match shop {
        Some(shop) => {
            let scope = platform.scope().tenant(shop).await?;
            let mut tx = platform.database().write(&scope).await?;
            changes.for_each(|change| tx.record(change));
            tx.commit().await
        }
        None => {
            let mut tx = platform.database().platform(platform.scope()).await?;
            changes.for_each(|change| tx.record(None, change));
            tx.commit().await
        }
    }
}

fn change(event: &ThreatEvent) -> Change {
    let threat = Threat {
        id: Uuid::now_v7(),
        client: event.client,
        method: &event.method,
        path: &event.path,
        request_id: event.request_id.as_deref(),
        action: event.action,
        findings: &event.findings,
    };
    Change::happened("detected", None, &threat)
}
