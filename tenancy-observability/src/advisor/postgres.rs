//! PostgreSQL: its catalogue, its plans, and proof by its own planner.

mod catalog;
mod copy;
mod expected;
mod explain;
mod hypothetical;
mod proof;
mod statements;

use sqlx::PgConnection;

use self::explain::Explainer;
use self::proof::Proof;
use super::choice::Choice;
use super::error::{Error, unreadable};
use super::missing::{self, Case, ROUNDS_MAX, Verdict};
use super::report::{Report, Unread};
use super::workload::Workload;
use super::{Advisor, lint};

pub(super) async fn advise(
    advisor: &Advisor,
    connection: &mut PgConnection,
    scratch: Option<&mut PgConnection>,
    workload: &Workload,
) -> Result<Report, Error> {
    let mut catalog = catalog::read(connection).await.map_err(unreadable)?;
    let mut workload = workload.clone();
    let mut unread = Vec::new();
    match statements::read(connection, advisor.statements_max.into()).await {
        Ok(counted) => workload.extend(counted),
        // The extension may be there without being loaded.
        Err(sqlx::Error::Database(error)) => unread.push(Unread {
            statement: "pg_stat_statements".to_owned(),
            error: error.to_string(),
        }),
        Err(error) => return Err(unreadable(error)),
    }
    let mut reads = missing::read(&catalog, &workload, advisor.limits(), &mut unread);
    let mut explainer = Explainer {
        connection,
        setting: advisor.tenant.as_ref(),
    };
    expected::fill(&mut catalog, &reads, &mut explainer, &advisor.tenant_column)
        .await
        .map_err(unreadable)?;
    let mut plans = Vec::with_capacity(reads.len());
    for read in &mut reads {
        match explainer.plan(&read.statement.sql).await {
            Ok(plan) => {
                read.planned = Some(plan.cost);
                plans.push(Some(plan));
            }
            Err(sqlx::Error::Database(error)) => {
                let statement = read.statement.sql.clone();
                unread.push(Unread {
                    statement,
                    error: error.to_string(),
                });
                plans.push(None);
            }
            Err(error) => return Err(unreadable(error)),
        }
    }
    let mut proof = Proof::choose(explainer, scratch, advisor.tenant.as_ref())
        .await
        .map_err(unreadable)?;
    let mut rejected = Vec::new();
    let mut declined = Vec::new();
    let mut round = 0;
    let (proved, refused) = loop {
        let (choices, refused) = missing::choose(&catalog, &reads, advisor.limits(), &rejected);
        let verdicts = proof
            .verdicts(&catalog, &reads, &choices)
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
            catalog: &catalog,
            reads: &reads,
            plans: &plans,
            choice,
            verdict,
            proof: proof.name(),
        };
        case.advice()
    };
    let mut advice: Vec<_> = proved.iter().map(advice_of).collect();
    advice.extend(lint::all(&catalog, advisor));
    Ok(Report::new(
        "postgres",
        advice,
        missing::refusals(&catalog, &reads, &refused, &declined),
        workload.statements().len(),
        unread,
    ))
}
