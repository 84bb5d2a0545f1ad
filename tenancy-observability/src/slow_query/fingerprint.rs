use std::fmt::{self, Write as _};

use serde::{Deserialize, Serialize};
use sqlparser::dialect::GenericDialect;
use sqlparser::tokenizer::{Token, TokenWithSpan, Tokenizer, Word};

/// How much of a statement is read. What comes after is as good as a value.
const READ_MAX: usize = 64 * 1024;

/// How long a normalised text may be.
const TEXT_MAX: usize = 2000;

/// Stands for what was left out.
const MORE: &str = "…";

/// Words before a bracket that are no function's name.
const NO_FUNCTIONS: [&str; 14] = [
    "all", "and", "any", "as", "exists", "from", "in", "into", "not", "on", "or", "values", "when",
    "where",
];

/// A statement without what differs between its calls: values, the length of their lists, comments,
/// space and case. What two statements have in common here is one statement.
///
/// The text never holds a value. Of a statement that cannot be read to its end, as where a quote is
/// missing, it holds what comes before.
#[derive(Clone, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
pub struct Fingerprint(Box<str>);

impl Fingerprint {
    /// Reads a statement of PostgreSQL or SQLite.
    pub fn of(statement: &str) -> Self {
        let head = &statement[..statement.floor_char_boundary(READ_MAX)];
        let mut tokens = Vec::new();
        // Its error says only where the reading ends, and `tokens` holds all up to there.
        let read =
            Tokenizer::new(&GenericDialect {}, head).tokenize_with_location_into_buf(&mut tokens);
        let whole = read.is_ok() && head.len() == statement.len();
        let mut text = Text::default();
        for piece in shortened(&pieces(tokens)) {
            text.push(piece);
        }
        Self(text.finish(whole).into())
    }

    /// The statement with `?` for each value.
    pub fn text(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What a statement is made of once values are no longer told apart.
#[derive(Clone, Debug, Eq, PartialEq)]
enum Piece {
    Close,
    Comma,
    Open,
    Other(String),
    Value,
    Word(String),
}

fn pieces(tokens: Vec<TokenWithSpan>) -> Vec<Piece> {
    let mut pieces: Vec<Piece> = Vec::with_capacity(tokens.len());
    for TokenWithSpan { token, .. } in tokens {
        let piece = match token {
            Token::Whitespace(_) | Token::SemiColon | Token::EOF => continue,
            Token::Comma => Piece::Comma,
            Token::LParen => Piece::Open,
            Token::RParen => Piece::Close,
            Token::Word(word) => Piece::Word(folded(&word)),
            token if is_value(&token) => {
                if ends_with_a_sign(&pieces) {
                    pieces.pop();
                }
                Piece::Value
            }
            other => Piece::Other(other.to_string()),
        };
        pieces.push(piece);
    }
    pieces
}

/// Names are compared without case unless they are quoted, by both databases.
fn folded(word: &Word) -> String {
    match word.quote_style {
        Some(_) => word.to_string(),
        None => word.value.to_lowercase(),
    }
}

/// Literals and placeholders; and texts of which no one knows what they are.
fn is_value(token: &Token) -> bool {
    matches!(
        token,
        Token::Number(..)
            | Token::Char(_)
            | Token::SingleQuotedString(_)
            | Token::DoubleQuotedString(_)
            | Token::TripleSingleQuotedString(_)
            | Token::TripleDoubleQuotedString(_)
            | Token::DollarQuotedString(_)
            | Token::SingleQuotedByteStringLiteral(_)
            | Token::DoubleQuotedByteStringLiteral(_)
            | Token::TripleSingleQuotedByteStringLiteral(_)
            | Token::TripleDoubleQuotedByteStringLiteral(_)
            | Token::SingleQuotedRawStringLiteral(_)
            | Token::DoubleQuotedRawStringLiteral(_)
            | Token::TripleSingleQuotedRawStringLiteral(_)
            | Token::TripleDoubleQuotedRawStringLiteral(_)
            | Token::NationalStringLiteral(_)
            | Token::QuoteDelimitedStringLiteral(_)
            | Token::NationalQuoteDelimitedStringLiteral(_)
            | Token::EscapedStringLiteral(_)
            | Token::UnicodeStringLiteral(_)
            | Token::HexStringLiteral(_)
            | Token::CopyData { .. }
            | Token::Placeholder(_)
    )
}

/// Whether the last piece is the sign of the number that follows, not a subtraction.
fn ends_with_a_sign(pieces: &[Piece]) -> bool {
    let is_sign = |piece: &Piece| matches!(piece, Piece::Other(text) if text == "-" || text == "+");
    match pieces {
        [.., before, last] => {
            is_sign(last) && matches!(before, Piece::Comma | Piece::Open | Piece::Other(_))
        }
        _ => false,
    }
}

/// Makes each list of values one value, and each list of such rows one row.
fn shortened(pieces: &[Piece]) -> Vec<Piece> {
    let mut short: Vec<Piece> = Vec::with_capacity(pieces.len());
    for piece in pieces {
        short.push(piece.clone());
        loop {
            let repeats = match &short[..] {
                [.., Piece::Value, Piece::Comma, Piece::Value] if in_brackets(&short) => 2,
                [
                    ..,
                    Piece::Open,
                    Piece::Value,
                    Piece::Close,
                    Piece::Comma,
                    Piece::Open,
                    Piece::Value,
                    Piece::Close,
                ] => 4,
                _ => break,
            };
            short.truncate(short.len() - repeats);
        }
    }
    short
}

/// Whether the list that ends here began with its bracket: `LIMIT 5, 10` is no list.
fn in_brackets(pieces: &[Piece]) -> bool {
    let before = pieces.len().checked_sub(4).map(|at| &pieces[at]);
    before == Some(&Piece::Open)
}

/// A text under construction, with a space where one belongs.
#[derive(Default)]
struct Text {
    written: String,
    before: Option<Piece>,
    is_cut: bool,
}

impl Text {
    fn push(&mut self, piece: Piece) {
        if self.written.len() >= TEXT_MAX {
            self.is_cut = true;
            return;
        }
        if self.has_space_before(&piece) {
            self.written.push(' ');
        }
        match &piece {
            Piece::Close => self.written.push(')'),
            Piece::Comma => self.written.push(','),
            Piece::Open => self.written.push('('),
            Piece::Value => self.written.push('?'),
            // Writing into a string does not fail.
            Piece::Other(text) | Piece::Word(text) => _ = self.written.write_str(text),
        }
        self.before = Some(piece);
    }

    fn has_space_before(&self, piece: &Piece) -> bool {
        let joins = |text: &str| matches!(text, "." | "::" | "[" | "]" | ":");
        match (&self.before, piece) {
            (None | Some(Piece::Open), _) | (_, Piece::Close | Piece::Comma) => false,
            (Some(Piece::Word(word)), Piece::Open) => NO_FUNCTIONS.contains(&word.as_str()),
            (Some(Piece::Other(text)), _) if joins(text) => false,
            (_, Piece::Other(text)) if joins(text) => false,
            _ => true,
        }
    }

    fn finish(mut self, whole: bool) -> String {
        let end = self.written.floor_char_boundary(TEXT_MAX);
        if end < self.written.len() || self.is_cut || !whole {
            self.written.truncate(end);
            self.written.push_str(MORE);
        }
        self.written
    }
}

#[cfg(test)]
mod tests;
