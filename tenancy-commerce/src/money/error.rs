use thiserror::Error;

/// Why an amount could not be computed or read.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
#[non_exhaustive]
pub enum MoneyError {
    /// Two currencies met in one computation.
    #[error("amounts of different currencies cannot be combined")]
    CurrencyMismatch,
    /// The text is not a plain decimal number: digits, at most one point, an optional sign.
    #[error("not a decimal number")]
    InvalidNumber,
    /// A rate's denominator is zero.
    #[error("a rate cannot have a zero denominator")]
    InvalidRate,
    /// An amount was to be split over weights that are all zero.
    #[error("nothing to split the amount over: every weight is zero")]
    NoWeight,
    /// The result does not fit 64 bits of minor units.
    #[error("the amount is too large")]
    Overflow,
    /// No such ISO 4217 code.
    #[error("unknown currency code")]
    UnknownCurrency,
}
