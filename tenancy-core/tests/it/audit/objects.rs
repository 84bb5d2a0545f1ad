//! Views, functions, keys, privileges and tables that let tenants past their policies.

use tenancy_core::sql::audit::Defect;

use super::{planted, planted_by_superuser};

#[tokio::test]
async fn a_superusers_view_is_named_unless_it_asks_as_its_caller() {
    let exempt = [(Defect::ViewExempt, "view public.all_notes")];
    let view = "CREATE VIEW all_notes AS SELECT * FROM notes; GRANT SELECT ON all_notes TO";
    planted_by_superuser(&format!("{view} tenancy_app"), &exempt).await;
    planted_by_superuser(&format!("{view} PUBLIC"), &exempt).await;
    planted_by_superuser(
        "CREATE VIEW all_notes WITH (security_invoker = true) AS SELECT * FROM notes;
         GRANT SELECT ON all_notes TO tenancy_app",
        &[],
    )
    .await;
    let switched_off = "ALTER VIEW all_notes SET (security_invoker = false)";
    planted_by_superuser(&format!("{view} tenancy_app; {switched_off}"), &exempt).await;
    // Under FORCE the owner's view is bound like the owner.
    planted(&format!("{view} tenancy_app"), &[]).await;
    let bypassing = "CREATE ROLE audit_sees BYPASSRLS; GRANT SELECT ON notes TO audit_sees";
    let owned =
        format!("{view} tenancy_app; {bypassing}; ALTER VIEW all_notes OWNER TO audit_sees");
    planted_by_superuser(&owned, &exempt).await;
    let almighty = bypassing.replace("audit_sees BYPASSRLS", "audit_sees_all SUPERUSER");
    let almighty = almighty.replace("TO audit_sees", "TO audit_sees_all");
    let owner = "ALTER VIEW all_notes OWNER TO audit_sees_all";
    planted_by_superuser(&format!("{view} tenancy_app; {almighty}; {owner}"), &exempt).await;
    // Nobody can use it.
    planted_by_superuser("CREATE VIEW all_notes AS SELECT * FROM notes", &[]).await;
}

#[tokio::test]
async fn a_view_is_named_that_is_used_through_another_or_only_written() {
    let nested = "CREATE VIEW inner_notes AS SELECT * FROM notes;
        CREATE VIEW outer_notes AS SELECT body FROM inner_notes;
        ALTER VIEW outer_notes OWNER TO tenancy_owner;
        GRANT SELECT ON inner_notes TO tenancy_owner; GRANT SELECT ON outer_notes TO tenancy_app";
    planted_by_superuser(nested, &[(Defect::ViewExempt, "view public.inner_notes")]).await;
    for privilege in ["INSERT", "UPDATE (body)", "DELETE"] {
        let written = format!(
            "CREATE VIEW inbox AS SELECT * FROM notes; GRANT {privilege} ON inbox TO tenancy_app"
        );
        planted_by_superuser(&written, &[(Defect::ViewExempt, "view public.inbox")]).await;
    }
}

#[tokio::test]
async fn a_materialized_view_is_named_however_it_was_filled() {
    let copy = "CREATE MATERIALIZED VIEW counted AS SELECT count(*) FROM notes;";
    let expected = [(Defect::MaterializedView, "materialized view public.counted")];
    planted(
        &format!("{copy} GRANT SELECT ON counted TO tenancy_app"),
        &expected,
    )
    .await;
    planted(copy, &[]).await;
    let indirect = "CREATE VIEW mine AS SELECT * FROM notes;
        CREATE MATERIALIZED VIEW counted AS SELECT count(*) FROM mine;
        CREATE VIEW shown AS SELECT * FROM counted; GRANT SELECT ON shown TO tenancy_app";
    planted(indirect, &expected).await;
}

#[tokio::test]
async fn a_function_with_an_owners_rights_is_named() {
    let function = "CREATE FUNCTION leak(integer) RETURNS SETOF notes LANGUAGE sql";
    let definer = format!("{function} SECURITY DEFINER AS 'SELECT * FROM notes'");
    let expected = [(Defect::DefinerFunction, "function public.leak(integer)")];
    planted(&definer, &expected).await;
    planted_by_superuser(&definer, &expected).await;
    let revoked = format!("{definer}; REVOKE EXECUTE ON FUNCTION leak FROM PUBLIC");
    planted_by_superuser(&revoked, &[]).await;
    let invoker = format!("{function} AS 'SELECT * FROM notes'");
    planted_by_superuser(&invoker, &[]).await;
    let hidden = "CREATE SCHEMA hidden; CREATE FUNCTION hidden.leak() RETURNS integer LANGUAGE sql
        SECURITY DEFINER AS 'SELECT 1'";
    planted_by_superuser(hidden, &[]).await;
}

#[tokio::test]
async fn a_table_needs_an_index_that_leads_with_the_tenant() {
    let missing = [(Defect::IndexMissing, "table public.notes")];
    let drop = "ALTER TABLE notes DROP CONSTRAINT notes_pkey";
    planted(drop, &missing).await;
    let others = "CREATE INDEX ON notes (id, tenant_id);
        CREATE INDEX ON notes (tenant_id) WHERE body <> ''";
    planted(&format!("{drop}; {others}"), &missing).await;
    planted(&format!("{drop}; CREATE INDEX ON notes (tenant_id)"), &[]).await;
}

