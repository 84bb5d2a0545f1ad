use std::cell::Cell;
use std::fmt;
use std::hash::{BuildHasher as _, RandomState};

use fastrand::Rng;

/// What all of a trace's spans have in common: 128 bits, not all of them zero.
#[derive(Clone, Copy, Eq, Hash, PartialEq)]
pub struct TraceId(u128);

/// One server's part in a trace: 64 bits, not all of them zero.
#[derive(Clone, Copy, Eq, Hash, PartialEq)]
pub struct SpanId(u64);

impl TraceId {
    pub(super) fn generate() -> Self {
        let first = random() ^ KEY.with(|key| *key);
        Self(u128::from(first) << 64 | u128::from(random()))
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

thread_local! {
    static SEED: Cell<u64> = Cell::new(RandomState::new().hash_one(0));
    /// Is mixed into the first half of this thread's traces: 64 bits alone would be drawn twice too often.
    static KEY: u64 = RandomState::new().hash_one(1);
}

/// A number that no other process, thread or call comes up with. It is no secret: each thread goes on from
/// where the system's own random keys let it begin.
fn random() -> u64 {
    SEED.with(|seed| {
        let mut generator = Rng::with_seed(seed.get());
        let number = generator.u64(1..);
        seed.set(generator.get_seed());
        number
    })
}
