//! What it costs to find the rows that a mention of a table asks for, by way of an index or without.
//!
//! The unit is PostgreSQL's: reading one page in its turn costs 1. What is known of the columns comes
//! from the database's own statistics, and where they are missing from the guesses that its planner
//! makes. Proof comes after: these numbers only decide what is worth proving.

mod selectivity;

use super::catalog::{Catalog, Table};
use super::design::{Design, Key};
use super::syntax::{Access, Order, Predicate, Test};

pub(crate) use self::selectivity::{condition_share, predicate_share};

const RANDOM_PAGE: f64 = 4.0;
const ROW: f64 = 0.01;
const INDEX_ROW: f64 = 0.005;
const OPERATOR: f64 = 0.0025;
/// How many rows a limit wants that stands in no statement.
const LIMIT_ROWS: f64 = 20.0;
/// How many values a list has that stands in no statement.
const LIST_VALUES: f64 = 10.0;
/// How many rows a page of an index holds, with short keys.
const INDEX_PAGE_ROWS: f64 = 300.0;

/// A statement's mentions of tables, and the catalogue they are of.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Costs<'a> {
    pub(crate) catalog: &'a Catalog,
    pub(crate) accesses: &'a [Access],
}

impl Costs<'_> {
    /// The cost of the whole statement, were these indexes there as well.
    pub(crate) fn statement(self, extra: &[(usize, &Design)]) -> f64 {
        (0..self.accesses.len())
            .map(|place| self.access(place, extra))
            .sum()
    }

    /// The part of it that one table takes.
    pub(crate) fn of_table(self, table: usize, extra: &[(usize, &Design)]) -> f64 {
        (0..self.accesses.len())
            .filter(|place| self.accesses[*place].table == table)
            .map(|place| self.access(place, extra))
            .sum()
    }

    /// Whether every mention of a table is found by an index rather than by reading it whole.
    pub(crate) fn is_served(self, table: usize, extra: &[(usize, &Design)]) -> bool {
        (0..self.accesses.len())
            .filter(|place| self.accesses[*place].table == table)
            .all(|place| self.access(place, extra) < self.scan(place))
    }

    /// The cost of one mention by the cheapest way there is.
    pub(crate) fn access(self, place: usize, extra: &[(usize, &Design)]) -> f64 {
        let access = &self.accesses[place];
        let table = self.table(place);
        let designs: Vec<&Design> = table
            .usable_indexes()
            .map(|index| &index.design)
            .chain(
                extra
                    .iter()
                    .filter(|(of, _)| *of == access.table)
                    .map(|(_, design)| *design),
            )
            .collect();
        let paths = designs.iter().filter_map(|design| self.path(place, design));
        let by_parts = self.by_parts(place, &designs);
        paths.chain(by_parts).fold(self.scan(place), f64::min)
    }

    /// The cost by way of one index; `None` where it is of no use.
    pub(crate) fn path(self, place: usize, design: &Design) -> Option<f64> {
        let predicates = &self.accesses[place].predicates;
        let alone = self.lookups(place, design, predicates, false);
        let joined = self.lookups(place, design, predicates, true);
        match (alone, joined) {
            (Some(alone), Some(joined)) => Some(alone.min(joined)),
            (alone, joined) => alone.or(joined),
        }
    }

    /// The cost of reading the whole table, and of sorting what is wanted of it.
    pub(crate) fn scan(self, place: usize) -> f64 {
        let table = self.table(place);
        let access = &self.accesses[place];
        #[allow(clippy::cast_precision_loss, reason = "a statement has few conditions")]
        let tests = access.predicates.len() as f64;
        let whole = table.pages + table.rows * (ROW + OPERATOR * tests);
        let wanted = self.rows_out(place);
        if !access.order.is_empty() {
            return whole + sort(wanted);
        }
        if access.is_limited && wanted > LIMIT_ROWS && access.alternatives.is_empty() {
            return whole * LIMIT_ROWS / wanted;
        }
        whole
    }

    /// How many rows meet all conditions that have nothing to do with other tables.
    pub(crate) fn rows_out(self, place: usize) -> f64 {
        let access = &self.accesses[place];
        let table = self.table(place);
        let share: f64 = access
            .predicates
            .iter()
            .filter(|predicate| !matches!(predicate.test, Test::Join(_)))
            .map(|predicate| predicate_share(table, predicate))
            .product();
        (table.rows * share).max(1.0)
    }

    fn table(&self, place: usize) -> &Table {
        &self.catalog.tables[self.accesses[place].table]
    }

    /// How many rows of a mention are joined to others, at most.
    fn driving_rows(self, place: usize, from: usize, depth: u8) -> f64 {
        let own = self.rows_out(place);
        if depth == 0 {
            return own;
        }
        let table = self.table(place);
        let joins = self.accesses[place].predicates.iter();
        joins
            .filter_map(|predicate| match predicate.test {
                Test::Join(other) if other != from && other != place => {
                    let share = predicate_share(table, predicate);
                    Some(self.driving_rows(other, place, depth - 1) * (own * share).max(1.0))
                }
                _ => None,
            })
            .fold(own, f64::min)
    }

    /// Looking up what equals, then what is in range, then taking rows in order.
    fn lookups(
        self,
        place: usize,
        design: &Design,
        predicates: &[Predicate],
        joins: bool,
    ) -> Option<f64> {
        let access = &self.accesses[place];
        let table = self.table(place);
        if !design
            .predicate
            .iter()
            .all(|condition| is_implied(condition, predicates))
        {
            return None;
        }
        let held: f64 = table.rows
            * design
                .predicate
                .iter()
                .map(|condition| condition_share(table, condition, predicates))
                .product::<f64>();
        if design.method == "gin" {
            return trigrams(table, design, predicates);
        }
        let mut found = Lookup::new(design, predicates, table, joins);
        if design.method != "btree" && (design.method != "hash" || found.equalities == 0) {
            return None;
        }
        let lookups = match found.join {
            Some(other) => found.values * self.driving_rows(other, place, 4),
            None => found.values,
        };
        let is_ordered = design.method == "btree"
            && found.join.is_none()
            && !access.order.is_empty()
            && gives_order(design, &access.order, predicates);
        if found.equalities == 0 && !found.has_range && !is_ordered && design.predicate.is_empty() {
            return None;
        }
        if design.method == "hash" {
            found.has_range = false;
        }
        // Conditions that the index holds already cut nothing more.
        let inside: f64 = predicates
            .iter()
            .filter(|predicate| design.predicate.contains(&predicate.text))
            .map(|predicate| predicate_share(table, predicate))
            .product();
        let share = if found.shares_predicate {
            found.share / inside.max(1e-9)
        } else {
            found.share
        };
        let mut visited = (held * share.min(1.0)).max(1.0);
        let wanted = self.rows_out(place).min(visited);
        let stops_early = access.is_limited && (is_ordered || access.order.is_empty());
        if stops_early && found.join.is_none() {
            visited = visited.min(LIMIT_ROWS * (visited / wanted).max(1.0));
        }
        let covers = covers(design, access);
        let mut cost = fetch(table, held, visited, lookups, covers, is_ordered);
        if !access.order.is_empty() && !is_ordered {
            cost += sort(wanted);
        }
        Some(cost)
    }

    /// Each arm of an `OR` by an index of its own.
    fn by_parts(self, place: usize, designs: &[&Design]) -> Option<f64> {
        let access = &self.accesses[place];
        let arms = access.alternatives.first()?;
        let mut total = 0.0;
        for arm in arms {
            let predicates = [&access.predicates[..], arm].concat();
            let uses_arm = |design: &&&Design| {
                arm.iter()
                    .any(|predicate| design.keys.iter().any(|key| key.term == predicate.term))
            };
            let cheapest = designs
                .iter()
                .filter(uses_arm)
                .filter_map(|design| self.lookups(place, design, &predicates, false))
                .fold(f64::INFINITY, f64::min);
            total += cheapest;
        }
        total.is_finite().then_some(total)
    }
}

