//! Whether a value goes on where a query's author stopped.
//!
//! SQL alternates operands and operators; English does not. The grammar below follows a value
//! through that alternation and notes what it meets. At the first token that no dialect allows
//! there, what was met is judged and the grammar starts afresh, so ordinary text leaves it after a
//! word or two, and an attack behind a long text is still read from its beginning.

use super::lex::{Lexeme, Lexer, Token};
use super::marks::Marks;
use super::rules::{self, Start};
use super::statements;
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
    reading: Reading,
    /// Whether to go on behind what is no SQL.
    reads_on: bool,
    /// Where the value left its quotes.
    from: usize,
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
                let length = value.iter().position(|&byte| byte == quote)?;
                let mut at = length + 1;
                // A doubled quote is one quote of the text, where a single one follows.
                while value.get(at) == Some(&quote)
                    && value.get(at + 1).is_some_and(u8::is_ascii_alphanumeric)
                    && length > 0
                {
                    at += 2 + value[at + 1..].iter().position(|&byte| byte == quote)?;
                }
                let prefix = &value[..at - 1];
                let loose = prefix.trim_ascii().contains(&b' ');
                let start = if loose {
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
            reading,
            reads_on,
            from: at,
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

    /// Reads to the end, or to the first attack.
    pub(super) fn judge(mut self) -> Option<Verdict> {
        while let Some(lexeme) = self.lexer.next() {
            if lexeme.after_comment {
                self.marks |= Marks::COMMENT;
            }
            self.tokens += 1;
            if !self.accept(&lexeme) {
                if self.settle(false) || !self.reads_on {
                    return self.found;
                }
                self.restart(&lexeme);
            }
        }
        self.settle(true);
        self.found
    }

    /// Asks the rules about what was met; `true` once an attack is certain.
    fn settle(&mut self, whole: bool) -> bool {
        if let Some(verdict) = rules::judge(self.marks, self.start, whole, self.tokens) {
            self.found = Some(verdict);
        }
        self.found.is_some_and(|found| found.severity.blocks())
    }

    /// Begins again with a token that could not follow.
    fn restart(&mut self, lexeme: &Lexeme) {
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
            self.begin(lexeme.token);
        }
        let opened = std::mem::replace(&mut self.opened, false);
        match self.state {
            State::Operand | State::Fresh => self.operand(lexeme, opened),
            State::Operator => self.operator(lexeme),
            State::Statement => self.statement(lexeme),
        }
    }

    /// The first token says in which state the grammar is.
    fn begin(&mut self, token: Token) {
        let kind = match token {
            Token::Number => Start::Number,
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

    fn operand(&mut self, lexeme: &Lexeme, opened: bool) -> bool {
        match lexeme.token {
            Token::Number | Token::Text { .. } => self.constant(lexeme),
            Token::Variable { server } => {
                if server {
                    self.marks |= Marks::SERVER;
                }
                self.close_operand(if server { Last::Result } else { Last::Name });
            }
            Token::Word { known, called } => return self.operand_word(known, called, opened),
            Token::Open => {
                self.depth += 1;
                self.opened = true;
            }
            Token::Close => {
                // An empty call, or an operand that the value's author left out.
                if !opened {
                    return false;
                }
                return self.close_parenthesis();
            }
            Token::Sign => {}
            Token::Star => {
                self.marks |= Marks::LIST;
                self.close_operand(Last::Name);
            }
            Token::Tail => self.tail(lexeme),
            Token::Compare
            | Token::Bars
            | Token::Ampersands
            | Token::Arithmetic
            | Token::Comma
            | Token::Semicolon
            | Token::Other => return false,
        }
        true
    }

    /// A comment to the end; what it hides may be a few letters of padding, or a text.
    fn tail(&mut self, lexeme: &Lexeme) {
        self.marks |= Marks::TAIL;
        let marker = if self.value[lexeme.start] == b'#' {
            1
        } else {
            2
        };
        let hidden = self.value[lexeme.start + marker..lexeme.end].trim_ascii();
        if hidden.len() <= 16 && !hidden.contains(&b' ') {
            self.marks |= Marks::BARE_TAIL;
            if self.start == Start::Number
                && !self.marks.has_any(Marks::NAME.and(Marks::COMMA))
                && hidden.len() <= 1
            {
                self.marks |= Marks::CONSTANT_TAIL;
            }
        }
    }

    /// Whether the two quotes around an operator belong to the query: `' OR '`, and no word of a
    /// text that stands in quotes of its own, as in `the "like" stamp`.
    fn joins_quotes(&self, second: usize) -> bool {
        let inside = &self.value[second + 1..];
        let between = &self.value[self.from..second];
        let is_word = between.trim_ascii().iter().all(u8::is_ascii_alphabetic);
        let is_spaced = between.starts_with(b" ") && between.ends_with(b" ");
        let is_short = inside.len() <= 2 || inside.iter().all(u8::is_ascii_alphanumeric);
        is_short && (!is_word || (is_spaced && self.reading == Reading::Quoted(b'\'')))
    }

    fn constant(&mut self, lexeme: &Lexeme) {
        if std::mem::take(&mut self.top) {
            return; // SELECT TOP 1 name
        }
        let last_quote = lexeme.end == self.value.len()
            && matches!(
                (lexeme.token, self.reading),
                (Token::Text { quote, open: true }, Reading::Quoted(own)) if quote == own
            );
        if last_quote {
            if self.tokens > 2 {
                self.marks |= Marks::REOPENED;
            }
            if self.tokens == 2 {
                if self.joins_quotes(lexeme.start) {
                    self.marks |= Marks::QUOTES_JOINED;
                } else {
                    self.start = Start::LooseQuote;
                }
            }
        }
        if self.marks.has_any(Marks::CLAUSE) {
            self.marks |= Marks::LIST;
        }
        if let Some(logic) = self.behind_logic
            && matches!(lexeme.token, Token::Number)
            && (logic == Word::Or)
        {
            let digits = &self.value[lexeme.start..lexeme.end];
            if matches!(digits, b"1" | b"0") {
                self.marks |= Marks::CONSTANT_DECIDES;
            }
        }
        self.close_operand(Last::Constant);
    }

    fn operand_word(&mut self, known: Option<Word>, called: bool, opened: bool) -> bool {
        let Some(word) = known else {
            self.close_operand(if called { Last::None } else { Last::Name });
            return self.call(called, None);
        };
        match word {
            Word::Select => {
                self.marks |= Marks::SELECT;
                if self.union {
                    self.marks |= Marks::UNION_SELECT;
                    self.union = false;
                } else if opened || self.depth > 0 {
                    self.marks |= Marks::SUBQUERY;
                }
                self.compared = None;
                self.state = State::Operand;
            }
            Word::Not | Word::Before => {} // NOT (…), ANY(…): the parenthesis is the operand
            Word::Top => self.top = true,
            Word::Table if !called => {} // IN NATURAL LANGUAGE MODE
            Word::Case => {
                self.marks |= Marks::CASE;
            }
            Word::Branch => {} // CASE WHEN
            Word::Constant => {
                if self.behind_logic.is_some() {
                    self.marks |= Marks::CONSTANT_DECIDES;
                }
                self.close_operand(Last::Constant);
            }
            Word::Pseudo => {
                self.close_operand(Last::Result);
                return self.call(called, Some(word));
            }
            Word::If if !called => return self.marks.has_any(Marks::STACKED), // IF 1=1 …
            Word::Hot | Word::Known | Word::Common | Word::If | Word::Server => {
                self.close_operand(Last::Name);
                return self.call(called, Some(word));
            }
            Word::Secret => {
                self.marks |= Marks::SECRET;
                self.close_operand(Last::Name);
                return self.call(called, Some(word));
            }
            Word::Schema => {
                self.marks |= Marks::SCHEMA;
                self.close_operand(Last::Name);
            }
            // LEFT(…), REPLACE(…), CHAR(…), INSERT(…): functions as well.
            Word::Table
            | Word::Statement
            | Word::Between
            | Word::Limit
            | Word::Group
            | Word::As
                if called =>
            {
                self.close_operand(Last::Name);
                return self.call(called, Some(Word::Common));
            }
            Word::WaitFor => {
                self.marks |= Marks::WAITFOR;
                self.state = State::Operator;
            }
            Word::From if self.marks.has_any(Marks::SELECT) => {
                // `select from`, after a list that ends in a comment or a star.
                self.marks |= Marks::FROM;
            }
            _ => return false,
        }
        true
    }

    /// Opens a call's parenthesis, if the word is one.
    fn call(&mut self, called: bool, word: Option<Word>) -> bool {
        if !called {
            return true;
        }
        let Some(open) = self.lexer.next() else {
            return true;
        };
        debug_assert_eq!(open.token, Token::Open);
        self.depth += 1;
        self.opened = true;
        self.state = State::Operand;
        let seen = Marks::KNOWN_CALL
            .and(Marks::HOT_CALL)
            .and(Marks::COMMON_CALL);
        if word.is_some() && self.marks.has_any(seen) {
            self.marks |= Marks::MORE_CALLS;
        }
        match word {
            Some(Word::Hot | Word::Server) => self.marks |= Marks::HOT_CALL,
            Some(Word::Known | Word::If | Word::Pseudo) => self.marks |= Marks::KNOWN_CALL,
            Some(_) => self.marks |= Marks::COMMON_CALL,
            None => {}
        }
        // What is compared with the call is compared with its result.
        if self.compared.take().is_some() {
            self.marks |= Marks::RESULT_COMPARED;
        }
        self.last = Last::Result;
        true
    }

    fn close_operand(&mut self, last: Last) {
        if last == Last::Name {
            self.marks |= Marks::NAME;
        }
        if let Some(left) = self.compared.take() {
            self.marks |= match (left, last) {
                (Last::Constant, Last::Constant) => Marks::CONSTANTS_COMPARED,
                (Last::Result, _) | (_, Last::Result) => Marks::RESULT_COMPARED,
                _ => Marks::COMPARED,
            };
        }
        self.after_logic = self.behind_logic.take();
        self.last = last;
        self.state = State::Operator;
        self.alias = self.marks.has_any(Marks::FROM);
    }

    fn close_parenthesis(&mut self) -> bool {
        self.depth -= 1;
        if self.depth < 0 {
            self.marks |= Marks::CLOSED;
            self.depth = 0;
        }
        self.state = State::Operator;
        self.alias = true;
        if self.last == Last::None {
            self.last = Last::Result;
        }
        true
    }

    fn operator(&mut self, lexeme: &Lexeme) -> bool {
        match lexeme.token {
            Token::Compare => self.compare(),
            Token::Bars => {
                self.marks |= Marks::JOINED;
                self.expect_operand();
                self.behind_logic = Some(Word::Or);
            }
            Token::Ampersands => self.logic(Word::And),
            Token::Sign | Token::Star | Token::Arithmetic => {
                self.marks |= Marks::ARITHMETIC;
                self.expect_operand();
            }
            Token::Comma => {
                self.marks |= Marks::COMMA;
                if self.last == Last::Constant {
                    self.marks |= Marks::LIST;
                }
                self.expect_operand();
            }
            Token::Semicolon => {
                let is_last = self.value[lexeme.end..].trim_ascii().is_empty();
                if is_last && self.tokens == 1 && self.reading == Reading::Quoted(b'\'') {
                    self.marks |= Marks::ENDED;
                }
                if self.settle(true) {
                    return false;
                }
                self.state = State::Statement;
                self.tokens += 1;
            }
            Token::Close => return self.close_parenthesis(),
            Token::Tail => self.tail(lexeme),
            Token::Word { known, called } => return self.operator_word(lexeme, known, called),
            // MySQL joins strings that stand side by side.
            Token::Text { .. } if self.marks.has_any(Marks::JOINED) => {}
            // a alias "x"
            Token::Text { .. } if self.alias => self.alias = false,
            // IN (…), and MySQL's name (…).
            Token::Open if self.last != Last::Constant || self.tokens == 1 => {
                self.depth += 1;
                self.opened = true;
                self.state = State::Operand;
            }
            Token::Number
            | Token::Text { .. }
            | Token::Variable { .. }
            | Token::Open
            | Token::Other => {
                return false;
            }
        }
        true
    }

    fn expect_operand(&mut self) {
        self.state = State::Operand;
        self.alias = false;
    }

    fn compare(&mut self) {
        self.compared = Some(self.last);
        self.expect_operand();
    }

    fn logic(&mut self, word: Word) {
        self.marks |= Marks::LOGIC;
        self.expect_operand();
        self.behind_logic = Some(word);
    }

    fn operator_word(&mut self, lexeme: &Lexeme, known: Option<Word>, called: bool) -> bool {
        let Some(word) = known else {
            return self.take_alias();
        };
        match word {
            Word::And | Word::Or => {
                let before = self.value[..lexeme.start].last();
                if before.is_some_and(|byte| byte.is_ascii_digit() || *byte == b'.') {
                    self.marks |= Marks::GLUED;
                }
                self.logic(word);
            }
            Word::Between => self.compare(),
            Word::Not => {} // NOT LIKE, NOT IN
            Word::After | Word::End => {}
            Word::Union => {
                self.union = true;
                self.expect_operand();
            }
            Word::Select if self.start.breaks_out() => {
                return self.operand_word(known, called, false);
            }
            Word::From => {
                if self.marks.has_any(Marks::SELECT) {
                    self.marks |= Marks::FROM;
                }
                self.expect_operand();
            }
            Word::Where => {
                self.marks |= Marks::WHERE;
                self.expect_operand();
            }
            Word::Having => {
                self.marks |= Marks::HAVING;
                self.expect_operand();
            }
            Word::Limit => {
                self.marks |= Marks::CLAUSE;
                self.expect_operand();
            }
            Word::Order | Word::Group => return self.by(),
            Word::Procedure => {
                self.marks |= Marks::PROCEDURE;
                self.expect_operand();
            }
            Word::Into => return self.file_target(),
            Word::Table => self.state = State::Operand,
            Word::As => {
                self.alias = true;
                self.state = State::Operator;
            }
            Word::Branch | Word::Before => self.expect_operand(),
            Word::WaitFor => {
                self.marks |= Marks::WAITFOR;
                return self.wait_for();
            }
            Word::Exec | Word::Statement
                if self.start.breaks_out() && self.start != Start::LooseQuote =>
            {
                // SQL Server needs no semicolon between two statements.
                return self.begin_statement(lexeme);
            }
            Word::Constant => self.state = State::Operator, // IS NOT NULL
            _ => return self.take_alias(),
        }
        true
    }

    fn take_alias(&mut self) -> bool {
        std::mem::replace(&mut self.alias, false)
    }

    /// `BY`, and at least one thing to sort by.
    fn by(&mut self) -> bool {
        let next = self.lexer.next();
        let by = next.is_some_and(|lexeme| {
            matches!(
                lexeme.token,
                Token::Word {
                    known: Some(Word::By),
                    ..
                }
            )
        });
        if by {
            self.marks |= Marks::CLAUSE;
            self.expect_operand();
        }
        by
    }

    /// `OUTFILE '…'`, `DUMPFILE '…'`, `@variable`.
    fn file_target(&mut self) -> bool {
        let Some(lexeme) = self.lexer.next() else {
            return false;
        };
        let word = &self.value[lexeme.start..lexeme.end];
        if word.eq_ignore_ascii_case(b"outfile") || word.eq_ignore_ascii_case(b"dumpfile") {
            self.marks |= Marks::INTO_FILE;
        }
        self.expect_operand();
        matches!(lexeme.token, Token::Word { .. } | Token::Variable { .. })
    }

    /// `DELAY '…'` or `TIME '…'`.
    fn wait_for(&mut self) -> bool {
        let Some(lexeme) = self.lexer.next() else {
            return false;
        };
        let word = &self.value[lexeme.start..lexeme.end];
        self.state = State::Operand;
        let times = word.eq_ignore_ascii_case(b"delay") || word.eq_ignore_ascii_case(b"time");
        if times {
            self.marks |= Marks::STACKED;
        }
        times
    }

    fn statement(&mut self, lexeme: &Lexeme) -> bool {
        match lexeme.token {
            Token::Word {
                known: Some(word),
                called,
            } => match word {
                Word::Select => {
                    self.marks |= Marks::SELECT;
                    if self.tokens > 1 {
                        self.marks |= Marks::STACKED;
                    }
                    self.state = State::Operand;
                    true
                }
                Word::If | Word::Case => {
                    if self.tokens > 1 && word == Word::If {
                        self.marks |= Marks::STACKED;
                    }
                    self.state = State::Operand;
                    self.operand_word(Some(word), called, false)
                }
                Word::WaitFor => {
                    self.marks |= Marks::WAITFOR;
                    self.wait_for()
                }
                Word::Statement | Word::Exec => self.begin_statement(lexeme),
                Word::And | Word::Or | Word::Union => {
                    self.state = State::Operator;
                    self.operator_word(lexeme, Some(word), called)
                }
                Word::Hot | Word::Known => {
                    self.state = State::Operand;
                    self.operand_word(Some(word), called, false)
                }
                _ => false,
            },
            Token::Open => {
                self.depth += 1;
                self.opened = true;
                self.state = State::Operand;
                true
            }
            Token::Tail => {
                self.tail(lexeme);
                true
            }
            Token::Semicolon => true,
            _ => false,
        }
    }

    /// A statement that follows another: it must go on as its first word demands.
    fn begin_statement(&mut self, lexeme: &Lexeme) -> bool {
        let first = &self.value[lexeme.start..lexeme.end];
        let mut ahead = self.lexer.clone();
        let second = statements::second(self.value, first, &mut ahead);
        if let Some(second) = second {
            if second.is_the_servers() {
                self.marks |= Marks::SERVER;
            }
            // Alone it may be a sentence: "Update the cart"; behind a quote or a semicolon not.
            self.marks |= match self.start {
                Start::Statement if self.tokens == 1 => Marks::STATEMENT,
                _ => Marks::STACKED,
            };
            self.state = State::Operator;
            self.alias = true;
        }
        second.is_some()
    }
}
