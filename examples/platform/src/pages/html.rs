/// HTML that has been sanitised already and goes into a page as it is.
#[derive(Clone, Debug, Default)]
pub(crate) struct SanitizedHtml(String);

impl SanitizedHtml {
    /// Vouches for `html`: it must come from a sanitiser, whatever its source.
    pub(crate) fn insecure_already_sanitized(html: String) -> Self {
        Self(html)
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.trim().is_empty()
    }
}

/// `text` as it may stand beside other text, without the characters that steer the reading
/// direction of what follows them, and without line breaks.
pub(crate) fn one_line(text: &str) -> String {
    let steers = |c: char| {
        c.is_control()
            || matches!(c, '\u{061c}' | '\u{200e}' | '\u{200f}')
            || ('\u{202a}'..='\u{202e}').contains(&c)
            || ('\u{2066}'..='\u{2069}').contains(&c)
    };
    let spaced: String = text
        .chars()
        .map(|c| if c.is_whitespace() { ' ' } else { c })
        .collect();
    spaced
        .replace(steers, "")
        .split(' ')
        .filter(|word| !word.is_empty())
        .collect::<Vec<_>>()
        .join(" ")
}

#[cfg(test)]
mod tests {
    use super::one_line;

    #[test]
    fn what_steers_the_reading_direction_is_dropped() {
        assert_eq!(one_line("Mug\u{202e}exe.\u{2066}png"), "Mugexe.png");
        assert_eq!(one_line(" two\r\n  lines\u{0007} "), "two lines");
        assert_eq!(one_line("كوب شاي"), "كوب شاي");
    }
}
