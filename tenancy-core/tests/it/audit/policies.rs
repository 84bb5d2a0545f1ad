//! Row-level security switched off, and policies that do not hold.

use sqlx::postgres::PgPoolOptions;
use tenancy_core::sql::SqlStorage;
use tenancy_core::sql::audit::{Defect, IsolationAudit};

use super::{Plot, found, planted, planted_by_superuser};
use crate::installation::SETS;

const TABLE: &str = "table public.notes";
const ISOLATION: &str = "policy tenancy_isolation on public.notes";
const SHAPE: &str = "tenant_id = (SELECT nullif(current_setting('app.tenant_id', true), '')::uuid)";

#[tokio::test]
async fn row_level_security_must_be_on_and_forced() {
    let off = "ALTER TABLE notes DISABLE ROW LEVEL SECURITY";
    planted(off, &[(Defect::RowSecurityOff, TABLE)]).await;
    let unforced = "ALTER TABLE notes NO FORCE ROW LEVEL SECURITY";
    planted(unforced, &[(Defect::RowSecurityUnforced, TABLE)]).await;
}

#[tokio::test]
async fn a_table_without_the_policy_is_named() {
    let missing = [(Defect::PolicyMissing, TABLE)];
    let drop = "DROP POLICY tenancy_isolation ON notes";
    planted(drop, &missing).await;
    planted(
        &format!("{drop}; DROP POLICY tenancy_open ON notes"),
        &missing,
    )
    .await;
}

#[tokio::test]
async fn a_policy_that_compares_nothing_is_named() {
    let untyped = [(Defect::PolicyUntyped, ISOLATION)];
    let alter = "ALTER POLICY tenancy_isolation ON notes";
    planted(&format!("{alter} USING (true) WITH CHECK (true)"), &untyped).await;
    planted(&format!("{alter} USING (true)"), &untyped).await;
    planted(&format!("{alter} WITH CHECK (true)"), &untyped).await;
    planted(
        &format!("{alter} USING ({SHAPE} OR body = 'public')"),
        &untyped,
    )
    .await;
    let elsewhere = SHAPE.replace("app.tenant_id", "app.owner");
    planted(&format!("{alter} USING ({elsewhere})"), &untyped).await;
    // Without the sub-select the setting is read again for each row.
    let bare = "tenant_id = nullif(current_setting('app.tenant_id', true), '')::uuid";
    planted(&format!("{alter} USING ({bare})"), &untyped).await;
}

#[tokio::test]
async fn a_comparison_that_only_looks_right_is_named() {
    let trap = "
        CREATE FUNCTION public.never_differs(uuid, uuid) RETURNS boolean LANGUAGE sql
            AS 'SELECT true';
        CREATE OPERATOR public.= (LEFTARG = uuid, RIGHTARG = uuid, FUNCTION = never_differs);
        SET search_path = public, pg_catalog;";
    let alter = format!("{trap} ALTER POLICY tenancy_isolation ON notes USING ({SHAPE})");
    planted(&alter, &[(Defect::PolicyUntyped, ISOLATION)]).await;
}

#[tokio::test]
async fn a_policy_that_casts_the_column_is_named() {
    let cast = "ALTER POLICY tenancy_isolation ON notes
        USING (tenant_id::text = current_setting('app.tenant_id', true))
        WITH CHECK (tenant_id::text = current_setting('app.tenant_id', true))";
    planted(cast, &[(Defect::PolicyCastsColumn, ISOLATION)]).await;
}

#[tokio::test]
async fn a_policy_for_some_commands_or_roles_only_is_named() {
    let partial = [(Defect::PolicyPartial, ISOLATION)];
    let drop = "DROP POLICY tenancy_isolation ON notes";
    for bounds in ["FOR SELECT", "FOR DELETE", "TO tenancy_app"] {
        let create = format!(
            "{drop}; CREATE POLICY tenancy_isolation ON notes AS RESTRICTIVE {bounds} \
             USING ({SHAPE})"
        );
        planted(&create, &partial).await;
    }
    let writing = format!(
        "{drop}; CREATE POLICY tenancy_isolation ON notes AS RESTRICTIVE WITH CHECK ({SHAPE})"
    );
    planted(&writing, &partial).await;
}

