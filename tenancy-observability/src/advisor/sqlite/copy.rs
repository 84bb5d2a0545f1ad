//! The schema and its statistics in memory, where candidates become indexes.

use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions as _, Row as _, SqliteConnection};

use super::catalog::{Source, composed};
use crate::advisor::catalog::{Catalog, Engine, Table};
use crate::advisor::choice::{Choice, Read};
use crate::advisor::cost::Costs;
use crate::advisor::design::{Design, Term};
use crate::advisor::missing::Verdict;
use crate::advisor::report::Plan;
use crate::advisor::settle::Prove;
use crate::advisor::syntax::{Predicate, Test};

pub(super) struct Copy {
    memory: SqliteConnection,
}

impl Copy {
    pub(super) async fn new(source: &Source) -> Result<Self, sqlx::Error> {
        let options = SqliteConnectOptions::new()
            .in_memory(true)
            .foreign_keys(false);
        let mut copy = Self {
            memory: options.connect().await?,
        };
        for statement in &source.schema {
            // A view of what is not copied is no loss.
            let made = copy.run(statement.clone()).await;
            if made.is_err() && !statement.to_lowercase().starts_with("create view") {
                made?;
            }
        }
        // This makes the table of statistics.
        copy.run("ANALYZE".to_owned()).await?;
        for (table, index, numbers) in &source.statistics {
            copy.note(table, index.as_deref(), numbers).await?;
        }
        for table in source
            .catalog
            .tables
            .iter()
            .filter(|table| !table.is_analyzed)
        {
            for index in table
                .indexes
                .iter()
                .filter(|index| !index.design.keys.is_empty())
            {
                let numbers = numbers(table, &index.design);
                copy.note(&table.name, Some(&index.name), &numbers).await?;
            }
        }
        copy.reload().await?;
        Ok(copy)
    }

    /// How the statement would be answered; the cost is what this crate takes it for.
    pub(super) async fn plan(
        &mut self,
        sql: &str,
        read: &Read<'_>,
        extra: &[(usize, &Design)],
        catalog: &Catalog,
    ) -> Result<Plan, sqlx::Error> {
        let sql = sql.trim().trim_end_matches(';');
        let steps = sqlx::query(composed(format!("EXPLAIN QUERY PLAN {sql}")))
            .persistent(false)
            .fetch_all(&mut self.memory)
            .await?;
        let steps = steps.iter().map(|row| row.try_get("detail"));
        let costs = Costs {
            catalog,
            accesses: &read.accesses,
        };
        Ok(Plan {
            cost: costs.statement(extra),
            steps: steps.collect::<Result<_, _>>()?,
        })
    }

    async fn verdict(
        &mut self,
        catalog: &Catalog,
        reads: &[Read<'_>],
        choice: &Choice,
        extra: &[(usize, &Design)],
    ) -> Result<Verdict, sqlx::Error> {
        let table = &catalog.tables[choice.table];
        let names: Vec<_> = choice
            .bundle
            .iter()
            .map(|design| design.name(table))
            .collect();
        let mut used = vec![false; names.len()];
        let mut best: Option<(f64, Plan)> = None;
        for gain in &choice.gains {
            let read = &reads[gain.statement];
            let Ok(plan) = self.plan(&read.statement.sql, read, extra, catalog).await else {
                continue;
            };
            let mut is_used = false;
            for (name, used) in names.iter().zip(&mut used) {
                let found = plan.steps.iter().any(|step| goes_by(step, name));
                *used |= found;
                is_used |= found;
            }
            let saved = (gain.before - gain.after) * read.statement.calls;
            if is_used && best.as_ref().is_none_or(|(other, _)| saved > *other) {
                best = Some((saved, plan));
            }
        }
        Ok(match best {
            Some((_, plan)) if used.iter().all(|used| *used) => Verdict::Taken(plan),
            _ => Verdict::Declined,
        })
    }

    /// Notes how many rows an index has for each value of its leading keys.
    async fn note(
        &mut self,
        table: &str,
        index: Option<&str>,
        numbers: &str,
    ) -> Result<(), sqlx::Error> {
        sqlx::query("INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES ($1, $2, $3)")
            .bind(table)
            .bind(index)
            .bind(numbers)
            .execute(&mut self.memory)
            .await?;
        Ok(())
    }

    async fn reload(&mut self) -> Result<(), sqlx::Error> {
        self.run("ANALYZE sqlite_schema".to_owned()).await
    }

    /// Runs a statement of the schema's or of this module's.
    async fn run(&mut self, sql: String) -> Result<(), sqlx::Error> {
        sqlx::query(composed(sql))
            .persistent(false)
            .execute(&mut self.memory)
            .await?;
        Ok(())
    }
}

impl Prove for Copy {
    fn name(&self) -> &'static str {
        "planned on a copy of the schema and its statistics in memory"
    }

    /// Makes all choices' indexes, and sees which of them plans take.
    async fn verdicts(
        &mut self,
        catalog: &Catalog,
        reads: &[Read<'_>],
        choices: &[Choice],
    ) -> Result<Vec<Verdict>, sqlx::Error> {
        let mut extra = Vec::new();
        for choice in choices {
            let table = &catalog.tables[choice.table];
            for design in &choice.bundle {
                self.run(design.create(Engine::Sqlite, table, false))
                    .await?;
                let name = design.name(table);
                self.note(&table.name, Some(&name), &numbers(table, design))
                    .await?;
                extra.push((choice.table, design));
            }
        }
        self.reload().await?;
        let mut verdicts = Vec::new();
        for choice in choices {
            verdicts.push(self.verdict(catalog, reads, choice, &extra).await?);
        }
        for choice in choices {
            let table = &catalog.tables[choice.table];
            for design in &choice.bundle {
                let name = design.name(table);
                self.run(format!(
                    "DROP INDEX {}",
                    crate::advisor::catalog::quoted(&name)
                ))
                .await?;
            }
        }
        Ok(verdicts)
    }
}

/// Whether a plan's step goes by the index; plans write names without quotes.
fn goes_by(step: &str, index: &str) -> bool {
    format!("{step} ").contains(&format!(" INDEX {index} "))
}

/// What `ANALYZE` would note of an index, by the columns' own statistics.
fn numbers(table: &Table, design: &Design) -> String {
    let mut left = table.rows.max(1.0);
    let mut text = format!("{left:.0}");
    for key in &design.keys {
        let share = crate::advisor::cost::predicate_share(table, &equal(&key.term));
        left = (left * share).max(1.0);
        text += &format!(" {left:.0}");
    }
    text
}

fn equal(term: &Term) -> Predicate {
    Predicate {
        term: term.clone(),
        test: Test::Equal,
        text: String::new(),
        value: None,
        collation: None,
    }
}
