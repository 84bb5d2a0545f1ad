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
use super::error::{Error, unreadable};
use super::missing;
use super::report::{Report, Unread};
use super::settle::settle;
use super::workload::Workload;
use super::{Advisor, across, lint};

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
    let settled = settle(&catalog, &reads, &plans, advisor.limits(), &mut proof).await;
    let (mut advice, refusals) = settled.map_err(unreadable)?;
    advice.extend(lint::all(&catalog, advisor));
    Ok(Report::new(
        "postgres",
        across::aggregated(&catalog, advice),
        refusals,
        workload.statements().len(),
        unread,
    ))
}