/// What the leading keys of an index find.
struct Lookup {
    equalities: usize,
    has_range: bool,
    /// Of the rows, how many it leaves.
    share: f64,
    /// How often it is looked up: once for each combination of listed values.
    values: f64,
    join: Option<usize>,
    shares_predicate: bool,
}

impl Lookup {
    fn new(design: &Design, predicates: &[Predicate], table: &Table, joins: bool) -> Self {
        let mut found = Self {
            equalities: 0,
            has_range: false,
            share: 1.0,
            values: 1.0,
            join: None,
            shares_predicate: false,
        };
        for key in &design.keys {
            let of_key = || {
                predicates
                    .iter()
                    .filter(|predicate| matches(key, predicate))
            };
            let equal = of_key().find(|predicate| predicate.is_equality());
            let joined = of_key().find(|predicate| matches!(predicate.test, Test::Join(_)));
            let Some(predicate) = equal.or(joined.filter(|_| joins)) else {
                if let Some(range) = of_key().find(|predicate| is_bounded(key, predicate, table)) {
                    found.has_range = design.method == "btree";
                    found.share *= predicate_share(table, range);
                    found.shares_predicate |= design.predicate.contains(&range.text);
                }
                break;
            };
            found.equalities += 1;
            let mut share = predicate_share(table, predicate);
            found.shares_predicate |= design.predicate.contains(&predicate.text);
            match predicate.test {
                Test::Join(other) => found.join = Some(other),
                Test::In(values) => {
                    #[allow(clippy::cast_precision_loss, reason = "a list has few values")]
                    let values = values.map_or(LIST_VALUES, |values| values as f64);
                    found.values *= values;
                    share /= values;
                }
                _ => {}
            }
            found.share *= share;
        }
        found
    }
}

/// Whether a key can be looked up for the predicate: of the same term, in the same collation.
pub(crate) fn matches(key: &Key, predicate: &Predicate) -> bool {
    key.term == predicate.term && key.collation == predicate.collation
}

