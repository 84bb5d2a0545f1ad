use tenancy_core::html::SanitizedHtml;

/// Rich text as a page may show it.
///
/// Pictures are left out: those in a merchant's text are on other hosts, from which the pages load
/// nothing, and a visitor would see them as broken.
#[derive(Clone, Debug, Default)]
pub(crate) struct RichText(String);

impl RichText {
    pub(crate) fn of(html: &SanitizedHtml) -> Self {
        Self(without_pictures(html.as_str()))
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.trim().is_empty()
    }
}

/// Sanitised markup has `<` at the beginning of tags only, and double quotes around every value.
fn without_pictures(html: &str) -> String {
    let mut parts = html.split('<');
    let mut kept = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        match part.strip_prefix("img") {
            Some(picture) if picture.starts_with([' ', '>', '/']) => {
                let mut quoted = false;
                let end = picture.find(|c| {
                    quoted ^= c == '"';
                    c == '>' && !quoted
                });
                kept.push_str(end.map_or("", |end| &picture[end + 1..]));
            }
            _ => {
                kept.push('<');
                kept.push_str(part);
            }
        }
    }
    kept
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
    use super::{RichText, SanitizedHtml, one_line};

    #[test]
    fn a_text_loses_its_pictures_and_nothing_else() {
        let check = |html: &str, shown: &str| {
            let text = RichText::of(&SanitizedHtml::sanitize(html));
            assert_eq!(text.as_str(), shown, "{html}");
            let again = SanitizedHtml::sanitize(text.as_str());
            assert_eq!(again.as_str(), shown, "{html}");
        };
        let photo = "<img src=\"https://cdn.example/a.jpg\" alt=\"a > b\">";
        check(&format!("<p>One {photo}and two</p>"), "<p>One and two</p>");
        check(&format!("{photo}{photo}"), "");
        check("<img alt=\"'<img>'\" src=https://cdn.example/>x", "x");
        check("<imgx>word</imgx> &lt;img&gt;", "word &lt;img&gt;");
        check("<IMG\nSRC='https://cdn.example/a\"b.jpg'>", "");
    }

    #[test]
    fn what_steers_the_reading_direction_is_dropped() {
        assert_eq!(one_line("Mug\u{202e}exe.\u{2066}png"), "Mugexe.png");
        assert_eq!(one_line(" two\r\n  lines\u{0007} "), "two lines");
        assert_eq!(one_line("كوب شاي"), "كوب شاي");
    }
}
