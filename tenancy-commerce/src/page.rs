//! Lists in pages, found again by the place of their last row and never by counting rows.

use serde::{Deserialize, Serialize};

/// How many rows a page may hold: 20 unless asked for otherwise, 250 at most. A page of very large
/// rows may hold fewer, and then says that more follow.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Limit(u32);

impl Limit {
    /// The most rows one page holds.
    pub const MAX: Self = Self(250);

    /// At most `rows`, brought into the range from 1 to 250.
    pub fn new(rows: u32) -> Self {
        Self(rows.clamp(1, Self::MAX.0))
    }

    /// The number of rows.
    pub const fn rows(self) -> usize {
        self.0 as usize
    }

    /// One row more than asked for, which tells whether another page follows.
    #[cfg(any(feature = "postgres", feature = "sqlite"))]
    pub(crate) const fn with_one_more(self) -> i64 {
        self.0 as i64 + 1
    }
}

/// Twenty rows.
impl Default for Limit {
    fn default() -> Self {
        Self(20)
    }
}

/// Some rows of a list, and where the rest begins.
///
/// Whatever is added or deleted meanwhile, the following pages repeat no row and leave out none
/// that was there all along and kept its place in the order.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Page<T, P> {
    /// The rows, in order.
    pub items: Vec<T>,
    /// The place of the last row, when more rows follow it.
    pub next: Option<P>,
}

impl<T, P> Page<T, P> {
    /// The page of rows that were asked for with one more than `limit`.
    #[cfg(any(feature = "postgres", feature = "sqlite"))]
    pub(crate) fn cut(mut items: Vec<T>, limit: Limit, place: impl FnOnce(&T) -> P) -> Self {
        let more = items.len() > limit.rows();
        items.truncate(limit.rows());
        let next = if more { items.last().map(place) } else { None };
        Self { items, next }
    }

    /// The same page with each row made into something else.
    pub fn map<U>(self, make: impl FnMut(T) -> U) -> Page<U, P> {
        Page {
            items: self.items.into_iter().map(make).collect(),
            next: self.next,
        }
    }

    /// The same page with other rows made of these.
    #[cfg(any(feature = "postgres", feature = "sqlite"))]
    pub(crate) fn with_items<U>(self, items: Vec<U>) -> Page<U, P> {
        Page {
            items,
            next: self.next,
        }
    }
}
