//! The catalogue of a PostgreSQL database, read in a handful of queries however many tables it has.

use std::collections::HashMap;

use sqlx::{PgConnection, Row as _};

use crate::advisor::catalog::{
    Catalog, Column, Duty, Engine, ForeignKey, Index, Login, Policy, Statistics, Table, TableKind,
    View,
};
use crate::advisor::design::{Design, Key, Term};
use crate::advisor::leakproof::{Function, Leakproof};
use crate::advisor::syntax::{canonical, conjuncts, expression};

const LOGIN: &str = "SELECT rolname::text, rolsuper, rolbypassrls FROM pg_roles \
     WHERE rolname = current_user";

const COUNTED: &str = "SELECT (extract(epoch FROM now() - coalesce(stats_reset, \
         pg_postmaster_start_time())) / 86400)::float8 \
     FROM pg_stat_database WHERE datname = current_database()";

/// A replica that is away has its slot still, and to one that is asked the others are what it is to them.
const REPLICAS: &str = "SELECT pg_is_in_recovery() OR EXISTS (SELECT FROM pg_stat_replication) \
     OR EXISTS (SELECT FROM pg_replication_slots WHERE slot_type = 'physical')";

const TABLES: &str = "SELECT c.oid::int8 AS oid, n.nspname::text AS schema, c.relname::text AS name, \
         greatest(c.reltuples, (SELECT sum(p.reltuples) FROM pg_partition_tree(c.oid) t \
             JOIN pg_class p ON p.oid = t.relid WHERE t.isleaf), 0)::float8 AS rows, \
         c.relkind::text AS kind, c.relispartition AS is_partition, \
         c.relreplident::text AS identity, row_security_active(c.oid) AS is_secured, \
         coalesce((SELECT sum(pg_relation_size(t.relid)) FROM pg_partition_tree(c.oid) t), \
             pg_relation_size(c.oid))::float8 AS bytes \
     FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace \
     WHERE c.relkind IN ('r', 'p', 'm') AND c.relpersistence <> 't' \
       AND n.nspname <> 'information_schema' AND n.nspname NOT LIKE 'pg\\_%' \
     ORDER BY n.nspname = ANY (current_schemas(false)) DESC, n.nspname, c.relname";

const COLUMNS: &str = "SELECT a.attrelid::int8 AS oid, a.attnum, a.attname::text AS name, \
         format_type(a.atttypid, a.atttypmod) AS type, \
         CASE WHEN ty.typtype = 'e' THEN 'anyenum' WHEN ty.typtype = 'r' THEN 'anyrange' \
             WHEN ty.typcategory = 'A' THEN 'anyarray' \
             WHEN 'varchar'::regtype IN (ty.oid, ty.typbasetype) THEN 'text' \
             WHEN ty.typtype = 'd' THEN format_type(ty.typbasetype, NULL) \
             ELSE format_type(ty.oid, NULL) END AS compared_as, \
         CASE WHEN co.collname = 'default' THEN d.datcollate::text ELSE co.collname::text END AS collation \
     FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid \
     JOIN pg_namespace n ON n.oid = c.relnamespace \
     JOIN pg_database d ON d.datname = current_database() \
     JOIN pg_type ty ON ty.oid = a.atttypid \
     LEFT JOIN pg_collation co ON co.oid = a.attcollation \
     WHERE a.attnum > 0 AND NOT a.attisdropped AND c.relkind IN ('r', 'p', 'm') \
       AND n.nspname <> 'information_schema' AND n.nspname NOT LIKE 'pg\\_%' \
     ORDER BY a.attrelid, a.attnum";

const STATISTICS: &str = "SELECT schemaname::text AS schema, tablename::text AS table_name, attname::text AS name, \
         null_frac::float8 AS null_fraction, n_distinct::float8 AS distinct_values, \
         avg_width::float8 AS width, \
         most_common_vals::text::text[] AS common, most_common_freqs::float8[] AS shares \
     FROM pg_stats WHERE schemaname <> 'pg_catalog' AND schemaname <> 'information_schema' \
     ORDER BY inherited";

