//! What tenancy-core costs: `cargo bench -p tenancy-benches --bench core`.

use std::error::Error;
use std::sync::Arc;
use std::time::{Duration, Instant};

use sqlx::PgPool;
use sqlx::postgres::PgPoolOptions;
use tenancy_benches::{Report, Row, paired, quantile};
use tenancy_core::journal::{Change, Resource, Worker};
use tenancy_core::registry::{Address, InMemoryTenants, SqlTenants, TenantRegistry as _};
use tenancy_core::sql::migrate::{self, MigrationSet, Script, Table};
use tenancy_core::sql::{Database, SqlStorage};
use tenancy_core::{Actor, Purpose, Slug, Tenant, TenantId, TenantScope, Tenants, on_tx};
use tenancy_tests::Postgres;
use tokio::task::JoinSet;
use uuid::Uuid;

/// Two tables alike but for isolation, and a plain one for the baseline's extra insert.
static NOTES: MigrationSet = MigrationSet {
    name: "bench",
    postgres: &[Script {
        version: 1,
        name: "notes",
        sql: include_str!("core/notes.sql"),
    }],
    sqlite_registry: &[],
    sqlite_tenant: &[],
    tenant_tables: &[Table {
        name: "notes",
        privileges: "SELECT, INSERT",
    }],
    platform_tables: &[
        Table {
            name: "open_notes",
            privileges: "SELECT, INSERT",
        },
        Table {
            name: "plain_log",
            privileges: "SELECT, INSERT",
        },
    ],
};
const SETS: &[&MigrationSet] = &[&migrate::CORE, &NOTES];

const TENANTS: usize = 100;
const ROWS: usize = 1_000;

#[derive(serde::Serialize)]
struct Note {
    id: Uuid,
    body: &'static str,
}

impl Resource for Note {
    const KIND: &'static str = "note";

    fn resource_id(&self) -> String {
        self.id.to_string()
    }
}

struct Site {
    database: Database,
    tenants: Tenants,
    pool: PgPool,
    scopes: Vec<TenantScope>,
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut report = Report::new("core");
    resolve(&mut report).await?;
    memory(&mut report).await?;
    // Durability as in production: every commit waits for the disk.
    let server = Postgres::builder().fsync(true).start().await;
    let site = set_up(&server).await?;
    read(&mut report, &site).await;
    commit(&mut report, &site, "distinct tenants", 1).await;
    commit(&mut report, &site, "8 writers on one tenant", 8).await;
    numbering(&mut report, &site).await?;
    println!("{}", report.write()?.display());
    Ok(())
}

async fn set_up(server: &Postgres) -> Result<Site, Box<dyn Error>> {
    let place = server
        .database("bench", async |owner: &str| {
            migrate::postgres(owner, SETS, "tenancy_app").await
        })
        .await;
    let options = PgPoolOptions::new()
        .max_connections(12)
        .test_before_acquire(false);
    let pool = options.connect(&place.app_url()).await?;
    let storage = SqlStorage::builder().with_pool(pool.clone());
    let registry = SqlTenants::new(&storage);
    let tenants = Tenants::new(registry.clone());
    let database = Database::builder(&storage, &tenants)
        .migrations(&NOTES)
        .build();
    let mut scopes = Vec::new();
    for number in 0..TENANTS {
        let tenant = Tenant::new(TenantId::generate(), format!("shop-{number}").parse()?);
        let tenant = registry.insert(&tenant, &Actor::system("bench")).await?;
        let scope = tenants
            .scope(tenant.id, Actor::user("7", "Ada"), Purpose::Request)
            .await?;
        let mut tx = database.write(&scope).await?;
        on_tx!(&mut tx, |conn| {
            const FILL: &str = "INSERT INTO notes (tenant_id, id, body) \
                 SELECT $1, CAST(lpad(n::text, 32, '0') AS uuid), 'a note of some words' \
                 FROM generate_series(1, CAST($2 AS BIGINT)) AS n";
            sqlx::query(FILL)
                .bind(tenant.id.as_uuid())
                .bind(ROWS as i64)
                .execute(conn)
                .await
                .map(|done| done.rows_affected())
        })?;
        tx.commit().await?;
        sqlx::query(
            "INSERT INTO open_notes (tenant_id, id, body) \
             SELECT $1, CAST(lpad(n::text, 32, '0') AS uuid), 'a note of some words' \
             FROM generate_series(1, CAST($2 AS BIGINT)) AS n",
        )
        .bind(tenant.id.as_uuid())
        .bind(ROWS as i64)
        .execute(&pool)
        .await?;
        scopes.push(scope);
    }
    // As the server's owner would have had long ago.
    let owner = PgPool::connect(&place.superuser_url()).await?;
    sqlx::raw_sql("VACUUM ANALYZE").execute(&owner).await?;
    owner.close().await;
    Ok(Site {
        database,
        tenants,
        pool,
        scopes,
    })
}

