use std::collections::BTreeSet;

use crate::advisor::design::Term;

/// One mention of a table in a statement, and what is asked of it there.
#[derive(Clone, Debug)]
pub(crate) struct Access {
    /// Its place in the catalogue.
    pub(crate) table: usize,
    /// Conditions that all rows have to meet.
    pub(crate) predicates: Vec<Predicate>,
    /// Conditions of which rows have to meet one: each list is one `OR`.
    pub(crate) alternatives: Vec<Vec<Vec<Predicate>>>,
    /// The order that the rows are wanted in.
    pub(crate) order: Vec<Order>,
    /// Whether only the first rows are wanted.
    pub(crate) is_limited: bool,
    /// The columns that the statement looks at; `None`: all of them.
    pub(crate) columns: Option<BTreeSet<String>>,
    pub(crate) purpose: Purpose,
}

#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum Purpose {
    Delete,
    Insert,
    Read,
    /// Writes these columns.
    Update(Vec<String>),
}

/// A condition on one term.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Predicate {
    pub(crate) term: Term,
    pub(crate) test: Test,
    /// The whole condition, in the words of [`canonical`](super::canonical).
    pub(crate) text: String,
    /// What it is compared with, where that stands in the statement.
    pub(crate) value: Option<String>,
    /// Another collation than the column's.
    pub(crate) collation: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Test {
    /// A pattern that begins with a wildcard.
    Contains,
    Equal,
    /// A condition that row-level security holds back until the policy has passed.
    HeldBack,
    /// One of so many values; none where the number is not known.
    In(Option<usize>),
    IsNull,
    /// Equal to a column of another mention of a table, by its place among them.
    Join(usize),
    /// A condition that no index of the column helps with.
    Other,
    /// A pattern whose beginning is known.
    Prefix,
    /// A pattern that stands in no statement.
    UnknownPattern,
    Range {
        bounds: u8,
    },
}

#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Order {
    pub(crate) term: Term,
    pub(crate) descending: bool,
    pub(crate) nulls_first: Option<bool>,
    pub(crate) collation: Option<String>,
}

impl Access {
    pub(crate) fn new(table: usize, purpose: Purpose) -> Self {
        Self {
            table,
            predicates: Vec::new(),
            alternatives: Vec::new(),
            order: Vec::new(),
            is_limited: false,
            columns: Some(BTreeSet::new()),
            purpose,
        }
    }
}

impl Predicate {
    /// Whether rows that meet it stand together in an index of the term.
    pub(crate) fn is_equality(&self) -> bool {
        matches!(self.test, Test::Equal | Test::In(_) | Test::IsNull)
    }

    pub(crate) fn is_range(&self) -> bool {
        matches!(self.test, Test::Range { .. } | Test::Prefix)
    }
}
