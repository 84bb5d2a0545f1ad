//! What PostgreSQL's planner takes statements to cost with some of many indexes.

use std::collections::HashMap;

use sqlx::{AssertSqlSafe, Connection as _, PgConnection, Row as _};
use tenancy_observability::advisor::{Advisor, Rule};
use tenancy_tests::TestDatabase;

use crate::advisor::case::Case;

const COLUMNS: &str = "SELECT c.relname::text, a.attname::text \
     FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid \
     WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r' AND a.attnum > 0 \
     ORDER BY c.relname, a.attnum";

/// An index that is not valid keeps its rows, and the planner does not see it.
const SHOW: &str = "UPDATE pg_index SET indisvalid = c.relname = ANY ($1) \
     FROM pg_class c WHERE c.oid = indexrelid AND c.relname LIKE 'candidate\\_%'";

/// What dexter asks of a statement before it looks at it, and of what it saves.
const COST_MIN: f64 = 100.0;
const SAVED_MIN: f64 = 0.5;

pub(super) struct Planned {
    connection: PgConnection,
    columns: Vec<(String, String)>,
    /// Names by what stands behind `ON`, for indexes that are made already.
    made: HashMap<String, String>,
}

impl Planned {
    pub(super) async fn new(database: &TestDatabase) -> Self {
        let mut connection = PgConnection::connect(&database.superuser_url())
            .await
            .unwrap();
        let rows = sqlx::query(COLUMNS).fetch_all(&mut connection).await;
        let columns = rows
            .unwrap()
            .iter()
            .map(|row| (row.get(0), row.get(1)))
            .collect();
        Self {
            connection,
            columns,
            made: HashMap::new(),
        }
    }

    /// What our advisor has made.
    pub(super) async fn advised(&mut self, case: &Case) -> Vec<String> {
        self.show(&[]).await;
        let report = Advisor::new()
            .postgres(&mut self.connection, &case.workload())
            .await
            .unwrap();
        let missing = report.advice.iter();
        let missing = missing.filter(|advice| advice.rule == Rule::MissingIndex);
        let mut names = Vec::new();
        for statement in missing.flat_map(|advice| &advice.apply) {
            match statement.split_once(" ON ") {
                Some((_, what)) => names.push(self.index(what).await),
                None => self.run(statement).await,
            }
        }
        names
    }

    /// Each column of which the statement has the name, then each pair of them, where the planner takes
    /// it and saves half of the cost.
    pub(super) async fn dexter(&mut self, case: &Case) -> Vec<String> {
        let mut chosen = Vec::new();
        for (_, sql) in &case.statements {
            let candidates = self.named_columns(sql);
            let before = self.plan(sql, &[]).await.0;
            if before < COST_MIN {
                continue;
            }
            let mut indexes = Vec::new();
            for (table, column) in &candidates {
                indexes.push(self.index(&format!("{table} ({column})")).await);
            }
            let (single, single_plan) = self.plan(sql, &indexes).await;
            for (table, first) in &candidates {
                for (other, second) in &candidates {
                    if table == other && first != second {
                        indexes.push(self.index(&format!("{table} ({first}, {second})")).await);
                    }
                }
            }
            let (double, double_plan) = self.plan(sql, &indexes).await;
            let plan = if single > COST_MIN && double < single * SAVED_MIN {
                double_plan
            } else if single < before * SAVED_MIN {
                single_plan
            } else {
                continue;
            };
            chosen.extend(used(&plan, indexes));
        }
        chosen
    }

    /// Each column of each table that the statement names, where the plan has its index.
    pub(super) async fn index_advisor(&mut self, case: &Case) -> Vec<String> {
        let mut chosen = Vec::new();
        for (_, sql) in &case.statements {
            let mut indexes = Vec::new();
            for (table, column) in self.columns.clone() {
                if has_word(sql, &table) {
                    indexes.push(self.index(&format!("{table} ({column})")).await);
                }
            }
            let (_, plan) = self.plan(sql, &indexes).await;
            chosen.extend(used(&plan, indexes));
        }
        chosen
    }

    pub(super) async fn cost_with(&mut self, case: &Case, indexes: &[String]) -> f64 {
        let mut cost = 0.0;
        for (_, sql) in &case.statements {
            cost += self.plan(sql, indexes).await.0;
        }
        cost
    }

    fn named_columns(&self, sql: &str) -> Vec<(String, String)> {
        let columns = self.columns.iter();
        columns
            .filter(|(table, column)| has_word(sql, table) && has_word(sql, column))
            .cloned()
            .collect()
    }

    /// The cost and the plan for any values, where the planner sees these candidates only.
    async fn plan(&mut self, sql: &str, indexes: &[String]) -> (f64, String) {
        self.show(indexes).await;
        self.run("SET plan_cache_mode = force_generic_plan").await;
        self.run(&format!("PREPARE baseline AS {sql}")).await;
        let count: i32 = sqlx::query_scalar(
            "SELECT coalesce(array_length(parameter_types, 1), 0)::int4 \
             FROM pg_prepared_statements WHERE name = 'baseline'",
        )
        .fetch_one(&mut self.connection)
        .await
        .unwrap();
        let nulls = vec!["NULL"; usize::try_from(count).unwrap()].join(", ");
        let values = if count == 0 {
            nulls
        } else {
            format!("({nulls})")
        };
        let explain = format!("EXPLAIN (FORMAT JSON) EXECUTE baseline{values}");
        let row = sqlx::raw_sql(AssertSqlSafe(explain))
            .fetch_one(&mut self.connection)
            .await
            .unwrap();
        let json: String = row.try_get_unchecked(0).unwrap();
        self.run("DEALLOCATE baseline").await;
        let plan: serde_json::Value = serde_json::from_str(&json).unwrap();
        (plan[0]["Plan"]["Total Cost"].as_f64().unwrap(), json)
    }

    async fn show(&mut self, indexes: &[String]) {
        sqlx::query(SHOW)
            .bind(indexes)
            .execute(&mut self.connection)
            .await
            .unwrap();
    }

    /// Makes the index unless it is there.
    async fn index(&mut self, what: &str) -> String {
        if let Some(name) = self.made.get(what) {
            return name.clone();
        }
        let name = format!("candidate_{}_", self.made.len());
        self.run(&format!("CREATE INDEX {name} ON {what}")).await;
        let table = what.split(' ').next().unwrap();
        if what.contains("((") || what.contains("lower(") {
            // What an expression's values are like is known only then.
            self.run(&format!("ANALYZE {table}")).await;
        }
        self.made.insert(what.to_owned(), name.clone());
        name
    }

    async fn run(&mut self, sql: &str) {
        let done = sqlx::raw_sql(AssertSqlSafe(sql))
            .execute(&mut self.connection)
            .await;
        done.unwrap_or_else(|error| panic!("{sql}: {error}"));
    }
}

fn used(plan: &str, indexes: Vec<String>) -> Vec<String> {
    let mut indexes = indexes;
    indexes.retain(|name| plan.contains(&**name));
    indexes
}

fn has_word(sql: &str, word: &str) -> bool {
    sql.split(|character: char| !character.is_alphanumeric() && character != '_')
        .any(|other| other == word)
}
