//! How much of a text fits into an SMS.
//!
//! A message is written in an alphabet of seven bits where all of its characters are in there, else in
//! UTF-16, and cut into segments that are paid for one by one: 160 septets or 70 units where there is one,
//! 153 or 67 each where there are more.

/// The characters of GSM 03.38 that take one septet.
const BASIC: &str = "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?\
    ¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà";

/// Those that take two.
const EXTENDED: &str = "\u{c}^{}\\[~]|€";

/// What stands at the end of a text that was cut; in both alphabets.
const CUT: &str = "...";

/// How many segments a text takes.
pub(super) fn count(text: &str) -> usize {
    let (units, one, more) = match septets(text) {
        Some(septets) => (septets, 160, 153),
        None => (text.encode_utf16().count(), 70, 67),
    };
    match units {
        0 => 0,
        units if units <= one => 1,
        units => units.div_ceil(more),
    }
}

/// As much of a text as fits into so many segments.
pub(super) fn fit(text: &str, segments_max: usize) -> String {
    if count(text) <= segments_max {
        return text.to_owned();
    }
    let ends: Vec<_> = text.char_indices().map(|(at, _)| at).collect();
    // The more of it, the more segments: the first that does not fit is found by halving.
    let fits = |end: &usize| count(&format!("{}{CUT}", &text[..*end])) <= segments_max;
    let longest = ends.partition_point(fits).saturating_sub(1);
    match ends.get(longest) {
        Some(end) => format!("{}{CUT}", text[..*end].trim_end()),
        None => String::new(),
    }
}

fn septets(text: &str) -> Option<usize> {
    text.chars()
        .map(|c| match c {
            c if BASIC.contains(c) => Some(1),
            c if EXTENDED.contains(c) => Some(2),
            _ => None,
        })
        .sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_segment_has_so_many_characters_as_its_alphabet_has_bits_for() {
        let check = |text: &str, times: usize, expected: usize| {
            assert_eq!(count(&text.repeat(times)), expected, "{text} {times}");
        };
        check("a", 0, 0);
        check("a", 160, 1);
        check("a", 161, 2);
        check("a", 306, 2);
        check("a", 307, 3);
        check("€", 80, 1);
        check("€", 81, 2);
        check("ü", 160, 1);
        check("ы", 70, 1);
        check("ы", 71, 2);
        check("ы", 134, 2);
        check("ы", 135, 3);
        // Two units of UTF-16 each.
        check("🔥", 35, 1);
        check("🔥", 36, 2);
    }

    #[test]
    fn a_text_is_cut_where_it_would_take_one_segment_more() {
        let check = |text: &str, segments: usize, expected: usize| {
            let cut = fit(text, segments);
            assert_eq!(cut.chars().count(), expected, "{text}");
            assert!(count(&cut) <= segments);
        };
        check(&"a".repeat(160), 1, 160);
        check(&"a".repeat(161), 1, 160);
        check(&"a".repeat(1000), 2, 306);
        check(&"ы".repeat(71), 1, 70);
        check(&format!("{}🔥", "a".repeat(159)), 1, 160);
        assert!(fit(&"a".repeat(161), 1).ends_with("aaa..."));
    }
}
