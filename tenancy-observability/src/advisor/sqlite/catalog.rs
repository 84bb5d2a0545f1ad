use sqlx::{AssertSqlSafe, Row as _, SqliteConnection};

use super::sample;
use super::trigger::Trigger;
use crate::advisor::catalog::{
    Catalog, Column, Duty, Engine, ForeignKey, Index, Login, ROW_NUMBER, Table, TableKind, View,
    quoted,
};
use crate::advisor::design::{Design, Key, Term};
use crate::advisor::leakproof::Leakproof;
use crate::advisor::syntax::{canonical, conjuncts};

/// What a file holds, and the statements that make it anew.
pub(super) struct Source {
    pub(super) catalog: Catalog,
    /// Tables, then views and indexes.
    pub(super) schema: Vec<String>,
    pub(super) triggers: Vec<Trigger>,
    /// Rows of `sqlite_stat1`: table, index, numbers.
    pub(super) statistics: Vec<(String, Option<String>, String)>,
}

const OBJECTS: &str = "SELECT type, name, tbl_name, sql FROM sqlite_schema \
     WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' \
       AND sql NOT LIKE 'CREATE VIRTUAL%' AND type IN ('table', 'index', 'view', 'trigger') \
     ORDER BY CASE type WHEN 'table' THEN 0 WHEN 'index' THEN 1 ELSE 2 END, name";

pub(super) async fn read(connection: &mut SqliteConnection) -> Result<Source, sqlx::Error> {
    let mut schema = Vec::new();
    let mut tables = Vec::new();
    let mut views = Vec::new();
    let mut triggers = Vec::new();
    let mut definitions = std::collections::HashMap::new();
    let objects = sqlx::query(OBJECTS).fetch_all(&mut *connection).await?;
    for object in &objects {
        let (kind, name): (String, String) = (object.try_get("type")?, object.try_get("name")?);
        let sql: String = object.try_get("sql")?;
        if kind == "trigger" {
            triggers.extend(Trigger::read(object.try_get("tbl_name")?, &sql));
            continue;
        }
        schema.push(sql.clone());
        match kind.as_str() {
            "table" => tables.push((name, sql)),
            "index" => drop(definitions.insert(name, sql)),
            _ => views.push(view(name, &sql)),
        }
    }
    let statistics = statistics(connection).await?;
    let mut read = Vec::new();
    for (name, sql) in tables {
        let mut table = table(connection, &name, &sql).await?;
        table.indexes = indexes(connection, &table, &definitions).await?;
        table.foreign_keys = foreign_keys(connection, &name).await?;
        sample::take(connection, &mut table, &statistics).await?;
        read.push(table);
    }
    let catalog = Catalog {
        engine: Engine::Sqlite,
        tables: read,
        views,
        login: Login::default(),
        counted_days: None,
        is_replicated: false,
        leakproof: Leakproof::default(),
    };
    Ok(Source {
        catalog,
        schema,
        triggers,
        statistics,
    })
}

/// What stands behind `AS` is what the view reads.
fn view(name: String, sql: &str) -> View {
    let lower = sql.to_lowercase();
    let body = lower.find("select").or_else(|| lower.find("with"));
    View {
        schema: String::new(),
        name,
        sql: body
            .map(|begin| sql[begin..].to_owned())
            .unwrap_or_default(),
    }
}

async fn statistics(
    connection: &mut SqliteConnection,
) -> Result<Vec<(String, Option<String>, String)>, sqlx::Error> {
    let is_there: i64 =
        sqlx::query_scalar("SELECT count(*) FROM sqlite_schema WHERE name = 'sqlite_stat1'")
            .fetch_one(&mut *connection)
            .await?;
    if is_there == 0 {
        return Ok(Vec::new());
    }
    sqlx::query_as("SELECT tbl, idx, stat FROM sqlite_stat1 WHERE stat IS NOT NULL")
        .fetch_all(&mut *connection)
        .await
}

async fn table(
    connection: &mut SqliteConnection,
    name: &str,
    sql: &str,
) -> Result<Table, sqlx::Error> {
    let mut columns = Vec::new();
    let rows = sqlx::query("SELECT name, type, pk FROM pragma_table_xinfo($1) WHERE hidden <> 1")
        .bind(name)
        .fetch_all(&mut *connection)
        .await?;
    let mut key = Vec::new();
    for row in rows {
        let column: String = row.try_get("name")?;
        if row.try_get::<i64, _>("pk")? > 0 {
            key.push((column.clone(), row.try_get::<String, _>("type")?));
        }
        columns.push(Column {
            collation: collation(sql, &column),
            data_type: row.try_get("type")?,
            compared_as: row.try_get("type")?,
            name: column,
            statistics: None,
        });
    }
    let mut table = Table {
        schema: String::new(),
        name: name.to_owned(),
        rows: 0.0,
        pages: 0.0,
        columns,
        indexes: Vec::new(),
        foreign_keys: Vec::new(),
        policies: Vec::new(),
        is_secured: false,
        kind: TableKind::Plain,
        is_analyzed: false,
    };
    if let [(column, data_type)] = key.as_slice()
        && data_type.eq_ignore_ascii_case("integer")
    {
        // The row's own number: there is no index, and none is needed.
        table.indexes.push(row_number(column));
    }
    Ok(table)
}

fn row_number(column: &str) -> Index {
    Index {
        name: ROW_NUMBER.to_owned(),
        design: Design::btree(vec![Key::ascending(Term::Column(column.to_owned()))]),
        is_unique: true,
        is_valid: true,
        duty: Duty::Constraint,
        scans: None,
        size_bytes: 0,
        definition: String::new(),
    }
}

