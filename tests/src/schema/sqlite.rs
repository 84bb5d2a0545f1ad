use std::collections::BTreeMap;
use std::path::Path;

use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions as _, Connection as _, Row as _, SqliteConnection};

use super::{Column, Index, Reference, Schema};

pub(super) async fn read(file: &Path) -> Result<Schema, sqlx::Error> {
    const TABLES: &str = "SELECT name, sql FROM sqlite_master WHERE type = 'table' \
         AND name NOT LIKE 'sqlite!_%' ESCAPE '!'";
    let options = SqliteConnectOptions::new().filename(file);
    let mut conn = options.create_if_missing(false).connect().await?;
    let mut schema = Schema::default();
    let tables: Vec<(String, String)> = sqlx::query_as(TABLES).fetch_all(&mut conn).await?;
    for (table, definition) in &tables {
        read_columns(&mut schema, &mut conn, table).await?;
        read_references(&mut schema, &mut conn, table).await?;
        read_indexes(&mut schema, &mut conn, table).await?;
        for check in checks(definition) {
            schema.say(table, &format!("check {}", super::bare(&check)));
        }
    }
    conn.close().await?;
    Ok(schema)
}

async fn read_columns(
    schema: &mut Schema,
    conn: &mut SqliteConnection,
    table: &str,
) -> Result<(), sqlx::Error> {
    const COLUMNS: &str =
        "SELECT name, type, \"notnull\", dflt_value, pk FROM pragma_table_xinfo($1)";
    let mut key = BTreeMap::new();
    for row in sqlx::query(COLUMNS).bind(table).fetch_all(conn).await? {
        let column = Column {
            name: row.get(0),
            kind: kind(row.get(1)),
            required: row.get(2),
            default: row.get(3),
        };
        let place: i64 = row.get(4);
        if place > 0 {
            key.insert(place, column.name.clone());
        }
        schema.say_column(table, &column);
    }
    if !key.is_empty() {
        let listed: Vec<_> = key.into_values().collect();
        schema.say(table, &format!("primary key ({})", listed.join(", ")));
    }
    Ok(())
}

async fn read_references(
    schema: &mut Schema,
    conn: &mut SqliteConnection,
    table: &str,
) -> Result<(), sqlx::Error> {
    const REFERENCES: &str = "SELECT id, \"table\", \"from\", \"to\", lower(on_delete), \
         lower(on_update) FROM pragma_foreign_key_list($1) ORDER BY id, seq";
    let mut references = BTreeMap::<i64, Reference>::new();
    for row in sqlx::query(REFERENCES).bind(table).fetch_all(conn).await? {
        let reference = references.entry(row.get(0)).or_insert_with(|| Reference {
            columns: Vec::new(),
            target: row.get(1),
            target_columns: Vec::new(),
            on_delete: row.get(4),
            on_update: row.get(5),
        });
        reference.columns.push(row.get(2));
        reference.target_columns.push(row.get(3));
    }
    for reference in references.values() {
        schema.say_reference(table, reference);
    }
    Ok(())
}

async fn read_indexes(
    schema: &mut Schema,
    conn: &mut SqliteConnection,
    table: &str,
) -> Result<(), sqlx::Error> {
    const INDEXES: &str = "SELECT name, \"unique\", origin FROM pragma_index_list($1)";
    const COLUMNS: &str = "SELECT name FROM pragma_index_xinfo($1) WHERE key = 1 ORDER BY seqno";
    const DEFINITION: &str = "SELECT sql FROM sqlite_master WHERE name = $1";
    let indexes: Vec<(String, bool, String)> = sqlx::query_as(INDEXES)
        .bind(table)
        .fetch_all(&mut *conn)
        .await?;
    for (name, unique, origin) in indexes {
        let columns: Vec<String> = sqlx::query_scalar(COLUMNS)
            .bind(&name)
            .fetch_all(&mut *conn)
            .await?;
        match &*origin {
            // The primary key is told with the columns.
            "pk" => {}
            "u" => schema.say(table, &format!("unique ({})", columns.join(", "))),
            _ => {
                let definition: String = sqlx::query_scalar(DEFINITION)
                    .bind(&name)
                    .fetch_one(&mut *conn)
                    .await?;
                let condition = definition.split_once(" WHERE ");
                let index = Index {
                    name,
                    unique,
                    columns,
                    condition: condition.map(|(_, condition)| condition.to_owned()),
                };
                schema.say_index(table, &index);
            }
        }
    }
    Ok(())
}

fn kind(declared: &str) -> String {
    match declared {
        "BIGINT" => "integer",
        "BLOB" => "bytes",
        "TEXT" => "text",
        other => other,
    }
    .to_owned()
}

/// What stands in the parentheses after each `CHECK` of a table's definition, which SQLite keeps
/// as it was written.
fn checks(definition: &str) -> Vec<String> {
    let lines = definition.lines();
    let code: Vec<_> = lines
        .map(|line| line.split_once("--").map_or(line, |(code, _)| code))
        .collect();
    let code = code.join("\n");
    code.split("CHECK (")
        .skip(1)
        .map(|rest| {
            let mut depth = 1;
            let end = rest.find(|character| {
                depth += match character {
                    '(' => 1,
                    ')' => -1,
                    _ => 0,
                };
                depth == 0
            });
            rest[..end.unwrap_or(rest.len())].to_owned()
        })
        .collect()
}
