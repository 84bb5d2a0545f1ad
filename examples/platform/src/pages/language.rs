mod texts;

pub(crate) use self::texts::Texts;

use self::texts::{ENGLISH, GERMAN};

/// A language that the pages speak.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(crate) enum Language {
    #[default]
    English,
    German,
}

impl Language {
    /// The language for a shop's `locale`, English when the pages do not speak its own.
    pub(crate) fn of(locale: &str) -> Self {
        match locale.split(['-', '_']).next() {
            Some(language) if language.eq_ignore_ascii_case("de") => Self::German,
            _ => Self::English,
        }
    }

    /// The language that the value of an `Accept-Language` header puts first among those the
    /// pages speak; English where it names none of them.
    pub(crate) fn preferred(accepted: &str) -> Self {
        let ranges = accepted.split(',').filter_map(|range| {
            let (tag, parameters) = range.split_once(';').unwrap_or((range, ""));
            let quality = match parameters.trim().strip_prefix("q=") {
                Some(quality) => quality.trim().parse::<f32>().ok()?,
                None => 1.0,
            };
            let language = match tag.trim().split('-').next()? {
                tag if tag.eq_ignore_ascii_case("de") => Self::German,
                tag if tag.eq_ignore_ascii_case("en") => Self::English,
                _ => return None,
            };
            (quality > 0.0).then_some((language, quality))
        });
        // Of equals the first: `max_by` alone would take the last.
        let ranges: Vec<_> = ranges.collect();
        let best = ranges.iter().rev().max_by(|a, b| a.1.total_cmp(&b.1));
        best.map_or(Self::default(), |best| best.0)
    }

    pub(crate) fn texts(self) -> &'static Texts {
        match self {
            Self::English => &ENGLISH,
            Self::German => &GERMAN,
        }
    }

    /// What stands for this language.
    pub(crate) fn choose<T>(self, english: T, german: T) -> T {
        match self {
            Self::English => english,
            Self::German => german,
        }
    }

    pub(crate) fn tag(self) -> &'static str {
        match self {
            Self::English => "en",
            Self::German => "de",
        }
    }

    /// How many products there are, in words.
    pub(crate) fn products(self, count: u64) -> String {
        let texts = self.texts();
        if count == 1 {
            return texts.one_product.to_owned();
        }
        texts.many_products.replace("{}", &self.number(count))
    }

    /// `count` with its thousands set apart.
    pub(super) fn number(self, count: u64) -> String {
        let separator = match self {
            Self::English => ',',
            Self::German => '.',
        };
        let digits = count.to_string();
        let mut number = String::new();
        for (index, digit) in digits.chars().enumerate() {
            if index > 0 && (digits.len() - index).is_multiple_of(3) {
                number.push(separator);
            }
            number.push(digit);
        }
        number
    }
}

/// Whether text of the locale runs from right to left.
pub(super) fn is_right_to_left(locale: &str) -> bool {
    matches!(
        locale.split(['-', '_']).next(),
        Some("ar" | "dv" | "fa" | "he" | "ku" | "ps" | "sd" | "ug" | "ur" | "yi")
    )
}

#[cfg(test)]
mod tests {
    use super::Language;

    #[test]
    fn a_locale_chooses_the_language() {
        for (locale, language) in [
            ("de", Language::German),
            ("de-AT", Language::German),
            ("DE_ch", Language::German),
            ("en", Language::English),
            ("den", Language::English),
            ("", Language::English),
        ] {
            assert_eq!(Language::of(locale), language, "{locale}");
        }
    }

    #[test]
    fn a_browser_says_what_its_visitor_reads() {
        for (accepted, language) in [
            ("de-DE,de;q=0.9,en;q=0.8", Language::German),
            ("en-GB,en;q=0.9,de;q=0.8", Language::English),
            ("en;q=0.1, de;q=0.2", Language::German),
            ("fr, DE", Language::German),
            ("de, en", Language::German),
            ("de;q=0, fr", Language::English),
            ("de;q=much", Language::English),
            ("*", Language::English),
            ("", Language::English),
        ] {
            assert_eq!(Language::preferred(accepted), language, "{accepted}");
        }
    }

    #[test]
    fn counts_read_naturally() {
        assert_eq!(Language::English.products(1), "1 product");
        assert_eq!(Language::English.products(0), "0 products");
        assert_eq!(Language::German.products(1_234_567), "1.234.567 Produkte");
        assert_eq!(Language::English.products(100_000), "100,000 products");
    }
}