/// The collation in a column's declaration, which no pragma tells.
fn collation(sql: &str, column: &str) -> Option<String> {
    use sqlparser::ast::{ColumnOption, Statement};
    let dialect = sqlparser::dialect::SQLiteDialect {};
    let parsed = sqlparser::parser::Parser::parse_sql(&dialect, sql).ok()?;
    let Some(Statement::CreateTable(create)) = parsed.into_iter().next() else {
        return None;
    };
    let definition = create
        .columns
        .into_iter()
        .find(|other| other.name.value == column)?;
    definition
        .options
        .into_iter()
        .find_map(|option| match option.option {
            ColumnOption::Collation(name) => Some(name.to_string().to_uppercase()),
            _ => None,
        })
}

async fn indexes(
    connection: &mut SqliteConnection,
    table: &Table,
    definitions: &std::collections::HashMap<String, String>,
) -> Result<Vec<Index>, sqlx::Error> {
    let mut indexes: Vec<Index> = Vec::new();
    if let Some(own) = table.indexes.first() {
        indexes.push(row_number(
            own.design.leading_columns().next().unwrap_or_default(),
        ));
    }
    let listed = sqlx::query("SELECT name, \"unique\", origin FROM pragma_index_list($1)")
        .bind(&table.name)
        .fetch_all(&mut *connection)
        .await?;
    for row in listed {
        let name: String = row.try_get("name")?;
        let definition = definitions.get(&name).cloned().unwrap_or_default();
        let (expressions, predicate) = parts(&definition);
        let keys = sqlx::query(
            "SELECT name, \"desc\" AS descending, coll, seqno FROM pragma_index_xinfo($1) \
             WHERE \"key\" = 1 ORDER BY seqno",
        )
        .bind(&name)
        .fetch_all(&mut *connection)
        .await?;
        let mut design = Design::btree(Vec::new());
        design.predicate = predicate;
        for key in keys {
            let place: i64 = key.try_get("seqno")?;
            let place = usize::try_from(place).unwrap_or_default();
            let term = match key.try_get::<Option<String>, _>("name")? {
                Some(column) => Term::Column(column),
                None => Term::Expression(expressions.get(place).cloned().unwrap_or_default()),
            };
            let own = term
                .column()
                .and_then(|name| table.column(name)?.collation.clone());
            let collation: String = key.try_get("coll")?;
            let is_own = collation == own.as_deref().unwrap_or("BINARY");
            design.keys.push(Key {
                descending: key.try_get::<i64, _>("descending")? != 0,
                collation: (!is_own).then_some(collation),
                ..Key::ascending(term)
            });
        }
        let origin: String = row.try_get("origin")?;
        indexes.push(Index {
            name,
            design,
            is_unique: row.try_get::<i64, _>("unique")? != 0,
            is_valid: true,
            duty: if origin == "c" {
                Duty::Free
            } else {
                Duty::Constraint
            },
            scans: None,
            size_bytes: 0,
            definition,
        });
    }
    Ok(indexes)
}

/// The keys' expressions and the condition of `CREATE INDEX`.
fn parts(definition: &str) -> (Vec<String>, Vec<String>) {
    use sqlparser::ast::Statement;
    let dialect = sqlparser::dialect::SQLiteDialect {};
    let parsed = sqlparser::parser::Parser::parse_sql(&dialect, definition);
    let Some(Statement::CreateIndex(create)) = parsed.ok().and_then(|all| all.into_iter().next())
    else {
        return (Vec::new(), Vec::new());
    };
    let keys = create.columns.iter().map(|key| {
        let expr = match &key.column.expr {
            sqlparser::ast::Expr::Collate { expr, .. } => expr,
            expr => expr,
        };
        canonical(expr).unwrap_or_else(|| expr.to_string())
    });
    let conditions = create.predicate.iter().flat_map(conjuncts);
    let conditions = conditions.map(|part| canonical(part).unwrap_or_else(|| part.to_string()));
    (keys.collect(), conditions.collect())
}

async fn foreign_keys(
    connection: &mut SqliteConnection,
    table: &str,
) -> Result<Vec<ForeignKey>, sqlx::Error> {
    let rows = sqlx::query(
        "SELECT id, \"table\" AS parent, \"from\" AS own FROM pragma_foreign_key_list($1) \
         ORDER BY id, seq",
    )
    .bind(table)
    .fetch_all(&mut *connection)
    .await?;
    let mut keys: Vec<(i64, ForeignKey)> = Vec::new();
    for row in rows {
        let (id, own): (i64, String) = (row.try_get("id")?, row.try_get("own")?);
        match keys.last_mut() {
            Some((last, key)) if *last == id => key.columns.push(own),
            _ => keys.push((
                id,
                ForeignKey {
                    name: String::new(),
                    columns: vec![own],
                    parent: row.try_get("parent")?,
                },
            )),
        }
    }
    // They have no names here.
    for (_, key) in &mut keys {
        let columns: Vec<_> = key.columns.iter().map(|column| quoted(column)).collect();
        key.name = format!("({})", columns.join(", "));
    }
    Ok(keys.into_iter().map(|(_, key)| key).collect())
}

/// A query that names tables and columns of the catalogue, and holds nothing else from outside.
pub(super) fn composed(sql: String) -> AssertSqlSafe<String> {
    AssertSqlSafe(sql)
}
