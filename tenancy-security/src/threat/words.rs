//! Words that mean something, found at a glance and one comparison.

/// The longest word that any table holds; a longer one is nobody's keyword.
const LONGEST: usize = 32;

/// A table of lower-case words, laid out when the crate is compiled.
#[derive(Debug)]
pub(super) struct Words<T: 'static, const N: usize> {
    entries: &'static [(&'static str, T)],
    slots: [u16; N],
    /// How long the shortest word is.
    shortest: usize,
    /// A bit for each sketch that a word of the table has.
    sketches: [u64; SKETCHES / 64],
}

/// How many bits a sketch has.
const SKETCH_BITS: u32 = 12;

/// How many sketches there are.
const SKETCHES: usize = 1 << SKETCH_BITS;

/// What a word is told by at a glance: its first letter, its middle one, its last one and its length,
/// well mixed.
const fn sketch(word: &[u8]) -> usize {
    // Five bits of a letter are the same whatever its case.
    let first = (word[0] & 31) as u32;
    let middle = (word[word.len() / 2] & 31) as u32;
    let last = (word[word.len() - 1] & 31) as u32;
    let told = first | middle << 5 | last << 10 | (word.len() as u32) << 15;
    (told.wrapping_mul(0x9e37_79b1) >> (32 - SKETCH_BITS)) as usize
}

const EMPTY: u16 = u16::MAX;

impl<T: Copy + 'static, const N: usize> Words<T, N> {
    /// Lays out `entries` in `N` slots, a power of two well above their number.
    pub(super) const fn new(entries: &'static [(&'static str, T)]) -> Self {
        assert!(N.is_power_of_two() && entries.len() * 2 <= N);
        let mut slots = [EMPTY; N];
        let mut sketches = [0; SKETCHES / 64];
        let mut shortest = LONGEST;
        let mut entry = 0;
        while entry < entries.len() {
            let word = entries[entry].0.as_bytes();
            if word.len() < shortest {
                shortest = word.len();
            }
            assert!(!word.is_empty() && word.len() <= LONGEST);
            let sketch = sketch(word);
            sketches[sketch / 64] |= 1 << (sketch % 64);
            let mut slot = home::<N>(sketch);
            while slots[slot] != EMPTY {
                slot = (slot + 1) & (N - 1);
            }
            slots[slot] = entry as u16;
            entry += 1;
        }
        Self {
            entries,
            slots,
            shortest,
            sketches,
        }
    }

    /// What `word` means, whatever its case.
    #[inline]
    pub(super) fn get(&self, word: &[u8]) -> Option<T> {
        if word.len() < self.shortest || word.len() > LONGEST {
            return None;
        }
        let sketch = sketch(word);
        if self.sketches[sketch / 64] & (1 << (sketch % 64)) == 0 {
            return None;
        }
        self.look_up(word, sketch)
    }

    /// Looks for a word that may be there.
    fn look_up(&self, word: &[u8], sketch: usize) -> Option<T> {
        let mut slot = home::<N>(sketch);
        loop {
            let entry = self.slots[slot];
            if entry == EMPTY {
                return None;
            }
            let (known, meaning) = self.entries[usize::from(entry)];
            if known.as_bytes().eq_ignore_ascii_case(word) {
                return Some(meaning);
            }
            slot = (slot + 1) & (N - 1);
        }
    }
}

/// Where words of a sketch stand: few share one, and nobody can add to them.
const fn home<const N: usize>(sketch: usize) -> usize {
    // The sketch's first bits are mixed best.
    (sketch >> SKETCH_BITS.saturating_sub(N.trailing_zeros())) & (N - 1)
}
