use super::*;

/// `expected` with spaces for those that do not break.
fn check(locale: &str, currency: &str, amount: i64, expected: &str) {
    let price = Money::new(amount, currency.parse().unwrap());
    let found = Prices::of(locale).text(price);
    assert!(!found.contains(' '), "{found:?} breaks");
    let found = found.replace(['\u{a0}', '\u{202f}'], " ");
    assert_eq!(found, expected, "{locale} {currency} {amount}");
}

#[test]
fn a_shop_writes_prices_as_its_country_does() {
    check("en-US", "USD", 5800, "$58.00");
    check("en", "USD", 123_456_789, "$1,234,567.89");
    check("en-GB", "GBP", 99, "£0.99");
    check("de", "EUR", 5800, "58,00 €");
    check("de-DE", "EUR", 123_450, "1.234,50 €");
    check("de-AT", "EUR", 123_450, "€ 1 234,50");
    check("de-CH", "CHF", 123_450, "CHF 1’234.50");
    check("fr-FR", "EUR", 1_234_550, "12 345,50 €");
    check("nl", "EUR", 5800, "€ 58,00");
    check("sv", "SEK", 5800, "58,00 kr");
    check("nb-NO", "NOK", 5800, "kr 58,00");
    check("da", "DKK", 5800, "kr. 58,00");
    check("pl", "PLN", 5800, "58,00 zł");
    check("pt-BR", "BRL", 5800, "R$ 58,00");
    check("hi-IN", "INR", 123_456_789, "₹12,34,567.89");
    check("ja", "JPY", 5800, "¥5,800");
    check("ko-KR", "KRW", 5800, "₩5,800");
    check("zh-Hant-TW", "TWD", 5800, "NT$58.00");
    check("EN_us", "USD", 5800, "$58.00");
}

#[test]
fn another_countrys_currency_cannot_be_mistaken() {
    check("en", "JPY", 5800, "¥5,800");
    check("en-US", "EUR", 5800, "€58.00");
    check("de-DE", "USD", 5800, "58,00 $");
    check("en-CA", "CAD", 5800, "$58.00");
    check("en-CA", "USD", 5800, "USD 58.00");
    check("en-US", "CAD", 5800, "CAD 58.00");
    check("fr-CA", "USD", 5800, "58,00 USD");
    check("zh-CN", "CNY", 5800, "¥58.00");
    check("zh-CN", "JPY", 5800, "JPY 5,800");
    check("en-GB", "KWD", 5800, "KWD 5.800");
    check("hr", "EUR", 5800, "58,00 €");
}

#[test]
fn a_minus_stands_before_what_it_belongs_to() {
    check("en-US", "USD", -5800, "-$58.00");
    check("en-US", "USD", -5, "-$0.05");
    check("de-DE", "EUR", -123_450, "-1.234,50 €");
    check("ja", "JPY", -5800, "-¥5,800");
    check("de-CH", "CHF", -5800, "-CHF 58.00");
    check("xx", "EUR", -5800, "-58.00 EUR");
    check("en-US", "USD", i64::MIN, "-$92,233,720,368,547,758.08");
}

#[test]
fn from_right_to_left_the_digits_keep_their_minus() {
    check("he-IL", "ILS", 5800, "₪ 58.00");
    check("he", "ILS", -5800, "₪ \u{200e}-58.00");
    check("ar-SA", "SAR", 5800, "58.00 ر.س");
    check("ar-SA", "SAR", -5800, "\u{200e}-58.00 ر.س");
    check("ar-EG", "EGP", 123_450, "ج.م. 1,234.50");
    check("fa", "EUR", 123_450, "1٬234٫50 €");
}

#[test]
fn an_unknown_locale_falls_back_to_what_everybody_can_read() {
    check("tlh", "USD", 5800, "58.00 USD");
    check("", "EUR", 5800, "58.00 EUR");
    check("xx-YY", "JPY", 5800, "5800 JPY");
    // A country where the language is not at home is no reason to forget the language.
    check("de-US", "USD", 5800, "58,00 $");
    check("es-419", "EUR", 5800, "58,00 €");
    check("de-", "EUR", 5800, "58,00 €");
}
