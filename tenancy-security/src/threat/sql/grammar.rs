//! Whether a value goes on where a query's author stopped.
//!
//! SQL alternates operands and operators; English does not. The grammar below follows a value
//! through that alternation and notes what it meets. At the first token that no dialect allows
//! there, what was met is judged and the grammar starts afresh, so ordinary text leaves it after a
//! word or two, and an attack behind a long text is still read from its beginning.

mod operand;
mod operator;
mod statement;

use memchr::memchr;

use super::lex::{Lexeme, Lexer, Token};
use super::marks::Marks;
use super::rules;
use super::start::Start;
use super::words::Word;
use crate::threat::finding::Verdict;

/// How a value may stand in a query.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Reading {
    /// Without quotes: `WHERE id = …`.
    Bare,
    /// In quotes, which it leaves at the first one.
    Quoted(u8),
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum State {
    /// Nothing was read yet.
    Fresh,
    /// An operand must follow.
    Operand,
    /// An operator must follow.
    Operator,
    /// A statement may follow.
    Statement,
}

/// What the last operand was.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Last {
    None,
    Constant,
    Name,
    Result,
}

#[derive(Debug)]
pub(super) struct Grammar<'a> {
    value: &'a [u8],
    lexer: Lexer<'a>,
    /// Its own reading, and those that have come to the same place.
    readings: [Option<Reading>; 4],
    /// Whether to go on behind what is no SQL.
    reads_on: bool,
    /// Where the value left its quotes.
    from: usize,
    /// Where the stretch of tokens began that is being read, behind the first.
    began: Option<usize>,
    start: Start,
    state: State,
    marks: Marks,
    depth: i32,
    last: Last,
    /// The operand before the comparison that waits for its right side.
    compared: Option<Last>,
    /// Whether the operand that follows stands right behind AND or OR.
    behind_logic: Option<Word>,
    /// Whether the operand read last stood there.
    after_logic: Option<Word>,
    /// Whether a `UNION` waits for its `SELECT`.
    union: bool,
    /// Whether an alias may follow, after FROM or a closing parenthesis.
    alias: bool,
    /// Whether the token before was an opening parenthesis.
    opened: bool,
    /// Whether the token before was `TOP`.
    top: bool,
    tokens: u32,
    found: Option<Verdict>,
}

impl<'a> Grammar<'a> {
    /// Starts behind the value's first quote, or at its beginning.
    pub(super) fn new(value: &'a [u8], reading: Reading, reads_on: bool) -> Option<Self> {
        let (at, start, state) = match reading {
            Reading::Bare => (0, Start::Nothing, State::Fresh),
            Reading::Quoted(quote) => {
                let length = memchr(quote, value)?;
                let mut at = length + 1;
                // Behind a backslash the first of two is a part of the text.
                if value[..length].ends_with(b"\\") && value.get(at) == Some(&quote) {
                    at += 1;
                }
                // A doubled quote is one quote of the text, where a single one follows.
                while value.get(at) == Some(&quote)
                    && value.get(at + 1).is_some_and(u8::is_ascii_alphanumeric)
                    && length > 0
                {
                    at += 2 + memchr(quote, &value[at + 1..])?;
                }
                let prefix = value[..at - 1].trim_ascii();
                let start = if memchr(b' ', prefix).is_some() {
                    Start::LooseQuote
                } else {
                    Start::Quote
                };
                (at, start, State::Operator)
            }
        };
        Some(Self {
            value,
            lexer: Lexer::new(value, at),
            readings: [Some(reading), None, None, None],
            reads_on,
            from: at,
            began: None,
            start,
            state,
            marks: Marks::NONE,
            depth: 0,
            last: Last::Constant,
            compared: None,
            behind_logic: None,
            after_logic: None,
            union: false,
            alias: false,
            opened: false,
            top: false,
            tokens: 0,
            found: None,
        })
    }

