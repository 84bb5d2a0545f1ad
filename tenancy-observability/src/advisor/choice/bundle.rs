use super::Choice;
use crate::advisor::candidates::Bundle;
use crate::advisor::design::Design;

/// Takes back what a later and wider choice has made needless.
pub(super) fn drop_covered(taken: &mut Vec<Choice>) {
    let mut place = 0;
    while place < taken.len() {
        let serves = |other: &Design, design: &Design| {
            other != design
                && other.predicate == design.predicate
                && design.include.is_empty()
                && other.method == design.method
                && other.keys.len() > design.keys.len()
                && other.keys.starts_with(&design.keys)
        };
        let design = match taken[place].bundle.as_slice() {
            [design] => design.clone(),
            _ => {
                place += 1;
                continue;
            }
        };
        let wider = taken
            .iter()
            .position(|choice| choice.bundle.iter().any(|other| serves(other, &design)));
        match wider {
            Some(wider) => {
                let gains = std::mem::take(&mut taken[place].gains);
                taken[wider].gains.extend(gains);
                taken.remove(place);
            }
            None => place += 1,
        }
    }
}

/// Candidates that serve what two others do: one's keys first, then what the other has more.
pub(super) fn merged(pool: &[Bundle]) -> Vec<Bundle> {
    let mut merged: Vec<Bundle> = Vec::new();
    let singles = || {
        pool.iter().filter_map(|bundle| match bundle.as_slice() {
            [design] if design.is_btree() => Some(design),
            _ => None,
        })
    };
    for design in singles() {
        for other in singles() {
            let has_all = design.keys.iter().all(|key| other.keys.contains(key));
            if !has_all || design == other || design.predicate != other.predicate {
                continue;
            }
            // The same keys in another order: those of the shorter first.
            let rest = other
                .keys
                .iter()
                .filter(|key| !design.keys.contains(key))
                .cloned();
            let keys: Vec<_> = design.keys.iter().cloned().chain(rest).collect();
            let bundle = vec![Design {
                keys,
                ..other.clone()
            }];
            if !pool.contains(&bundle) && !merged.contains(&bundle) {
                merged.push(bundle);
            }
        }
    }
    merged
}

pub(super) fn holds(design: &Design, columns: &[String]) -> bool {
    let keys = design.keys.iter().filter_map(|key| key.term.column());
    let mut held = keys.chain(design.include.iter().map(String::as_str));
    held.any(|name| columns.iter().any(|column| column == name))
        || columns.iter().any(|column| {
            design
                .predicate
                .iter()
                .any(|condition| condition.starts_with(column.as_str()))
        })
}

/// Keys count whole, and half what is carried along or compared with a constant.
pub(super) fn width(bundle: &[Design]) -> usize {
    let constants = |design: &Design| {
        let conditions = design.predicate.iter();
        conditions
            .filter(|condition| condition.contains(" = "))
            .count()
    };
    bundle
        .iter()
        .map(|design| design.keys.len() * 2 + design.include.len() + constants(design))
        .sum()
}
