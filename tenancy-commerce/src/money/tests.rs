use proptest::prelude::*;

use super::*;

fn currency(code: &str) -> Currency {
    code.parse().unwrap()
}

fn money(amount: i64, code: &str) -> Money {
    Money::new(amount, currency(code))
}

#[test]
fn a_currency_knows_its_minor_unit() {
    let check = |code: &str, exponent| assert_eq!(currency(code).exponent(), exponent, "{code}");
    check("JPY", 0);
    check("usd", 2);
    check("KWD", 3);
    check("XAU", 0);
    assert_eq!("ZZZ".parse::<Currency>(), Err(MoneyError::UnknownCurrency));
    assert_eq!("".parse::<Currency>(), Err(MoneyError::UnknownCurrency));
}

#[test]
fn parses_plain_decimals_and_rounds_finer_ones_half_up() {
    let check = |text: &str, code: &str, amount, rounded| {
        let parsed = Money::parse(text, currency(code));
        assert_eq!(
            parsed,
            Ok(ParsedMoney {
                money: money(amount, code),
                rounded
            }),
            "{text}"
        );
    };
    check("10.99", "USD", 1099, false);
    check("50", "USD", 5000, false);
    check(".5", "USD", 50, false);
    check("5.", "USD", 500, false);
    check("+1.2", "USD", 120, false);
    check("-0.05", "USD", -5, false);
    check("1.5000", "USD", 150, false);
    check("1.005", "USD", 101, true);
    check("-1.005", "USD", -101, true);
    check("1.004999", "USD", 100, true);
    check("0.999", "USD", 100, true);
    check("199.5", "JPY", 200, true);
    check("199", "JPY", 199, false);
    check("1.2345", "KWD", 1235, true);
    check("92233720368547758.07", "USD", i64::MAX, false);
    check("-92233720368547758.08", "USD", i64::MIN, false);
}

#[test]
fn refuses_what_is_not_a_plain_decimal() {
    for text in [
        "", ".", "-", "1,099.00", "1e3", "$5", " 5", "5 ", "1.2.3", "--1", "٣", "NaN", "0x1",
    ] {
        assert_eq!(
            Money::parse(text, currency("USD")),
            Err(MoneyError::InvalidNumber),
            "{text}"
        );
    }
    for text in ["92233720368547758.08", "9".repeat(60).as_str()] {
        assert_eq!(
            Money::parse(text, currency("USD")),
            Err(MoneyError::Overflow),
            "{text}"
        );
    }
}

#[test]
fn refuses_overflow_and_mixed_currencies() {
    let most = money(i64::MAX, "USD");
    assert_eq!(most.try_add(money(1, "USD")), Err(MoneyError::Overflow));
    assert_eq!(most.try_mul(2), Err(MoneyError::Overflow));
    assert_eq!(money(i64::MIN, "USD").try_neg(), Err(MoneyError::Overflow));
    assert_eq!(
        money(i64::MIN, "USD").try_sub(money(1, "USD")),
        Err(MoneyError::Overflow)
    );
    assert_eq!(
        most.mul_half_up(Rate::new(2, 1).unwrap()),
        Err(MoneyError::Overflow)
    );
    assert_eq!(
        most.try_add(money(1, "EUR")),
        Err(MoneyError::CurrencyMismatch)
    );
    assert_eq!(
        Money::try_sum(currency("USD"), [money(1, "EUR")]),
        Err(MoneyError::CurrencyMismatch)
    );
    let detour = [most, money(1, "USD"), money(-1, "USD")];
    assert_eq!(Money::try_sum(currency("USD"), detour), Ok(most));
}

#[test]
fn multiplies_by_exact_rates_half_up() {
    let check = |amount, rate: Rate, expected| {
        assert_eq!(
            money(amount, "USD").mul_half_up(rate),
            Ok(money(expected, "USD")),
            "{rate:?}"
        );
    };
    check(2499, Rate::percent("10.75").unwrap(), 269);
    check(1, Rate::percent("50").unwrap(), 1);
    check(-1, Rate::percent("50").unwrap(), -1);
    check(1995, Rate::new(8, 30).unwrap(), 532);
    check(
        24000,
        Rate::percent("20.0000").unwrap().included().unwrap(),
        4000,
    );
    check(i64::MAX, Rate::new(1, 1).unwrap(), i64::MAX);
    check(i64::MIN, "1".parse().unwrap(), i64::MIN);
    assert_eq!(Rate::new(1, 0), Err(MoneyError::InvalidRate));
    assert_eq!(
        Rate::percent("-100").unwrap().included(),
        Err(MoneyError::InvalidRate)
    );
    assert_eq!(Rate::percent("10.75"), Rate::new(43, 400));
    assert_eq!("0.1075".parse::<Rate>(), Rate::new(43, 400));
}

