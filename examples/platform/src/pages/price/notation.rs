use pure_rust_locales::{Locale, locale_match};

/// How a country writes amounts of money, from the locales of the GNU C library.
#[derive(Clone, Copy, Debug)]
pub(super) struct Notation {
    /// The code of the country's own currency.
    pub(super) currency: &'static str,
    /// What the country writes for it.
    pub(super) sign: &'static str,
    pub(super) sign_first: bool,
    /// Whether a space stands between the sign and the number.
    pub(super) spaced: bool,
    decimal_point: &'static str,
    separator: &'static str,
    /// The sizes of the groups of digits, from the point on; the last one repeats.
    groups: &'static [i64],
}

impl Notation {
    /// The notation of a language tag's country, or of its language's most populous one; `None`
    /// for a language that is not known.
    pub(super) fn of(tag: &str) -> Option<Self> {
        let mut subtags = tag.split(['-', '_']);
        let language = subtags.next()?.to_ascii_lowercase();
        let country = subtags.find(|subtag| subtag.len() == 2);
        let locale =
            country.and_then(|country| locale_of(&language, &country.to_ascii_uppercase()));
        let locale = locale.or_else(|| match home(&language) {
            Some(country) => locale_of(&language, country),
            None => locale_of(&language, &language.to_ascii_uppercase()),
        });
        locale.map(Self::of_locale)
    }

    fn of_locale(locale: Locale) -> Self {
        let sign = locale_match!(locale => LC_MONETARY::CURRENCY_SYMBOL);
        Self {
            currency: locale_match!(locale => LC_MONETARY::INT_CURR_SYMBOL).trim_end(),
            // The wide form of the yen sign stands out among narrow digits.
            sign: if sign == "￥" { "¥" } else { sign },
            sign_first: locale_match!(locale => LC_MONETARY::P_CS_PRECEDES) == 1,
            spaced: locale_match!(locale => LC_MONETARY::P_SEP_BY_SPACE) == 1,
            decimal_point: locale_match!(locale => LC_MONETARY::MON_DECIMAL_POINT),
            separator: locale_match!(locale => LC_MONETARY::MON_THOUSANDS_SEP),
            groups: locale_match!(locale => LC_MONETARY::MON_GROUPING),
        }
    }

    /// A plain decimal number without a sign, such as `1234.50`, as the country writes it.
    pub(super) fn number(&self, decimal: &str) -> String {
        let (mut whole, fraction) = match decimal.split_once('.') {
            Some((whole, fraction)) => (whole, Some(fraction)),
            None => (decimal, None),
        };
        let mut groups = vec![];
        let mut sizes = self.groups.iter();
        let mut size = 0;
        loop {
            size = sizes
                .next()
                .map_or(size, |size| usize::try_from(*size).unwrap_or(0));
            if size == 0 || size >= whole.len() {
                break;
            }
            let (rest, group) = whole.split_at(whole.len() - size);
            groups.push(group);
            whole = rest;
        }
        groups.push(whole);
        groups.reverse();
        let mut number = groups.join(self.separator);
        if let Some(fraction) = fraction {
            number.push_str(self.decimal_point);
            number.push_str(fraction);
        }
        number
    }
}

fn locale_of(language: &str, country: &str) -> Option<Locale> {
    Locale::try_from(format!("{language}_{country}").as_str()).ok()
}

/// Where most people who speak the language live, if the country is not called like it: the
/// "likely subtags" of Unicode's locale data.
fn home(language: &str) -> Option<&'static str> {
    Some(match language {
        "ar" => "EG",
        "be" => "BY",
        "bn" => "BD",
        "ca" | "eu" | "gl" => "ES",
        "cs" => "CZ",
        "cy" => "GB",
        "da" => "DK",
        "el" => "GR",
        "en" => "US",
        "et" => "EE",
        "fa" => "IR",
        "ga" => "IE",
        "he" => "IL",
        "hi" | "kn" | "ml" | "mr" | "pa" | "ta" | "te" => "IN",
        "hy" => "AM",
        "ja" => "JP",
        "ka" => "GE",
        "kk" => "KZ",
        "ko" => "KR",
        "ms" => "MY",
        "nb" | "nn" => "NO",
        "pt" => "BR",
        "sl" => "SI",
        "sq" => "AL",
        "sr" => "RS",
        "sv" => "SE",
        "sw" => "KE",
        "uk" => "UA",
        "ur" => "PK",
        "vi" => "VN",
        "zh" => "CN",
        _ => return None,
    })
}
