//! Where an operator must stand.

use super::{Grammar, Last, State};
use crate::threat::sql::lex::{Lexeme, Token};
use crate::threat::sql::marks::Marks;
use crate::threat::sql::start::Start;
use crate::threat::sql::words::Word;

impl Grammar<'_> {
    #[inline]
    pub(super) fn operator(&mut self, lexeme: &Lexeme) -> bool {
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
                if self.tokens == 1
                    && self.leaves(b'\'')
                    && self.value[lexeme.end..].trim_ascii_start().is_empty()
                {
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

    #[inline]
    pub(super) fn expect_operand(&mut self) {
        self.state = State::Operand;
        self.alias = false;
    }

    #[inline]
    pub(super) fn compare(&mut self) {
        self.compared = Some(self.last);
        self.expect_operand();
    }

    #[inline]
    pub(super) fn logic(&mut self, word: Word) {
        self.marks |= Marks::LOGIC;
        self.expect_operand();
        self.behind_logic = Some(word);
    }

    pub(super) fn operator_word(
        &mut self,
        lexeme: &Lexeme,
        known: Option<Word>,
        called: bool,
    ) -> bool {
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
            Word::Into => return self.target(),
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

    pub(super) fn take_alias(&mut self) -> bool {
        std::mem::replace(&mut self.alias, false)
    }

    /// `BY`, and at least one thing to sort by.
    pub(super) fn by(&mut self) -> bool {
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
    pub(super) fn target(&mut self) -> bool {
        let Some(lexeme) = self.lexer.next() else {
            return false;
        };
        if matches!(lexeme.token, Token::Variable { .. }) {
            self.marks |= Marks::INTO_VARIABLE;
            if self.last == Last::Constant {
                self.marks |= Marks::LIST;
            }
            self.close_operand(Last::Name);
            return true;
        }
        let word = &self.value[lexeme.start..lexeme.end];
        if word.eq_ignore_ascii_case(b"outfile") || word.eq_ignore_ascii_case(b"dumpfile") {
            self.marks |= Marks::INTO_FILE;
        }
        self.expect_operand();
        matches!(lexeme.token, Token::Word { .. })
    }

    /// `DELAY '…'` or `TIME '…'`.
    pub(super) fn wait_for(&mut self) -> bool {
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
}
