use serde::Serialize;

use super::design::digest;

/// What an advisor found.
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct Report {
    /// `postgres` or `sqlite`.
    pub database: &'static str,
    /// The advice, the most severe first.
    pub advice: Vec<Advice>,
    /// Statements that get no index, and why.
    pub refused: Vec<Refusal>,
    /// How many statements were considered.
    pub statements: usize,
    /// Statements that could not be read or planned.
    pub unread: Vec<Unread>,
}

/// Something to do about a table, its indexes or its policies.
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct Advice {
    /// The same at every run, for as long as the matter is the same.
    pub id: String,
    /// What kind of matter it is.
    pub rule: Rule,
    /// How much it matters.
    pub severity: Severity,
    /// The table, with its schema where that is not the usual one.
    pub table: String,
    /// The index it is about, as what stands after the table in `CREATE INDEX`, or its name.
    pub index: Option<String>,
    /// The matter in one sentence, and what to do.
    pub message: String,
    /// What it was concluded from.
    pub evidence: Vec<String>,
    /// How sure it is.
    pub confidence: Confidence,
    /// The plan now, of the statement that gains most.
    pub before: Option<Plan>,
    /// The plan with the advice followed.
    pub after: Option<Plan>,
    /// The share of the workload's cost that it saves, of 1.
    pub gain: Option<f64>,
    /// How large the index would be, or is.
    pub size_bytes: Option<u64>,
    /// What the workload's writes would cost more, as a share of what its reads would save.
    pub write_price: Option<f64>,
    /// Statements that follow the advice, in their order.
    pub apply: Vec<String>,
    /// The names of the indexes that it makes, as SQL.
    #[serde(skip)]
    pub(crate) makes: Vec<String>,
    /// Statements that take it back.
    pub undo: Vec<String>,
    /// The statements of the workload that gain.
    pub statements: Vec<String>,
    /// The schemas that it is true of, where there are several.
    pub schemas: Vec<String>,
}

/// A plan that the database would follow.
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct Plan {
    /// The planner's cost, or on SQLite an estimate of rows visited.
    pub cost: f64,
    /// The steps, outermost first.
    pub steps: Vec<String>,
}

/// A statement that gets no index.
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct Refusal {
    /// The statement.
    pub statement: String,
    /// The table that it asks.
    pub table: String,
    /// Why it gets none.
    pub reason: Reason,
}

/// A statement that nothing could be said of.
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct Unread {
    /// The statement.
    pub statement: String,
    /// What stood in the way.
    pub error: String,
}

/// What a piece of advice is about.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Rule {
    /// An index on the tenant alone, beside one that begins with it.
    BareTenantIndex,
    /// The same index twice.
    DuplicateIndex,
    /// A schema whose indexes differ from those of its like.
    DriftedSchema,
    /// An index that its making left unfinished.
    InvalidIndex,
    /// An index that statements would gain by.
    MissingIndex,
    /// Statistics that the planner does without.
    MissingStatistics,
    /// A foreign key whose parent's rows are slow to delete.
    UnindexedForeignKey,
    /// A policy for which each row is looked at.
    PolicyDefeatsIndexes,
    /// A policy that asks the server anew for each row.
    PolicyPerRow,
    /// An index whose keys begin another one.
    RedundantIndex,
    /// A tenant's table without an index that begins with the tenant.
    TenantNotLeading,
    /// A login that row-level security does not bind.
    UnboundLogin,
    /// A unique key that two tenants share.
    UniqueWithoutTenant,
    /// An index that nothing uses.
    UnusedIndex,
    /// Counts of uses that are too young to tell.
    YoungCounts,
}

/// How much a piece of advice matters.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// Good to know.
    Info,
    /// Costs space or writes.
    Low,
    /// Makes statements slow, or will.
    Medium,
    /// Makes the workload slow, or tenants less apart.
    High,
}

/// How sure a piece of advice is.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Confidence {
    /// Computed from statistics: no planner has seen it.
    Estimated,
    /// Follows from the catalogue.
    Rule,
    /// The database's own planner takes it.
    Verified,
}

