//! What triggers run because of a workload: statements like its own.

use sqlparser::dialect::SQLiteDialect;
use sqlparser::tokenizer::{Token, Tokenizer};

use crate::advisor::catalog::Catalog;
use crate::advisor::syntax::{self, Purpose};
use crate::advisor::workload::{Statement, Workload};

/// Triggers that fire triggers are followed this far.
const DEPTH_MAX: usize = 4;

/// A trigger of a table.
#[derive(Debug)]
pub(super) struct Trigger {
    table: String,
    /// `DELETE`, `INSERT` or `UPDATE`.
    event: &'static str,
    /// The columns whose change it is about; none where it is about all.
    columns: Vec<String>,
    statements: Vec<String>,
}

impl Trigger {
    /// Reads `CREATE TRIGGER`; `None` where it has another form than SQLite's.
    pub(super) fn read(table: String, sql: &str) -> Option<Self> {
        let tokens = Tokenizer::new(&SQLiteDialect {}, sql).tokenize().ok()?;
        let begin = tokens.iter().position(|token| is_word(token, "BEGIN"))?;
        let end = tokens.iter().rposition(|token| is_word(token, "END"))?;
        let (head, body) = (&tokens[..begin], tokens.get(begin + 1..end)?);
        let event = head.iter().find_map(event)?;
        let place = |word| head.iter().position(|token| is_word(token, word));
        let columns = match (place("OF"), place("ON")) {
            // `INSTEAD OF` stands before the event, and is about a view.
            (Some(of), Some(on)) if event == "UPDATE" => head.get(of..on)?,
            _ => &[],
        };
        let columns = columns.iter().skip(1).filter_map(|token| match token {
            Token::Word(word) => Some(word.value.clone()),
            _ => None,
        });
        let statements = body.split(|token| *token == Token::SemiColon).map(text);
        Some(Self {
            table,
            event,
            columns: columns.collect(),
            statements: statements.filter(|sql| !sql.trim().is_empty()).collect(),
        })
    }

    fn fires_on(&self, purpose: &Purpose) -> bool {
        match purpose {
            Purpose::Delete => self.event == "DELETE",
            Purpose::Insert => self.event == "INSERT",
            Purpose::Read => false,
            Purpose::Update(written) => {
                let is_written = |column: &String| {
                    written
                        .iter()
                        .any(|other| other.eq_ignore_ascii_case(column))
                };
                let is_about = self.columns.is_empty() || self.columns.iter().any(is_written);
                self.event == "UPDATE" && is_about
            }
        }
    }
}

/// The workload, and what triggers run because of it.
pub(super) fn with_fired(catalog: &Catalog, triggers: &[Trigger], workload: &Workload) -> Workload {
    let mut all = workload.clone();
    let mut last = workload.statements().to_vec();
    for _ in 0..DEPTH_MAX {
        let mut fired: Vec<Statement> = Vec::new();
        for statement in &last {
            for sql in run_by(catalog, triggers, statement) {
                match fired.iter_mut().find(|other| other.sql == sql) {
                    Some(other) => other.calls += statement.calls,
                    // Its time is part of the time of what fired it.
                    None => fired.push(Statement {
                        sql,
                        ..statement.clone()
                    }),
                }
            }
        }
        if fired.is_empty() {
            break;
        }
        all.extend(fired.iter().cloned());
        last = fired;
    }
    all
}

fn run_by(catalog: &Catalog, triggers: &[Trigger], statement: &Statement) -> Vec<String> {
    let accesses = syntax::accesses(catalog, &statement.sql).unwrap_or_default();
    let fired = accesses.iter().flat_map(|access| {
        let table = &catalog.tables[access.table].name;
        triggers.iter().filter(move |trigger| {
            trigger.table.eq_ignore_ascii_case(table) && trigger.fires_on(&access.purpose)
        })
    });
    fired
        .flat_map(|trigger| trigger.statements.iter().cloned())
        .collect()
}

/// A statement of a trigger's, with parameters in the place of the row's values.
fn text(tokens: &[Token]) -> String {
    let mut text = String::new();
    let mut rest = tokens;
    while let [token, after @ ..] = rest {
        rest = match after {
            [Token::Period, Token::Word(_), after @ ..]
                if is_word(token, "NEW") || is_word(token, "OLD") =>
            {
                text.push('?');
                after
            }
            // It is nothing outside of a trigger.
            [Token::LParen, ..] if is_word(token, "RAISE") => {
                text += "NULL";
                let end = after.iter().position(|token| *token == Token::RParen);
                &after[end.map_or(after.len(), |end| end + 1)..]
            }
            _ => {
                text += &token.to_string();
                after
            }
        };
    }
    text.trim().to_owned()
}

fn is_word(token: &Token, wanted: &str) -> bool {
    matches!(token, Token::Word(word)
        if word.quote_style.is_none() && word.value.eq_ignore_ascii_case(wanted))
}

fn event(token: &Token) -> Option<&'static str> {
    ["DELETE", "INSERT", "UPDATE"]
        .into_iter()
        .find(|event| is_word(token, event))
}
