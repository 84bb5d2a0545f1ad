use crate::advisor::catalog::{Duty, Index, Table};
use crate::advisor::report::{Advice, Rule, Severity};

/// Whether a tenant's table is arranged by tenant.
pub(super) fn check(table: &Table, tenant_column: &str) -> Vec<Advice> {
    if table.policies.is_empty() || table.column(tenant_column).is_none() {
        return Vec::new();
    }
    let mut advice = Vec::new();
    let leads = |index: &Index| index.design.leading_columns().next() == Some(tenant_column);
    let whole = |index: &&Index| index.design.predicate.is_empty() && index.design.is_btree();
    if !table.usable_indexes().filter(whole).any(leads) {
        let message = format!(
            "no index of {} begins with {tenant_column}, so every statement of one tenant looks at the \
             rows of all",
            table.path()
        );
        let severity = if table.rows >= 500.0 {
            Severity::High
        } else {
            Severity::Low
        };
        advice.push(
            Advice::new(Rule::TenantNotLeading, severity, table.path(), message).evidence(format!(
                "{} indexes, none that begins so",
                table.indexes.len()
            )),
        );
    }
    for index in table.usable_indexes().filter(|index| index.is_unique) {
        let names_tenant = index
            .design
            .keys
            .iter()
            .any(|key| key.term.column() == Some(tenant_column));
        if names_tenant || is_made_up(table, index) {
            continue;
        }
        let message = format!(
            "{} is unique across all tenants: one tenant's value keeps another from using it, and tells \
             that it is there; begin the key with {tenant_column}",
            index.name
        );
        advice.push(
            Advice::new(
                Rule::UniqueWithoutTenant,
                Severity::Medium,
                table.path(),
                message,
            )
            .index(&index.name)
            .evidence(index.definition.clone()),
        );
    }
    advice
}

/// A primary key of one number or UUID that the server or the application makes up is no tenant's word.
fn is_made_up(table: &Table, index: &Index) -> bool {
    let [key] = index.design.keys.as_slice() else {
        return false;
    };
    let data_type = key.term.column().and_then(|name| table.column(name));
    index.duty == Duty::Constraint
        && index.name.ends_with("_pkey")
        && data_type.is_some_and(|column| {
            matches!(
                column.data_type.as_str(),
                "uuid" | "bigint" | "integer" | "smallint"
            )
        })
}
