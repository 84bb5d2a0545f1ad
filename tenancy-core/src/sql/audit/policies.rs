use sqlx::PgConnection;
use sqlx::postgres::types::Oid;

use super::finding::{Defect, Finding};
use super::survey::Survey;
use super::table::TenantRelation;

/// Finds tables whose policies do not hold the rows to the transaction's tenant.
///
/// One restrictive policy of the right shape, for every command and every role, suffices: no
/// other can widen it. Where there is none, every permissive policy must have the shape.
pub(super) async fn findings(
    conn: &mut PgConnection,
    survey: &Survey,
) -> Result<Vec<Finding>, sqlx::Error> {
    const POLICIES: &str = "
        SELECT polrelid AS table_id, quote_ident(polname) AS name, polpermissive AS is_permissive,
            polcmd::text AS command, 0 = ANY(polroles) AS is_for_everybody,
            pg_get_expr(polqual, polrelid) AS shown, pg_get_expr(polwithcheck, polrelid) AS written
        FROM pg_policy WHERE polrelid = ANY($1) ORDER BY polname";
    let policies: Vec<Policy> = sqlx::query_as(POLICIES)
        .bind(survey.table_ids())
        .fetch_all(conn)
        .await?;
    let mut findings = Vec::new();
    for table in &survey.tables {
        // Without a comparison there is a finding about the column already.
        if let (Some(printed), Some(comparison)) = (table.comparison_printed(), table.comparison())
        {
            let policies = policies.iter().filter(|policy| policy.table_id == table.id);
            let policies = Policies {
                table,
                printed,
                comparison,
                policies: policies.collect(),
            };
            findings.extend(policies.findings());
        }
    }
    Ok(findings)
}

#[derive(Debug, sqlx::FromRow)]
struct Policy {
    table_id: Oid,
    name: String,
    is_permissive: bool,
    /// `r`, `a`, `w`, `d`, or `*` for all of them.
    command: String,
    is_for_everybody: bool,
    /// Which rows are there.
    shown: Option<String>,
    /// Which rows may be written; those that are there, when it says nothing.
    written: Option<String>,
}

/// SELECT, INSERT, UPDATE and DELETE, as the catalog abbreviates them.
const COMMANDS: [&str; 4] = ["r", "a", "w", "d"];

impl Policy {
    fn covers(&self, command: &str) -> bool {
        self.command == "*" || self.command == command
    }

    /// Whether a command under this policy stays within the tenant.
    fn holds(&self, command: &str, printed: &str) -> bool {
        let shown = || self.shown.as_deref() == Some(printed);
        let written = || {
            self.written
                .as_deref()
                .map_or_else(shown, |it| it == printed)
        };
        match command {
            "a" => written(),
            "w" => shown() && written(),
            _ => shown(),
        }
    }

    fn expressions(&self) -> impl Iterator<Item = &str> {
        [&self.shown, &self.written]
            .into_iter()
            .flatten()
            .map(|it| &**it)
    }
}

/// One table's policies, and the comparison that they should make.
struct Policies<'a> {
    table: &'a TenantRelation,
    printed: String,
    comparison: String,
    policies: Vec<&'a Policy>,
}

impl Policies<'_> {
    fn findings(&self) -> Vec<Finding> {
        if self.policies.is_empty() {
            return vec![self.missing()];
        }
        let leaking = self.leaking();
        if leaking.is_empty() {
            return Vec::new();
        }
        // Most likely the one that should have held the rows is at fault.
        let faults: Vec<_> = self
            .restrictive()
            .filter_map(|policy| self.fault(policy))
            .collect();
        if !faults.is_empty() {
            return faults;
        }
        if !self.policies.iter().any(|policy| self.names_tenant(policy)) {
            return vec![self.missing()];
        }
        let fault = |policy: &Policy| self.fault(policy).unwrap_or_else(|| self.widening(policy));
        leaking.into_iter().map(fault).collect()
    }

    fn restrictive(&self) -> impl Iterator<Item = &Policy> {
        let policies = self.policies.iter().copied();
        policies.filter(|policy| !policy.is_permissive)
    }

    /// The policies that let another tenant's rows through, unbounded by a restrictive one.
    fn leaking(&self) -> Vec<&Policy> {
        let bound = |command: &str| {
            self.restrictive().any(|policy| {
                policy.is_for_everybody
                    && policy.covers(command)
                    && policy.holds(command, &self.printed)
            })
        };
        let unbound: Vec<&str> = COMMANDS
            .into_iter()
            .filter(|command| !bound(command))
            .collect();
        let leaks = |policy: &&Policy| {
            policy.is_permissive
                && unbound
                    .iter()
                    .any(|command| policy.covers(command) && !policy.holds(command, &self.printed))
        };
        self.policies.iter().copied().filter(leaks).collect()
    }

    /// Why a policy that should hold the rows does not, if it was meant to.
    fn fault(&self, policy: &Policy) -> Option<Finding> {
        if !self.names_tenant(policy) && policy.name != "tenancy_isolation" {
            return None;
        }
        let finding = |defect, problem: String| {
            Some(Finding::new(
                defect,
                self.object(policy),
                problem,
                self.fix(),
            ))
        };
        let typed = |expression: &str| expression == self.printed;
        if let Some(found) = policy.expressions().find(|found| !typed(found)) {
            let column = &self.table.column;
            let cast = [format!("({column})::"), format!("CAST({column}")];
            return if cast.iter().any(|cast| found.contains(cast.as_str())) {
                let problem = format!("casts {column}, so that no index on it is used: {found}");
                finding(Defect::PolicyCastsColumn, problem)
            } else {
                let problem = format!("does not compare {column} with the tenant: {found}");
                finding(Defect::PolicyUntyped, problem)
            };
        }
        if !policy.is_permissive {
            let problem = "holds the rows to the tenant for some commands or some roles only";
            return finding(Defect::PolicyPartial, problem.to_owned());
        }
        None
    }

    fn names_tenant(&self, policy: &Policy) -> bool {
        policy.expressions().any(|expression| {
            expression.contains(&self.table.column) || expression.contains("'app.tenant_")
        })
    }

    fn widening(&self, policy: &Policy) -> Finding {
        let problem = "lets rows of every tenant through, and no restrictive one bounds it";
        let fix = format!("DROP POLICY {} ON {}", policy.name, self.table.name);
        Finding::new(Defect::PolicyWidens, self.object(policy), problem, fix)
    }

    fn missing(&self) -> Finding {
        let problem = "has no policy that holds its rows to the tenant";
        let name = &self.table.name;
        let open = "USING (true) WITH CHECK (true)";
        let fix = format!(
            "DROP POLICY IF EXISTS tenancy_open ON {name}; CREATE POLICY tenancy_open ON {name} \
             {open}; {}",
            self.fix()
        );
        Finding::new(Defect::PolicyMissing, self.table.object(), problem, fix)
    }

    fn fix(&self) -> String {
        let (name, rows) = (&self.table.name, &self.comparison);
        format!(
            "DROP POLICY IF EXISTS tenancy_isolation ON {name}; CREATE POLICY tenancy_isolation \
             ON {name} AS RESTRICTIVE USING ({rows}) WITH CHECK ({rows})"
        )
    }

    fn object(&self, policy: &Policy) -> String {
        format!("policy {} on {}", policy.name, self.table.name)
    }
}