#[tokio::test]
async fn a_unique_key_without_the_tenant_is_named() {
    let unique = |object| [(Defect::UniqueAcrossTenants, object)];
    planted(
        "CREATE UNIQUE INDEX notes_body ON notes (body)",
        &unique("index public.notes_body"),
    )
    .await;
    planted(
        "CREATE UNIQUE INDEX notes_body ON notes (body) INCLUDE (tenant_id)",
        &unique("index public.notes_body"),
    )
    .await;
    planted(
        "ALTER TABLE notes DROP CONSTRAINT notes_pkey, ADD PRIMARY KEY (id);
         CREATE INDEX ON notes (tenant_id)",
        &unique("index public.notes_pkey"),
    )
    .await;
    planted(
        "ALTER TABLE notes ADD CONSTRAINT one EXCLUDE (body WITH =)",
        &unique("index public.one"),
    )
    .await;
    planted("CREATE UNIQUE INDEX ON notes (tenant_id, body)", &[]).await;
}

#[tokio::test]
async fn a_foreign_key_without_the_tenant_is_named() {
    let add = "ALTER TABLE notes ADD COLUMN other UUID, ADD COLUMN parent UUID,
        ADD CONSTRAINT notes_parent FOREIGN KEY";
    let across = (
        Defect::ForeignKeyAcrossTenants,
        "constraint notes_parent on public.notes",
    );
    planted(
        &format!("{add} (other, parent) REFERENCES notes (tenant_id, id)"),
        &[across],
    )
    .await;
    planted(
        &format!("CREATE UNIQUE INDEX bare ON notes (id); {add} (parent) REFERENCES notes (id)"),
        &[(Defect::UniqueAcrossTenants, "index public.bare"), across],
    )
    .await;
    planted(&format!("{add} (tenant_id, parent) REFERENCES notes"), &[]).await;
}

#[tokio::test]
async fn a_privilege_that_no_policy_binds_is_named() {
    let wide = |table| [(Defect::PrivilegeTooWide, table)];
    for grant in [
        "GRANT TRUNCATE ON notes TO tenancy_app",
        "GRANT REFERENCES ON notes TO PUBLIC",
        "GRANT REFERENCES (id) ON notes TO tenancy_app",
        "GRANT ALL ON notes TO tenancy_app",
        "GRANT TRIGGER ON notes TO tenancy_app",
    ] {
        planted(grant, &wide("table public.notes")).await;
    }
    planted(
        "GRANT TRUNCATE ON tenancy_tenants TO tenancy_app",
        &wide("table public.tenancy_tenants"),
    )
    .await;
}

#[tokio::test]
async fn a_schema_in_which_the_login_may_create_is_named() {
    for grantee in ["tenancy_app", "PUBLIC"] {
        let grant = format!("GRANT CREATE ON SCHEMA public TO {grantee}");
        planted(&grant, &[(Defect::SchemaOpen, "schema public")]).await;
    }
}

#[tokio::test]
async fn a_part_of_a_table_that_can_be_used_by_itself_is_named() {
    let heir = "CREATE TABLE old_notes () INHERITS (notes);";
    planted(heir, &[]).await;
    planted(
        &format!("{heir} GRANT SELECT ON old_notes TO tenancy_app"),
        &[(Defect::PartOpen, "table public.old_notes")],
    )
    .await;
    // A view of the owner's meets the policies of the table and none of the part's.
    planted(
        &format!(
            "{heir} CREATE VIEW old AS SELECT * FROM old_notes; GRANT SELECT ON old TO tenancy_app"
        ),
        &[(Defect::ViewExempt, "view public.old")],
    )
    .await;
    let ancestor = "CREATE TABLE texts (body TEXT NOT NULL); ALTER TABLE notes INHERIT texts;";
    planted(ancestor, &[]).await;
    planted(
        &format!("{ancestor} GRANT SELECT ON texts TO tenancy_app"),
        &[(Defect::PartOpen, "table public.texts")],
    )
    .await;
}

#[tokio::test]
async fn a_table_that_names_tenants_and_was_never_declared_is_named() {
    let create = "CREATE TABLE drafts (tenant_id UUID, body TEXT);";
    let undeclared = [(Defect::TableUndeclared, "table public.drafts")];
    planted(create, &[]).await;
    planted(
        &format!("{create} GRANT SELECT ON drafts TO tenancy_app"),
        &undeclared,
    )
    .await;
    planted(
        &format!("{create} GRANT UPDATE (body) ON drafts TO PUBLIC"),
        &undeclared,
    )
    .await;
}

#[tokio::test]
async fn a_declared_table_that_is_none_is_named() {
    let missing = |object| [(Defect::TableMissing, object)];
    planted("DROP TABLE notes", &missing("table \"notes\"")).await;
    planted(
        "ALTER TABLE notes RENAME TO hidden_notes; REVOKE ALL ON hidden_notes FROM tenancy_app;
         CREATE VIEW notes AS SELECT * FROM hidden_notes",
        &missing("table public.notes"),
    )
    .await;
    let renamed = "DROP POLICY tenancy_isolation ON notes;
        ALTER TABLE notes RENAME tenant_id TO tenant; ALTER TABLE notes DISABLE ROW LEVEL SECURITY";
    planted(renamed, &[(Defect::TenantColumn, "table public.notes")]).await;
}
