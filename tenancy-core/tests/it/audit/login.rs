//! Logins that row-level security does not bind.

use sqlx::{Connection as _, PgConnection};
use tenancy_core::sql::audit::{Defect, IsolationAudit};

use super::{Plot, audit, found};
use crate::installation::SETS;

/// Logs in with a role of these attributes, after what else is done to it.
async fn logged_in(name: &str, attributes: &str, then: &str, expected: &[(Defect, &str)]) {
    let plot = Plot::new().await;
    let url = plot.role(name, attributes).await;
    plot.superuser(then).await;
    let report = audit(&url, &IsolationAudit::new(SETS)).await;
    assert_eq!(found(&report), expected, "{attributes} {then}");
}

#[tokio::test]
async fn a_superuser_is_one_finding() {
    let plot = Plot::new().await;
    let report = audit(&plot.database.superuser_url(), &IsolationAudit::new(SETS)).await;
    assert_eq!(found(&report), [(Defect::LoginExempt, "role postgres")]);
    // Besides, what is planted is still found.
    plot.owner("ALTER TABLE notes DISABLE ROW LEVEL SECURITY")
        .await;
    let report = audit(&plot.database.superuser_url(), &IsolationAudit::new(SETS)).await;
    let expected = [
        (Defect::LoginExempt, "role postgres"),
        (Defect::RowSecurityOff, "table public.notes"),
    ];
    assert_eq!(found(&report), expected);
}

#[tokio::test]
async fn the_owner_is_one_finding() {
    let plot = Plot::new().await;
    let report = audit(&plot.database.owner_url(), &IsolationAudit::new(SETS)).await;
    let [(Defect::LoginOwns, owned)] = found(&report)[..] else {
        panic!("{report:?}");
    };
    let database = format!("database {}, table public.notes, ", plot.database.name());
    assert!(
        owned.starts_with(&database) && owned.ends_with(" more"),
        "{owned}"
    );
}

#[tokio::test]
async fn an_exempting_attribute_is_named() {
    let check = async |name: &str, attribute: &str| {
        let object = format!("role {name}");
        logged_in(name, attribute, "", &[(Defect::LoginExempt, &object)]).await;
    };
    logged_in("audit_plain", "", "", &[]).await;
    check("audit_bypasses", "BYPASSRLS").await;
    check("audit_replicates", "REPLICATION").await;
}

#[tokio::test]
async fn a_maker_of_roles_is_named_where_it_can_become_any() {
    let plot = Plot::new().await;
    let url = plot.role("audit_makes", "CREATEROLE").await;
    let mut conn = PgConnection::connect(&url).await.unwrap();
    let grant = sqlx::query("GRANT tenancy_owner TO audit_makes");
    // Since PostgreSQL 16 it needs to be given that right itself.
    let expected: &[_] = match grant.execute(&mut conn).await {
        Ok(_) => &[
            (Defect::LoginExempt, "role audit_makes"),
            (Defect::LoginMember, "role tenancy_owner"),
        ],
        Err(_) => &[],
    };
    let report = audit(&url, &IsolationAudit::new(SETS)).await;
    assert_eq!(found(&report), expected);
}

#[tokio::test]
async fn owning_a_single_table_is_named() {
    let name = "audit_owns";
    let then = format!("ALTER TABLE notes OWNER TO {name}");
    logged_in(
        name,
        "",
        &then,
        &[(Defect::LoginOwns, "table public.notes")],
    )
    .await;
    let name = "audit_owns_schema";
    let then = format!("ALTER SCHEMA public OWNER TO {name}");
    logged_in(name, "", &then, &[(Defect::LoginOwns, "schema public")]).await;
}

#[tokio::test]
async fn a_role_that_the_login_can_become_is_named_however_far_away() {
    let member = |object| [(Defect::LoginMember, object)];
    let grant = "GRANT tenancy_owner TO audit_member";
    logged_in("audit_member", "", grant, &member("role tenancy_owner")).await;

    // SET ROLE reaches what is not inherited.
    let far = "CREATE ROLE audit_group NOINHERIT; GRANT tenancy_owner TO audit_group;
        GRANT audit_group TO audit_far";
    logged_in("audit_far", "NOINHERIT", far, &member("role tenancy_owner")).await;

    let bypassing = "CREATE ROLE audit_bypassing BYPASSRLS; GRANT audit_bypassing TO audit_near";
    logged_in("audit_near", "", bypassing, &member("role audit_bypassing")).await;

    let files = "GRANT pg_read_server_files TO audit_reader";
    logged_in(
        "audit_reader",
        "",
        files,
        &member("role pg_read_server_files"),
    )
    .await;

    let almighty = "CREATE ROLE audit_almighty SUPERUSER; GRANT audit_almighty TO audit_heir";
    logged_in("audit_heir", "", almighty, &member("role audit_almighty")).await;
}

#[tokio::test]
async fn membership_in_a_harmless_role_is_none() {
    let harmless = "CREATE ROLE audit_harmless; GRANT audit_harmless TO audit_joiner";
    logged_in("audit_joiner", "", harmless, &[]).await;
    // What such a role may do, the login may.
    let truncating = "CREATE ROLE audit_truncating; GRANT audit_truncating TO audit_emptier;
        GRANT TRUNCATE ON notes TO audit_truncating";
    let expected = [(Defect::PrivilegeTooWide, "table public.notes")];
    logged_in("audit_emptier", "NOINHERIT", truncating, &expected).await;
}
