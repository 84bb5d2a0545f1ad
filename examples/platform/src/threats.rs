//! What the threat layer found, in the journal of the shop that it was sent to.

use std::collections::HashMap;
use std::mem;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use jiff::Timestamp;
use serde::Serialize;
use tenancy_core::journal::{Change, Resource};
use tenancy_core::{Error, TenantId};
use tenancy_security::threat::{Action, Found, LogSink, ThreatEvent, ThreatSink};
use tokio::sync::watch;
use uuid::Uuid;

use crate::logging;
use crate::platform::Platform;

/// How many shops' events wait to be written; those of more are in the log and the metrics only.
const SHOPS_MAX: usize = 1000;

/// How many of one shop are written in [`PERIOD`], so that an attack does not fill its journal. How many
/// more there were is written with the first of the next.
const OF_SHOP_MAX: usize = 20;

const PERIOD: Duration = Duration::from_secs(60);

/// How often they are written.
const EVERY: Duration = Duration::from_secs(1);

/// Events on their way to the log and to the journals. Clones share them.
#[derive(Clone, Debug, Default)]
pub(crate) struct Threats(Arc<Inner>);

#[derive(Debug, Default)]
struct Inner {
    log: LogSink,
    shops: Mutex<HashMap<Option<TenantId>, OfShop>>,
}

/// Events, each with how many before it were left out.
type Waiting = Vec<(ThreatEvent, u64)>;

/// One shop's events of a period.
#[derive(Debug)]
struct OfShop {
    since: Instant,
    /// How many were taken in since then.
    taken: usize,
    left_out: u64,
    waiting: Waiting,
}

/// An event as the journal has it.
#[derive(Debug, Serialize)]
struct Threat<'e> {
    #[serde(skip)]
    id: Uuid,
    seen_at: Timestamp,
    /// How many before it, of this shop, are not in the journal.
    left_out: u64,
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
        let mut shops = self.shops();
        if shops.len() >= SHOPS_MAX && !shops.contains_key(&event.tenant_id) {
            return;
        }
        shops
            .entry(event.tenant_id)
            .or_insert_with(OfShop::new)
            .take(event);
    }
}

impl OfShop {
    fn new() -> Self {
        Self {
            since: Instant::now(),
            taken: 0,
            left_out: 0,
            waiting: vec![],
        }
    }

    fn take(&mut self, event: &ThreatEvent) {
        if self.since.elapsed() >= PERIOD {
            (self.since, self.taken) = (Instant::now(), 0);
        }
        if self.taken >= OF_SHOP_MAX {
            self.left_out += 1;
            return;
        }
        self.taken += 1;
        let left_out = mem::take(&mut self.left_out);
        self.waiting.push((event.clone(), left_out));
    }

    /// Whether it says nothing more.
    fn is_over(&self) -> bool {
        self.waiting.is_empty() && self.left_out == 0 && self.since.elapsed() >= PERIOD
    }
}

impl Threats {
    fn shops(&self) -> MutexGuard<'_, HashMap<Option<TenantId>, OfShop>> {
        self.0.shops.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The events since the last call, by the shops they were sent to.
    fn take(&self) -> Vec<(Option<TenantId>, Waiting)> {
        let mut shops = self.shops();
        let taken = shops
            .iter_mut()
            .map(|(shop, of_shop)| (*shop, mem::take(&mut of_shop.waiting)));
        let taken = taken.filter(|(_, events)| !events.is_empty()).collect();
        shops.retain(|_, of_shop| !of_shop.is_over());
        taken
    }
}

/// Writes events into the journals until the end. Those that cannot be written are lost to them.
pub(crate) async fn keep(platform: Platform, mut ended: watch::Receiver<bool>) {
    let mut is_last = false;
    while !is_last {
        is_last = tokio::select! {
            () = tokio::time::sleep(EVERY) => false,
            _ = ended.wait_for(|ended| *ended) => true,
        };
        write_all(&platform).await;
    }
}

async fn write_all(platform: &Platform) {
    for (shop, events) in platform.threats().take() {
        let write = write(platform, shop, &events);
        if let Err(error) = platform
            .performance()
            .job("attacks into journals", write)
            .await
            && let Some(left_out) = logging::admit(error.is_transient())
        {
            tracing::warn!(%error, left_out, "what looks like an attack is not in the journal");
        }
    }
}

async fn write(platform: &Platform, shop: Option<TenantId>, events: &Waiting) -> Result<(), Error> {
    let changes = events
        .iter()
        .map(|(event, left_out)| change(event, *left_out));
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

fn change(event: &ThreatEvent, left_out: u64) -> Change {
    let threat = Threat {
        id: Uuid::now_v7(),
        seen_at: event.at,
        left_out,
        client: event.client,
        method: &event.method,
        path: &event.path,
        request_id: event.request_id.as_deref(),
        action: event.action,
        findings: &event.findings,
    };
    Change::happened("detected", None, &threat)
}
