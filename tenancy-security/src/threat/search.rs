//! Words that a value must hold for a judge to go on, looked for at many places at once.
//!
//! Nothing leaves the inner loops early, so the compiler compares sixteen bytes in one instruction.

/// How many places are looked at between two decisions.
const AT_ONCE: usize = 32;

/// Whether a lower-case `word` of at least four bytes stands in `text`, in whatever case.
pub(super) fn contains(text: &[u8], word: &[u8]) -> bool {
    // Words differ more in their middle than at their ends.
    let (third, last) = (2, word.len() - 2);
    let places = (text.len() + 1).saturating_sub(word.len());
    let may_begin = |at: usize| {
        (text[at + third] | 0x20 == word[third]) & (text[at + last] | 0x20 == word[last])
    };
    let begins = |at: usize| text[at..at + word.len()].eq_ignore_ascii_case(word);
    if places < AT_ONCE {
        return (0..places).any(|at| may_begin(at) && begins(at));
    }
    (0..places).step_by(AT_ONCE).any(|from| {
        // The last places are those before the end, some of them for the second time.
        let from = from.min(places - AT_ONCE);
        let thirds = &text[from + third..from + third + AT_ONCE];
        let lasts = &text[from + last..from + last + AT_ONCE];
        let any = thirds.iter().zip(lasts).fold(false, |any, (a, b)| {
            any | ((a | 0x20 == word[third]) & (b | 0x20 == word[last]))
        });
        any && (from..from + AT_ONCE).any(|at| may_begin(at) && begins(at))
    })
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
