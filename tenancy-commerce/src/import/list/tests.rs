use proptest::prelude::*;

use super::*;

#[test]
fn commas_within_values_are_escaped() {
    assert_eq!(split("Blue, Green ,,\tRed"), ["Blue", "Green", "Red"]);
    assert_eq!(
        split(r"A\, B, C\D, E\\, F\"),
        ["A, B", r"C\D", r"E\", r"F\"]
    );
    assert_eq!(split_path(r"A > B\>C >"), ["A", "B>C"]);
    assert_eq!(join(["A, B", " ", r"E\"]), r"A\, B, E\\");
    assert_eq!(join_path(["A", "B>C"]), r"A > B\>C");
}

proptest! {
    #[test]
    fn a_written_list_is_read_back(values in prop::collection::vec("[ ,\\\\>a\u{a0}]{0,5}", 0..5)) {
        let kept: Vec<&str> =
            values.iter().map(|value| value.trim()).filter(|value| !value.is_empty()).collect();
        prop_assert_eq!(split(&join(values.iter().map(String::as_str))), kept.clone());
        prop_assert_eq!(split_path(&join_path(values.iter().map(String::as_str))), kept);
    }
}
