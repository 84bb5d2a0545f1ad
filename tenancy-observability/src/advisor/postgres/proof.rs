use sqlx::PgConnection;

use super::copy::Copy;
use super::explain::Explainer;
use super::hypothetical;
use crate::advisor::Setting;
use crate::advisor::catalog::Catalog;
use crate::advisor::choice::{Choice, Read};
use crate::advisor::design::Design;
use crate::advisor::missing::Verdict;
use crate::advisor::report::Plan;
use crate::advisor::settle::Prove;

/// How a planner is asked about indexes that are not there.
pub(super) enum Proof<'a> {
    /// On a copy of some rows.
    Copy(Explainer<'a>, Copy<'a>),
    /// By the extension `hypopg`.
    Hypothetical(Explainer<'a>),
    /// Not at all.
    Unasked,
}

/// Of each choice, so many statements are planned anew.
const STATEMENTS_MAX: usize = 5;

impl<'a> Proof<'a> {
    pub(super) async fn choose(
        mut explainer: Explainer<'a>,
        scratch: Option<&'a mut PgConnection>,
        setting: Option<&'a Setting>,
    ) -> Result<Self, sqlx::Error> {
        if hypothetical::is_there(&mut explainer).await? {
            return Ok(Self::Hypothetical(explainer));
        }
        Ok(match scratch {
            Some(scratch) => Self::Copy(explainer, Copy::new(scratch, setting)),
            None => Self::Unasked,
        })
    }
}

impl Prove for Proof<'_> {
    fn name(&self) -> &'static str {
        match self {
            Self::Copy(..) => "planned on a copy of some of the rows",
            Self::Hypothetical(_) => "planned with a hypothetical index",
            Self::Unasked => "",
        }
    }

    async fn verdicts(
        &mut self,
        catalog: &Catalog,
        reads: &[Read<'_>],
        choices: &[Choice],
    ) -> Result<Vec<Verdict>, sqlx::Error> {
        if choices.is_empty() {
            return Ok(Vec::new());
        }
        match self {
            Self::Copy(source, copy) => copy.verdicts(source, catalog, reads, choices).await,
            Self::Hypothetical(explainer) => {
                hypothetical::verdicts(explainer, catalog, reads, choices).await
            }
            Self::Unasked => Ok(choices.iter().map(|_| Verdict::Unasked).collect()),
        }
    }
}

/// The statements of a choice that gain most, the greatest gain first.
pub(super) fn sample<'a>(reads: &'a [Read<'_>], choice: &Choice) -> Vec<&'a str> {
    let mut gains = choice.gains.clone();
    gains.sort_by(|a, b| {
        let weight = |gain: &crate::advisor::choice::Gain| {
            (gain.before - gain.after) * reads[gain.statement].statement.calls
        };
        weight(b).total_cmp(&weight(a))
    });
    gains.dedup_by_key(|gain| gain.statement);
    gains
        .iter()
        .take(STATEMENTS_MAX)
        .map(|gain| reads[gain.statement].statement.sql.as_str())
        .collect()
}

/// A choice is taken when plans use all its indexes and cost less than without.
pub(super) struct Judge {
    names: Vec<String>,
    best: Option<(f64, Plan)>,
    used: Vec<bool>,
}

impl Judge {
    pub(super) fn new(names: Vec<String>) -> Self {
        let used = vec![false; names.len()];
        Self {
            names,
            best: None,
            used,
        }
    }

    pub(super) fn note(&mut self, before: &Plan, after: Plan) {
        for (name, used) in self.names.iter().zip(&mut self.used) {
            let using = format!(" using {name} ");
            *used |= after
                .steps
                .iter()
                .any(|step| format!("{step} ").contains(&using));
        }
        let saved = before.cost - after.cost;
        let share = saved / before.cost.max(1e-9);
        if self.best.as_ref().is_none_or(|(best, _)| share > *best) {
            self.best = Some((share, after));
        }
    }

    pub(super) fn verdict(self) -> Verdict {
        match self.best {
            Some((share, plan)) if share > SAVED_MIN && self.used.iter().all(|used| *used) => {
                Verdict::Taken(plan)
            }
            Some(_) => Verdict::Declined,
            None => Verdict::Unasked,
        }
    }
}

/// The planner has to see at least this share of a statement's cost saved.
const SAVED_MIN: f64 = 0.1;

/// Names of a choice's indexes, as they would be made.
pub(super) fn names(catalog: &Catalog, choice: &Choice) -> Vec<String> {
    let table = &catalog.tables[choice.table];
    choice
        .bundle
        .iter()
        .map(|design: &Design| design.name(table))
        .collect()
}
