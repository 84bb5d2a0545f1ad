use super::removal;
use crate::advisor::catalog::{Duty, Engine, Index, Table};
use crate::advisor::report::{Advice, Rule, Severity};

/// Indexes of which one does all that the other does.
pub(super) fn check(table: &Table, engine: Engine, tenant_column: &str) -> Vec<Advice> {
    let mut advice = Vec::new();
    for index in table.usable_indexes() {
        let others = || {
            table
                .usable_indexes()
                .filter(|other| !std::ptr::eq(*other, index))
        };
        let same = others().find(|other| is_same(index, other) && gives_way(index, other));
        if let Some(kept) = same {
            advice.push(advice_for(table, engine, index, kept, Rule::DuplicateIndex));
            continue;
        }
        let wider = others().find(|other| begins(index, other) && !must_stay(index));
        if let Some(kept) = wider {
            let rule = match index.design.keys.as_slice() {
                [only] if only.term.column() == Some(tenant_column) => Rule::BareTenantIndex,
                _ => Rule::RedundantIndex,
            };
            advice.push(advice_for(table, engine, index, kept, rule));
        }
    }
    advice
}

/// Same keys, order, classes, collations, conditions and what is carried along.
fn is_same(index: &Index, other: &Index) -> bool {
    index.design == other.design && (index.is_unique == other.is_unique || !index.is_unique)
}

/// Of two that are the same, which goes: never one with a duty, not the unique one, and else the one
/// whose name comes later.
fn gives_way(index: &Index, kept: &Index) -> bool {
    if must_stay(index) && !(index.duty == Duty::Free && kept.is_unique) {
        return false;
    }
    let rank = |index: &Index| (index.duty == Duty::Free, !index.is_unique);
    (rank(kept), &kept.name) < (rank(index), &index.name)
}

fn must_stay(index: &Index) -> bool {
    index.is_unique || index.duty != Duty::Free
}

/// Whether the other's keys begin with all of this one's, and it holds the same rows.
fn begins(index: &Index, other: &Index) -> bool {
    let (mine, theirs) = (&index.design, &other.design);
    mine.is_btree()
        && theirs.is_btree()
        && mine.predicate == theirs.predicate
        && mine.keys.len() < theirs.keys.len()
        && theirs.keys.starts_with(&mine.keys)
        && mine.include.iter().all(|column| {
            let carried = theirs.include.iter().map(String::as_str);
            let mut held = theirs.leading_columns().chain(carried);
            held.any(|name| name == column)
        })
}

fn advice_for(table: &Table, engine: Engine, index: &Index, kept: &Index, rule: Rule) -> Advice {
    let (name, kept_name) = (&index.name, &kept.name);
    let why = if kept.duty != Duty::Free {
        "which a constraint needs"
    } else if kept.is_unique {
        "which keeps values unique as well"
    } else {
        "which serves all that it does"
    };
    let message = match rule {
        Rule::DuplicateIndex => {
            format!("{name} is the same index as {kept_name}, {why}: keep {kept_name}")
        }
        Rule::BareTenantIndex => format!(
            "{name} holds the tenant alone, and {kept_name} begins with it: keep {kept_name}; counting \
             all rows of a tenant reads a little more there"
        ),
        _ => format!("{name} is the beginning of {kept_name}, {why}: keep {kept_name}"),
    };
    let mut advice = Advice::new(rule, Severity::Low, table.path(), message)
        .index(name)
        .evidence(format!("{name}: {}", index.design.shape()))
        .evidence(format!("{kept_name}: {}", kept.design.shape()));
    let (drop, create) = removal(engine, table, index);
    advice.size_bytes = Some(index.size_bytes);
    advice.apply.push(drop);
    advice.undo.push(create);
    advice
}