#[tokio::test]
async fn a_further_policy_widens_a_permissive_one_and_not_a_restrictive_one() {
    let further = "CREATE POLICY shared ON notes FOR SELECT USING (body LIKE 'shared %');";
    planted(further, &[]).await;
    let permissive = format!(
        "DROP POLICY tenancy_isolation ON notes; DROP POLICY tenancy_open ON notes;
         CREATE POLICY own ON notes USING ({SHAPE});"
    );
    planted(&permissive, &[]).await;
    planted(
        &format!("{permissive} {further}"),
        &[(Defect::PolicyWidens, "policy shared on public.notes")],
    )
    .await;
    let narrowing = "CREATE POLICY brief ON notes AS RESTRICTIVE USING (length(body) < 9);";
    planted(&format!("{permissive} {narrowing}"), &[]).await;
    planted(
        &format!("{permissive} {further} {narrowing}"),
        &[(Defect::PolicyWidens, "policy shared on public.notes")],
    )
    .await;
}

#[tokio::test]
async fn policies_for_single_commands_are_judged_by_what_each_lets_through() {
    let check = async |command: &str, expected: &[(Defect, &str)]| {
        let create = format!(
            "DROP POLICY tenancy_isolation ON notes; DROP POLICY tenancy_open ON notes;
             CREATE POLICY reading ON notes FOR SELECT USING ({SHAPE});
             CREATE POLICY own ON notes {command}"
        );
        planted(&create, expected).await;
    };
    let own = "policy own on public.notes";
    let widens = [(Defect::PolicyWidens, own)];
    check(&format!("FOR INSERT WITH CHECK ({SHAPE})"), &[]).await;
    check("FOR INSERT WITH CHECK (true)", &widens).await;
    check(&format!("FOR DELETE USING ({SHAPE})"), &[]).await;
    check("FOR DELETE USING (true)", &widens).await;
    check(&format!("FOR UPDATE USING ({SHAPE})"), &[]).await;
    let moving = format!("FOR UPDATE USING ({SHAPE}) WITH CHECK (true)");
    check(&moving, &[(Defect::PolicyUntyped, own)]).await;
}

#[tokio::test]
async fn what_the_catalogs_cannot_tell_the_proof_does() {
    // Equality that takes every id for every other one leaves each policy as it should be.
    let broken = |when: &str| {
        format!(
            "CREATE OR REPLACE FUNCTION pg_catalog.uuid_eq(uuid, uuid) RETURNS boolean
             LANGUAGE sql STABLE CALLED ON NULL INPUT AS $$ SELECT {when} $$"
        )
    };
    let row = "INSERT INTO notes VALUES (gen_random_uuid(), gen_random_uuid(), 'seen')";
    planted_by_superuser(&broken("true"), &[]).await;
    let setting = "current_setting('app.tenant_id', true)";
    for when in [
        // On a new connection, after a transaction, and to a tenant that does not exist.
        format!("{setting} IS NULL"),
        format!("{setting} = ''"),
        format!("length({setting}) = 36"),
    ] {
        let visible = [(Defect::RowsVisible, TABLE)];
        planted_by_superuser(&format!("{row}; {}", broken(&when)), &visible).await;
    }
}

#[tokio::test]
async fn a_connection_that_begins_with_a_tenant_is_named() {
    for setting in ["app.tenant_id", "app.tenant_key"] {
        let plot = Plot::new().await;
        let name = plot.database.name();
        let preset = format!("ALTER DATABASE {name} SET {setting} = '7'");
        plot.superuser(&preset).await;
        plot.expect(&[(Defect::TenantPreset, &format!("setting {setting}"))])
            .await;
    }
}

#[tokio::test]
async fn an_applications_pool_that_sets_a_tenant_by_a_hook_is_named() {
    let plot = Plot::new().await;
    let pool = PgPoolOptions::new()
        .after_connect(|conn, _| {
            Box::pin(async move {
                let preset = "SET app.tenant_id = '01980000-0000-7000-8000-000000000000'";
                sqlx::query(preset).execute(conn).await.map(drop)
            })
        })
        .connect(&plot.database.app_url())
        .await
        .unwrap();
    let storage = SqlStorage::builder().with_pool(pool);
    let report = IsolationAudit::new(SETS).run(&storage).await.unwrap();
    let expected = [(Defect::TenantPreset, "setting app.tenant_id")];
    assert_eq!(found(&report), expected);
}
