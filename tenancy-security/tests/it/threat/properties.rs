//! What holds for any bytes.

use proptest::collection::vec;
use proptest::prelude::*;
use tenancy_security::threat::{Detector, Place};

/// Bytes as an attacker sends them: signs and words more often than letters.
fn hostile() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        any::<u8>().prop_map(|byte| vec![byte]),
        prop::sample::select(vec![
            "'",
            "\"",
            "`",
            "(",
            ")",
            "<",
            ">",
            "=",
            "--",
            "#",
            "/*",
            "*/",
            "/*!",
            "%2",
            "%27",
            "%u00",
            "\\u00",
            "\\x2",
            "\\u{",
            "&#",
            "&#x",
            "&lt",
            "+A",
            "+AD",
            "${",
            "{{",
            "}}",
            "../",
            "..\\",
            "0x",
            "1e",
            "1.",
            "@",
            "@@",
            "[",
            "]",
            ";",
            "|",
            "&",
            "$(",
            "\n",
            "\0",
            "select",
            "union",
            " or ",
            " and ",
            "case",
            "top",
            "into",
            "order by",
            "declare",
            "<script",
            " onload",
            "javascript:",
            "style=",
            "alert",
            "call",
            "<!doctype",
            "etc/",
            "\u{ff07}",
            "\u{e9}",
        ])
        .prop_map(|text| text.as_bytes().to_vec()),
    ];
    vec(piece, 0..64).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn no_value_makes_the_detector_panic(value in hostile()) {
        for place in [Place::Path, Place::Query, Place::Header, Place::Body] {
            let _ = Detector::new().check(place, &value);
        }
    }

    #[test]
    fn letters_and_digits_alone_are_harmless(value in "[a-z0-9]{0,7}") {
        prop_assert!(Detector::new().check(Place::Query, value.as_bytes()).is_none());
    }

    #[test]
    fn an_attack_is_found_whatever_its_case(capitals in any::<u64>()) {
        let attack: String = "-1 union select password from users where 1=1 -- "
            .chars()
            .enumerate()
            .map(|(at, letter)| {
                if capitals >> at & 1 == 1 { letter.to_ascii_uppercase() } else { letter }
            })
            .collect();
        prop_assert!(Detector::new().check(Place::Query, attack.as_bytes()).is_some());
    }
}
