//! Cases on PostgreSQL.

use sqlx::{AssertSqlSafe, Connection as _, PgConnection};
use tenancy_observability::advisor::{Advisor, Report};
use tenancy_tests::{Postgres, TestDatabase};

use super::case::Case;

/// How advice is proved.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Proof {
    Copy,
    None,
}

static SCRATCH: tokio::sync::OnceCell<TestDatabase> = tokio::sync::OnceCell::const_new();

/// The tenant that plans are made for.
const TENANT: &str = "SELECT md5('tenant1')::uuid::text";

pub(super) async fn advise(case: &Case, proof: Proof) -> Report {
    let database = prepared(case).await;
    let url = if case.has("superuser") {
        database.superuser_url()
    } else {
        database.app_url()
    };
    let mut connection = PgConnection::connect(&url).await.unwrap();
    let tenant: String = sqlx::query_scalar(TENANT)
        .fetch_one(&mut connection)
        .await
        .unwrap();
    let mut advisor = Advisor::new().tenant("app.tenant_id", tenant);
    if case.has("unused") {
        advisor = advisor.counted_for_days(0);
    }
    let workload = case.workload();
    let report = match proof {
        Proof::None => advisor.postgres(&mut connection, &workload).await,
        Proof::Copy => {
            // Nothing stays in it, so one is enough for all.
            let scratch = SCRATCH
                .get_or_init(async || Postgres::shared().await.empty_database().await)
                .await;
            let mut scratch = PgConnection::connect(&scratch.superuser_url())
                .await
                .unwrap();
            let report = advisor
                .postgres_with_copy(&mut connection, &mut scratch, &workload)
                .await;
            scratch.close().await.unwrap();
            report
        }
    };
    connection.close().await.unwrap();
    report.unwrap_or_else(|error| panic!("{}: {error:?}", case.name))
}

/// A database with the case's tables, which `tenancy_app` may use.
pub(super) async fn prepared(case: &Case) -> TestDatabase {
    let postgres = Postgres::shared().await;
    let fixture = &case.fixture_sql;
    let key = format!("advisor {}", case.fixture);
    let database = postgres
        .database(&key, async |url| {
            run(url, &format!("{fixture}; ANALYZE")).await
        })
        .await;
    let owner = database.owner_url();
    run(&owner, &case.setup).await.unwrap();
    let schemas: Vec<String> = {
        let mut connection = PgConnection::connect(&owner).await.unwrap();
        sqlx::query_scalar(
            "SELECT nspname::text FROM pg_namespace \
             WHERE nspname !~ '^pg_' AND nspname <> 'information_schema'",
        )
        .fetch_all(&mut connection)
        .await
        .unwrap()
    };
    for schema in schemas {
        let grant = format!(
            "GRANT USAGE ON SCHEMA {schema} TO tenancy_app; \
             GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA {schema} TO tenancy_app"
        );
        run(&database.superuser_url(), &grant).await.unwrap();
    }
    run(
        &database.superuser_url(),
        &format!("{}; ANALYZE", case.superuser),
    )
    .await
    .unwrap();
    database
}

pub(super) async fn run(url: &str, sql: &str) -> Result<(), sqlx::Error> {
    let mut connection = PgConnection::connect(url).await?;
    sqlx::raw_sql(AssertSqlSafe(sql))
        .execute(&mut connection)
        .await?;
    connection.close().await
}
