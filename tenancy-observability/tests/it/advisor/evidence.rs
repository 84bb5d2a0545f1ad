//! What a piece of advice says of itself.

use std::time::{Duration, Instant};

use sqlx::{Connection as _, PgConnection};
use tenancy_observability::advisor::{Advisor, Confidence, Report, Rule, Severity, Workload};
use tenancy_tests::Postgres;

use super::acceptance::{POSTGRES, SQLITE};
use super::{case, postgres, sqlite};

fn first(report: &Report) -> &tenancy_observability::advisor::Advice {
    let mut missing = report
        .advice
        .iter()
        .filter(|advice| advice.rule == Rule::MissingIndex);
    missing.next().unwrap()
}

#[tokio::test]
async fn advice_proved_on_a_copy_shows_both_plans_and_the_way_back() {
    let case = case::named(POSTGRES, "the newest of one status within a tenant");
    let report = postgres::advise(&case, postgres::Proof::Copy).await;
    let advice = first(&report);
    assert_eq!(advice.confidence, Confidence::Verified);
    assert_eq!(advice.severity, Severity::High);
    let (before, after) = (
        advice.before.as_ref().unwrap(),
        advice.after.as_ref().unwrap(),
    );
    assert!(after.cost < before.cost, "{advice:?}");
    let [create] = advice.apply.as_slice() else {
        panic!("{advice:?}")
    };
    let [drop] = advice.undo.as_slice() else {
        panic!("{advice:?}")
    };
    let name = create.split(' ').nth(3).unwrap();
    assert_eq!(
        *create,
        format!(
            "CREATE INDEX CONCURRENTLY {name} ON projects (tenant_id, status, created_at DESC)"
        )
    );
    assert_eq!(*drop, format!("DROP INDEX CONCURRENTLY {name}"));
    assert!(
        after.steps.iter().any(|step| step.contains(name)),
        "{after:?}"
    );
    assert!(
        !before.steps.iter().any(|step| step.contains(name)),
        "{before:?}"
    );
    assert!(advice.gain.unwrap() > 0.5);
    assert!(advice.size_bytes.unwrap() > 1_000_000, "{advice:?}");
    assert_eq!(advice.write_price, Some(0.0));
}

#[tokio::test]
async fn advice_that_no_planner_saw_says_that_it_is_estimated() {
    let case = case::named(POSTGRES, "the rows of one customer");
    let report = postgres::advise(&case, postgres::Proof::None).await;
    assert_eq!(first(&report).confidence, Confidence::Estimated);
    let before = first(&report).before.as_ref().unwrap();
    assert!(
        before.cost > 500.0,
        "a plan for NULL would cost nothing: {before:?}"
    );
}

#[tokio::test]
async fn advice_has_the_same_id_at_every_run_and_another_for_another_index() {
    let customer = case::named(POSTGRES, "the rows of one customer");
    let ids = async |proof| first(&postgres::advise(&customer, proof).await).id.clone();
    let (one, other) = (
        ids(postgres::Proof::None).await,
        ids(postgres::Proof::Copy).await,
    );
    assert_eq!(one, other);
    let newest = case::named(POSTGRES, "the newest of one status");
    let report = postgres::advise(&newest, postgres::Proof::None).await;
    assert_ne!(first(&report).id, one);
}

/// Where the extension is installed; elsewhere advice says that nobody has proved it.
#[tokio::test]
async fn advice_is_proved_with_hypothetical_indexes_where_the_server_has_them() {
    let case = case::named(POSTGRES, "rows that are not deleted");
    let database = postgres::prepared(&case).await;
    let mut superuser = PgConnection::connect(&database.superuser_url())
        .await
        .unwrap();
    let is_installed: bool = sqlx::query_scalar(
        "SELECT EXISTS (SELECT FROM pg_available_extensions WHERE name = 'hypopg')",
    )
    .fetch_one(&mut superuser)
    .await
    .unwrap();
    if is_installed {
        sqlx::raw_sql("CREATE EXTENSION hypopg")
            .execute(&mut superuser)
            .await
            .unwrap();
    }
    let mut connection = PgConnection::connect(&database.app_url()).await.unwrap();
    let report = Advisor::new()
        .postgres(&mut connection, &case.workload())
        .await
        .unwrap();
    let advice = first(&report);
    if !is_installed {
        println!("NOT TESTED: the server has no hypopg.");
        return assert_eq!(advice.confidence, Confidence::Estimated);
    }
    assert_eq!(advice.confidence, Confidence::Verified, "{report:?}");
    assert_eq!(
        advice.index.as_deref(),
        Some("(customer_id) WHERE deleted_at IS NULL")
    );
    let left: i64 = sqlx::query_scalar("SELECT count(*) FROM hypopg()")
        .fetch_one(&mut connection)
        .await
        .unwrap();
    assert_eq!(left, 0);
}

