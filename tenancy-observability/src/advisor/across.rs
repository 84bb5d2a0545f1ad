//! The same matter in many schemas, as where each tenant has one: said once.

use std::collections::{BTreeMap, BTreeSet};

use crate::advisor::catalog::{Catalog, Table};
use crate::advisor::report::{Advice, Rule, Severity};

/// From so many schemas with the same tables they are taken for copies of one.
const LIKE_MIN: usize = 3;

pub(super) fn aggregated(catalog: &Catalog, advice: Vec<Advice>) -> Vec<Advice> {
    let families = families(catalog);
    if families.is_empty() {
        return advice;
    }
    let mut groups: BTreeMap<(Rule, String, Option<String>), Vec<Advice>> = BTreeMap::new();
    let mut rest = Vec::new();
    for advice in advice {
        match advice.table.split_once('.') {
            Some((_, table)) if families.contains_key(table) => {
                let key = (advice.rule, table.to_owned(), advice.index.clone());
                groups.entry(key).or_default().push(advice);
            }
            _ => rest.push(advice),
        }
    }
    rest.extend(groups.into_values().filter_map(merged));
    rest.extend(
        families
            .iter()
            .filter_map(|(table, members)| drifted(table, members)),
    );
    rest
}

/// Tables of one name in many schemas.
fn families(catalog: &Catalog) -> BTreeMap<&str, Vec<&Table>> {
    let mut families: BTreeMap<&str, Vec<&Table>> = BTreeMap::new();
    for table in &catalog.tables {
        families.entry(&table.name).or_default().push(table);
    }
    families.retain(|_, members| members.len() >= LIKE_MIN);
    families
}

/// One for all: told of by the first schema, and weighed by all of them.
fn merged(mut group: Vec<Advice>) -> Option<Advice> {
    group.sort_by(|one, other| one.table.cmp(&other.table));
    let mut all = group.into_iter();
    let mut merged = all.next()?;
    let mut schemas: BTreeSet<String> = schema(&merged).into_iter().collect();
    let mut count = 1;
    for advice in all {
        count += 1;
        schemas.extend(schema(&advice));
        merged.add(advice);
    }
    if count > 1 {
        merged.message += &format!(" (the same in {count} schemas)");
        merged.schemas = schemas.into_iter().collect();
    }
    Some(merged)
}

fn schema(advice: &Advice) -> Option<String> {
    let (schema, _) = advice.table.split_once('.')?;
    Some(schema.to_owned())
}

/// Schemas whose table has other indexes than most.
fn drifted(name: &str, members: &[&Table]) -> Option<Advice> {
    let shape = |table: &Table| -> BTreeSet<String> {
        table
            .usable_indexes()
            .map(|index| index.design.shape())
            .collect()
    };
    let mut shapes: BTreeMap<BTreeSet<String>, Vec<&str>> = BTreeMap::new();
    for table in members {
        shapes.entry(shape(table)).or_default().push(&table.schema);
    }
    let (usual, of_most) = shapes.iter().max_by_key(|(_, schemas)| schemas.len())?;
    if of_most.len() == members.len() || of_most.len() * 2 < members.len() {
        return None;
    }
    let others = shapes.iter().filter(|(shape, _)| *shape != usual);
    let mut schemas: Vec<String> = Vec::new();
    let mut evidence = vec![format!("most have {}", listed(usual))];
    for (shape, own) in others {
        schemas.extend(own.iter().map(|schema| (*schema).to_owned()));
        let lacks: BTreeSet<String> = usual.difference(shape).cloned().collect();
        let has: BTreeSet<String> = shape.difference(usual).cloned().collect();
        let first = own.first().copied().unwrap_or_default();
        evidence.push(format!(
            "{first} lacks {}, and has {} beside",
            listed(&lacks),
            listed(&has)
        ));
    }
    let message = format!(
        "{} of {} schemas have other indexes on {name} than the rest: bring them to the same state",
        schemas.len(),
        members.len()
    );
    let mut advice = Advice::new(
        Rule::DriftedSchema,
        Severity::Medium,
        name.to_owned(),
        message,
    );
    advice.evidence = evidence;
    advice.schemas = schemas;
    Some(advice)
}

fn listed(shapes: &BTreeSet<String>) -> String {
    if shapes.is_empty() {
        return "none".to_owned();
    }
    shapes
        .iter()
        .map(String::as_str)
        .collect::<Vec<_>>()
        .join("; ")
}
