use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};

/// How many numbers are made at once, when the first of them is counted in.
pub(super) const CHUNK: usize = 64;

/// Numbers that many threads count in, each at its place. Where nothing was counted is no memory.
#[derive(Debug)]
pub(crate) struct Cells(Box<[OnceLock<Box<[AtomicU64; CHUNK]>>]>);

impl Cells {
    /// Room for `cells` numbers, all zero.
    pub(super) fn new(cells: usize) -> Self {
        Self(
            (0..cells.div_ceil(CHUNK))
                .map(|_| OnceLock::new())
                .collect(),
        )
    }

    /// Adds, wrapping, so that it takes away as well; gives what was there before.
    pub(super) fn add(&self, cell: usize, number: u64) -> u64 {
        let chunk =
            self.0[cell / CHUNK].get_or_init(|| Box::new([const { AtomicU64::new(0) }; CHUNK]));
        chunk[cell % CHUNK].fetch_add(number, Ordering::Relaxed)
    }

    pub(super) fn get(&self, cell: usize) -> u64 {
        let chunk = self.0[cell / CHUNK].get();
        chunk.map_or(0, |chunk| chunk[cell % CHUNK].load(Ordering::Relaxed))
    }

    /// Adds all that was counted in others.
    pub(super) fn add_all(&self, others: &Self) {
        for (index, chunk) in others.0.iter().enumerate() {
            let chunk = chunk.get().map(|chunk| chunk.iter().enumerate());
            for (place, number) in chunk.into_iter().flatten() {
                match number.load(Ordering::Relaxed) {
                    0 => {}
                    number => _ = self.add(index * CHUNK + place, number),
                }
            }
        }
    }
}
