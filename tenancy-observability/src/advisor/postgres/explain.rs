//! Plans for any values of the parameters, as the server's own roles get them.

use serde::Deserialize;
use sqlx::{AssertSqlSafe, PgConnection, Row as _};

use crate::advisor::Setting;
use crate::advisor::report::Plan;

/// A name that nobody else gives a statement.
const PREPARED: &str = "tenancy_advisor_statement";

/// Asks for plans and leaves the session as it was.
///
/// PostgreSQL 16 can plan for unknown values by itself (`GENERIC_PLAN`); a prepared statement does the
/// same on every version, types and cost included. Only the steps of a partitioned table are missing where its
/// key is compared with a parameter, since NULL is in no partition.
pub(in crate::advisor) struct Explainer<'a> {
    pub(in crate::advisor) connection: &'a mut PgConnection,
    pub(in crate::advisor) setting: Option<&'a Setting>,
}

#[derive(Deserialize)]
struct Explained {
    #[serde(rename = "Plan")]
    plan: Node,
}

#[derive(Deserialize)]
struct Node {
    #[serde(rename = "Node Type")]
    kind: String,
    #[serde(rename = "Relation Name")]
    relation: Option<String>,
    #[serde(rename = "Index Name")]
    index: Option<String>,
    #[serde(rename = "Total Cost")]
    cost: f64,
    #[serde(rename = "Plan Rows")]
    rows: f64,
    #[serde(rename = "Plan Width")]
    width: f64,
    #[serde(rename = "Plans", default)]
    children: Vec<Self>,
}

impl Explainer<'_> {
    /// The plan of one statement, within a transaction that changes nothing.
    pub(in crate::advisor) async fn plan(&mut self, sql: &str) -> Result<Plan, sqlx::Error> {
        Ok(plan_of(&self.nodes(sql).await?))
    }

    /// The same in a transaction that is open already; [`forget`](Self::forget) comes after it.
    pub(in crate::advisor) async fn plan_within(&mut self, sql: &str) -> Result<Plan, sqlx::Error> {
        Ok(plan_of(&self.nodes_within(sql).await?))
    }

    /// How many rows the planner expects of a query, and how wide.
    pub(in crate::advisor) async fn rows(&mut self, sql: &str) -> Result<(f64, f64), sqlx::Error> {
        let nodes = self.nodes(sql).await?;
        Ok(nodes
            .first()
            .map_or((0.0, 0.0), |root| (root.rows, root.width)))
    }

    async fn nodes(&mut self, sql: &str) -> Result<Vec<Node>, sqlx::Error> {
        self.run("BEGIN READ ONLY").await?;
        let nodes = self.nodes_within(sql).await;
        self.run("ROLLBACK").await?;
        self.forget().await?;
        nodes
    }

    async fn nodes_within(&mut self, sql: &str) -> Result<Vec<Node>, sqlx::Error> {
        self.prepare_session().await?;
        let sql = sql.trim().trim_end_matches(';');
        self.run(&format!("PREPARE {PREPARED} AS {sql}")).await?;
        let parameters: i32 = sqlx::query_scalar(
            "SELECT coalesce(array_length(parameter_types, 1), 0)::int4 \
             FROM pg_prepared_statements WHERE name = $1",
        )
        .bind(PREPARED)
        .fetch_one(&mut *self.connection)
        .await?;
        let nulls = vec!["NULL"; usize::try_from(parameters).unwrap_or_default()].join(", ");
        let values = if nulls.is_empty() {
            nulls
        } else {
            format!("({nulls})")
        };
        let explain = format!("EXPLAIN (FORMAT JSON) EXECUTE {PREPARED}{values}");
        let row = sqlx::query(AssertSqlSafe(explain))
            .persistent(false)
            .fetch_one(&mut *self.connection)
            .await?;
        let json: String = row.try_get_unchecked(0)?;
        let explained: Vec<Explained> =
            serde_json::from_str(&json).map_err(|error| sqlx::Error::Decode(error.into()))?;
        Ok(explained
            .into_iter()
            .map(|explained| explained.plan)
            .collect())
    }

    /// Sets the tenant and time-outs for the transaction, and has plans made for any values: one for
    /// NULL would be for no rows at all.
    pub(in crate::advisor) async fn prepare_session(&mut self) -> Result<(), sqlx::Error> {
        self.run("SET LOCAL statement_timeout = '10s'").await?;
        self.run("SET LOCAL lock_timeout = '1s'").await?;
        self.run("SET LOCAL plan_cache_mode = force_generic_plan")
            .await?;
        if let Some(Setting { name, value }) = self.setting {
            sqlx::query("SELECT set_config($1, $2, true)")
                .bind(name)
                .bind(value)
                .execute(&mut *self.connection)
                .await?;
        }
        Ok(())
    }

    /// Removes the prepared statement, which outlives its transaction.
    pub(in crate::advisor) async fn forget(&mut self) -> Result<(), sqlx::Error> {
        let is_there: bool = sqlx::query_scalar(
            "SELECT EXISTS (SELECT FROM pg_prepared_statements WHERE name = $1)",
        )
        .bind(PREPARED)
        .fetch_one(&mut *self.connection)
        .await?;
        if is_there {
            self.run(&format!("DEALLOCATE {PREPARED}")).await?;
        }
        Ok(())
    }

    /// Runs one statement of the advisor's own.
    ///
    /// The workload's statements are part of it only behind `PREPARE`, which does not run them, and the
    /// extended protocol takes no second statement behind the first.
    pub(in crate::advisor) async fn run(&mut self, sql: &str) -> Result<(), sqlx::Error> {
        let sql = AssertSqlSafe(sql.to_owned());
        sqlx::query(sql)
            .persistent(false)
            .execute(&mut *self.connection)
            .await?;
        Ok(())
    }
}

fn plan_of(roots: &[Node]) -> Plan {
    let mut plan = Plan {
        cost: 0.0,
        steps: Vec::new(),
    };
    for root in roots {
        plan.cost += root.cost;
        note(root, 0, &mut plan.steps);
    }
    plan
}

fn note(node: &Node, depth: usize, steps: &mut Vec<String>) {
    let mut step = format!("{}{}", "  ".repeat(depth), node.kind);
    if let Some(index) = &node.index {
        step += &format!(" using {index}");
    }
    if let Some(relation) = &node.relation {
        step += &format!(" on {relation}");
    }
    steps.push(format!(
        "{step} (cost {:.0}, {:.0} rows)",
        node.cost, node.rows
    ));
    for child in &node.children {
        note(child, depth + 1, steps);
    }
}