/// Why a statement gets no index for a table.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Reason {
    /// An index that is there serves it.
    AlreadyServed,
    /// Row-level security looks at the condition behind the policy only, because the catalogue does not call its
    /// function or operator `LEAKPROOF`, and so by no index.
    HeldBack,
    /// No condition leaves few enough of the rows.
    LowSelectivity,
    /// It wants all rows.
    NoCondition,
    /// The planner does not take the index.
    PlannerDeclines,
    /// The table has too few rows.
    SmallTable,
    /// A pattern that stands in no statement may begin with anything.
    UnknownPattern,
    /// What it saves is not worth what writes would pay.
    WriteHeavy,
}

impl Report {
    pub(crate) fn new(
        database: &'static str,
        mut advice: Vec<Advice>,
        refused: Vec<Refusal>,
        statements: usize,
        unread: Vec<Unread>,
    ) -> Self {
        advice.sort_by(|a, b| {
            let weight = |advice: &Advice| advice.gain.unwrap_or_default();
            (b.severity.cmp(&a.severity))
                .then_with(|| weight(b).total_cmp(&weight(a)))
                .then_with(|| (a.rule, &a.table, &a.index).cmp(&(b.rule, &b.table, &b.index)))
        });
        Self {
            database,
            advice,
            refused,
            statements,
            unread,
        }
    }

    /// The greatest severity of all advice; `None` where there is none.
    pub fn severity(&self) -> Option<Severity> {
        self.advice.iter().map(|advice| advice.severity).max()
    }
}

impl Severity {
    /// How much an index matters that saves this share of the workload's cost.
    pub(crate) fn of_gain(gain: f64) -> Self {
        match gain {
            gain if gain >= 0.2 => Self::High,
            gain if gain >= 0.02 => Self::Medium,
            _ => Self::Low,
        }
    }
}

impl Advice {
    pub(crate) fn new(rule: Rule, severity: Severity, table: String, message: String) -> Self {
        Self {
            id: String::new(),
            rule,
            severity,
            table,
            index: None,
            message,
            evidence: Vec::new(),
            confidence: Confidence::Rule,
            before: None,
            after: None,
            gain: None,
            size_bytes: None,
            write_price: None,
            apply: Vec::new(),
            makes: Vec::new(),
            undo: Vec::new(),
            statements: Vec::new(),
            schemas: Vec::new(),
        }
        .identified()
    }

    pub(crate) fn index(mut self, index: impl Into<String>) -> Self {
        self.index = Some(index.into());
        self.identified()
    }

    /// Adds the same matter of another schema.
    #[cfg(feature = "postgres")]
    pub(crate) fn add(&mut self, other: Self) {
        let saved = |advice: &Self| advice.gain.unwrap_or_default();
        let (before, more) = (saved(self), saved(&other));
        if let (Some(own), Some(others)) = (self.write_price, other.write_price) {
            let price = (own * before + others * more) / (before + more).max(1e-9);
            self.write_price = Some(price);
        }
        if let (Some(own), Some(others)) = (self.gain, other.gain) {
            self.gain = Some(own + others);
            self.severity = Severity::of_gain(own + others);
        }
        self.severity = self.severity.max(other.severity);
        if other.confidence == Confidence::Estimated {
            self.confidence = Confidence::Estimated;
        }
        let sizes = [self.size_bytes, other.size_bytes];
        self.size_bytes = sizes
            .into_iter()
            .flatten()
            .reduce(|own, others| own + others);
        self.apply.extend(other.apply);
        self.makes.extend(other.makes);
        self.undo.extend(other.undo);
        self.statements.extend(other.statements);
    }

    pub(crate) fn evidence(mut self, evidence: impl Into<String>) -> Self {
        self.evidence.push(evidence.into());
        self
    }

    /// Made of what does not change from run to run.
    fn identified(mut self) -> Self {
        let index = self.index.as_deref().unwrap_or_default();
        self.id = digest(&format!("{:?} {} {index}", self.rule, self.table));
        self
    }
}
