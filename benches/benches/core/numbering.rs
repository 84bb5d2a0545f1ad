//! How long after its commit an entry has its number, with a worker running beside.

use std::error::Error;
use std::time::{Duration, Instant};

use tenancy_benches::{Report, quantile};
use tenancy_core::journal::Worker;
use tenancy_core::{TenantScope, on_tx};
use tokio::task::JoinSet;
use uuid::Uuid;

use crate::commit::write;
use crate::site::{Site, TENANTS};

const ENTRIES: usize = 400;
const WRITERS: usize = 8;
const LIMIT: Duration = Duration::from_millis(50);

pub(crate) async fn measure(report: &mut Report, site: &Site) -> Result<(), Box<dyn Error>> {
    let worker = Worker::builder(&site.database, &site.tenants).build();
    worker.run_once().await?; // what the rows before have left
    let numbering = tokio::spawn(async move { worker.run().await });
    let row = "journal entry numbered after its commit, 99th percentile";
    let mut delays = Vec::new();
    for number in 0..ENTRIES {
        delays.push(delay(site, &site.scopes[number % TENANTS]).await?);
    }
    let p99 = quantile(&mut delays, 0.99).as_secs_f64();
    report.limit(&format!("{row} (s)"), p99, LIMIT.as_secs_f64());

    let busy = &site.scopes[0];
    let mut writers = JoinSet::new();
    for _ in 0..WRITERS {
        let (database, scope) = (site.database.clone(), busy.clone());
        writers.spawn(async move {
            loop {
                write(&database, &scope).await;
            }
        });
    }
    let mut delays = Vec::new();
    for _ in 0..ENTRIES {
        delays.push(delay(site, busy).await?);
    }
    writers.shutdown().await;
    let p99 = quantile(&mut delays, 0.99).as_secs_f64();
    let row = format!("{row}, beside 8 writers on its tenant (s)");
    report.limit(&row, p99, LIMIT.as_secs_f64());
    numbering.abort();
    Ok(())
}

/// Writes an entry and asks for its number until it has one.
async fn delay(site: &Site, scope: &TenantScope) -> Result<Duration, Box<dyn Error>> {
    const NUMBERED: &str = "SELECT sequence IS NOT NULL FROM tenancy_journal \
         WHERE tenant_id = $1 AND resource = 'note' AND resource_id = $2";
    let note: Uuid = write(&site.database, scope).await;
    let (committed, note) = (Instant::now(), note.to_string());
    loop {
        let mut tx = site.database.read(scope).await?;
        let tenant = tx.tenant_id().as_uuid();
        let numbered: bool = on_tx!(&mut tx, |conn| {
            sqlx::query_scalar(NUMBERED)
                .bind(tenant)
                .bind(&note)
                .fetch_one(conn)
                .await
        })?;
        tx.commit().await?;
        if numbered {
            return Ok(committed.elapsed());
        }
    }
}
