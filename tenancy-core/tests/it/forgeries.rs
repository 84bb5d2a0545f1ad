//! What must not compile, with every feature there is: the test kit's among them.

/// Each file under `tests/forgeries` tries one way to a tenant's data without a scope of its own.
#[test]
fn no_forgery_compiles() {
    trybuild::TestCases::new().compile_fail("tests/forgeries/*.rs");
}
