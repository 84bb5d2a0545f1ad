use std::panic::Location;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use serde::Serialize;

/// How many are kept of a piece of work: the longest.
const SPANS_MAX: usize = 64;

/// Shorter ones are counted, and not kept one by one.
const SHORTEST: Duration = Duration::from_micros(100);

/// Something that a piece of work waited for, and when.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Span {
    /// What it was.
    pub kind: SpanKind,
    /// Where `on_tx!` stands, for a statement.
    pub location: Option<&'static Location<'static>>,
    /// Since when.
    pub began: Instant,
    /// For how long.
    pub took: Duration,
}

/// What can be waited for.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum SpanKind {
    /// A cache.
    Cache,
    /// A statement.
    Statement,
    /// A connection and a transaction's beginning, or its end.
    Transaction,
}

/// The longest waits of one piece of work.
#[derive(Debug, Default)]
pub(super) struct Spans(Mutex<Vec<Span>>);

impl Spans {
    pub(super) fn add(&self, span: Span) {
        if span.took < SHORTEST {
            return;
        }
        let mut spans = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if spans.len() < SPANS_MAX {
            spans.push(span);
            return;
        }
        let shortest = spans.iter_mut().min_by_key(|kept| kept.took);
        if let Some(shortest) = shortest.filter(|shortest| shortest.took < span.took) {
            *shortest = span;
        }
    }

    /// In the order in which they began.
    pub(super) fn all(&self) -> Vec<Span> {
        let spans = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut spans = spans.clone();
        spans.sort_by_key(|span| span.began);
        spans
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_are_kept_in_the_order_in_which_they_began() {
        let (spans, start) = (Spans::default(), Instant::now());
        let span = |number: u64, microseconds| Span {
            kind: SpanKind::Cache,
            location: None,
            began: start + Duration::from_secs(number),
            took: Duration::from_micros(microseconds),
        };
        spans.add(span(0, 99));
        assert_eq!(spans.all(), []);
        // The later ones are heard of first, and the earlier are longer.
        for number in (0..100).rev() {
            spans.add(span(number, 1000 - number));
        }
        let expected: Vec<_> = (0..64).map(|number| span(number, 1000 - number)).collect();
        assert_eq!(spans.all(), expected);
    }
}
