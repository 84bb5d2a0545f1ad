use std::hash::BuildHasher as _;
use std::sync::Arc;

use arc_swap::ArcSwapOption;
use foldhash::fast::RandomState;
use http::header::{self, HeaderName};

/// How many values are remembered.
const VALUES_MAX: usize = 512;

/// The longest value that is remembered, in bytes.
const BYTES_MAX: usize = 512;

/// Values of headers that were harmless before: what a browser says of itself it says with each
/// request, and it takes long to read.
///
/// A value is compared with all its bytes, so none passes for another. Each has one place, from which
/// it drives out another, so that nobody makes it grow.
#[derive(Debug)]
pub(super) struct Known {
    hasher: RandomState,
    places: Box<[ArcSwapOption<Box<[u8]>>]>,
}

impl Known {
    pub(super) fn holds(&self, value: &[u8]) -> bool {
        let known = self.place(value).load();
        known.as_ref().is_some_and(|known| ***known == *value)
    }

    pub(super) fn keep(&self, value: &[u8]) {
        if value.len() <= BYTES_MAX {
            self.place(value).store(Some(Arc::new(value.into())));
        }
    }

    fn place(&self, value: &[u8]) -> &ArcSwapOption<Box<[u8]>> {
        let hash = self.hasher.hash_one(value) as usize;
        &self.places[hash % VALUES_MAX]
    }
}

impl Default for Known {
    fn default() -> Self {
        Self {
            hasher: RandomState::default(),
            places: (0..VALUES_MAX).map(|_| ArcSwapOption::empty()).collect(),
        }
    }
}

/// Whether a client sends the same value of this header again and again.
pub(super) fn repeats(name: &HeaderName) -> bool {
    match *name {
        header::ACCEPT | header::ACCEPT_LANGUAGE | header::USER_AGENT => true,
        _ => name.as_str().starts_with("sec-ch-ua"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_was_kept_is_known_and_no_more_than_there_are_places() {
        let known = Known::default();
        assert!(!known.holds(b"") && !known.holds(b"one"));
        known.keep(b"one");
        assert!(known.holds(b"one") && !known.holds(b"on") && !known.holds(b"one "));
        let numbered = |number: usize| number.to_string().into_bytes();
        for number in 0..10 * VALUES_MAX {
            known.keep(&numbered(number));
            assert!(known.holds(&numbered(number)));
        }
        let held = (0..10 * VALUES_MAX).filter(|number| known.holds(&numbered(*number)));
        assert!(held.count() <= VALUES_MAX);
        known.keep(&[b'x'; BYTES_MAX + 1]);
        assert!(!known.holds(&[b'x'; BYTES_MAX + 1]));
    }
}
