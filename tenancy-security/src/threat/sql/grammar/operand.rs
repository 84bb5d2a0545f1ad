//! Where an operand must stand.

use super::{Grammar, Last, State};
use crate::threat::sql::lex::{Lexeme, Token};
use crate::threat::sql::marks::Marks;
use crate::threat::sql::start::Start;
use crate::threat::sql::words::Word;

impl Grammar<'_> {
    #[inline]
    pub(super) fn operand(&mut self, lexeme: &Lexeme, opened: bool) -> bool {
        match lexeme.token {
            Token::Number | Token::Text { .. } => self.constant(lexeme),
            Token::Variable { server } => {
                if server {
                    self.marks |= Marks::SERVER;
                }
                self.close_operand(if server { Last::Result } else { Last::Name });
            }
            Token::Word { known, called } => {
                if known.is_some_and(Word::is_function) && self.value[lexeme.start] == b'`' {
                    self.marks |= Marks::QUOTED_CALL;
                }
                return self.operand_word(known, called, opened);
            }
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
    pub(super) fn tail(&mut self, lexeme: &Lexeme) {
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
    pub(super) fn joins_quotes(&self, second: usize) -> bool {
        let inside = &self.value[second + 1..];
        let between = &self.value[self.from..second];
        let is_word = between.trim_ascii().iter().all(u8::is_ascii_alphabetic);
        let is_spaced = between.starts_with(b" ") && between.ends_with(b" ");
        let is_short = inside.len() <= 2 || inside.iter().all(u8::is_ascii_alphanumeric);
        is_short && (!is_word || (is_spaced && self.leaves(b'\'')))
    }

    #[inline]
    pub(super) fn constant(&mut self, lexeme: &Lexeme) {
        if std::mem::take(&mut self.top) {
            return; // SELECT TOP 1 name
        }
        let last_quote = lexeme.end == self.value.len()
            && matches!(lexeme.token, Token::Text { quote, open: true } if self.leaves(quote));
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

    pub(super) fn operand_word(&mut self, known: Option<Word>, called: bool, opened: bool) -> bool {
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
            Word::Between if self.compared.is_some() && !called => {} // SOUNDS LIKE
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
                if !called {
                    self.marks |= Marks::SCHEMA;
                }
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
    #[inline]
    pub(super) fn call(&mut self, called: bool, word: Option<Word>) -> bool {
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

    #[inline]
    pub(super) fn close_operand(&mut self, last: Last) {
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
        // UNION SELECT, UNION ALL SELECT: a name or a string between them is a sentence's.
        self.union = false;
        self.after_logic = self.behind_logic.take();
        self.last = last;
        self.state = State::Operator;
        self.alias = self.marks.has_any(Marks::FROM);
    }

    #[inline]
    pub(super) fn close_parenthesis(&mut self) -> bool {
        self.depth -= 1;
        if self.depth < 0 {
            self.marks |= Marks::CLOSED;
            self.depth = 0;
        }
        self.state = State::Operator;
        self.alias = true;
        if self.tokens == 4 && self.marks.has_any(Marks::SUBQUERY) && self.last == Last::Constant {
            self.marks |= Marks::LIST; // (SELECT 1)
        }
        if self.last == Last::None {
            self.last = Last::Result;
        }
        true
    }
}
