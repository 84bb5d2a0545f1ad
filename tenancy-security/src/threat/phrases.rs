//! Pieces of text that mean something wherever they stand, found in one pass.

const EMPTY: u16 = u16::MAX;

/// How many chains the phrases are spread over, by their first two bytes.
const CHAINS: usize = 512;

/// A table of lower-case phrases, laid out when the crate is compiled.
#[derive(Debug)]
pub(super) struct Phrases<T: 'static, const N: usize> {
    entries: &'static [(&'static str, T); N],
    heads: [u16; CHAINS],
    next: [u16; N],
}

impl<T: Copy + 'static, const N: usize> Phrases<T, N> {
    pub(super) const fn new(entries: &'static [(&'static str, T); N]) -> Self {
        let mut heads = [EMPTY; CHAINS];
        let mut next = [EMPTY; N];
        let mut entry = 0;
        while entry < N {
            let phrase = entries[entry].0.as_bytes();
            let chain = chain(phrase[0], phrase[1]);
            next[entry] = heads[chain];
            heads[chain] = entry as u16;
            entry += 1;
        }
        Self {
            entries,
            heads,
            next,
        }
    }

    /// Each phrase in `text`, in whatever case, with the place where it begins.
    pub(super) fn find<'a>(&'a self, text: &'a [u8]) -> impl Iterator<Item = (usize, &'a str, T)> {
        text.windows(2).enumerate().flat_map(move |(at, pair)| {
            let head = self.heads[chain(pair[0], pair[1])];
            self.chain(head)
                .filter(move |(phrase, _)| {
                    text.get(at..at + phrase.len())
                        .is_some_and(|piece| piece.eq_ignore_ascii_case(phrase.as_bytes()))
                })
                .map(move |(phrase, meaning)| (at, phrase, meaning))
        })
    }

    fn chain(&self, head: u16) -> impl Iterator<Item = (&'static str, T)> {
        let mut entry = head;
        std::iter::from_fn(move || {
            if entry == EMPTY {
                return None;
            }
            let found = self.entries[usize::from(entry)];
            entry = self.next[usize::from(entry)];
            Some(found)
        })
    }
}

/// Letters differ from their capitals by one bit; that two signs share it costs a comparison.
const fn chain(first: u8, second: u8) -> usize {
    let first = (first | 0x20) as usize;
    let second = (second | 0x20) as usize;
    (first * 31 + second * 7) & (CHAINS - 1)
}
