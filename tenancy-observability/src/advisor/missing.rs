//! Missing indexes: what was chosen, as advice with its evidence.

use super::catalog::{Catalog, Engine};
use super::choice::{Choice, Limits, Read, Refused};
use super::design::{Design, quoted_name};
use super::report::{Advice, Confidence, Plan, Reason, Refusal, Rule, Severity, Unread};
use super::size;
use super::syntax;
use super::workload::Workload;

/// A statement's plan, where the database gave one.
pub(crate) type Planned = Option<Plan>;

/// What a planner said of a choice.
#[derive(Debug)]
pub(crate) enum Verdict {
    Declined,
    /// Nobody could ask a planner.
    Unasked,
    /// The plan with the index of the statement that gains most.
    Taken(Plan),
}

/// The workload, read against the catalogue.
pub(crate) fn read<'a>(
    catalog: &Catalog,
    workload: &'a Workload,
    limits: Limits<'_>,
    unread: &mut Vec<Unread>,
) -> Vec<Read<'a>> {
    let mut reads = Vec::new();
    for statement in workload.statements() {
        match syntax::accesses(catalog, &statement.sql) {
            Some(mut accesses) => {
                for access in &mut accesses {
                    super::lint::add_policy_conditions(catalog, access, limits.tenant_column);
                    cut_order(catalog, access);
                }
                reads.push(Read {
                    statement,
                    accesses,
                    planned: None,
                });
            }
            None => unread.push(Unread {
                statement: statement.sql.clone(),
                error: "it could not be read as SQL".to_owned(),
            }),
        }
    }
    reads
}

/// Behind columns that no two rows share, an order says nothing more.
fn cut_order(catalog: &Catalog, access: &mut syntax::Access) {
    let unique = catalog.tables[access.table]
        .usable_indexes()
        .filter(|index| {
            index.is_unique && index.design.predicate.is_empty() && index.design.is_btree()
        });
    let length = |index: &super::catalog::Index| {
        let mut keys: Vec<_> = index.design.keys.iter().map(|key| &key.term).collect();
        keys.retain(|term| {
            let fixed = |predicate: &syntax::Predicate| {
                predicate.term == **term && predicate.test == syntax::Test::Equal
            };
            !access.predicates.iter().any(fixed)
        });
        (1..=access.order.len()).find(|length| {
            keys.iter().all(|term| {
                access.order[..*length]
                    .iter()
                    .any(|item| item.term == **term)
            })
        })
    };
    if let Some(length) = unique.filter_map(length).min() {
        access.order.truncate(length);
    }
}

/// Everything that one choice's advice is made of.
pub(super) struct Case<'a> {
    pub(crate) catalog: &'a Catalog,
    pub(crate) reads: &'a [Read<'a>],
    pub(crate) plans: &'a [Planned],
    pub(crate) choice: &'a Choice,
    pub(crate) verdict: &'a Verdict,
    /// How it was proved.
    pub(crate) proof: &'a str,
}

