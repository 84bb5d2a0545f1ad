//! What it costs that a change and its journal entry commit together.

use std::error::Error;
use std::ops::Range;

use tenancy_benches::{Report, paired};
use tenancy_core::journal::{Change, Worker};
use tenancy_core::sql::Database;
use tenancy_core::{Actor, TenantScope, on_tx};
use tokio::task::JoinSet;
use uuid::Uuid;

use crate::site::{Note, Site, TENANTS};

const ROUNDS: usize = 21;
const COMMITS: usize = 240;

/// Who writes at once, and where.
#[derive(Clone, Copy)]
struct Writers {
    name: &'static str,
    count: usize,
    /// How many tenants each writer goes through; all share the first one when there is one.
    tenants: usize,
}

pub(crate) async fn measure(report: &mut Report, site: &Site) -> Result<(), Box<dyn Error>> {
    let alone = Writers {
        name: "distinct tenants",
        count: 1,
        tenants: TENANTS,
    };
    let apart = Writers {
        name: "8 writers on distinct tenants",
        count: 8,
        tenants: TENANTS / 8,
    };
    let together = Writers {
        name: "8 writers on one tenant",
        count: 8,
        tenants: 1,
    };
    for writers in [alone, apart, together] {
        compare(report, site, writers, "", Some(1.2)).await;
    }
    let worker = Worker::builder(&site.database, &site.tenants).build();
    worker.run_once().await?; // what the rows before have left
    let numbering = tokio::spawn(async move { worker.run().await });
    for writers in [apart, together] {
        compare(report, site, writers, ", numbered meanwhile", None).await;
    }
    numbering.abort();
    Ok(())
}

/// The same commit with a journal entry, and with one plain insert instead.
async fn compare(
    report: &mut Report,
    site: &Site,
    writers: Writers,
    meanwhile: &str,
    budget: Option<f64>,
) {
    let journaled = async |commits: usize| {
        let mut tasks = JoinSet::new();
        for writer in 0..writers.count {
            let (database, scopes) = (site.database.clone(), writers.scopes(site, writer));
            tasks.spawn(async move {
                for number in 0..commits / writers.count {
                    write(&database, &scopes[number % scopes.len()]).await;
                }
            });
        }
        tasks.join_all().await;
    };
    let plain = async |commits: usize| {
        let mut tasks = JoinSet::new();
        for writer in 0..writers.count {
            let (pool, scopes) = (site.pool.clone(), writers.scopes(site, writer));
            tasks.spawn(async move {
                for number in 0..commits / writers.count {
                    let tenant = scopes[number % scopes.len()].tenant_id().as_uuid();
                    write_plain(&pool, tenant).await;
                }
            });
        }
        tasks.join_all().await;
    };
    let name = writers.name;
    let name = format!("journaled commit against one plain insert more: {name}{meanwhile}");
    report.row(paired(&name, budget, (ROUNDS, COMMITS), journaled, plain).await);
}

impl Writers {
    fn scopes(self, site: &Site, writer: usize) -> Vec<TenantScope> {
        let range: Range<usize> = match self.tenants {
            1 => 0..1,
            each => writer * each..(writer + 1) * each,
        };
        site.scopes[range].to_vec()
    }
}

/// A note and its entry.
pub(crate) async fn write(database: &Database, scope: &TenantScope) -> Uuid {
    const INSERT: &str = "INSERT INTO notes (tenant_id, id, body) VALUES ($1, $2, $3)";
    let note = Note::new();
    let mut tx = database.write(scope).await.expect("a transaction");
    let tenant = tx.tenant_id().as_uuid();
    on_tx!(&mut tx, |conn| {
        sqlx::query(INSERT)
            .bind(tenant)
            .bind(note.id)
            .bind(note.body)
            .execute(conn)
            .await
            .map(|done| done.rows_affected())
    })
    .expect("a row");
    tx.record(Change::created(&note));
    tx.commit().await.expect("a commit");
    note.id
}

/// A note where nothing isolates it, and the plain row.
async fn write_plain(pool: &sqlx::PgPool, tenant: Uuid) {
    const INSERT: &str = "INSERT INTO open_notes (tenant_id, id, body) VALUES ($1, $2, $3)";
    const LOG: &str = "INSERT INTO plain_log (tenant_id, id, at, actor, action, resource, \
         resource_id, after) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
    let note = Note::new();
    let mut tx = pool.begin().await.expect("a transaction");
    sqlx::query(INSERT)
        .bind(tenant)
        .bind(note.id)
        .bind(note.body)
        .execute(&mut *tx)
        .await
        .expect("a row");
    let actor = serde_json::to_string(&Actor::user("7", "Ada")).expect("JSON");
    sqlx::query(LOG)
        .bind(tenant)
        .bind(Uuid::now_v7())
        .bind(0_i64)
        .bind(actor)
        .bind("created")
        .bind("note")
        .bind(note.id.to_string())
        .bind(serde_json::to_string(&note).expect("JSON"))
        .execute(&mut *tx)
        .await
        .expect("a row");
    tx.commit().await.expect("a commit");
}
