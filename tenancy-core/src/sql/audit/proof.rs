use sqlx::{Connection as _, PgConnection, PgPool};

use super::finding::{Defect, Finding};
use super::postgres;
use super::survey::Survey;
use crate::sql::connection::{Mode, OwnedConnection};
use crate::tenant::{Tenant, TenantId};

/// Looks whether a transaction without a tenant, or with one that does not exist, sees anything:
/// on a connection that has never had a tenant, and on one that had, where the setting is empty
/// instead of absent.
pub(super) async fn findings(
    conn: &mut OwnedConnection,
    pool: &PgPool,
    survey: &Survey,
) -> Result<Vec<Finding>, sqlx::Error> {
    let tables = survey.tables.iter().filter(|table| table.is_readable);
    let tables: Vec<&str> = tables.map(|table| &*table.name).collect();

    let mut fresh = PgConnection::connect_with(&pool.connect_options()).await?;
    let mut tx = fresh.begin().await?;
    let mut findings = preset(&mut tx).await?;
    conn.begin(Mode::Read, None).await?;
    findings.extend(preset(postgres(conn)).await?);
    conn.commit().await?;
    if findings.is_empty() {
        findings = visible(&mut tx, &tables, "without a tenant").await?;
        conn.begin(Mode::Read, Some(&nobody())).await?;
        let to_nobody = "to a tenant that does not exist";
        findings.extend(visible(postgres(conn), &tables, to_nobody).await?);
        conn.commit().await?;
        conn.begin(Mode::Read, None).await?;
        let to_none = "without a tenant, after another tenant's transaction";
        findings.extend(visible(postgres(conn), &tables, to_none).await?);
        conn.commit().await?;
    }
    tx.rollback().await?;
    fresh.close().await?;
    findings.sort_by(|one, other| one.object.cmp(&other.object));
    findings.dedup_by(|later, first| later.object == first.object);
    Ok(findings)
}

/// A tenant made up for the occasion. Its key suits a column of any type.
fn nobody() -> Tenant {
    let id = TenantId::generate();
    let key = (id.as_uuid().as_u64_pair().1 >> 2).to_string();
    let slug = "nobody".parse().expect("a slug");
    Tenant {
        key: Some(key.parse().expect("digits only")),
        ..Tenant::new(id, slug)
    }
}

/// Whether the connection itself came with a tenant.
async fn preset(conn: &mut PgConnection) -> Result<Vec<Finding>, sqlx::Error> {
    const PRESET: &str = "
        SELECT name FROM unnest(ARRAY['app.tenant_id', 'app.tenant_key']) AS setting (name)
        WHERE current_setting(name, true) <> ''";
    let settings: Vec<String> = sqlx::query_scalar(PRESET).fetch_all(conn).await?;
    let finding = |setting: String| {
        Finding::new(
            Defect::TenantPreset,
            format!("setting {setting}"),
            "has a value on a connection for which nobody named a tenant",
            format!(
                "RESET {setting} for the role and the database, and in the connection's options"
            ),
        )
    };
    Ok(settings.into_iter().map(finding).collect())
}

/// The tables that show this transaction a row.
///
/// Names cannot be bound, so they travel in a setting and are put in on the server. It goes by the
/// index, which knows at once that there is nothing, even where all rows are one tenant's.
async fn visible(
    conn: &mut PgConnection,
    tables: &[&str],
    to_whom: &str,
) -> Result<Vec<Finding>, sqlx::Error> {
    const NAME: &str = "SELECT set_config('tenancy.tables', ($1::text[])::text, true), \
         set_config('enable_seqscan', 'off', true)";
    const LOOK: &str = "DO $$
        DECLARE
            name text;
            found boolean;
            visible text[] := '{}';
        BEGIN
            FOREACH name IN ARRAY current_setting('tenancy.tables')::text[] LOOP
                EXECUTE format('SELECT EXISTS (SELECT FROM %s)', name) INTO found;
                IF found THEN
                    visible := visible || name;
                END IF;
            END LOOP;
            PERFORM set_config('tenancy.visible', visible::text, true);
        END $$";
    const SEEN: &str = "SELECT unnest(current_setting('tenancy.visible')::text[])";
    sqlx::query(NAME).bind(tables).execute(&mut *conn).await?;
    sqlx::raw_sql(LOOK).execute(&mut *conn).await?;
    let seen: Vec<String> = sqlx::query_scalar(SEEN).fetch_all(conn).await?;
    let finding = |table: String| {
        Finding::new(
            Defect::RowsVisible,
            format!("table {table}"),
            format!("shows rows {to_whom}"),
            "look for what else reads it; this audit knows no reason",
        )
    };
    Ok(seen.into_iter().map(finding).collect())
}
