use std::cell::Cell;
use std::fmt;
use std::hash::{BuildHasher as _, RandomState};

/// What all of a trace's spans have in common: 128 bits, not all of them zero.
#[derive(Clone, Copy, Eq, Hash, PartialEq)]
pub struct TraceId(u128);

/// One server's part in a trace: 64 bits, not all of them zero.
#[derive(Clone, Copy, Eq, Hash, PartialEq)]
pub struct SpanId(u64);

impl TraceId {
    pub(super) fn generate() -> Self {
        Self(u128::from(random()) << 64 | u128::from(random()))
    }

    pub(super) fn new(bits: u128) -> Option<Self> {
        (bits != 0).then_some(Self(bits))
    }
}

impl SpanId {
    pub(super) fn generate() -> Self {
        Self(random())
    }

    pub(super) fn new(bits: u64) -> Option<Self> {
        (bits != 0).then_some(Self(bits))
    }

    /// Whether it is one of those that every 256th is, without a pattern, where it was made here.
    pub(crate) fn is_one_in_256(self) -> bool {
        self.0.trailing_zeros() >= 8
    }
}

impl fmt::Display for TraceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", self.0)
    }
}

impl fmt::Display for SpanId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

impl fmt::Debug for TraceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TraceId({self})")
    }
}

impl fmt::Debug for SpanId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SpanId({self})")
    }
}

/// A number that no other process, thread or call comes up with: a count, hashed with keys that the
/// system chose. It is no secret.
fn random() -> u64 {
    thread_local! {
        static KEYS: RandomState = RandomState::new();
        static COUNT: Cell<u64> = const { Cell::new(0) };
    }
    let count = COUNT.with(|count| count.replace(count.get().wrapping_add(1)));
    match KEYS.with(|keys| keys.hash_one(count)) {
        0 => 1,
        number => number,
    }
}