    /// Reads on to where the grammar begins afresh; `false` at the end, and where an attack is certain.
    pub(super) fn read(&mut self) -> bool {
        while let Some(lexeme) = self.lexer.next() {
            if lexeme.after_comment {
                self.marks |= Marks::COMMENT;
            }
            self.tokens += 1;
            if !self.accept(&lexeme) {
                // Where the rest of the query goes on behind a comment, what was met is the whole value.
                if self.settle(lexeme.after_comment) || !self.reads_on {
                    return false;
                }
                self.restart(&lexeme);
                return true;
            }
        }
        self.settle(true);
        false
    }

    /// Where it began afresh last, if it did.
    pub(super) fn began(&self) -> Option<usize> {
        self.began
    }

    /// The readings it goes on for.
    pub(super) fn readings(&self) -> [Option<Reading>; 4] {
        self.readings
    }

    /// Goes on for others as well, which began afresh where this one did.
    pub(super) fn join(&mut self, others: [Option<Reading>; 4]) {
        let mut others = others.into_iter().flatten();
        for place in &mut self.readings {
            *place = place.or_else(|| others.next());
        }
    }

    /// Whether the value stands in such quotes.
    fn leaves(&self, quote: u8) -> bool {
        self.readings.contains(&Some(Reading::Quoted(quote)))
    }

    /// What was found so far.
    pub(super) fn found(&self) -> Option<Verdict> {
        self.found
    }

    /// Asks the rules about what was met; `true` once an attack is certain.
    fn settle(&mut self, whole: bool) -> bool {
        if let Some(verdict) = rules::judge(self.marks, self.start, whole) {
            self.found = Some(verdict);
        }
        self.found.is_some_and(|found| found.severity.blocks())
    }

    /// Begins again with a token that could not follow.
    fn restart(&mut self, lexeme: &Lexeme) {
        self.began = Some(lexeme.start);
        self.start = Start::Text;
        self.state = State::Fresh;
        self.marks = Marks::NONE;
        self.depth = 0;
        self.last = Last::None;
        self.compared = None;
        self.behind_logic = None;
        self.after_logic = None;
        self.union = false;
        self.alias = false;
        self.opened = false;
        self.top = false;
        self.tokens = 1;
        self.accept(lexeme);
    }

    fn accept(&mut self, lexeme: &Lexeme) -> bool {
        if self.state == State::Fresh {
            self.begin(lexeme);
        }
        let opened = std::mem::replace(&mut self.opened, false);
        match self.state {
            State::Operand | State::Fresh => self.operand(lexeme, opened),
            State::Operator => self.operator(lexeme),
            State::Statement => self.statement(lexeme),
        }
    }

    /// The first token says in which state the grammar is.
    fn begin(&mut self, lexeme: &Lexeme) {
        let kind = match lexeme.token {
            Token::Number => Start::Number,
            // "- Copy what is there": an item of a list.
            Token::Sign if begins_item(&self.value[lexeme.end..]) => Start::Word,
            Token::Sign | Token::Star | Token::Arithmetic | Token::Variable { .. } => Start::Sign,
            Token::Open => Start::Open,
            Token::Text { .. } => Start::Text,
            Token::Word { known: None, .. } => Start::Word,
            Token::Word {
                known: Some(word), ..
            } => match word {
                Word::And
                | Word::Or
                | Word::Union
                | Word::Having
                | Word::Order
                | Word::Group
                | Word::Where
                | Word::Limit
                | Word::Procedure
                | Word::Into
                | Word::From
                | Word::Between => Start::Operator,
                Word::Statement | Word::Exec | Word::WaitFor | Word::If => Start::Statement,
                _ => Start::Word,
            },
            Token::Close
            | Token::Comma
            | Token::Compare
            | Token::Bars
            | Token::Ampersands
            | Token::Semicolon
            | Token::Tail
            | Token::Other => Start::Operator,
        };
        if self.start == Start::Nothing {
            self.start = kind;
        }
        self.last = Last::None;
        self.state = match kind {
            Start::Operator => State::Operator,
            Start::Statement => State::Statement,
            _ => State::Operand,
        };
    }
}

/// A blank, and a word or a name.
fn begins_item(rest: &[u8]) -> bool {
    matches!(rest, [b' ', first, ..] if first.is_ascii_alphabetic() || *first == b'`')
}
