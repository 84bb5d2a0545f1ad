use proptest::prelude::*;
use tenancy_core::blob::BlobKey;

#[test]
fn a_key_leads_nowhere_else() {
    let check = |text: &str, expected: bool| {
        assert_eq!(text.parse::<BlobKey>().is_ok(), expected, "{text:?}");
    };
    for good in ["a", "a/b", "media/0190-x_y.png", "9", "a.b/c-d/e_f"] {
        check(good, true);
    }
    for bad in [
        "", "/", "a/", "/a", "a//b", ".", "..", "a/../b", "../a", "a..b", ".a", "a.", "-a", "a-",
        "_a", "a_", "A", "a/B", "a b", "a\\b", "a\0", "a%2f..", "a#1", "ä", "a:b", "a\n", "~a",
        "a/b_/c",
    ] {
        check(bad, false);
    }
    check(&"a".repeat(128), true);
    check(&"a".repeat(129), false);
    let long = ["a"; 256].join("/");
    check(&long, true);
    check(&format!("{long}/aa"), false);
}

proptest! {
    #[test]
    fn no_text_makes_a_key_with_a_part_that_moves(text in "[a-zA-Z0-9./_\\\\%-]{0,24}") {
        if let Ok(key) = text.parse::<BlobKey>() {
            prop_assert_eq!(key.as_str(), text.to_lowercase());
            let parts = key.as_str().split('/');
            prop_assert!(parts.into_iter().all(|part| !part.is_empty() && part != "." && part != ".."));
        }
    }
}
