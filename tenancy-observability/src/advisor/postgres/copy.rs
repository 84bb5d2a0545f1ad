//! Proof on a copy: some rows of each table, with real indexes, in a transaction that is rolled back.
//!
//! Copying real rows is what makes the planner believe: it looks at the pages of a table, so that an
//! empty one with the statistics of a full one is planned for as an empty one.

use std::collections::{BTreeSet, HashSet};

use futures_util::TryStreamExt as _;
use sqlx::PgConnection;

use super::explain::Explainer;
use super::proof::{Judge, names, sample};
use crate::advisor::Setting;
use crate::advisor::catalog::{Catalog, Engine, Table, TableKind, quoted};
use crate::advisor::choice::{Choice, Read};
use crate::advisor::leakproof::Leakproof;
use crate::advisor::missing::Verdict;
use crate::advisor::report::Plan;

/// So many rows of a table are enough to tell an index from a scan.
const ROWS_MAX: f64 = 20_000.0;
/// A role that row-level security binds, for as long as the transaction.
const ROLE: &str = "tenancy_advisor_copy";

/// PostgreSQL's own functions, and whether it is said of them that they tell nothing of what they see.
const BUILT_IN: &str = "SELECT oid::regprocedure::text, proleakproof FROM pg_proc \
     WHERE pronamespace = 'pg_catalog'::regnamespace AND prokind = 'f' ORDER BY oid";

pub(super) struct Copy<'a> {
    scratch: Explainer<'a>,
}

impl<'a> Copy<'a> {
    pub(super) fn new(scratch: &'a mut PgConnection, setting: Option<&'a Setting>) -> Self {
        let scratch = Explainer {
            connection: scratch,
            setting,
        };
        Self { scratch }
    }

