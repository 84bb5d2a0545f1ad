use std::error::Error;

use sqlx::PgPool;
use sqlx::postgres::PgPoolOptions;
use tenancy_core::journal::Resource;
use tenancy_core::registry::{SqlTenants, TenantRegistry as _};
use tenancy_core::sql::migrate::{self, MigrationSet, Script, Table};
use tenancy_core::sql::{Database, SqlStorage};
use tenancy_core::{Actor, Purpose, Tenant, TenantId, TenantScope, Tenants, on_tx};
use tenancy_tests::Postgres;
use uuid::Uuid;

/// Two tables alike but for isolation, and a plain one for the baseline's extra insert.
static NOTES: MigrationSet = MigrationSet {
    name: "bench",
    postgres: &[Script {
        version: 1,
        name: "notes",
        sql: include_str!("notes.sql"),
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

pub(crate) const TENANTS: usize = 100;
pub(crate) const ROWS: usize = 1_000;

/// What is written.
#[derive(serde::Serialize)]
pub(crate) struct Note {
    pub(crate) id: Uuid,
    pub(crate) body: &'static str,
}

impl Note {
    pub(crate) fn new() -> Self {
        Self {
            id: Uuid::now_v7(),
            body: "a note of some words",
        }
    }
}

impl Resource for Note {
    const KIND: &'static str = "note";

    fn resource_id(&self) -> String {
        self.id.to_string()
    }
}

/// A hundred tenants' notes in PostgreSQL, and the same pool without this crate.
pub(crate) struct Site {
    pub(crate) database: Database,
    pub(crate) tenants: Tenants,
    pub(crate) pool: PgPool,
    pub(crate) scopes: Vec<TenantScope>,
}

pub(crate) async fn set_up(server: &Postgres) -> Result<Site, Box<dyn Error>> {
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
