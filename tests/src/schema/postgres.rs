use sqlx::{Connection as _, PgConnection, Row as _};

use super::{Column, Index, Reference, Schema};

const COLUMNS: &str = "SELECT c.relname::text, a.attname::text, \
     format_type(a.atttypid, a.atttypmod), a.attnotnull, pg_get_expr(d.adbin, d.adrelid), \
     a.attidentity <> '' FROM pg_class c \
     JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped \
     LEFT JOIN pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum \
     WHERE c.relkind = 'r' AND c.relnamespace = current_schema()::regnamespace";

/// Primary keys, unique constraints, checks and references.
const CONSTRAINTS: &str = "SELECT c.relname::text, k.contype::text, \
     ARRAY(SELECT a.attname::text FROM unnest(k.conkey) WITH ORDINALITY AS n (number, place) \
         JOIN pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = n.number ORDER BY n.place), \
     pg_get_constraintdef(k.oid), f.relname::text, \
     ARRAY(SELECT a.attname::text FROM unnest(k.confkey) WITH ORDINALITY AS n (number, place) \
         JOIN pg_attribute a ON a.attrelid = k.confrelid AND a.attnum = n.number ORDER BY n.place), \
     k.confdeltype::text, k.confupdtype::text FROM pg_constraint k \
     JOIN pg_class c ON c.oid = k.conrelid LEFT JOIN pg_class f ON f.oid = k.confrelid \
     WHERE c.relkind = 'r' AND c.relnamespace = current_schema()::regnamespace";

/// Indexes that are no constraint's.
const INDEXES: &str = "SELECT c.relname::text, i.relname::text, x.indisunique, \
     ARRAY(SELECT btrim(pg_get_indexdef(x.indexrelid, n, true), '\"') \
         FROM generate_series(1, x.indnkeyatts) AS n ORDER BY n), \
     pg_get_expr(x.indpred, x.indrelid) FROM pg_index x \
     JOIN pg_class c ON c.oid = x.indrelid JOIN pg_class i ON i.oid = x.indexrelid \
     WHERE c.relkind = 'r' AND c.relnamespace = current_schema()::regnamespace \
     AND NOT EXISTS (SELECT 1 FROM pg_constraint k WHERE k.conindid = x.indexrelid)";

pub(super) async fn read(url: &str) -> Result<Schema, sqlx::Error> {
    let mut conn = PgConnection::connect(url).await?;
    let mut schema = Schema::default();
    for row in sqlx::query(COLUMNS).fetch_all(&mut conn).await? {
        let column = Column {
            name: row.get(1),
            kind: kind(row.get(2), row.get(5)),
            required: row.get(3),
            default: row.get(4),
        };
        schema.say_column(row.get(0), &column);
    }
    for row in sqlx::query(CONSTRAINTS).fetch_all(&mut conn).await? {
        let columns: Vec<String> = row.get(2);
        let listed = columns.join(", ");
        match row.get(1) {
            "p" => schema.say(row.get(0), &format!("primary key ({listed})")),
            "u" => schema.say(row.get(0), &format!("unique ({listed})")),
            "c" => {
                let definition: &str = row.get(3);
                let check = super::bare(definition.trim_start_matches("CHECK "));
                schema.say(row.get(0), &format!("check {check}"));
            }
            "f" => {
                let reference = Reference {
                    columns,
                    target: row.get(4),
                    target_columns: row.get(5),
                    on_delete: action(row.get(6)),
                    on_update: action(row.get(7)),
                };
                schema.say_reference(row.get(0), &reference);
            }
            // What a column requires is told with the column.
            "n" => {}
            other => schema.say(row.get(0), &format!("constraint of kind {other}")),
        }
    }
    for row in sqlx::query(INDEXES).fetch_all(&mut conn).await? {
        let index = Index {
            name: row.get(1),
            unique: row.get(2),
            columns: row.get(3),
            condition: row.get(4),
        };
        schema.say_index(row.get(0), &index);
    }
    conn.close().await?;
    Ok(schema)
}

/// SQLite has one type for identifiers and bytes.
fn kind(name: &str, counts_itself: bool) -> String {
    let kind = match name {
        "bigint" => "integer",
        "bytea" | "uuid" => "bytes",
        other => other,
    };
    let suffix = if counts_itself {
        " that counts itself"
    } else {
        ""
    };
    format!("{kind}{suffix}")
}

fn action(letter: &str) -> String {
    match letter {
        "a" => "no action",
        "c" => "cascade",
        "n" => "set null",
        "r" => "restrict",
        other => other,
    }
    .to_owned()
}