const INDEXES: &str = "SELECT i.indrelid::int8 AS oid, c.relname::text AS name, am.amname::text AS method, \
         i.indisunique, i.indisvalid, i.indisreplident, i.indisprimary, i.indnkeyatts, \
         EXISTS (SELECT FROM pg_constraint k WHERE k.conindid = i.indexrelid AND k.contype IN ('p', 'u', 'x')) \
             OR EXISTS (SELECT FROM pg_constraint k WHERE k.conindid = i.indexrelid AND k.contype = 'f') AS is_constraint, \
         pg_get_expr(i.indpred, i.indrelid) AS predicate, \
         pg_get_indexdef(i.indexrelid) AS definition, pg_relation_size(i.indexrelid) AS bytes, \
         s.idx_scan AS scans, \
         (SELECT array_agg(CASE WHEN i.indkey[k - 1] = 0 OR k > i.indnkeyatts \
                     THEN pg_get_indexdef(i.indexrelid, k, true) END ORDER BY k) \
             FROM generate_series(1, i.indnatts::int) k) AS expressions, \
         string_to_array(i.indkey::text, ' ')::int2[] AS columns, \
         string_to_array(i.indoption::text, ' ')::int2[] AS options, \
         (SELECT array_agg(CASE WHEN o.opcdefault THEN NULL ELSE o.opcname::text END ORDER BY k) \
             FROM generate_series(1, i.indnkeyatts::int) k \
             JOIN pg_opclass o ON o.oid = i.indclass[k - 1]) AS opclasses, \
         (SELECT array_agg(CASE WHEN a.attcollation <> i.indcollation[k - 1] AND i.indcollation[k - 1] <> 0 \
                     AND i.indkey[k - 1] <> 0 THEN co.collname::text END ORDER BY k) \
             FROM generate_series(1, i.indnkeyatts::int) k \
             LEFT JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[k - 1] \
             LEFT JOIN pg_collation co ON co.oid = i.indcollation[k - 1]) AS collations \
     FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_am am ON am.oid = c.relam \
     JOIN pg_namespace n ON n.oid = c.relnamespace \
     LEFT JOIN pg_stat_user_indexes s ON s.indexrelid = i.indexrelid \
     WHERE n.nspname <> 'information_schema' AND n.nspname NOT LIKE 'pg\\_%' \
     ORDER BY i.indrelid, c.relname";

const FOREIGN_KEYS: &str = "SELECT k.conrelid::int8 AS oid, k.conname::text AS name, \
         k.conkey::int2[] AS columns, k.confrelid::regclass::text AS parent \
     FROM pg_constraint k JOIN pg_namespace n ON n.oid = k.connamespace \
     WHERE k.contype = 'f' AND k.conparentid = 0 AND n.nspname NOT LIKE 'pg\\_%' \
     ORDER BY k.conrelid, k.conname";

const POLICIES: &str = "SELECT p.polrelid::int8 AS oid, p.polname::text AS name, p.polpermissive, \
         pg_get_expr(p.polqual, p.polrelid) AS using \
     FROM pg_policy p WHERE p.polcmd IN ('*', 'r') AND p.polqual IS NOT NULL \
       AND (p.polroles = '{0}' OR EXISTS (SELECT FROM unnest(p.polroles) r \
            WHERE CASE WHEN r = 0 THEN true ELSE pg_has_role(current_user, r, 'member') END)) \
     ORDER BY p.polrelid, p.polname";

const VIEWS: &str = "SELECT n.nspname::text AS schema, c.relname::text AS name, \
         pg_get_viewdef(c.oid) AS sql \
     FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace \
     WHERE c.relkind = 'v' AND n.nspname <> 'information_schema' AND n.nspname NOT LIKE 'pg\\_%' \
     ORDER BY n.nspname, c.relname";

const LEAKPROOF_FUNCTIONS: &str = "SELECT p.oid::regprocedure::text AS signature, \
         p.pronamespace = 'pg_catalog'::regnamespace AS is_built_in, p.proname::text AS name, \
         ARRAY(SELECT CASE a.type WHEN 'varchar'::regtype THEN 'text' ELSE format_type(a.type, NULL) END \
             FROM unnest(p.proargtypes::oid[]) WITH ORDINALITY a (type, place) ORDER BY a.place) AS arguments, \
         CASE p.prorettype WHEN 'varchar'::regtype THEN 'text' \
             ELSE format_type(p.prorettype, NULL) END AS gives \
     FROM pg_proc p WHERE p.proleakproof AND p.prokind = 'f' ORDER BY p.oid";

const LEAKPROOF_OPERATORS: &str = "SELECT o.oprname::text AS name, format_type(o.oprleft, NULL) AS type \
     FROM pg_operator o JOIN pg_proc p ON p.oid = o.oprcode \
     WHERE p.proleakproof AND o.oprleft = o.oprright";

