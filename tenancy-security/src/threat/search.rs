//! Words that a value must hold for a judge to go on, looked for at many places at once.
//!
//! Nothing leaves the inner loops early, so the compiler compares sixteen bytes in one instruction.

/// How many places are looked at between two decisions.
const AT_ONCE: usize = 32;

/// The letters of English from the rarest to the most frequent (R. Lewand, *Cryptological Mathematics*,
/// 2000). Whatever is no letter is rarer still.
const LETTERS: &[u8; 26] = b"zqxjkvbpygfwmucldrhsnioate";

/// A lower-case word to look for in whatever case, known by the two of its letters that texts hold least often.
#[derive(Clone, Copy, Debug)]
pub(super) struct Needle {
    word: &'static [u8],
    rarest: usize,
    next: usize,
}

impl Needle {
    /// Of a word of at least two bytes.
    pub(super) const fn new(word: &'static [u8]) -> Self {
        let (mut rarest, mut next) = (0, 1);
        if commonness(word[next]) < commonness(word[rarest]) {
            (rarest, next) = (next, rarest);
        }
        let mut at = 2;
        while at < word.len() {
            if commonness(word[at]) < commonness(word[rarest]) {
                next = rarest;
                rarest = at;
            } else if commonness(word[at]) < commonness(word[next]) {
                next = at;
            }
            at += 1;
        }
        Self { word, rarest, next }
    }

    pub(super) fn is_in(&self, text: &[u8]) -> bool {
        let Self { word, rarest, next } = *self;
        let places = (text.len() + 1).saturating_sub(word.len());
        let may_begin = |at: usize| {
            (text[at + rarest] | 0x20 == word[rarest]) & (text[at + next] | 0x20 == word[next])
        };
        let begins = |at: usize| text[at..at + word.len()].eq_ignore_ascii_case(word);
        if places < AT_ONCE {
            return (0..places).any(|at| may_begin(at) && begins(at));
        }
        (0..places).step_by(AT_ONCE).any(|from| {
            // The last places are those before the end, some of them for the second time.
            let from = from.min(places - AT_ONCE);
            let ones = &text[from + rarest..from + rarest + AT_ONCE];
            let others = &text[from + next..from + next + AT_ONCE];
            let any = ones.iter().zip(others).fold(false, |any, (one, other)| {
                any | ((one | 0x20 == word[rarest]) & (other | 0x20 == word[next]))
            });
            any && (from..from + AT_ONCE).any(|at| may_begin(at) && begins(at))
        })
    }
}

/// How often a byte stands in texts, in comparison with others.
const fn commonness(byte: u8) -> usize {
    let mut at = 0;
    while at < LETTERS.len() {
        if LETTERS[at] == byte {
            return at + 1;
        }
        at += 1;
    }
    0
}

/// Whether `holds` is true of five bytes in a row anywhere in `text`. The second of them is the
/// place looked at, so each byte has its turn there; beyond the text's ends they are zero.
pub(super) fn any_near(text: &[u8], holds: impl Fn([u8; 5]) -> bool) -> bool {
    let look = |near: &[u8; AT_ONCE + 4]| {
        let mut any = 0;
        for at in 0..AT_ONCE {
            let five = [
                near[at],
                near[at + 1],
                near[at + 2],
                near[at + 3],
                near[at + 4],
            ];
            any |= u8::from(holds(five));
        }
        any != 0
    };
    (0..text.len()).step_by(AT_ONCE).any(|from| {
        let start = from.saturating_sub(1);
        if from > 0
            && let Some(near) = text[start..].first_chunk()
        {
            return look(near);
        }
        let rest = &text[start..text.len().min(from + AT_ONCE + 3)];
        let skipped = usize::from(from == 0);
        let mut near = [0; AT_ONCE + 4];
        near[skipped..skipped + rest.len()].copy_from_slice(rest);
        look(&near)
    })
}