/// A pattern's beginning is a range only in an order of single characters.
fn is_bounded(key: &Key, predicate: &Predicate, table: &Table) -> bool {
    let by_character = key
        .opclass
        .as_deref()
        .is_some_and(|name| name.ends_with("_pattern_ops"));
    match predicate.test {
        Test::Range { .. } => !by_character,
        Test::Prefix => by_character || sorts_by_character(key, table),
        _ => false,
    }
}

fn sorts_by_character(key: &Key, table: &Table) -> bool {
    let own = key
        .term
        .column()
        .and_then(|name| table.column(name)?.collation.as_deref());
    matches!(
        key.collation.as_deref().or(own),
        Some("C" | "POSIX" | "NOCASE")
    )
}

/// Whether an index that holds rows of a condition holds all that the predicates want.
pub(crate) fn is_implied(condition: &str, predicates: &[Predicate]) -> bool {
    let says_something = |predicate: &&Predicate| {
        let column = predicate.term.column().unwrap_or_default();
        condition.strip_suffix(" IS NOT NULL") == Some(column)
            && (predicate.test != Test::IsNull && predicate.test != Test::Other)
    };
    let is_listed = |predicate: &&Predicate| {
        let listed = condition
            .split_once(" IN (")
            .map(|(_, values)| values.trim_end_matches(')'));
        let Some((Some(value), values)) = predicate.value.as_ref().map(Some).zip(listed) else {
            return false;
        };
        let column = predicate.term.column().unwrap_or_default();
        predicate.test == Test::Equal
            && condition.starts_with(&format!("{column} IN ("))
            && values
                .split(", ")
                .any(|other| other.trim_matches('\'') == value)
    };
    predicates.iter().any(|predicate| {
        predicate.text.split(" AND ").any(|part| part == condition)
            || says_something(&predicate)
            || is_listed(&predicate)
    })
}

/// Whether rows come out of the index in the order wanted, forwards or backwards.
pub(crate) fn gives_order(design: &Design, order: &[Order], predicates: &[Predicate]) -> bool {
    let is_fixed = |term, collation: &Option<String>| {
        predicates.iter().any(|predicate| {
            predicate.term == term
                && predicate.collation == *collation
                && matches!(
                    predicate.test,
                    Test::Equal | Test::IsNull | Test::In(Some(1))
                )
        })
    };
    let mut keys = design
        .keys
        .iter()
        .skip_while(|key| is_fixed(key.term.clone(), &key.collation));
    let mut backwards = None;
    order
        .iter()
        .filter(|item| !is_fixed(item.term.clone(), &item.collation))
        .all(|item| {
            let Some(key) = keys.next() else { return false };
            let turned = key.descending != item.descending;
            key.term == item.term
                && key.collation == item.collation
                && key.opclass.is_none()
                && key.nulls_first == item.nulls_first
                && *backwards.get_or_insert(turned) == turned
        })
}

/// Whether the index alone has all that the statement looks at.
fn covers(design: &Design, access: &Access) -> bool {
    let has = |column: &String| {
        let keys = design.keys.iter().filter_map(|key| key.term.column());
        keys.chain(design.include.iter().map(String::as_str))
            .any(|name| name == column)
    };
    design.method == "btree"
        && access
            .columns
            .as_ref()
            .is_some_and(|columns| columns.iter().all(has))
}

/// The cost of so many lookups, each of which visits so many rows.
fn fetch(
    table: &Table,
    held: f64,
    visited: f64,
    lookups: f64,
    covers: bool,
    keeps_order: bool,
) -> f64 {
    let all = visited * lookups;
    let index_pages = (held / INDEX_PAGE_ROWS).max(1.0);
    let leaves =
        ((visited / INDEX_PAGE_ROWS).ceil() * lookups).min(index_pages.max(lookups.sqrt()));
    let descent = lookups * 0.4;
    let index = leaves * RANDOM_PAGE + descent + all * INDEX_ROW;
    if covers {
        return index;
    }
    let pages = table.pages.max(1.0);
    let touched = (2.0 * pages * all / (2.0 * pages + all)).min(pages);
    let page = if keeps_order {
        RANDOM_PAGE
    } else {
        // Many pages in their order are cheaper each than few here and there.
        RANDOM_PAGE - (RANDOM_PAGE - 1.0) * (touched / pages).sqrt()
    };
    index + touched * page + all * ROW
}

fn sort(rows: f64) -> f64 {
    let rows = rows.max(2.0);
    2.0 * OPERATOR * rows * rows.log2()
}

/// A pattern found by its trigrams.
fn trigrams(table: &Table, design: &Design, predicates: &[Predicate]) -> Option<f64> {
    let key = design.keys.first()?;
    let is_pattern = |predicate: &&Predicate| {
        key.term == predicate.term
            && matches!(predicate.test, Test::Contains | Test::Prefix)
            && key.opclass.as_deref() == Some("gin_trgm_ops")
    };
    let predicate = predicates.iter().find(is_pattern)?;
    let visited = table.rows * predicate_share(table, predicate).min(0.01);
    Some(20.0 + fetch(table, table.rows, visited.max(1.0), 1.0, false, false))
}