/// A known host, and nothing but the cache.
async fn resolve(report: &mut Report) -> Result<(), Box<dyn Error>> {
    const CALLS: usize = 200_000;
    let registry = InMemoryTenants::default();
    for number in 0..1_000 {
        registry.add(&Tenant::new(
            TenantId::generate(),
            format!("shop-{number}").parse()?,
        ))?;
    }
    let tenants = Tenants::new(registry);
    let address = Address::Slug("shop-7".parse()?);
    tenants.find(&address).await?;
    let mut times = Vec::new();
    for _ in 0..9 {
        let began = Instant::now();
        for _ in 0..CALLS {
            std::hint::black_box(tenants.find(std::hint::black_box(&address)).await?);
        }
        times.push(began.elapsed().as_secs_f64() / CALLS as f64);
    }
    report.limit(
        "resolve a known host (s)",
        tenancy_benches::median(&mut times),
        1e-6,
    );
    Ok(())
}

/// What the cache holds for each tenant, beyond the directory's own storage.
async fn memory(report: &mut Report) -> Result<(), Box<dyn Error>> {
    const KNOWN: usize = 10_000;
    let tenants = Tenants::from_fn(|address| async move {
        let slug: Slug = match address {
            Address::Slug(slug) => slug,
            Address::Domain(_) | Address::Id(_) => return Ok(None),
        };
        Ok(Some(Tenant::new(TenantId::generate(), slug)))
    });
    let before = resident_bytes()?;
    for number in 0..KNOWN {
        tenants
            .find(&Address::Slug(format!("shop-{number}").parse()?))
            .await?;
    }
    let grown = resident_bytes()?.saturating_sub(before) as f64;
    drop(tenants);
    report.row(Row {
        name: "memory per 10,000 registered tenants (bytes; baseline 200 each)".to_owned(),
        ours: grown,
        baseline: 200.0 * KNOWN as f64,
        ratio: grown / (200.0 * KNOWN as f64),
        budget: None,
    });
    Ok(())
}

fn resident_bytes() -> Result<u64, Box<dyn Error>> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status
        .lines()
        .find(|line| line.starts_with("VmRSS:"))
        .ok_or("no VmRSS")?;
    let kilobytes: u64 = line.split_whitespace().nth(1).ok_or("no figure")?.parse()?;
    Ok(kilobytes * 1024)
}

async fn read(report: &mut Report, site: &Site) {
    const FIND: &str = "SELECT body FROM notes WHERE tenant_id = $1 AND id = $2";
    const FIND_OPEN: &str = "SELECT body FROM open_notes WHERE tenant_id = $1 AND id = $2";
    let size = (31, 400);
    let scoped = async |operations: usize| {
        for number in 0..operations {
            let scope = &site.scopes[number % TENANTS];
            let mut tx = site.database.read(scope).await.expect("a transaction");
            let (tenant, id) = (tx.tenant_id().as_uuid(), row_id(number));
            let body: String = on_tx!(&mut tx, |conn| {
                sqlx::query_scalar(FIND)
                    .bind(tenant)
                    .bind(id)
                    .fetch_one(conn)
                    .await
            })
            .expect("a row");
            std::hint::black_box(body);
            tx.commit().await.expect("the end");
        }
    };
    let plain = async |operations: usize| {
        for number in 0..operations {
            let tenant = site.scopes[number % TENANTS].tenant_id().as_uuid();
            let mut tx = site
                .pool
                .begin_with("BEGIN READ ONLY")
                .await
                .expect("a transaction");
            let body: String = sqlx::query_scalar(FIND_OPEN)
                .bind(tenant)
                .bind(row_id(number))
                .fetch_one(&mut *tx)
                .await
                .expect("a row");
            std::hint::black_box(body);
            tx.commit().await.expect("the end");
        }
    };
    let bare = async |operations: usize| {
        for number in 0..operations {
            let tenant = site.scopes[number % TENANTS].tenant_id().as_uuid();
            let body: String = sqlx::query_scalar(FIND_OPEN)
                .bind(tenant)
                .bind(row_id(number))
                .fetch_one(&site.pool)
                .await
                .expect("a row");
            std::hint::black_box(body);
        }
    };
    let name = "tenant-scoped read against the same transaction without isolation";
    report.row(paired(name, Some(1.25), size, scoped, plain).await);
    let name = "tenant-scoped read against a bare autocommit read";
    report.row(paired(name, None, size, scoped, bare).await);
}

