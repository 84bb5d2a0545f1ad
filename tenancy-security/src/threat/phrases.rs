//! Pieces of text that mean something wherever they stand, found in one pass.

use super::scan::{Bytes, Scan};

/// The phrases that may begin with each pair of bytes, as positions in the table plus one.
const PAIRS: usize = 64 * 64;

/// A table of lower-case phrases, laid out when the crate is compiled.
#[derive(Debug)]
pub(super) struct Phrases<T: 'static, const N: usize> {
    entries: &'static [(&'static str, T); N],
    heads: [u8; PAIRS],
    next: [u8; N],
    /// Where in each phrase the pair stands that it is known by.
    anchors: [u8; N],
    /// The codes, a bit each, that stand before and behind the pair in a phrase or the ones behind it.
    around: [[u64; 2]; N],
}

impl<T: Copy + 'static, const N: usize> Phrases<T, N> {
    /// Phrases that are known by their beginning.
    pub(super) const fn new(entries: &'static [(&'static str, T); N]) -> Self {
        Self::known_by(entries, [0; N])
    }

    /// Phrases that are known by one of their signs, for [`find_by_signs`](Self::find_by_signs).
    pub(super) const fn with_signs(entries: &'static [(&'static str, T); N]) -> Self {
        let mut anchors = [0; N];
        let mut loads = [0_u8; PAIRS];
        let mut entry = 0;
        while entry < N {
            let phrase = entries[entry].0.as_bytes();
            let mut least = u8::MAX;
            let mut at = 0;
            while at + 1 < phrase.len() {
                let pair = pair(phrase[at], phrase[at + 1]);
                // The pair that the fewest other phrases are known by.
                if (is_sign(phrase[at]) || is_sign(phrase[at + 1])) && loads[pair] < least {
                    least = loads[pair];
                    anchors[entry] = at as u8;
                }
                at += 1;
            }
            assert!(least < u8::MAX, "a phrase without a sign");
            let at = anchors[entry] as usize;
            loads[pair(phrase[at], phrase[at + 1])] += 1;
            entry += 1;
        }
        Self::known_by(entries, anchors)
    }

    const fn known_by(entries: &'static [(&'static str, T); N], anchors: [u8; N]) -> Self {
        assert!(N < 256);
        let mut heads = [0; PAIRS];
        let mut next = [0; N];
        let mut around = [[0; 2]; N];
        let mut entry = N;
        while entry > 0 {
            entry -= 1;
            let phrase = entries[entry].0.as_bytes();
            let at = anchors[entry] as usize;
            let pair = pair(phrase[at], phrase[at + 1]);
            around[entry] = [u64::MAX; 2];
            if at > 0 {
                around[entry][0] = 1 << CODES[phrase[at - 1] as usize];
            }
            if at + 2 < phrase.len() {
                around[entry][1] = 1 << CODES[phrase[at + 2] as usize];
            }
            if heads[pair] > 0 {
                let others = around[heads[pair] as usize - 1];
                around[entry][0] |= others[0];
                around[entry][1] |= others[1];
            }
            next[entry] = heads[pair];
            heads[pair] = entry as u8 + 1;
        }
        Self {
            entries,
            heads,
            next,
            anchors,
            around,
        }
    }

    /// The first phrase in `text`, in whatever case, that `accepts` takes at the place where it
    /// begins.
    pub(super) fn find(
        &self,
        text: &[u8],
        mut accepts: impl FnMut(usize, &str, T) -> bool,
    ) -> Option<T> {
        self.find_from(text, 0, &mut accepts)
    }

    /// Likewise, of the phrases [`with_signs`](Self::with_signs), by looking at signs alone.
    pub(super) fn find_by_signs(
        &self,
        scan: &Scan<'_>,
        mut accepts: impl FnMut(usize, &str, T) -> bool,
    ) -> Option<T> {
        let text = scan.value();
        let listed = scan.listed().find_map(|sign| {
            let first = sign.saturating_sub(1);
            text[first..text.len().min(sign + 2)]
                .windows(2)
                .zip(first..)
                .find_map(|(pair, at)| {
                    let entry = self.heads[self::pair(pair[0], pair[1])];
                    (entry > 0)
                        .then(|| self.judge(text, at, entry, &mut accepts))
                        .flatten()
                })
        });
        // Where so many signs stand, each byte is looked at once and not twice.
        listed.or_else(|| self.find_from(text, scan.unlisted().saturating_sub(1), &mut accepts))
    }

    /// The first phrase in `text` that is known by a pair at `from` or behind it.
    fn find_from(
        &self,
        text: &[u8],
        from: usize,
        accepts: &mut impl FnMut(usize, &str, T) -> bool,
    ) -> Option<T> {
        let (&first, rest) = text.get(from..)?.split_first()?;
        let mut before = usize::from(CODES[usize::from(first)]) << 6;
        for (at, &byte) in (from..).zip(rest) {
            let code = usize::from(CODES[usize::from(byte)]);
            let entry = self.heads[before | code];
            before = code << 6;
            if entry > 0
                && let Some(meaning) = self.judge(text, at, entry, accepts)
            {
                return Some(meaning);
            }
        }
        None
    }

    /// Looks at the phrases from `entry` on, which share the pair that stands at `at`.
    #[inline]
    fn judge(
        &self,
        text: &[u8],
        at: usize,
        mut entry: u8,
        accepts: &mut impl FnMut(usize, &str, T) -> bool,
    ) -> Option<T> {
        // Around most pairs stands nothing that belongs to a phrase.
        let code = |at| {
            let byte = text.get(at);
            byte.map_or(0, |&byte| CODES[usize::from(byte)])
        };
        let [before, behind] = self.around[usize::from(entry) - 1];
        if behind & 1 << code(at + 2) == 0 || before & 1 << code(at.wrapping_sub(1)) == 0 {
            return None;
        }
        while entry > 0 {
            let at_entry = usize::from(entry) - 1;
            let (phrase, meaning) = self.entries[at_entry];
            let phrase_bytes = phrase.as_bytes();
            let start = at.checked_sub(usize::from(self.anchors[at_entry]));
            // Most candidates differ in their last byte already.
            if let Some(start) = start
                && let Some(found) = text.get(start..start + phrase.len())
                && found[found.len() - 1].eq_ignore_ascii_case(&phrase_bytes[found.len() - 1])
                && found.eq_ignore_ascii_case(phrase_bytes)
                && accepts(start, phrase, meaning)
            {
                return Some(meaning);
            }
            entry = self.next[at_entry];
        }
        None
    }
}

const fn is_sign(byte: u8) -> bool {
    Bytes::of_byte(byte).has_any(Bytes::SIGNS)
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