    pub(super) async fn verdicts(
        &mut self,
        source: &mut Explainer<'_>,
        catalog: &Catalog,
        reads: &[Read<'_>],
        choices: &[Choice],
    ) -> Result<Vec<Verdict>, sqlx::Error> {
        self.scratch.run("BEGIN").await?;
        let outcome = self.verdicts_within(source, catalog, reads, choices).await;
        self.scratch.run("ROLLBACK").await?;
        self.scratch.forget().await?;
        match outcome {
            // A type or an extension that the scratch server lacks: nothing is proved by that.
            Err(sqlx::Error::Database(error)) => {
                tracing::warn!(%error, "advice is not proved: the tables could not be copied");
                Ok(choices.iter().map(|_| Verdict::Unasked).collect())
            }
            outcome => outcome,
        }
    }

    async fn verdicts_within(
        &mut self,
        source: &mut Explainer<'_>,
        catalog: &Catalog,
        reads: &[Read<'_>],
        choices: &[Choice],
    ) -> Result<Vec<Verdict>, sqlx::Error> {
        if catalog.tables.iter().any(|table| table.is_secured) {
            self.trust(&catalog.leakproof).await?;
        }
        let statements: Vec<Vec<&str>> =
            choices.iter().map(|choice| sample(reads, choice)).collect();
        for place in tables(reads, &statements) {
            self.copy(source, &catalog.tables[place]).await?;
        }
        for view in &catalog.views {
            // One that names a table that no statement needs stays away.
            self.scratch.run("SAVEPOINT view").await?;
            let name = format!("{}.{}", quoted(&view.schema), quoted(&view.name));
            if self
                .scratch
                .run(&format!("CREATE VIEW {name} AS {}", view.sql))
                .await
                .is_err()
            {
                self.scratch.run("ROLLBACK TO view").await?;
            }
        }
        self.scratch.run(&format!("CREATE ROLE {ROLE}")).await?;
        let schemas: BTreeSet<_> = catalog.tables.iter().map(|table| &table.schema).collect();
        for schema in schemas {
            self.grant(schema).await?;
        }
        let before = self.plans(&statements).await?;
        for choice in choices {
            for design in &choice.bundle {
                if design.method == "gin" {
                    self.scratch
                        .run("CREATE EXTENSION IF NOT EXISTS pg_trgm")
                        .await?;
                }
                let table = &catalog.tables[choice.table];
                self.scratch
                    .run(&design.create(Engine::Postgres, table, false))
                    .await?;
            }
            let path = catalog.tables[choice.table].path();
            self.scratch.run(&format!("ANALYZE {path}")).await?;
        }
        let after = self.plans(&statements).await?;
        let mut verdicts = Vec::new();
        for ((choice, before), after) in choices.iter().zip(before).zip(after) {
            let mut judge = Judge::new(names(catalog, choice));
            for (before, after) in before.into_iter().zip(after) {
                if let (Some(before), Some(after)) = (before, after) {
                    judge.note(&before, after);
                }
            }
            verdicts.push(judge.verdict());
        }
        Ok(verdicts)
    }

    /// Has the scratch server believe of its functions what the source does: whether a policy goes before them
    /// decides which index can be used.
    async fn trust(&mut self, leakproof: &Leakproof) -> Result<(), sqlx::Error> {
        let built_in = leakproof
            .functions
            .iter()
            .filter(|function| function.is_built_in);
        let trusted: HashSet<&str> = built_in.map(|function| &*function.signature).collect();
        let own: Vec<(String, bool)> = sqlx::query_as(BUILT_IN)
            .fetch_all(&mut *self.scratch.connection)
            .await?;
        for (signature, is_trusted) in own {
            let is_to_be = trusted.contains(&*signature);
            if is_to_be != is_trusted {
                let not = if is_to_be { "" } else { "NOT " };
                self.scratch
                    .run(&format!("ALTER FUNCTION {signature} {not}LEAKPROOF"))
                    .await?;
            }
        }
        Ok(())
    }

    /// Lets the role see all of a schema that was copied.
    async fn grant(&mut self, schema: &str) -> Result<(), sqlx::Error> {
        let is_there: bool = sqlx::query_scalar("SELECT to_regnamespace($1) IS NOT NULL")
            .bind(quoted(schema))
            .fetch_one(&mut *self.scratch.connection)
            .await?;
        if is_there {
            let schema = quoted(schema);
            self.scratch
                .run(&format!("GRANT USAGE ON SCHEMA {schema} TO {ROLE}"))
                .await?;
            self.scratch
                .run(&format!(
                    "GRANT ALL ON ALL TABLES IN SCHEMA {schema} TO {ROLE}"
                ))
                .await?;
        }
        Ok(())
    }

    /// Plans the statements as a role that policies bind.
    async fn plans(
        &mut self,
        statements: &[Vec<&str>],
    ) -> Result<Vec<Vec<Option<Plan>>>, sqlx::Error> {
        let mut plans = Vec::new();
        for statements in statements {
            let mut of_choice = Vec::new();
            for sql in statements {
                self.scratch.run("SAVEPOINT plan").await?;
                self.scratch.run(&format!("SET LOCAL ROLE {ROLE}")).await?;
                let plan = self.scratch.plan_within(sql).await;
                self.scratch.run("ROLLBACK TO plan").await?;
                self.scratch.forget().await?;
                of_choice.push(plan.ok());
            }
            plans.push(of_choice);
        }
        Ok(plans)
    }

    async fn copy(&mut self, source: &mut Explainer<'_>, table: &Table) -> Result<(), sqlx::Error> {
        let path = table.path();
        if table.path() != quoted(&table.name) {
            let schema = quoted(&table.schema);
            self.scratch
                .run(&format!("CREATE SCHEMA IF NOT EXISTS {schema}"))
                .await?;
        }
        let column = |column: &crate::advisor::catalog::Column| {
            // Other orders than by character all serve alike, and may be unknown there.
            let order = match column.collation.as_deref() {
                Some("C" | "POSIX") => " COLLATE \"C\"",
                _ => "",
            };
            format!("{} {}{order}", quoted(&column.name), column.data_type)
        };
        let columns: Vec<_> = table.columns.iter().map(column).collect();
        self.scratch
            .run(&format!("CREATE TABLE {path} ({})", columns.join(", ")))
            .await?;
        self.copy_rows(source, table).await?;
        for index in table.usable_indexes() {
            let unique = if index.is_unique { "UNIQUE " } else { "" };
            let (name, shape) = (quoted(&index.name), index.design.shape());
            self.scratch
                .run(&format!("CREATE {unique}INDEX {name} ON {path} {shape}"))
                .await?;
        }
        if table.is_secured {
            self.scratch
                .run(&format!("ALTER TABLE {path} ENABLE ROW LEVEL SECURITY"))
                .await?;
            for policy in &table.policies {
                let kind = if policy.is_permissive {
                    "PERMISSIVE"
                } else {
                    "RESTRICTIVE"
                };
                let (name, using) = (quoted(&policy.name), &policy.using);
                self.scratch
                    .run(&format!(
                        "CREATE POLICY {name} ON {path} AS {kind} USING ({using})"
                    ))
                    .await?;
            }
        }
        self.scratch.run(&format!("ANALYZE {path}")).await
    }

    /// The rows that the source's login sees; of a large table some of its pages.
    async fn copy_rows(
        &mut self,
        source: &mut Explainer<'_>,
        table: &Table,
    ) -> Result<(), sqlx::Error> {
        let path = table.path();
        let sampled = if table.rows > ROWS_MAX && table.kind != TableKind::Partitioned {
            let percent = 100.0 * ROWS_MAX / table.rows;
            format!(" TABLESAMPLE SYSTEM ({percent:.6}) REPEATABLE (1)")
        } else {
            String::new()
        };
        source.run("BEGIN READ ONLY").await?;
        let outcome = async {
            source.prepare_session().await?;
            let out = format!("COPY (SELECT * FROM {path}{sampled} LIMIT {ROWS_MAX}) TO STDOUT");
            let mut rows = source.connection.copy_out_raw(&out).await?;
            let into = format!("COPY {path} FROM STDIN");
            let mut copy = self.scratch.connection.copy_in_raw(&into).await?;
            while let Some(bytes) = rows.try_next().await? {
                copy.send(bytes).await?;
            }
            copy.finish().await
        };
        let copied = outcome.await;
        source.run("ROLLBACK").await?;
        copied.map(drop)
    }
}

/// The tables that some statements need.
fn tables(reads: &[Read<'_>], statements: &[Vec<&str>]) -> BTreeSet<usize> {
    let needed: BTreeSet<&str> = statements.iter().flatten().copied().collect();
    reads
        .iter()
        .filter(|read| needed.contains(read.statement.sql.as_str()))
        .flat_map(|read| read.accesses.iter().map(|access| access.table))
        .collect()
}
