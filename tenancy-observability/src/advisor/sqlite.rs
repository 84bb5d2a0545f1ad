//! SQLite: its schema, its rows by samples, and proof on a copy in memory.

mod catalog;
mod copy;
mod sample;

use std::path::Path;

use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions as _, Connection as _};

use self::copy::Copy;
use super::choice::Choice;
use super::error::{Error, unreadable};
use super::missing::{self, Case, ROUNDS_MAX, Verdict};
use super::report::{Advice, Report, Rule, Severity, Unread};
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
    let reads = missing::read(catalog, workload, advisor.limits(), &mut unread);
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
    let mut rejected = Vec::new();
    let mut declined = Vec::new();
    let mut round = 0;
    let (proved, refused) = loop {
        let (choices, refused) = missing::choose(catalog, &reads, advisor.limits(), &rejected);
        let verdicts = copy
            .verdicts(catalog, &reads, &choices)
            .await
            .map_err(unreadable)?;
        let (taken, not_taken): (Vec<_>, Vec<_>) = choices
            .into_iter()
            .zip(verdicts)
            .partition(|(_, verdict)| !matches!(verdict, Verdict::Declined));
        round += 1;
        if not_taken.is_empty() || round == ROUNDS_MAX {
            break (taken, refused);
        }
        for (choice, _) in not_taken {
            declined.extend(
                choice
                    .gains
                    .iter()
                    .map(|gain| (gain.statement, choice.table)),
            );
            rejected.push(choice.bundle);
        }
    };
    let advice_of = |(choice, verdict): &(Choice, Verdict)| {
        let case = Case {
            catalog,
            reads: &reads,
            plans: &plans,
            choice,
            verdict,
            proof: "planned on a copy of the schema and its statistics in memory",
        };
        case.advice()
    };
    let mut advice: Vec<_> = proved.iter().map(advice_of).collect();
    advice.extend(lint::all(catalog, advisor));
    advice.extend(unanalyzed(&source.catalog, advisor));
    Ok(Report::new(
        "sqlite",
        advice,
        missing::refusals(catalog, &reads, &refused, &declined),
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