/// Reads all of it, with no more rights than a login has.
pub(in crate::advisor) async fn read(
    connection: &mut PgConnection,
) -> Result<Catalog, sqlx::Error> {
    let login = sqlx::query(LOGIN).fetch_one(&mut *connection).await?;
    let counted_days = sqlx::query_scalar(COUNTED)
        .fetch_one(&mut *connection)
        .await?;
    let is_replicated = sqlx::query_scalar(REPLICAS)
        .fetch_one(&mut *connection)
        .await?;
    let mut places = HashMap::new();
    let mut tables = Vec::new();
    for row in sqlx::query(TABLES).fetch_all(&mut *connection).await? {
        places.insert(row.try_get::<i64, _>("oid")?, tables.len());
        tables.push(table(&row)?);
    }
    let mut numbers: HashMap<(usize, i16), String> = HashMap::new();
    for row in sqlx::query(COLUMNS).fetch_all(&mut *connection).await? {
        let Some(place) = places.get(&row.try_get::<i64, _>("oid")?) else {
            continue;
        };
        let name: String = row.try_get("name")?;
        numbers.insert((*place, row.try_get("attnum")?), name.clone());
        tables[*place].columns.push(Column {
            name,
            data_type: row.try_get("type")?,
            compared_as: row.try_get("compared_as")?,
            collation: row.try_get("collation")?,
            statistics: None,
        });
    }
    statistics(connection, &mut tables).await?;
    for row in sqlx::query(INDEXES).fetch_all(&mut *connection).await? {
        if let Some(place) = places.get(&row.try_get::<i64, _>("oid")?) {
            let named = |number: i16| numbers.get(&(*place, number)).cloned();
            let index = index(&row, named)?;
            tables[*place].indexes.push(index);
        }
    }
    for row in sqlx::query(FOREIGN_KEYS)
        .fetch_all(&mut *connection)
        .await?
    {
        if let Some(place) = places.get(&row.try_get::<i64, _>("oid")?) {
            let columns: Vec<i16> = row.try_get("columns")?;
            let columns = columns
                .iter()
                .filter_map(|number| numbers.get(&(*place, *number)));
            let columns = columns.cloned().collect();
            tables[*place].foreign_keys.push(ForeignKey {
                name: row.try_get("name")?,
                columns,
                parent: row.try_get("parent")?,
            });
        }
    }
    for row in sqlx::query(POLICIES).fetch_all(&mut *connection).await? {
        if let Some(place) = places.get(&row.try_get::<i64, _>("oid")?) {
            tables[*place].policies.push(Policy {
                name: row.try_get("name")?,
                is_permissive: row.try_get("polpermissive")?,
                using: row.try_get("using")?,
            });
        }
    }
    let mut views = Vec::new();
    for row in sqlx::query(VIEWS).fetch_all(&mut *connection).await? {
        views.push(View {
            schema: row.try_get("schema")?,
            name: row.try_get("name")?,
            sql: row.try_get("sql")?,
        });
    }
    Ok(Catalog {
        engine: Engine::Postgres,
        tables,
        views,
        login: Login {
            name: login.try_get("rolname")?,
            is_superuser: login.try_get("rolsuper")?,
            bypasses_row_security: login.try_get("rolbypassrls")?,
        },
        counted_days,
        is_replicated,
        leakproof: leakproof(connection).await?,
    })
}

async fn leakproof(connection: &mut PgConnection) -> Result<Leakproof, sqlx::Error> {
    let mut leakproof = Leakproof::default();
    let functions = sqlx::query(LEAKPROOF_FUNCTIONS);
    for row in functions.fetch_all(&mut *connection).await? {
        leakproof.functions.push(Function {
            signature: row.try_get("signature")?,
            is_built_in: row.try_get("is_built_in")?,
            name: row.try_get("name")?,
            arguments: row.try_get("arguments")?,
            gives: row.try_get("gives")?,
        });
    }
    let operators = sqlx::query(LEAKPROOF_OPERATORS);
    for row in operators.fetch_all(&mut *connection).await? {
        let operator = (row.try_get("name")?, row.try_get("type")?);
        leakproof.operators.insert(operator);
    }
    Ok(leakproof)
}

fn table(row: &sqlx::postgres::PgRow) -> Result<Table, sqlx::Error> {
    let kind: String = row.try_get("kind")?;
    let kind = match (kind.as_str(), row.try_get("is_partition")?) {
        (_, true) => TableKind::Partition,
        ("p", false) => TableKind::Partitioned,
        _ => TableKind::Plain,
    };
    Ok(Table {
        schema: row.try_get("schema")?,
        name: row.try_get("name")?,
        rows: row.try_get("rows")?,
        pages: row.try_get::<f64, _>("bytes")? / 8192.0,
        columns: Vec::new(),
        indexes: Vec::new(),
        foreign_keys: Vec::new(),
        policies: Vec::new(),
        is_secured: row.try_get("is_secured")?,
        kind,
        is_analyzed: false,
    })
}

