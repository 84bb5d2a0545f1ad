use std::collections::{BTreeMap, BTreeSet};

use super::columns::{self, Column};
use crate::catalog::OptionDraft;
use crate::import::cells::Cells;
use crate::import::list;

/// One of the attributes of a row, by the number in its columns' names.
pub(super) struct Numbered {
    pub(super) number: usize,
    pub(super) name: String,
    pub(super) values: String,
}

/// The attributes of a row that have a name.
pub(super) fn numbered(cells: &Cells<'_, Column>) -> Vec<Numbered> {
    (1..=columns::ATTRIBUTES_MAX)
        .filter_map(|number| {
            let name = cells.some_text(Column::AttributeName(number))?.to_owned();
            let values = cells.text(Column::AttributeValues(number)).to_owned();
            Some(Numbered {
                number,
                name,
                values,
            })
        })
        .collect()
}

/// Turns the attributes of a product into options, as far as its variations name them.
///
/// Returns, for each variation, its value of each option. What is no option becomes plain
/// attributes in `attributes`, and the columns that go with them are renumbered: the options come
/// first, the others after them, with their own number if it is free.
pub(super) fn settle(
    of_product: Vec<Numbered>,
    of_variations: &[Vec<Numbered>],
    attributes: &mut BTreeMap<String, String>,
) -> (Vec<OptionDraft>, Vec<Vec<String>>) {
    let is_named = |name: &str| {
        of_variations
            .iter()
            .flatten()
            .any(|numbered| is_same(&numbered.name, name))
    };
    let (chosen, plain): (Vec<_>, Vec<_>) = of_product
        .into_iter()
        .partition(|numbered| is_named(&numbered.name));
    let mut renumbered = BTreeMap::new();
    let mut options: Vec<OptionDraft> = Vec::new();
    for numbered in chosen {
        let mut values = list::split(&numbered.values);
        let mut seen = BTreeSet::new();
        values.retain(|value| seen.insert(value.clone()));
        renumbered.insert(numbered.number, options.len() + 1);
        options.push(OptionDraft {
            name: numbered.name,
            values,
        });
    }
    for numbered in of_variations.iter().flatten() {
        if !options
            .iter()
            .any(|option| is_same(&option.name, &numbered.name))
        {
            options.push(OptionDraft {
                name: numbered.name.clone(),
                values: Vec::new(),
            });
        }
    }
    let values = of_variations
        .iter()
        .map(|variation| choose(variation, &mut options))
        .collect();

    let own: BTreeSet<usize> = plain.iter().map(|numbered| numbered.number).collect();
    let mut free = (options.len() + 1..).filter(|number| !own.contains(number));
    for numbered in plain {
        let number = match numbered.number > options.len() {
            true => numbered.number,
            false => free.next().unwrap_or(numbered.number),
        };
        renumbered.insert(numbered.number, number);
        attributes.insert(columns::name(Column::AttributeName(number)), numbered.name);
        if !numbered.values.is_empty() {
            attributes.insert(
                columns::name(Column::AttributeValues(number)),
                numbered.values,
            );
        }
    }
    renumber(attributes, &renumbered, options.len());
    (options, values)
}

/// Renumbers what goes with the attributes of a variation after the options they are values of.
pub(super) fn renumber_variation(
    attributes: &mut BTreeMap<String, String>,
    variation: &[Numbered],
    options: &[OptionDraft],
) {
    let number = |numbered: &Numbered| {
        let option = options
            .iter()
            .position(|option| is_same(&option.name, &numbered.name))?;
        Some((numbered.number, option + 1))
    };
    let renumbered = variation.iter().filter_map(number).collect();
    renumber(attributes, &renumbered, options.len());
}

/// The values of one variation, each of which becomes a value of its option.
fn choose(variation: &[Numbered], options: &mut [OptionDraft]) -> Vec<String> {
    options
        .iter_mut()
        .map(|option| {
            let exact = variation
                .iter()
                .find(|numbered| numbered.name == option.name);
            let similar = || {
                variation
                    .iter()
                    .find(|numbered| is_same(&numbered.name, &option.name))
            };
            let values = exact
                .or_else(similar)
                .map(|numbered| list::split(&numbered.values));
            let value = values
                .and_then(|values| values.into_iter().next())
                .unwrap_or_default();
            if !value.is_empty() && !option.values.contains(&value) {
                option.values.push(value.clone());
            }
            value
        })
        .collect()
}

/// Moves `Attribute 3 visible` and its like to new numbers; those of nothing are dropped where an
/// option has the number.
fn renumber(
    attributes: &mut BTreeMap<String, String>,
    renumbered: &BTreeMap<usize, usize>,
    options: usize,
) {
    let names: Vec<String> = attributes
        .keys()
        .filter(|name| is_companion(name))
        .cloned()
        .collect();
    let taken: Vec<(String, String)> = names
        .into_iter()
        .filter_map(|name| attributes.remove_entry(&name))
        .collect();
    for (name, value) in taken {
        let Some((number, part)) = columns::attribute_part(&name) else {
            continue;
        };
        let number = match renumbered.get(&number) {
            Some(number) => *number,
            None if number > options => number,
            None => continue,
        };
        attributes
            .entry(format!("Attribute {number} {part}"))
            .or_insert(value);
    }
}

fn is_companion(name: &str) -> bool {
    columns::attribute_part(name).is_some_and(|(_, part)| !matches!(part, "name" | "value(s)"))
}

fn is_same(left: &str, right: &str) -> bool {
    left.trim().to_lowercase() == right.trim().to_lowercase()
}
