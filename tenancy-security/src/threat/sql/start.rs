//! Where in a query a stretch of tokens can begin.

/// How a stretch of tokens began, which says how far it may be ordinary text.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Start {
    /// Nothing was read.
    Nothing,
    /// Behind the quote that ends the query's own string.
    Quote,
    /// Likewise, where the string has several words, as a sentence with an apostrophe has.
    LooseQuote,
    Number,
    Sign,
    Open,
    /// A name.
    Word,
    /// A keyword or sign that goes on with the query's own text.
    Operator,
    Statement,
    /// A string, or the middle of a text.
    Text,
}

impl Start {
    pub(super) const COUNT: usize = Self::Text as usize + 1;

    /// Whether the value itself goes on with a query, and is no sentence.
    pub(super) fn breaks_out(self) -> bool {
        BROKEN_OUT.has(self as usize)
    }
}

/// The places where a rule holds.
#[derive(Clone, Copy, Debug)]
pub(super) struct Starts(u16);

impl Starts {
    /// Whether the start with this number is among them.
    pub(super) const fn has(self, start: usize) -> bool {
        self.0 & (1 << start) != 0
    }
}

const fn starts(list: &[Start]) -> Starts {
    let mut bits = 0;
    let mut at = 0;
    while at < list.len() {
        bits |= 1 << list[at] as u16;
        at += 1;
    }
    Starts(bits)
}

pub(super) const ANYWHERE: Starts = Starts(u16::MAX);
/// Where the value itself is the query's continuation, and no sentence.
pub(super) const BROKEN_OUT: Starts = starts(&[
    Start::Quote,
    Start::LooseQuote,
    Start::Number,
    Start::Sign,
    Start::Open,
    Start::Operator,
]);
/// Where no sentence of numbers is meant, as "if 2 > 1 and 3 > 2, then" has them.
pub(super) const GOES_ON: Starts = starts(&[
    Start::Quote,
    Start::LooseQuote,
    Start::Operator,
    Start::Statement,
]);
pub(super) const QUOTE: Starts = starts(&[Start::Quote]);
/// "and progress in #545" begins with an operator as well.
pub(super) const NO_OPERATOR: Starts = starts(&[
    Start::Quote,
    Start::LooseQuote,
    Start::Number,
    Start::Sign,
    Start::Open,
]);
/// "(select one or more)" and "or (select one)" are sentences.
pub(super) const NO_SENTENCE: Starts =
    starts(&[Start::Quote, Start::LooseQuote, Start::Number, Start::Sign]);
pub(super) const VALUE: Starts = starts(&[Start::Quote, Start::Number]);
pub(super) const OPEN: Starts = starts(&[Start::Open]);
pub(super) const NOT_TEXT: Starts = starts(&[
    Start::Quote,
    Start::LooseQuote,
    Start::Number,
    Start::Sign,
    Start::Open,
    Start::Operator,
    Start::Word,
    Start::Statement,
]);
