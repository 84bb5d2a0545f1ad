use std::fs;

use tenancy_tests::{shared_corpus, shared_data};

#[test]
fn files_beside_the_repository_are_found_where_they_lie() {
    for file in [
        shared_data("shopify/apparel.csv"),
        shared_corpus("httpparams.jsonl"),
    ] {
        // A clone without the data still tests everything else, and says so.
        let Some(file) = file else { continue };
        assert!(fs::metadata(&file).unwrap().len() > 0, "{}", file.display());
    }
}

#[test]
fn a_file_that_is_absent_is_none() {
    assert_eq!(shared_data("no/such.csv"), None);
    assert_eq!(shared_corpus("no-such.jsonl"), None);
}