impl Case<'_> {
    pub(super) fn advice(&self) -> Advice {
        let table = &self.catalog.tables[self.choice.table];
        let shapes: Vec<_> = self.choice.bundle.iter().map(Design::shape).collect();
        let gain = self.gain();
        let severity = Severity::of_gain(gain);
        let count = self.choice.gains.len();
        let message = format!(
            "{count} statement{} of the workload would find rows of {} by an index on {}{}",
            if count == 1 { "" } else { "s" },
            table.path(),
            shapes.join(" and one on "),
            self.why(),
        );
        let mut advice = Advice::new(Rule::MissingIndex, severity, table.path(), message)
            .index(shapes.join(", "));
        advice.gain = Some(gain);
        advice.before = self
            .best()
            .and_then(|best| self.plans[best.statement].clone());
        advice.confidence = match self.verdict {
            Verdict::Taken(plan) => {
                advice.after = Some(plan.clone());
                advice.evidence.push(self.proof.to_owned());
                Confidence::Verified
            }
            Verdict::Declined | Verdict::Unasked => {
                advice.after = self.estimated(advice.before.as_ref());
                advice
                    .evidence
                    .push("estimated from the database's statistics".to_owned());
                Confidence::Estimated
            }
        };
        advice
            .evidence
            .push(format!("{} has about {:.0} rows", table.path(), table.rows));
        let bytes: f64 = self
            .choice
            .bundle
            .iter()
            .map(|design| size::bytes(table, design))
            .sum();
        #[allow(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a size is no more than 2^63"
        )]
        let bytes = bytes as u64;
        advice.size_bytes = Some(bytes);
        advice.write_price = Some(self.choice.write_price / self.saved().max(1e-9));
        self.statements(&mut advice);
        advice
    }

    fn statements(&self, advice: &mut Advice) {
        let table = &self.catalog.tables[self.choice.table];
        // A partitioned table's index cannot be made concurrently, and reaches all its parts.
        let concurrently = table.kind == super::catalog::TableKind::Plain;
        for design in &self.choice.bundle {
            if design.method == "gin" {
                advice
                    .apply
                    .push("CREATE EXTENSION IF NOT EXISTS pg_trgm".to_owned());
            }
            advice
                .apply
                .push(design.create(self.catalog.engine, table, concurrently));
            let name = quoted_name(table, design);
            advice.makes.push(name.clone());
            advice.undo.push(match self.catalog.engine {
                Engine::Postgres if concurrently => format!("DROP INDEX CONCURRENTLY {name}"),
                Engine::Postgres | Engine::Sqlite => format!("DROP INDEX {name}"),
            });
        }
        for gain in &self.choice.gains {
            let sql = self.reads[gain.statement].statement.sql.clone();
            if !advice.statements.contains(&sql) {
                advice.statements.push(sql);
            }
        }
    }

    /// The statement that gains most.
    pub(crate) fn best(&self) -> Option<&super::choice::Gain> {
        let weight = |gain: &super::choice::Gain| {
            (gain.before - gain.after) * self.reads[gain.statement].statement.calls
        };
        self.choice
            .gains
            .iter()
            .max_by(|a, b| weight(a).total_cmp(&weight(b)))
    }

    fn saved(&self) -> f64 {
        let gains = self.choice.gains.iter();
        gains
            .map(|gain| (gain.before - gain.after) * self.reads[gain.statement].statement.calls)
            .sum()
    }

    /// The share of the workload's time that is saved, as far as times are known; else of its cost.
    fn gain(&self) -> f64 {
        let time = |read: &Read| read.statement.total_time.map(|time| time.as_secs_f64());
        let total: f64 = self.reads.iter().filter_map(time).sum();
        if total > 0.0 {
            let saved: f64 = self
                .choice
                .gains
                .iter()
                .map(|gain| {
                    let time = time(&self.reads[gain.statement]).unwrap_or_default();
                    time * (1.0 - gain.after / gain.before.max(1e-9))
                })
                .sum();
            return saved / total;
        }
        let cost = |read: &Read| {
            let costs = super::cost::Costs {
                catalog: self.catalog,
                accesses: &read.accesses,
            };
            costs.statement(&[]) * read.statement.calls
        };
        self.saved() / self.reads.iter().map(cost).sum::<f64>().max(1e-9)
    }

    fn estimated(&self, before: Option<&Plan>) -> Option<Plan> {
        let best = self.best()?;
        let cost = before?.cost * best.after / best.before.max(1e-9);
        Some(Plan {
            cost,
            steps: Vec::new(),
        })
    }

    fn why(&self) -> &'static str {
        let [design] = self.choice.bundle.as_slice() else {
            return ": each arm of an OR needs one of its own";
        };
        if design.method == "gin" {
            return ": a pattern within a text is found by its trigrams";
        }
        if design.keys.iter().any(|key| key.opclass.is_some()) {
            return ": a pattern's beginning is found in the order of single characters";
        }
        if !design.predicate.is_empty() {
            return ", which holds no rows that they never ask for";
        }
        ""
    }
}

pub(super) fn refusals(
    catalog: &Catalog,
    reads: &[Read<'_>],
    refused: &[Refused],
    declined: &[(usize, usize)],
) -> Vec<Refusal> {
    let refusals = refused.iter().map(|refused| {
        let was_declined = declined.contains(&(refused.statement, refused.table));
        Refusal {
            statement: reads[refused.statement].statement.sql.clone(),
            table: catalog.tables[refused.table].path(),
            reason: if was_declined {
                Reason::PlannerDeclines
            } else {
                refused.reason
            },
        }
    });
    refusals.collect()
}
