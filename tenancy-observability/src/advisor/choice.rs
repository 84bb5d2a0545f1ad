//! Which of the candidates a workload is better off with, all in all.

mod bundle;

use self::bundle::{drop_covered, holds, merged, width};
use super::candidates::{Bundle, bundles};
use super::catalog::{Catalog, TableKind};
use super::cost::Costs;
use super::design::Design;
use super::report::Reason;
use super::syntax::{Access, Predicate, Purpose, Test};
use super::workload::Statement;

/// A statement of the workload, read.
#[derive(Debug)]
pub(crate) struct Read<'a> {
    pub(crate) statement: &'a Statement,
    pub(crate) accesses: Vec<Access>,
    /// What the database's own planner takes the statement to cost, in the same unit.
    pub(crate) planned: Option<f64>,
}

/// Indexes that the workload gains by.
#[derive(Debug)]
pub(crate) struct Choice {
    pub(crate) table: usize,
    pub(crate) bundle: Bundle,
    /// The statements that gain, by their place, with what the table costs them before and after.
    pub(crate) gains: Vec<Gain>,
    /// What all writes of the workload cost more, in the same unit.
    pub(crate) write_price: f64,
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct Gain {
    pub(crate) statement: usize,
    pub(crate) before: f64,
    pub(crate) after: f64,
}

/// Why a statement gets no index for a table.
#[derive(Debug)]
pub(crate) struct Refused {
    pub(crate) statement: usize,
    pub(crate) table: usize,
    pub(crate) reason: Reason,
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits<'a> {
    pub(crate) rows_min: f64,
    pub(crate) tenant_column: &'a str,
}

/// A statement has to become cheaper by this share, or by very much.
const SAVED_SHARE_MIN: f64 = 0.3;
const SAVED_COST_MIN: f64 = 10_000.0;
/// What is this cheap is left alone, and more so where an index serves it already.
const COST_MIN: f64 = 20.0;
const SERVED_COST_MIN: f64 = 100.0;
/// One more index to keep costs a written row so much: a leaf to find, and its share of the log.
const WRITE_PRICE: f64 = 2.0;
/// What the workload gains has to be so many times what its writes pay.
const WORTH: f64 = 3.0;
/// A wider index, or a further one, has to be better by this much than a narrower one.
const WIDER_SHARE: f64 = 0.9;
/// Of what there was to pay without any, it has to save so much.
const WIDER_GAIN: f64 = 0.05;

pub(crate) struct Chooser<'a> {
    pub(crate) catalog: &'a Catalog,
    pub(crate) reads: &'a [Read<'a>],
    pub(crate) limits: Limits<'a>,
    /// What the planner does not take.
    pub(crate) declined: &'a [Bundle],
}

