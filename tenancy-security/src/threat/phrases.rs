//! Pieces of text that mean something wherever they stand, found in one pass.

/// The phrases that may begin with each pair of bytes, as positions in the table plus one.
const PAIRS: usize = 64 * 64;

/// A table of lower-case phrases, laid out when the crate is compiled.
#[derive(Debug)]
pub(super) struct Phrases<T: 'static, const N: usize> {
    entries: &'static [(&'static str, T); N],
    heads: [u8; PAIRS],
    next: [u8; N],
}

impl<T: Copy + 'static, const N: usize> Phrases<T, N> {
    pub(super) const fn new(entries: &'static [(&'static str, T); N]) -> Self {
        assert!(N < 256);
        let mut heads = [0; PAIRS];
        let mut next = [0; N];
        let mut entry = N;
        while entry > 0 {
            entry -= 1;
            let phrase = entries[entry].0.as_bytes();
            let pair = pair(phrase[0], phrase[1]);
            next[entry] = heads[pair];
            heads[pair] = entry as u8 + 1;
        }
        Self {
            entries,
            heads,
            next,
        }
    }

    /// The first phrase in `text`, in whatever case, that `accepts` takes at the place where it
    /// begins.
    pub(super) fn find(
        &self,
        text: &[u8],
        mut accepts: impl FnMut(usize, &str, T) -> bool,
    ) -> Option<T> {
        let (&first, rest) = text.split_first()?;
        let mut before = usize::from(CODES[usize::from(first)]) << 6;
        for (at, &byte) in rest.iter().enumerate() {
            let code = usize::from(CODES[usize::from(byte)]);
            let mut entry = self.heads[before | code];
            before = code << 6;
            while entry > 0 {
                let at_entry = usize::from(entry) - 1;
                let (phrase, meaning) = self.entries[at_entry];
                // Most candidates differ in their last byte already.
                let last = text.get(at + phrase.len() - 1);
                if last.is_some_and(|last| {
                    last.eq_ignore_ascii_case(&phrase.as_bytes()[phrase.len() - 1])
                }) && text[at..at + phrase.len()].eq_ignore_ascii_case(phrase.as_bytes())
                    && accepts(at, phrase, meaning)
                {
                    return Some(meaning);
                }
                entry = self.next[at_entry];
            }
        }
        None
    }
}

const fn pair(first: u8, second: u8) -> usize {
    (CODES[first as usize] as usize) << 6 | CODES[second as usize] as usize
}

/// A code of six bits for each byte: letters whatever their case, digits together, signs apart.
static CODES: [u8; 256] = {
    let mut codes = [0; 256];
    let mut byte = 0;
    while byte < 256 {
        codes[byte] = match byte as u8 {
            letter @ b'a'..=b'z' => letter - b'a' + 1,
            letter @ b'A'..=b'Z' => letter - b'A' + 1,
            b'0'..=b'9' => 27,
            sign @ b'!'..=b'/' => sign - b'!' + 28,
            sign @ b':'..=b'@' => sign - b':' + 43,
            sign @ b'['..=b'`' => sign - b'[' + 50,
            sign @ b'{'..=b'~' => sign - b'{' + 56,
            b'\n' => 60,
            b'\r' => 61,
            b' ' => 62,
            0x80.. => 63,
            _ => 0,
        };
        byte += 1;
    }
    codes
};
