//! Which combinations of marks are an attack.

use super::marks::Marks;
use super::start::{
    ANYWHERE, BROKEN_OUT, GOES_ON, NO_OPERATOR, NO_SENTENCE, NOT_TEXT, OPEN, QUOTE, Start, Starts,
    VALUE,
};
use crate::threat::finding::{Severity, ThreatKind, Verdict};

struct Rule {
    all: Marks,
    any: Marks,
    starts: Starts,
    /// The grammar must hold to the value's end, or to a comment.
    whole: bool,
    severity: Severity,
    says: &'static str,
}

const fn rule(all: Marks, any: Marks, starts: Starts, whole: bool, says: &'static str) -> Rule {
    Rule {
        all,
        any,
        starts,
        whole,
        severity: Severity::High,
        says,
    }
}

impl Rule {
    /// Marks of which it needs at least one: the rarest that it needs, or any of a choice.
    const fn needed(&self) -> Marks {
        match self.all.highest() {
            NONE => self.any,
            mark => mark,
        }
    }
}

const NONE: Marks = Marks::NONE;
const ANY_CALL: Marks = Marks::HOT_CALL
    .and(Marks::KNOWN_CALL)
    .and(Marks::COMMON_CALL);
const ANY_COMPARISON: Marks = Marks::CONSTANTS_COMPARED
    .and(Marks::RESULT_COMPARED)
    .and(Marks::COMPARED);
const SHOWN: Marks = Marks::LIST
    .and(ANY_CALL)
    .and(Marks::FROM)
    .and(Marks::SERVER)
    .and(Marks::TAIL);
const VALUES: Marks = SHOWN.and(Marks::SUBQUERY);
/// What a query has that is none of a sentence.
const QUERIED: Marks = SHOWN
    .and(ANY_COMPARISON)
    .and(Marks::ARITHMETIC)
    .and(Marks::CASE)
    .and(Marks::JOINED)
    .and(Marks::SCHEMA)
    .and(Marks::SECRET);

