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

    pub(crate) fn texts(self) -> &'static Texts {
        match self {
            Self::English => &ENGLISH,
            Self::German => &GERMAN,
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
    fn number(self, count: u64) -> String {
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
    fn counts_read_naturally() {
        assert_eq!(Language::English.products(1), "1 product");
        assert_eq!(Language::English.products(0), "0 products");
        assert_eq!(Language::German.products(1_234_567), "1.234.567 Produkte");
        assert_eq!(Language::English.products(100_000), "100,000 products");
    }
}
