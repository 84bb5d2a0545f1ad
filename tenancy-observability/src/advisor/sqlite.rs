//! SQLite: its schema, its rows by samples, and proof on a copy in memory.

mod catalog;
mod copy;
mod sample;
mod trigger;

use std::path::Path;

use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions as _, Connection as _};

use self::copy::Copy;
use super::error::{Error, unreadable};
use super::missing;
use super::report::{Advice, Report, Rule, Severity, Unread};
use super::settle::settle;
use super::workload::Workload;
use super::{Advisor, lint};

pub(super) async fn advise(
    advisor: &Advisor,
    file: &Path,
    workload: &Workload,
) -> Result<Report, Error> {
    let options = SqliteConnectOptions::new()
        .filename(file)
        .read_only(true)
        .pragma("query_only", "on");
    let mut original = options.connect().await.map_err(unreadable)?;
    let read = catalog::read(&mut original).await;
    let closed = original.close().await;
    let source = read.map_err(unreadable)?;
    closed.map_err(unreadable)?;
    let catalog = &source.catalog;
    let mut copy = Copy::new(&source).await.map_err(unreadable)?;
    let mut unread = Vec::new();
    let all = trigger::with_fired(catalog, &source.triggers, workload);
    let reads = missing::read(catalog, &all, advisor.limits(), &mut unread);
    let mut plans = Vec::with_capacity(reads.len());
    for read in &reads {
        let planned = copy.plan(&read.statement.sql, read, &[], catalog).await;
        match planned {
            Ok(plan) => plans.push(Some(plan)),
            Err(error) => {
                let statement = read.statement.sql.clone();
                unread.push(Unread {
                    statement,
                    error: error.to_string(),
                });
                plans.push(None);
            }
        }
    }
    let settled = settle(catalog, &reads, &plans, advisor.limits(), &mut copy).await;
    let (mut advice, refusals) = settled.map_err(unreadable)?;
    advice.extend(lint::all(catalog, advisor));
    advice.extend(unanalyzed(&source.catalog, advisor));
    Ok(Report::new(
        "sqlite",
        advice,
        refusals,
        workload.statements().len(),
        unread,
    ))
}

/// Without statistics SQLite takes every index for as good as another.
fn unanalyzed(catalog: &super::catalog::Catalog, advisor: &Advisor) -> Option<Advice> {
    let rows_min = advisor.limits().rows_min;
    let has_choice = |table: &&super::catalog::Table| {
        let free = table
            .indexes
            .iter()
            .filter(|index| index.duty == super::catalog::Duty::Free);
        !table.is_analyzed && table.rows >= rows_min && free.count() > 1
    };
    let names: Vec<_> = catalog
        .tables
        .iter()
        .filter(has_choice)
        .map(|table| table.path())
        .collect();
    if names.is_empty() {
        return None;
    }
    let message = format!(
        "the planner has no statistics of {}: it guesses which of several indexes is the better",
        names.join(", ")
    );
    let mut advice = Advice::new(
        Rule::MissingStatistics,
        Severity::Info,
        String::new(),
        message,
    );
    advice.apply.push("ANALYZE".to_owned());
    advice.undo.push("DROP TABLE sqlite_stat1".to_owned());
    Some(advice)
}