fn row_id(number: usize) -> Uuid {
    // Digits only, as the set-up wrote them: decimal text read as hexadecimal.
    format!("{:032}", number % ROWS + 1)
        .parse()
        .expect("32 digits")
}

/// The same commit with a journal entry, and with one plain insert instead.
async fn commit(report: &mut Report, site: &Site, name: &str, writers: usize) {
    const INSERT: &str = "INSERT INTO notes (tenant_id, id, body) VALUES ($1, $2, $3)";
    const INSERT_OPEN: &str = "INSERT INTO open_notes (tenant_id, id, body) VALUES ($1, $2, $3)";
    const LOG: &str = "INSERT INTO plain_log (tenant_id, id, at, actor, action, resource, \
         resource_id, after) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
    let scope_of = |writer: usize, number: usize| {
        site.scopes[if writers > 1 {
            0
        } else {
            (writer + number) % TENANTS
        }]
        .clone()
    };
    let journaled = async |operations: usize| {
        let mut tasks = JoinSet::new();
        for writer in 0..writers {
            let database = site.database.clone();
            let scopes: Vec<_> = (0..operations / writers)
                .map(|number| scope_of(writer, number))
                .collect();
            tasks.spawn(async move {
                for scope in scopes {
                    let note = Note {
                        id: Uuid::now_v7(),
                        body: "a note of some words",
                    };
                    let mut tx = database.write(&scope).await.expect("a transaction");
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
                }
            });
        }
        while let Some(done) = tasks.join_next().await {
            done.expect("a writer");
        }
    };
    let plain = async |operations: usize| {
        let mut tasks = JoinSet::new();
        for writer in 0..writers {
            let pool = site.pool.clone();
            let ids: Vec<_> = (0..operations / writers)
                .map(|number| scope_of(writer, number).tenant_id().as_uuid())
                .collect();
            tasks.spawn(async move {
                for tenant in ids {
                    let note = Note {
                        id: Uuid::now_v7(),
                        body: "a note of some words",
                    };
                    let mut tx = pool.begin().await.expect("a transaction");
                    sqlx::query(INSERT_OPEN)
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
            });
        }
        while let Some(done) = tasks.join_next().await {
            done.expect("a writer");
        }
    };
    let name = format!("journaled commit against one plain insert more: {name}");
    report.row(paired(&name, Some(1.2), (21, 240), journaled, plain).await);
}

/// How long after its commit an entry has its number, with a worker running beside.
async fn numbering(report: &mut Report, site: &Site) -> Result<(), Box<dyn Error>> {
    const NUMBERED: &str = "SELECT sequence IS NOT NULL FROM tenancy_journal WHERE tenant_id = $1 AND id = \
         (SELECT max(CAST(id AS text))::uuid FROM tenancy_journal WHERE tenant_id = $1)";
    let worker = Worker::builder(&site.database, &site.tenants).build();
    worker.run_once().await?; // what the rows before have left
    let worker = Arc::new(worker);
    let running = tokio::spawn({
        let worker = worker.clone();
        async move { worker.run().await }
    });
    let mut delays = Vec::new();
    for number in 0..400 {
        let scope = &site.scopes[1 + number % (TENANTS - 1)];
        let note = Note {
            id: Uuid::now_v7(),
            body: "a note of some words",
        };
        let mut tx = site.database.write(scope).await?;
        tx.record(Change::created(&note));
        tx.commit().await?;
        let committed = Instant::now();
        loop {
            let mut tx = site.database.read(scope).await?;
            let tenant = tx.tenant_id().as_uuid();
            let numbered: bool = on_tx!(&mut tx, |conn| {
                sqlx::query_scalar(NUMBERED)
                    .bind(tenant)
                    .fetch_one(conn)
                    .await
            })?;
            tx.commit().await?;
            if numbered {
                break;
            }
        }
        delays.push(committed.elapsed());
    }
    running.abort();
    let p99 = quantile(&mut delays, 0.99);
    let limit = Duration::from_millis(50);
    report.limit(
        "journal entry numbered after its commit, 99th percentile (s)",
        p99.as_secs_f64(),
        limit.as_secs_f64(),
    );
    Ok(())
}