const RULES: &[Rule] = &[
    rule(
        Marks::UNION_SELECT,
        VALUES,
        NOT_TEXT,
        false,
        "a second query is joined on with UNION SELECT",
    ),
    rule(
        Marks::UNION_SELECT,
        Marks::LIST.and(ANY_CALL),
        ANYWHERE,
        false,
        "a second query is joined on with UNION SELECT",
    ),
    rule(
        Marks::UNION_SELECT,
        NONE,
        BROKEN_OUT,
        false,
        "a second query is joined on with UNION SELECT",
    ),
    rule(
        Marks::STACKED,
        NONE,
        BROKEN_OUT,
        false,
        "a second statement follows the first",
    ),
    rule(
        Marks::STACKED,
        NONE,
        NOT_TEXT,
        true,
        "a second statement follows the first",
    ),
    rule(
        Marks::STACKED.and(Marks::SERVER),
        NONE,
        ANYWHERE,
        false,
        "a second statement follows the first",
    ),
    rule(
        Marks::STATEMENT,
        Marks::SERVER,
        ANYWHERE,
        false,
        "a statement calls a procedure of the server",
    ),
    rule(
        Marks::INTO_FILE,
        NONE,
        ANYWHERE,
        false,
        "a query's result is written to a file",
    ),
    // "Turn 1 into @home" does not begin with the number.
    rule(
        Marks::INTO_VARIABLE,
        NONE,
        VALUE,
        true,
        "a query's result is kept in a variable",
    ),
    rule(
        Marks::SELECT.and(Marks::INTO_VARIABLE),
        SHOWN,
        NOT_TEXT,
        true,
        "a query's result is kept in a variable",
    ),
    rule(
        Marks::PROCEDURE,
        ANY_CALL,
        BROKEN_OUT,
        false,
        "a procedure is attached to the query",
    ),
    // Conditions
    rule(
        Marks::LOGIC.and(Marks::CONSTANTS_COMPARED),
        NONE,
        GOES_ON,
        false,
        "a condition compares two constants",
    ),
    rule(
        Marks::LOGIC.and(Marks::CONSTANTS_COMPARED),
        NONE,
        ANYWHERE,
        true,
        "a condition compares two constants",
    ),
    rule(
        Marks::LOGIC.and(Marks::RESULT_COMPARED),
        ANY_CALL.and(Marks::SERVER).and(Marks::SUBQUERY),
        NOT_TEXT,
        false,
        "a condition asks the database about itself",
    ),
    rule(
        Marks::LOGIC.and(Marks::RESULT_COMPARED),
        NONE,
        BROKEN_OUT,
        true,
        "a condition asks the database about itself",
    ),
    rule(
        Marks::LOGIC.and(Marks::COMPARED),
        NONE,
        BROKEN_OUT,
        true,
        "a condition is added to the query",
    ),
    rule(
        Marks::LOGIC.and(Marks::CONSTANT_DECIDES),
        NONE,
        BROKEN_OUT,
        true,
        "a condition that always holds is added",
    ),
    rule(
        Marks::LOGIC.and(Marks::HOT_CALL),
        NONE,
        NOT_TEXT,
        false,
        "a condition calls a function of the database",
    ),
    rule(
        Marks::LOGIC,
        Marks::KNOWN_CALL.and(Marks::QUOTED_CALL).and(Marks::SERVER),
        BROKEN_OUT,
        false,
        "a condition calls a function of the database",
    ),
    rule(
        Marks::LOGIC.and(Marks::SUBQUERY),
        NONE,
        NO_SENTENCE,
        false,
        "a condition holds a query",
    ),
    rule(
        Marks::LOGIC.and(Marks::SUBQUERY),
        QUERIED,
        BROKEN_OUT,
        false,
        "a condition holds a query",
    ),
    rule(
        Marks::LOGIC.and(Marks::SELECT),
        NONE,
        NO_SENTENCE,
        true,
        "a condition holds a query",
    ),
    rule(
        Marks::LOGIC.and(Marks::SELECT),
        QUERIED,
        BROKEN_OUT,
        true,
        "a condition holds a query",
    ),
    rule(
        Marks::LOGIC.and(Marks::GLUED),
        NONE,
        BROKEN_OUT,
        true,
        "a condition is added to the query",
    ),
    rule(
        Marks::LOGIC.and(Marks::BARE_TAIL),
        NONE,
        BROKEN_OUT,
        true,
        "a condition is added and the rest commented out",
    ),
    rule(
        Marks::LOGIC.and(Marks::TAIL),
        NONE,
        NO_OPERATOR,
        true,
        "a condition is added and the rest commented out",
    ),
    rule(
        Marks::LOGIC.and(Marks::REOPENED),
        NONE,
        QUOTE,
        true,
        "a condition is added and the quotes balanced",
    ),
    rule(
        Marks::WHERE,
        Marks::CONSTANTS_COMPARED.and(Marks::SUBQUERY),
        BROKEN_OUT,
        false,
        "a WHERE compares two constants",
    ),
    rule(
        Marks::WHERE.and(Marks::FROM),
        NONE,
        BROKEN_OUT,
        true,
        "a query is completed",
    ),
    rule(
        Marks::HAVING,
        ANY_COMPARISON,
        BROKEN_OUT,
        true,
        "a HAVING compares",
    ),
    // Functions and tables
    rule(
        Marks::HOT_CALL,
        Marks::LIST,
        ANYWHERE,
        false,
        "a function that delays or reads files is called",
    ),
    rule(
        Marks::HOT_CALL,
        NONE,
        NOT_TEXT,
        true,
        "a function that delays or reads files is called",
    ),
    rule(
        Marks::SUBQUERY,
        Marks::FROM.and(Marks::SCHEMA),
        NOT_TEXT,
        false,
        "a query stands inside of the value",
    ),
    rule(
        Marks::SUBQUERY,
        NONE,
        NO_SENTENCE,
        true,
        "a query stands inside of the value",
    ),
    rule(
        Marks::SUBQUERY,
        QUERIED,
        BROKEN_OUT,
        true,
        "a query stands inside of the value",
    ),
    rule(
        Marks::SUBQUERY.and(Marks::CASE),
        NONE,
        ANYWHERE,
        false,
        "a query stands inside of the value",
    ),
    rule(
        Marks::SELECT.and(Marks::SCHEMA).and(Marks::FROM),
        NONE,
        ANYWHERE,
        false,
        "a query reads the database's own tables",
    ),
    rule(
        Marks::SELECT.and(Marks::FROM),
        Marks::LIST
            .and(Marks::ARITHMETIC)
            .and(Marks::KNOWN_CALL)
            .and(Marks::HOT_CALL)
            .and(Marks::SERVER),
        NOT_TEXT,
        true,
        "a query stands in the value",
    ),
    rule(
        Marks::SELECT,
        Marks::HOT_CALL.and(Marks::SERVER).and(Marks::MORE_CALLS),
        NOT_TEXT,
        true,
        "a query stands in the value",
    ),
    rule(
        Marks::MORE_CALLS.and(Marks::KNOWN_CALL),
        NONE,
        NOT_TEXT,
        true,
        "functions of the database are nested",
    ),
    rule(
        Marks::KNOWN_CALL,
        ANY_COMPARISON.and(Marks::TAIL),
        BROKEN_OUT,
        true,
        "a function of the database is called",
    ),
    rule(
        Marks::QUOTED_CALL,
        NONE,
        OPEN,
        true,
        "a function of the database is called",
    ),
    rule(
        Marks::ARITHMETIC,
        Marks::KNOWN_CALL.and(Marks::SUBQUERY),
        BROKEN_OUT,
        true,
        "a value is computed by the database",
    ),
    rule(
        Marks::KNOWN_CALL,
        Marks::CONSTANTS_COMPARED.and(Marks::SERVER),
        NOT_TEXT,
        true,
        "a function of the database is called",
    ),
    rule(
        Marks::JOINED,
        ANY_COMPARISON,
        BROKEN_OUT,
        true,
        "a condition is added to the query",
    ),
    rule(
        Marks::JOINED,
        ANY_CALL.and(Marks::SUBQUERY),
        BROKEN_OUT,
        true,
        "strings are joined by the database",
    ),
    rule(
        Marks::CASE,
        ANY_COMPARISON,
        BROKEN_OUT,
        true,
        "a CASE decides",
    ),
    // What follows a quote
    rule(
        Marks::BARE_TAIL,
        NONE,
        QUOTE,
        true,
        "the rest of the query is commented out",
    ),
    rule(Marks::ENDED, NONE, QUOTE, true, "the query is ended"),
    rule(
        Marks::CONSTANT_TAIL,
        NONE,
        BROKEN_OUT,
        true,
        "the rest of the query is commented out",
    ),
    rule(
        Marks::TAIL,
        Marks::CLOSED,
        BROKEN_OUT,
        true,
        "the rest of the query is commented out",
    ),
    rule(
        Marks::BARE_TAIL,
        NONE,
        OPEN,
        true,
        "the rest of the query is commented out",
    ),
    rule(
        Marks::CLAUSE.and(Marks::LIST),
        NONE,
        BROKEN_OUT,
        true,
        "a clause is added to the query",
    ),
    rule(
        Marks::TAIL,
        Marks::CLAUSE,
        BROKEN_OUT,
        true,
        "the rest of the query is commented out",
    ),
    rule(
        Marks::CLAUSE,
        Marks::TAIL,
        BROKEN_OUT,
        true,
        "the rest of the query is commented out",
    ),
    rule(
        Marks::CLAUSE,
        Marks::CLOSED,
        QUOTE,
        true,
        "a clause is added to the query",
    ),
    rule(
        Marks::QUOTES_JOINED,
        NONE,
        QUOTE,
        true,
        "two quotes enclose an operator",
    ),
    rule(
        Marks::REOPENED,
        ANY_COMPARISON.and(Marks::JOINED),
        QUOTE,
        true,
        "the value leaves its quotes and enters them again",
    ),
    rule(
        NONE,
        Marks::CONSTANTS_COMPARED.and(Marks::RESULT_COMPARED),
        QUOTE,
        true,
        "a comparison follows the value's quote",
    ),
    // Of names alone it is a formula, "y' = ax + b", unless the query's own quote is provided for.
    rule(
        Marks::COMPARED,
        Marks::REOPENED.and(Marks::TAIL),
        QUOTE,
        true,
        "a comparison follows the value's quote",
    ),
    // What may be a few words
    Rule {
        severity: Severity::Low,
        ..rule(
            Marks::LOGIC.and(Marks::SECRET),
            NONE,
            VALUE,
            true,
            "a condition names a column that tells users apart",
        )
    },
];

