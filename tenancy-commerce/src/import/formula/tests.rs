use proptest::prelude::*;

use super::*;

#[test]
fn only_what_runs_is_guarded() {
    let check = |text: &str, cell: &str| {
        assert_eq!(guard(text), cell, "{text:?}");
        assert_eq!(unguard(cell), text, "{cell:?}");
    };
    check("=1+1", "'=1+1");
    check("-1+1", "'-1+1");
    check("-", "'-");
    check("-.5", "'-.5");
    check("\n=x", "'\n=x");
    check("＝1", "'＝1");
    check("'=1", "''=1");
    check("''@", "'''@");
    for harmless in [
        "",
        "-5",
        "-5.25",
        "'",
        "''",
        "'030955168517",
        "a=1",
        "5",
        " =1",
    ] {
        check(harmless, harmless);
    }
}

proptest! {
    #[test]
    fn every_text_comes_back(text in "['=+@\t\r\n0-9a.-]{0,8}|\\PC*") {
        let cell = guard(&text);
        prop_assert_eq!(unguard(&cell), text.as_str());
        prop_assert!(!is_formula(&cell) || is_negative_number(&cell));
    }
}