#[test]
fn splits_by_largest_remainder() {
    let check = |amount, weights: &[u64], expected: &[i64]| {
        let shares = money(amount, "USD").split(weights).unwrap();
        let amounts: Vec<i64> = shares.into_iter().map(Money::amount).collect();
        assert_eq!(amounts, expected, "{amount} over {weights:?}");
    };
    check(100, &[1, 1, 1], &[34, 33, 33]);
    check(-100, &[1, 1, 1], &[-34, -33, -33]);
    check(5, &[0, 3, 7], &[0, 2, 3]);
    check(0, &[0, 0], &[0, 0]);
    check(0, &[], &[]);
    check(i64::MIN, &[u64::MAX, 0], &[i64::MIN, 0]);
    assert_eq!(money(1, "USD").split(&[0, 0]), Err(MoneyError::NoWeight));
    assert_eq!(money(1, "USD").split(&[]), Err(MoneyError::NoWeight));
}

#[test]
fn json_is_an_amount_and_a_code() {
    let json = serde_json::to_string(&money(3412, "USD")).unwrap();
    assert_eq!(json, r#"{"amount":3412,"currency":"USD"}"#);
    assert_eq!(
        serde_json::from_str::<Money>(&json).unwrap(),
        money(3412, "USD")
    );
    for wrong in [
        r#"{"amount":34.12,"currency":"USD"}"#,
        r#"{"amount":"1","currency":"USD"}"#,
        r#"{"amount":1,"currency":"ZZZ"}"#,
        r#"{"amount":9223372036854775808,"currency":"USD"}"#,
        r#"{"amount":1}"#,
    ] {
        assert!(serde_json::from_str::<Money>(wrong).is_err(), "{wrong}");
    }
}

fn any_currency() -> impl Strategy<Value = Currency> {
    prop::sample::select(vec!["JPY", "USD", "KWD", "CLF", "XAU"]).prop_map(currency)
}

proptest! {
    #[test]
    fn decimal_text_round_trips(amount: i64, currency in any_currency()) {
        let money = Money::new(amount, currency);
        let parsed = Money::parse(&money.to_decimal(), currency).unwrap();
        prop_assert_eq!(parsed, ParsedMoney { money, rounded: false });
    }

    #[test]
    fn parsing_never_panics(text in "\\PC*", currency in any_currency()) {
        let _ = Money::parse(&text, currency);
        let _ = text.parse::<Rate>();
    }

    #[test]
    fn shares_sum_exactly_and_stay_within_one_unit(
        amount: i64,
        weights in prop::collection::vec(prop_oneof![Just(0_u64), 0..100_u64, any::<u64>()], 1..20),
    ) {
        let total: u128 = weights.iter().map(|weight| u128::from(*weight)).sum();
        prop_assume!(total > 0);
        let shares = money(amount, "USD").split(&weights).unwrap();
        let sum: i128 = shares.iter().map(|share| i128::from(share.amount())).sum();
        prop_assert_eq!(sum, i128::from(amount));
        for (share, weight) in shares.iter().zip(&weights) {
            let magnitude = u128::from(share.amount().unsigned_abs());
            let floor = u128::from(amount.unsigned_abs()) * u128::from(*weight) / total;
            prop_assert!(magnitude == floor || magnitude == floor + 1);
            prop_assert!(*weight > 0 || share.is_zero());
        }
    }

    #[test]
    fn rounding_is_nearest_and_symmetric(
        amount in -1_000_000_000_000_i64..1_000_000_000_000,
        numerator in -1_000_000_i64..1_000_000,
        denominator in 1..1_000_000_u64,
    ) {
        let rate = Rate::new(numerator, denominator).unwrap();
        let product = money(amount, "USD").mul_half_up(rate).unwrap().amount();
        let error = 2 * (i128::from(product) * i128::from(denominator)
            - i128::from(amount) * i128::from(numerator)).abs();
        prop_assert!(error <= i128::from(denominator));
        let mirrored = money(-amount, "USD").mul_half_up(rate).unwrap().amount();
        prop_assert_eq!(mirrored, -product);
    }
}
