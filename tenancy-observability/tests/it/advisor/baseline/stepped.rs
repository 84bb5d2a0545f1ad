//! How many steps SQLite takes with our indexes, and with those of its expert.

use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions as _};
use tenancy_observability::advisor::{Advisor, Rule};

use crate::advisor::case::Case;
use crate::advisor::sqlite;

/// Values of the fixtures' columns, for the parameters that stand behind them.
const VALUES: &[(&str, &str)] = &[
    ("a", "77"),
    ("active", "1"),
    ("author_id", "77"),
    ("b", "77"),
    ("blog_id", "7"),
    ("city", "'city7'"),
    ("country", "7"),
    ("customer_id", "77"),
    ("email", "'person77@example.com'"),
    ("handle", "'handle77'"),
    ("id", "77"),
    ("login_attempts", "3"),
    ("name", "'Person 77'"),
    ("nick", "'nick77'"),
    ("placed_at", "500000"),
    ("post_id", "77"),
    ("published_at", "500000"),
    ("region_id", "7"),
    ("slug", "'post-77'"),
    ("status", "'paid'"),
    ("total", "1234"),
];

/// The sum of a case's steps, in tens.
#[derive(Debug)]
pub(super) struct Steps {
    pub(super) ours: u32,
    pub(super) expert: u32,
}

pub(super) fn has_expert() -> bool {
    let asked = Command::new("sqlite3")
        .args([":memory:", ".expert", "SELECT 1;"])
        .output();
    asked.is_ok_and(|output| String::from_utf8_lossy(&output.stdout).contains("no new indexes"))
}

/// Compares on copies of the fixture's file.
pub(super) async fn compare(case: &Case, file: &Path) -> Steps {
    let report = Advisor::new().sqlite(file, &case.workload()).await;
    let missing = report.unwrap().advice.into_iter();
    let missing = missing.filter(|advice| advice.rule == Rule::MissingIndex);
    let advised: Vec<_> = missing.flat_map(|advice| advice.apply).collect();
    let folder = tempfile::tempdir().unwrap();
    let statements = case.statements.iter().map(|(_, sql)| sql.as_str());
    let chosen: Vec<_> = statements.flat_map(|sql| expert(file, sql)).collect();
    let mut counted = [0; 2];
    for (indexes, steps) in [advised, chosen].iter().zip(&mut counted) {
        let copy = folder.path().join("copy.db");
        std::fs::copy(file, &copy).unwrap();
        sqlite::make(&copy, &format!("{};\nANALYZE", indexes.join(";\n"))).await;
        for (_, sql) in &case.statements {
            *steps += count(&copy, &with_values(sql)).await;
        }
    }
    let [ours, expert] = counted;
    Steps { ours, expert }
}

/// The indexes that SQLite's own program would make for a statement.
fn expert(file: &Path, sql: &str) -> Vec<String> {
    let output = Command::new("sqlite3")
        .arg(file)
        .args([".expert", &format!("{};", sql.trim())])
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    let made = said.lines().filter(|line| line.starts_with("CREATE INDEX"));
    made.map(|line| {
        line.split(';')
            .next()
            .unwrap()
            .replace("INDEX", "INDEX IF NOT EXISTS")
    })
    .collect()
}

/// The statement with a value for each parameter: its column's, which stands before it.
fn with_values(sql: &str) -> String {
    let mut text = sql.to_owned();
    while let Some(place) = text.find('$') {
        let mut words = text[..place]
            .rsplit(|character: char| !character.is_alphanumeric() && character != '_');
        let value = words.find_map(|word| {
            let known = VALUES.iter().find(|(column, _)| *column == word);
            known.map(|(_, value)| *value)
        });
        let end = text[place + 1..]
            .find(|character: char| !character.is_ascii_digit())
            .map_or(text.len(), |length| place + 1 + length);
        text.replace_range(place..end, value.unwrap_or("77"));
    }
    text
}

async fn count(file: &Path, sql: &str) -> u32 {
    let options = SqliteConnectOptions::new().filename(file);
    let mut connection = options.connect().await.unwrap();
    let steps = Arc::new(AtomicU32::new(0));
    let counted = Arc::clone(&steps);
    let mut handle = connection.lock_handle().await.unwrap();
    handle.set_progress_handler(10, move || {
        counted.fetch_add(1, Ordering::Relaxed);
        true
    });
    drop(handle);
    let done = sqlx::raw_sql(AssertSqlSafe(sql))
        .fetch_all(&mut connection)
        .await;
    done.unwrap_or_else(|error| panic!("{sql}: {error}"));
    steps.load(Ordering::Relaxed)
}