impl Chooser<'_> {
    /// The best indexes for each table, the best first.
    pub(crate) fn choose(&self) -> (Vec<Choice>, Vec<Refused>) {
        let mut choices = Vec::new();
        let mut refused = Vec::new();
        for table in 0..self.catalog.tables.len() {
            if !self.is_asked(table) {
                continue;
            }
            let mut chosen = self.choose_for(table, &mut refused);
            choices.append(&mut chosen);
        }
        (choices, refused)
    }

    fn is_asked(&self, table: usize) -> bool {
        let mut accesses = self.reads.iter().flat_map(|read| &read.accesses);
        accesses.any(|access| access.table == table && access.purpose != Purpose::Insert)
    }

    fn choose_for(&self, table: usize, refused: &mut Vec<Refused>) -> Vec<Choice> {
        let pool = self.pool(table);
        let is_small = self.catalog.tables[table].rows < self.limits.rows_min;
        // A partition gets its indexes from the table that it is part of.
        let is_part = self.catalog.tables[table].kind == TableKind::Partition;
        let mut too_dear = Vec::new();
        let mut taken = if is_small || is_part {
            Vec::new()
        } else {
            self.take(table, &pool, &mut too_dear)
        };
        drop_covered(&mut taken);
        self.refuse(table, &taken, &too_dear, is_small, refused);
        taken
    }

    /// The best bundle, then the best beside it, for as long as anything is gained.
    fn take(&self, table: usize, pool: &[Bundle], too_dear: &mut Vec<usize>) -> Vec<Choice> {
        let mut taken: Vec<Choice> = Vec::new();
        loop {
            let bundles = taken.iter().map(|choice| choice.bundle.clone());
            let have: Vec<Design> = bundles.flatten().collect();
            match self.best(table, pool, &have, too_dear) {
                Some(best) => taken.push(best),
                None => return taken,
            }
        }
    }

    fn pool(&self, table: usize) -> Vec<Bundle> {
        let mut pool: Vec<Bundle> = Vec::new();
        for access in self.reads.iter().flat_map(|read| &read.accesses) {
            if access.table != table {
                continue;
            }
            for bundle in bundles(self.catalog, access, self.limits.tenant_column) {
                if !pool.contains(&bundle) {
                    pool.push(bundle);
                }
            }
        }
        let merged = merged(&pool);
        pool.extend(merged);
        pool.retain(|bundle| !self.declined.contains(bundle));
        pool
    }

    /// The bundle that the workload gains most by, when it has these already.
    fn best(
        &self,
        table: usize,
        pool: &[Bundle],
        have: &[Design],
        too_dear: &mut Vec<usize>,
    ) -> Option<Choice> {
        let mut best: Option<(f64, Choice)> = None;
        for bundle in pool
            .iter()
            .filter(|bundle| !bundle.iter().any(|design| have.contains(design)))
        {
            let gains = self.gains(table, bundle, have);
            if gains.is_empty() {
                continue;
            }
            let gained: f64 = gains.iter().map(|gain| self.weighed(*gain)).sum();
            let write_price = self.write_price(table, bundle);
            if gained < write_price * WORTH {
                too_dear.extend(gains.iter().map(|gain| gain.statement));
                continue;
            }
            let score = gained - write_price - self.size_price(table, bundle);
            let is_better = best.as_ref().is_none_or(|(other, choice)| {
                match width(bundle).cmp(&width(&choice.bundle)) {
                    std::cmp::Ordering::Greater => {
                        self.is_clearly_better(score, *other, &gains, choice)
                    }
                    std::cmp::Ordering::Less => !self.is_clearly_better(
                        *other,
                        score,
                        &choice.gains,
                        &Choice {
                            table,
                            bundle: bundle.clone(),
                            gains: gains.clone(),
                            write_price,
                        },
                    ),
                    std::cmp::Ordering::Equal => score > *other,
                }
            });
            if is_better {
                best = Some((
                    score,
                    Choice {
                        table,
                        bundle: bundle.clone(),
                        gains,
                        write_price,
                    },
                ));
            }
        }
        best.map(|(_, choice)| choice)
    }

    /// Whether a wider bundle is worth its width: it serves more statements, or what remains to pay
    /// falls clearly, also against all that there was to pay.
    fn is_clearly_better(&self, score: f64, other: f64, gains: &[Gain], narrower: &Choice) -> bool {
        let remains = |gains: &[Gain]| -> f64 {
            let places = gains.iter();
            places
                .map(|gain| self.calls(gain.statement) * gain.after)
                .sum()
        };
        let paid: f64 = gains
            .iter()
            .map(|gain| self.calls(gain.statement) * gain.before)
            .sum();
        let serves_more = gains.len() > narrower.gains.len();
        let remains_less = remains(gains) < remains(&narrower.gains) * WIDER_SHARE;
        score > other && (serves_more || remains_less && score - other > paid * WIDER_GAIN)
    }

    /// The statements that become clearly cheaper.
    fn gains(&self, table: usize, bundle: &[Design], have: &[Design]) -> Vec<Gain> {
        let having: Vec<_> = have.iter().map(|design| (table, design)).collect();
        let with: Vec<_> = having
            .iter()
            .copied()
            .chain(bundle.iter().map(|design| (table, design)))
            .collect();
        let places = self.reads.iter().enumerate();
        places
            .filter(|(_, read)| read.accesses.iter().any(|access| access.table == table))
            .filter_map(|(statement, read)| {
                let costs = Costs {
                    catalog: self.catalog,
                    accesses: &read.accesses,
                };
                let before = costs.of_table(table, &having);
                let after = costs.of_table(table, &with);
                let saved = before - after;
                let is_served = costs.is_served(table, &having);
                let cost_min = if is_served { SERVED_COST_MIN } else { COST_MIN };
                // The planner knows more, as how rows lie on the disk.
                let planned = read.planned.unwrap_or(before).min(before);
                let is_enough = planned >= cost_min
                    && saved >= costs.of_table(table, &[]) * WIDER_GAIN
                    && (saved >= before * SAVED_SHARE_MIN || saved >= SAVED_COST_MIN);
                is_enough.then_some(Gain {
                    statement,
                    before,
                    after,
                })
            })
            .collect()
    }

    fn weighed(&self, gain: Gain) -> f64 {
        (gain.before - gain.after) * self.calls(gain.statement)
    }

    fn calls(&self, statement: usize) -> f64 {
        self.reads[statement].statement.calls
    }

    /// What the workload's own writes pay for one more index of these designs.
    fn write_price(&self, table: usize, bundle: &[Design]) -> f64 {
        let mut price = 0.0;
        for read in self.reads {
            for access in read.accesses.iter().filter(|access| access.table == table) {
                let touched = match &access.purpose {
                    Purpose::Read => 0.0,
                    Purpose::Delete => 0.0,
                    Purpose::Insert => 1.0,
                    // A row whose keys stay is still a new version, for which an index can be left out.
                    Purpose::Update(columns)
                        if bundle.iter().any(|design| holds(design, columns)) =>
                    {
                        2.0
                    }
                    Purpose::Update(_) => 0.0,
                };
                #[allow(clippy::cast_precision_loss, reason = "a bundle has few indexes")]
                let indexes = bundle.len() as f64;
                price += touched * indexes * WRITE_PRICE * read.statement.calls;
            }
        }
        price
    }

    /// Of two indexes that serve alike, the smaller is the better.
    fn size_price(&self, table: usize, bundle: &[Design]) -> f64 {
        let table = &self.catalog.tables[table];
        bundle
            .iter()
            .map(|design| super::size::bytes(table, design))
            .sum::<f64>()
            * 1e-9
    }

    fn refuse(
        &self,
        table: usize,
        taken: &[Choice],
        too_dear: &[usize],
        is_small: bool,
        refused: &mut Vec<Refused>,
    ) {
        for (statement, read) in self.reads.iter().enumerate() {
            let gained = taken
                .iter()
                .any(|choice| choice.gains.iter().any(|gain| gain.statement == statement));
            let places: Vec<_> = (0..read.accesses.len())
                .filter(|place| read.accesses[*place].table == table)
                .filter(|place| read.accesses[*place].purpose != Purpose::Insert)
                .collect();
            if gained || places.is_empty() {
                continue;
            }
            let reason = if is_small {
                Reason::SmallTable
            } else if too_dear.contains(&statement) {
                Reason::WriteHeavy
            } else {
                self.reason(read, &places)
            };
            refused.push(Refused {
                statement,
                table,
                reason,
            });
        }
    }

    fn reason(&self, read: &Read, places: &[usize]) -> Reason {
        let costs = Costs {
            catalog: self.catalog,
            accesses: &read.accesses,
        };
        let Some(first) = places.first() else {
            return Reason::NoCondition;
        };
        let accesses = || places.iter().map(|place| &read.accesses[*place]);
        let is_held_back = |predicate: &Predicate| predicate.test == Test::HeldBack;
        if accesses().any(|access| access.predicates.iter().any(is_held_back)) {
            return Reason::HeldBack;
        }
        if costs.is_served(read.accesses[*first].table, &[]) {
            return Reason::AlreadyServed;
        }
        let is_unknown = |predicate: &Predicate| predicate.test == Test::UnknownPattern;
        if accesses().any(|access| access.predicates.iter().any(is_unknown)) {
            return Reason::UnknownPattern;
        }
        // A policy's condition is not the statement's, and has no text there.
        let asks = |predicate: &Predicate| {
            !predicate.text.is_empty() || predicate.term.column() != Some(self.limits.tenant_column)
        };
        if accesses()
            .all(|access| !access.predicates.iter().any(asks) && access.alternatives.is_empty())
        {
            return Reason::NoCondition;
        }
        Reason::LowSelectivity
    }
}
