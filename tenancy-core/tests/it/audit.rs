//! Each way round isolation is planted in a real database, and the audit names it and no other.

mod login;
mod objects;
mod policies;

use sqlx::{AssertSqlSafe, Connection as _, PgConnection};
use tenancy_core::ErrorKind;
use tenancy_core::sql::SqlStorage;
use tenancy_core::sql::audit::{Defect, IsolationAudit, Report};
use tenancy_tests::TestDatabase;

use crate::installation::{Installation, SETS, postgres_database};

/// A migrated database in which something is about to be planted.
struct Plot {
    database: TestDatabase,
}

impl Plot {
    async fn new() -> Self {
        let database = postgres_database().await;
        Self { database }
    }

    /// Runs statements as the owner of the schema.
    async fn owner(&self, statements: &str) {
        run(&self.database.owner_url(), statements).await;
    }

    async fn superuser(&self, statements: &str) {
        run(&self.database.superuser_url(), statements).await;
    }

    /// A login of this test's own, since roles belong to the whole server, with the privileges
    /// that a migration grants.
    async fn role(&self, name: &str, attributes: &str) -> String {
        let create = format!("CREATE ROLE {name} LOGIN {attributes} PASSWORD '{name}'");
        self.superuser(&create).await;
        let owner_url = self.database.owner_url();
        tenancy_core::sql::migrate::postgres(&owner_url, SETS, name)
            .await
            .unwrap();
        let (_, place) = owner_url.split_once('@').unwrap();
        format!("postgres://{name}:{name}@{place}")
    }

    async fn audit(&self) -> Report {
        audit(&self.database.app_url(), &IsolationAudit::new(SETS)).await
    }

    /// Expects exactly these findings, each a defect and its object.
    async fn expect(&self, expected: &[(Defect, &str)]) {
        assert_eq!(found(&self.audit().await), expected);
    }
}

async fn run(url: &str, statements: &str) {
    let mut conn = PgConnection::connect(url).await.unwrap();
    let run = sqlx::raw_sql(AssertSqlSafe(statements)).execute(&mut conn);
    run.await
        .unwrap_or_else(|error| panic!("{statements}: {error}"));
    conn.close().await.unwrap();
}

async fn audit(url: &str, audit: &IsolationAudit) -> Report {
    let storage = SqlStorage::builder().connections(2).postgres(url).unwrap();
    let report = audit.run(&storage).await.unwrap();
    storage.close().await;
    report
}

fn found(report: &Report) -> Vec<(Defect, &str)> {
    let findings = report.findings().iter();
    findings
        .map(|finding| (finding.defect, &*finding.object))
        .collect()
}

/// Plants something as the owner in a database of its own, and expects these findings.
async fn planted(statements: &str, expected: &[(Defect, &str)]) {
    let plot = Plot::new().await;
    plot.owner(statements).await;
    assert_eq!(found(&plot.audit().await), expected, "{statements}");
}

/// The same, as the superuser.
async fn planted_by_superuser(statements: &str, expected: &[(Defect, &str)]) {
    let plot = Plot::new().await;
    plot.superuser(statements).await;
    assert_eq!(found(&plot.audit().await), expected, "{statements}");
}

#[tokio::test]
async fn a_database_as_it_was_migrated_has_no_finding_with_rows_and_without() {
    let site = Installation::postgres(4).await;
    let audit = IsolationAudit::new(SETS);
    assert_eq!(audit.run(&site.storage).await.unwrap(), Report::default());
    let scope = site.scope(&site.add("acme").await).await;
    let mut tx = site.database.write(&scope).await.unwrap();
    crate::installation::write_note(&mut tx, "a note")
        .await
        .unwrap();
    tx.commit().await.unwrap();
    let report = audit.run(&site.storage).await.unwrap();
    assert_eq!(report, Report::default());
    assert!(report.require_isolation().is_ok());
}

#[tokio::test]
async fn files_of_sqlite_need_no_audit() {
    let site = Installation::sqlite(2).await;
    let report = IsolationAudit::new(SETS).run(&site.storage).await.unwrap();
    assert_eq!(report, Report::default());
}

#[tokio::test]
async fn what_cannot_be_looked_at_is_an_error_and_no_clean_report() {
    let plot = Plot::new().await;
    let storage = SqlStorage::builder()
        .postgres(&plot.database.app_url())
        .unwrap();
    storage.close().await;
    let run = tokio::spawn(async move { IsolationAudit::new(SETS).run(&storage).await });
    let error = run.await.unwrap().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable);
}

#[tokio::test]
async fn an_accepted_finding_stands_aside_and_is_still_told() {
    let plot = Plot::new().await;
    plot.owner("CREATE UNIQUE INDEX notes_body ON notes (body)")
        .await;
    let object = "index public.notes_body";
    let lenient = IsolationAudit::new(SETS)
        .accept(Defect::UniqueAcrossTenants, object)
        .accept(Defect::IndexMissing, "table public.notes");
    let report = audit(&plot.database.app_url(), &lenient).await;
    assert_eq!(found(&report), []);
    assert_eq!(&*report.accepted()[0].object, object);
    // It was accepted for that object, and for that defect.
    plot.owner("CREATE UNIQUE INDEX other ON notes (body); DROP POLICY tenancy_isolation ON notes")
        .await;
    let report = audit(&plot.database.app_url(), &lenient).await;
    let expected = [
        (Defect::PolicyMissing, "table public.notes"),
        (Defect::UniqueAcrossTenants, "index public.other"),
    ];
    assert_eq!(found(&report), expected);
}

#[tokio::test]
async fn a_refusal_says_where_why_and_what_to_run() {
    let plot = Plot::new().await;
    plot.owner("ALTER TABLE notes NO FORCE ROW LEVEL SECURITY")
        .await;
    let refusal = plot.audit().await.require_isolation().unwrap_err();
    assert_eq!(
        refusal.to_string(),
        "the database does not keep tenants apart:\n\
         - table public.notes does not force row-level security on its owner: \
         ALTER TABLE public.notes FORCE ROW LEVEL SECURITY"
    );
    // What it says to run is all there is to it.
    plot.owner("ALTER TABLE public.notes FORCE ROW LEVEL SECURITY")
        .await;
    plot.expect(&[]).await;
}

#[tokio::test]
async fn migrating_again_takes_back_what_was_granted_beyond_need() {
    let plot = Plot::new().await;
    let owner_url = plot.database.owner_url();
    plot.owner(
        "GRANT ALL ON notes, tenancy_tenants, notes_migrations TO tenancy_app;
         GRANT REFERENCES (id) ON notes TO tenancy_app",
    )
    .await;
    plot.expect(&[
        (Defect::PrivilegeTooWide, "table public.notes"),
        (Defect::PrivilegeTooWide, "table public.notes_migrations"),
        (Defect::PrivilegeTooWide, "table public.tenancy_tenants"),
    ])
    .await;
    tenancy_core::sql::migrate::postgres(&owner_url, SETS, "tenancy_app")
        .await
        .unwrap();
    plot.expect(&[]).await;
}