async fn statistics(
    connection: &mut PgConnection,
    tables: &mut [Table],
) -> Result<(), sqlx::Error> {
    let mut places = HashMap::new();
    for (place, table) in tables.iter().enumerate() {
        places.insert((table.schema.clone(), table.name.clone()), place);
    }
    for row in sqlx::query(STATISTICS).fetch_all(&mut *connection).await? {
        let key = (row.try_get("schema")?, row.try_get("table_name")?);
        let Some(table) = places.get(&key).map(|place| &mut tables[*place]) else {
            continue;
        };
        let distinct: f64 = row.try_get("distinct_values")?;
        let common: Option<Vec<String>> = row.try_get("common")?;
        let shares: Option<Vec<f64>> = row.try_get("shares")?;
        let statistics = Statistics {
            null_fraction: row.try_get("null_fraction")?,
            // Below zero it is a share of the rows, so that it holds while the table grows.
            distinct: if distinct < 0.0 {
                -distinct * table.rows
            } else {
                distinct
            },
            width_bytes: row.try_get("width")?,
            common: common
                .into_iter()
                .flatten()
                .zip(shares.into_iter().flatten())
                .collect(),
        };
        table.is_analyzed = true;
        let name: String = row.try_get("name")?;
        if let Some(column) = table.columns.iter_mut().find(|column| column.name == name) {
            column.statistics = Some(statistics);
        }
    }
    Ok(())
}

/// Bits of `indoption`.
const DESCENDING: i16 = 1;
const NULLS_FIRST: i16 = 2;

fn index(
    row: &sqlx::postgres::PgRow,
    named: impl Fn(i16) -> Option<String>,
) -> Result<Index, sqlx::Error> {
    let columns: Vec<i16> = row.try_get("columns")?;
    let options: Vec<i16> = row.try_get("options")?;
    let expressions: Vec<Option<String>> = row.try_get("expressions")?;
    let opclasses: Vec<Option<String>> = row.try_get("opclasses")?;
    let collations: Vec<Option<String>> = row.try_get("collations")?;
    let key_count = usize::try_from(row.try_get::<i16, _>("indnkeyatts")?).unwrap_or_default();
    let mut keys = Vec::new();
    for (place, number) in columns.iter().enumerate().take(key_count) {
        let term = match named(*number) {
            Some(name) => Term::Column(name),
            None => {
                let text = expressions
                    .get(place)
                    .cloned()
                    .flatten()
                    .unwrap_or_default();
                Term::Expression(in_our_words(&text))
            }
        };
        let option = options.get(place).copied().unwrap_or_default();
        let descending = option & DESCENDING != 0;
        let nulls_first = option & NULLS_FIRST != 0;
        keys.push(Key {
            term,
            descending,
            nulls_first: (nulls_first != descending).then_some(nulls_first),
            collation: collations.get(place).cloned().flatten(),
            opclass: opclasses.get(place).cloned().flatten(),
        });
    }
    let include = columns
        .iter()
        .skip(key_count)
        .filter_map(|number| named(*number))
        .collect();
    let predicate: Option<String> = row.try_get("predicate")?;
    let predicate = predicate.map(|text| conditions(&text)).unwrap_or_default();
    let is_identity: bool = row.try_get("indisreplident")?;
    let is_constraint = row.try_get("is_constraint")? || row.try_get("indisprimary")?;
    let duty = if is_identity {
        Duty::Identity
    } else if is_constraint {
        Duty::Constraint
    } else {
        Duty::Free
    };
    Ok(Index {
        name: row.try_get("name")?,
        design: Design {
            method: row.try_get("method")?,
            keys,
            include,
            predicate,
        },
        is_unique: row.try_get("indisunique")?,
        is_valid: row.try_get("indisvalid")?,
        duty,
        scans: row
            .try_get::<Option<i64>, _>("scans")?
            .and_then(|scans| scans.try_into().ok()),
        size_bytes: row
            .try_get::<i64, _>("bytes")?
            .try_into()
            .unwrap_or_default(),
        definition: row.try_get("definition")?,
    })
}

/// An expression as a statement's are compared; as it is where it cannot be read.
fn in_our_words(text: &str) -> String {
    let read = expression(Engine::Postgres, text);
    read.as_ref()
        .and_then(canonical)
        .unwrap_or_else(|| text.to_owned())
}

fn conditions(text: &str) -> Vec<String> {
    let Some(read) = expression(Engine::Postgres, text) else {
        return vec![text.to_owned()];
    };
    let parts = conjuncts(&read).into_iter();
    parts
        .map(|part| canonical(part).unwrap_or_else(|| part.to_string()))
        .collect()
}
