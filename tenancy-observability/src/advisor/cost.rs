//! What it costs to find the rows that a mention of a table asks for, by way of an index or without.
//!
//! The unit is PostgreSQL's: reading one page in its turn costs 1. What is known of the columns comes
//! from the database's own statistics, and where they are missing from the guesses that its planner
//! makes. Proof comes after: these numbers only decide what is worth proving.

mod lookup;
mod order;
mod price;
mod selectivity;

use self::lookup::Lookup;
use self::order::{covers, gives_order, is_implied};
use self::price::{fetch, sort, trigrams};
use self::selectivity::condition_share;
pub(crate) use self::selectivity::predicate_share;
use super::catalog::{Catalog, Table};
use super::design::Design;
use super::syntax::{Access, Predicate, Test};

/// Looking at one row of a table, and comparing one of its columns.
const ROW: f64 = 0.01;
const OPERATOR: f64 = 0.0025;
/// How many rows a limit wants that stands in no statement.
const LIMIT_ROWS: f64 = 20.0;

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
        let longer = table.with_row_number(design);
        let design = if joins { design } else { &*longer };
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
