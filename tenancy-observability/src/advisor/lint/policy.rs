//! Policies, as far as they decide which index a statement can use.

use sqlparser::ast::{BinaryOperator, Expr};

use crate::advisor::catalog::{Catalog, Engine, Policy, Table};
use crate::advisor::design::Term;
use crate::advisor::report::{Advice, Rule, Severity};
use crate::advisor::syntax::{Access, Predicate, Purpose, Test, conjuncts, expression};

pub(super) fn check(table: &Table, catalog: &Catalog, tenant_column: &str) -> Vec<Advice> {
    let mut advice = Vec::from_iter(alternatives(table, tenant_column));
    for policy in &table.policies {
        let Some(using) = policy.condition() else {
            continue;
        };
        let names_tenant = policy.using.contains(tenant_column);
        if names_tenant && conjuncts(&using).iter().any(|part| is_alternative(part)) {
            let message = format!(
                "the policy {} of {} allows rows by one condition OR another, so no index on \
                 {tenant_column} can be used and each row is looked at: give each way in its own role or \
                 policy FOR that role, with {tenant_column} alone",
                policy.name,
                table.path()
            );
            advice.push(
                Advice::new(
                    Rule::PolicyDefeatsIndexes,
                    Severity::High,
                    table.path(),
                    message,
                )
                .index(&policy.name)
                .evidence(policy.using.clone()),
            );
        }
        if asks_per_row(&using) && catalog.engine == Engine::Postgres {
            let message = format!(
                "the policy {} of {} calls current_setting for each row: write (select \
                 current_setting(…)), which is asked once for each statement",
                policy.name,
                table.path()
            );
            let mut found =
                Advice::new(Rule::PolicyPerRow, Severity::Medium, table.path(), message)
                    .index(&policy.name)
                    .evidence(policy.using.clone());
            if let Some(better) = asked_once(&policy.using) {
                let (name, path) = (crate::advisor::catalog::quoted(&policy.name), table.path());
                found
                    .apply
                    .push(format!("ALTER POLICY {name} ON {path} USING ({better})"));
                found.undo.push(format!(
                    "ALTER POLICY {name} ON {path} USING ({})",
                    policy.using
                ));
            }
            advice.push(found);
        }
    }
    advice
}

/// Permissive policies of which a row has to meet one: the tenant's, and another that names no tenant.
fn alternatives(table: &Table, tenant_column: &str) -> Option<Advice> {
    if is_bound(table, tenant_column) {
        return None;
    }
    let (bound, loose) = permissive(table, tenant_column);
    let (first, other) = (bound.first()?, loose.first()?);
    let message = format!(
        "of {} a row is seen that meets {} OR {}, so no index on {tenant_column} can be used and each row \
         is looked at: give each way in a role of its own, or make {} AS RESTRICTIVE",
        table.path(),
        first.name,
        other.name,
        first.name
    );
    let rule = Rule::PolicyDefeatsIndexes;
    let found = Advice::new(rule, Severity::High, table.path(), message).index(&other.name);
    let evidence = |policy: &Policy| format!("{}: {}", policy.name, policy.using);
    Some(found.evidence(evidence(first)).evidence(evidence(other)))
}

/// Whether every row that a statement sees is one tenant's.
fn is_bound(table: &Table, tenant_column: &str) -> bool {
    let (bound, loose) = permissive(table, tenant_column);
    let mut restrictive = table.policies.iter().filter(|policy| !policy.is_permissive);
    let always = restrictive.any(|policy| binds(policy, tenant_column));
    always || (loose.is_empty() && !bound.is_empty())
}

/// The policies of which one has to be met, which are the usual ones: those that hold a statement to its
/// tenant, and the others.
fn permissive<'t>(table: &'t Table, tenant_column: &str) -> (Vec<&'t Policy>, Vec<&'t Policy>) {
    let permissive = table.policies.iter().filter(|policy| policy.is_permissive);
    permissive.partition(|policy| binds(policy, tenant_column))
}

/// Whether rows of one tenant only meet the policy.
fn binds(policy: &Policy, tenant_column: &str) -> bool {
    policy.condition().is_some_and(|using| {
        let parts = conjuncts(&using);
        parts.iter().any(|part| equals_column(part, tenant_column))
    })
}

/// Adds the tenant's condition, which policies put into every statement.
pub(crate) fn add_policy_conditions(catalog: &Catalog, access: &mut Access, tenant_column: &str) {
    let table = &catalog.tables[access.table];
    if !table.is_secured || access.purpose == Purpose::Insert {
        return;
    }
    let arms = access.alternatives.iter_mut().flatten().flatten();
    for predicate in access.predicates.iter_mut().chain(arms) {
        if !catalog.leakproof.allows(table, predicate) {
            predicate.test = Test::HeldBack;
        }
    }
    let term = Term::Column(tenant_column.to_owned());
    let is_said = access
        .predicates
        .iter()
        .any(|predicate| predicate.term == term && predicate.test == Test::Equal);
    if let Some(columns) = &mut access.columns {
        columns.insert(tenant_column.to_owned());
    }
    if is_bound(table, tenant_column) && !is_said {
        access.predicates.push(Predicate {
            term,
            test: Test::Equal,
            text: String::new(),
            value: None,
            collation: None,
        });
    }
}

fn is_alternative(expr: &Expr) -> bool {
    match expr {
        Expr::Nested(inner) => is_alternative(inner),
        Expr::BinaryOp { op, .. } => *op == BinaryOperator::Or,
        _ => false,
    }
}

fn equals_column(expr: &Expr, column: &str) -> bool {
    let is_column = |expr: &Expr| match expr {
        Expr::Identifier(name) => name.value == column,
        Expr::CompoundIdentifier(names) => names.last().is_some_and(|name| name.value == column),
        _ => false,
    };
    match expr {
        Expr::Nested(inner) => equals_column(inner, column),
        Expr::BinaryOp {
            left,
            op: BinaryOperator::Eq,
            right,
        } => is_column(left) || is_column(right),
        _ => false,
    }
}

/// Whether `current_setting` is called outside of a query of its own.
fn asks_per_row(expr: &Expr) -> bool {
    match expr {
        Expr::Function(function) if function.name.to_string().ends_with("current_setting") => true,
        Expr::BinaryOp { left, right, .. } => asks_per_row(left) || asks_per_row(right),
        Expr::Nested(inner) | Expr::Cast { expr: inner, .. } => asks_per_row(inner),
        Expr::Function(function) => {
            let sqlparser::ast::FunctionArguments::List(list) = &function.args else {
                return false;
            };
            list.args.iter().any(|argument| match argument {
                sqlparser::ast::FunctionArg::Unnamed(sqlparser::ast::FunctionArgExpr::Expr(
                    expr,
                )) => asks_per_row(expr),
                _ => false,
            })
        }
        _ => false,
    }
}

/// The condition with its one call in a query of its own, where it is one comparison.
fn asked_once(using: &str) -> Option<String> {
    let read = expression(Engine::Postgres, using)?;
    let comparison = match &read {
        Expr::Nested(inner) => inner,
        other => other,
    };
    let Expr::BinaryOp {
        left,
        op: BinaryOperator::Eq,
        right,
    } = comparison
    else {
        return None;
    };
    let (column, value) = if asks_per_row(right) {
        (left, right)
    } else {
        (right, left)
    };
    Some(format!("{column} = (SELECT {value})"))
}