/// How long a run may take with a thousand schemas: many times what it takes where nothing is in its way.
const RUN_MAX: Duration = Duration::from_secs(30);

#[tokio::test]
async fn a_thousand_schemas_with_the_same_fault_are_one_finding_and_those_that_differ_another() {
    let database = Postgres::shared().await.empty_database().await;
    let owner = database.owner_url();
    // A transaction has no locks for all of them.
    let schemas = "DO $$ BEGIN FOR i IN 1..1000 LOOP
        EXECUTE format('CREATE SCHEMA shop%s', i);
        EXECUTE format('CREATE TABLE shop%s.notes (id BIGINT PRIMARY KEY)', i);
        EXECUTE format('CREATE TABLE shop%s.replies (note BIGINT REFERENCES shop%s.notes)', i, i);
        IF i % 50 = 0 THEN COMMIT; END IF;
    END LOOP; END $$";
    postgres::run(&owner, schemas).await.unwrap();
    for differing in ["shop7", "shop77", "shop777"] {
        let create = format!("CREATE INDEX replies_own ON {differing}.replies ((note % 10))");
        postgres::run(&owner, &create).await.unwrap();
    }
    let mut connection = PgConnection::connect(&owner).await.unwrap();
    let advisor = Advisor::new().counted_for_days(0);
    let began = Instant::now();
    let report = advisor
        .postgres(&mut connection, &Workload::default())
        .await;
    let took = began.elapsed();
    println!("advice on 1000 schemas took {took:?}");
    assert!(took <= RUN_MAX, "{took:?}");
    let mut advice = report.unwrap().advice;
    advice.retain(|advice| advice.rule != Rule::UnusedIndex);
    advice.sort_by_key(|advice| advice.rule);
    let [drifted, unindexed] = advice.as_slice() else {
        panic!("{advice:?}")
    };
    assert_eq!(unindexed.rule, Rule::UnindexedForeignKey);
    assert_eq!(
        (unindexed.schemas.len(), unindexed.apply.len()),
        (1000, 1000)
    );
    assert_eq!(drifted.rule, Rule::DriftedSchema);
    assert_eq!(drifted.schemas, ["shop7", "shop77", "shop777"]);
}

#[tokio::test]
async fn an_index_that_many_schemas_lack_is_one_piece_of_advice_that_names_them() {
    let case = case::named(POSTGRES, "the same statement for a schema each");
    let report = postgres::advise(&case, postgres::Proof::Copy).await;
    let missing = report.advice.iter();
    let missing: Vec<_> = missing
        .filter(|advice| advice.rule == Rule::MissingIndex)
        .collect();
    let [advice] = missing.as_slice() else {
        panic!("{report:?}")
    };
    // Nobody asks the third shop for what the index would find.
    assert_eq!(advice.schemas, ["shop1", "shop2", "shop4"]);
    assert_eq!(advice.confidence, Confidence::Verified);
    assert_eq!(advice.severity, Severity::High);
    // All that the workload costs is saved by all of them together.
    assert!(
        advice.gain.unwrap() > 0.9 && advice.gain.unwrap() <= 1.0,
        "{advice:?}"
    );
    assert_eq!(advice.statements.len(), 3);
    for (schema, (apply, undo)) in advice
        .schemas
        .iter()
        .zip(advice.apply.iter().zip(&advice.undo))
    {
        let create = format!(" ON {schema}.carts (customer)");
        assert!(apply.ends_with(&create), "{apply}");
        assert!(undo.contains(&format!(" {schema}.")), "{undo}");
    }
    let alone = case.statements.iter().take(1).cloned().collect();
    let alone = super::case::Case {
        statements: alone,
        ..case.clone()
    };
    let alone = postgres::advise(&alone, postgres::Proof::None).await;
    // It is the same matter, however many schemas it is true of.
    assert_eq!(first(&alone).id, advice.id);
    assert!(first(&alone).schemas.is_empty());
    assert!(first(&alone).size_bytes.unwrap() * 2 < advice.size_bytes.unwrap());
}

#[tokio::test]
async fn advice_for_sqlite_names_the_index_in_its_plan() {
    let case = case::named(
        SQLITE,
        "a join for which the engine makes an index each time",
    );
    let report = sqlite::advise(&case).await;
    for advice in &report.advice {
        assert_eq!(advice.confidence, Confidence::Verified);
        let name = advice.apply[0].split(' ').nth(2).unwrap();
        let steps = &advice.after.as_ref().unwrap().steps;
        assert!(steps.iter().any(|step| step.contains(name)), "{advice:?}");
    }
    let before = &report.advice[0].before.as_ref().unwrap().steps;
    assert!(
        before.iter().any(|step| step.starts_with("SCAN")),
        "{before:?}"
    );
}
