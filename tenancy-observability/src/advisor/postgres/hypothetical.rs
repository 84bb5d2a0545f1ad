//! Indexes that only this session's planner knows, by the extension `hypopg`.

use sqlx::Row as _;

use super::explain::Explainer;
use super::proof::{Judge, sample};
use crate::advisor::catalog::{Catalog, Engine};
use crate::advisor::choice::{Choice, Read};
use crate::advisor::missing::Verdict;

const IS_THERE: &str = "SELECT EXISTS (SELECT FROM pg_proc WHERE proname = 'hypopg_create_index' \
         AND has_function_privilege(oid, 'EXECUTE') AND pg_function_is_visible(oid))";

/// How many are made at once: each takes an object number of which a session has few.
const BATCH: usize = 100;

pub(super) async fn is_there(explainer: &mut Explainer<'_>) -> Result<bool, sqlx::Error> {
    sqlx::query_scalar(IS_THERE)
        .fetch_one(&mut *explainer.connection)
        .await
}

pub(super) async fn verdicts(
    explainer: &mut Explainer<'_>,
    catalog: &Catalog,
    reads: &[Read<'_>],
    choices: &[Choice],
) -> Result<Vec<Verdict>, sqlx::Error> {
    let mut verdicts = Vec::new();
    for batch in choices.chunks(BATCH) {
        let mut made = Vec::new();
        let outcome = try_batch(explainer, catalog, reads, batch, &mut made).await;
        // The caller's own hypothetical indexes stay.
        for oid in made {
            sqlx::query("SELECT hypopg_drop_index($1::int8::oid)")
                .bind(oid)
                .execute(&mut *explainer.connection)
                .await?;
        }
        verdicts.extend(outcome?);
    }
    Ok(verdicts)
}

async fn try_batch(
    explainer: &mut Explainer<'_>,
    catalog: &Catalog,
    reads: &[Read<'_>],
    choices: &[Choice],
    made: &mut Vec<i64>,
) -> Result<Vec<Verdict>, sqlx::Error> {
    let mut before = Vec::new();
    for choice in choices {
        let mut plans = Vec::new();
        for sql in sample(reads, choice) {
            plans.push(explainer.plan(sql).await.ok());
        }
        before.push(plans);
    }
    let mut names = Vec::new();
    for choice in choices {
        names.push(make(explainer, catalog, choice, made).await?);
    }
    let mut verdicts = Vec::new();
    for ((choice, before), names) in choices.iter().zip(before).zip(names) {
        let Some(names) = names else {
            verdicts.push(Verdict::Unasked);
            continue;
        };
        let mut judge = Judge::new(names);
        for (sql, before) in sample(reads, choice).into_iter().zip(before) {
            if let (Some(before), Ok(after)) = (before, explainer.plan(sql).await) {
                judge.note(&before, after);
            }
        }
        verdicts.push(judge.verdict());
    }
    Ok(verdicts)
}

/// `None` for an index that the extension does not imitate, as of trigrams.
async fn make(
    explainer: &mut Explainer<'_>,
    catalog: &Catalog,
    choice: &Choice,
    made: &mut Vec<i64>,
) -> Result<Option<Vec<String>>, sqlx::Error> {
    let table = &catalog.tables[choice.table];
    if choice.bundle.iter().any(|design| !design.is_btree()) {
        return Ok(None);
    }
    let mut names = Vec::new();
    for design in &choice.bundle {
        let created =
            sqlx::query("SELECT indexrelid::int8, indexname FROM hypopg_create_index($1)")
                .bind(design.create(Engine::Postgres, table, false))
                .fetch_one(&mut *explainer.connection)
                .await;
        match created {
            Ok(row) => {
                made.push(row.try_get(0)?);
                names.push(row.try_get(1)?);
            }
            Err(sqlx::Error::Database(_)) => return Ok(None),
            Err(error) => return Err(error),
        }
    }
    Ok(Some(names))
}
