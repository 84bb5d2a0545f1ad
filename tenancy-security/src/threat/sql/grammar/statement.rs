//! Where a statement may stand.

use super::{Grammar, State};
use crate::threat::sql::lex::{Lexeme, Token};
use crate::threat::sql::marks::Marks;
use crate::threat::sql::start::Start;
use crate::threat::sql::statements;
use crate::threat::sql::words::Word;

impl Grammar<'_> {
    pub(super) fn statement(&mut self, lexeme: &Lexeme) -> bool {
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
    pub(super) fn begin_statement(&mut self, lexeme: &Lexeme) -> bool {
        let first = &self.value[lexeme.start..lexeme.end];
        let mut ahead = self.lexer.clone();
        let second = statements::second(self.value, first, &mut ahead);
        self.lexer.learn(&ahead);
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