/// The first rule that the marks fulfil.
pub(super) fn judge(marks: Marks, start: Start, whole: bool) -> Option<Verdict> {
    let held = &HELD[start as usize][usize::from(whole)];
    // Almost every stretch of tokens lacks whatever a rule needs.
    if !marks.has_any(held.needed) {
        return None;
    }
    let rule = held.rules[..held.count]
        .iter()
        .map(|&at| &RULES[usize::from(at)])
        .find(|rule| marks.has_all(rule.all) && (rule.any == NONE || marks.has_any(rule.any)))?;
    Some(Verdict::new(
        ThreatKind::SqlInjection,
        rule.severity,
        rule.says,
    ))
}

/// The rules that hold for one start.
#[derive(Clone, Copy)]
struct Held {
    rules: [u8; RULES.len()],
    count: usize,
    /// One of these marks is in each of them.
    needed: Marks,
}

/// By start, and by whether the grammar held to the end.
static HELD: [[Held; 2]; Start::COUNT] = {
    let none = Held {
        rules: [0; RULES.len()],
        count: 0,
        needed: NONE,
    };
    let mut held = [[none; 2]; Start::COUNT];
    let mut start = 0;
    while start < Start::COUNT {
        let mut at = 0;
        while at < RULES.len() {
            let rule = &RULES[at];
            let mut whole = rule.whole as usize;
            while whole < 2 && rule.starts.has(start) {
                let held = &mut held[start][whole];
                held.rules[held.count] = at as u8;
                held.count += 1;
                held.needed = held.needed.and(rule.needed());
                whole += 1;
            }
            at += 1;
        }
        start += 1;
    }
    held
};
