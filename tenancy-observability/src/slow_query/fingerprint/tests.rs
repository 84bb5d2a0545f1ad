use proptest::prelude::*;

use super::{Fingerprint, READ_MAX, TEXT_MAX};

fn check(statement: &str, expected: &str) {
    let found = Fingerprint::of(statement);
    assert_eq!(found.text(), expected, "of {statement}");
}

#[test]
fn values_are_left_out() {
    check(
        "SELECT * FROM people WHERE name = 'Ada'",
        "select * from people where name = ?",
    );
    check("SELECT 1, 2.5, -3, 'a' 'b'", "select ?, ?, ?, ? ?");
    check(
        "SELECT a - 3 FROM t WHERE b=-3",
        "select a - ? from t where b = ?",
    );
    check(
        r"SELECT E'it\'s', $tag$it's$tag$, X'00', B'01', N'x'",
        "select ?, ?, ?, ?, ?",
    );
    check(
        "SELECT id FROM t WHERE a = $1 AND b = ?2",
        "select id from t where a = ? and b = ?",
    );
    check("SELECT 'a;b' FROM t;", "select ? from t");
}

#[test]
fn what_differs_only_in_form_is_one_statement() {
    for same in [
        "select id from t where a in (?)",
        "SELECT id FROM t WHERE a IN ($1, $2, $3)",
        "select id\n\tfrom T -- the table\n where a in(1,2)",
        "/* shop 'x' */ SELECT id FROM t WHERE a IN ('x') ;",
        "SELECT id FROM t WHERE a IN (-1, 2, +3)",
    ] {
        check(same, "select id from t where a in (?)");
    }
    check(
        "INSERT INTO t (a, b) VALUES ($1, $2), ($3, $4), ($5, $6)",
        "insert into t(a, b) values (?)",
    );
    check(
        "SELECT count(*) FROM t LIMIT 5, 10",
        "select count(*) from t limit ?, ?",
    );
}

#[test]
fn what_is_another_statement_stays_another() {
    check(
        r#"SELECT "Name", t.id::text FROM "people" t"#,
        r#"select "Name", t.id::text from "people" t"#,
    );
    let one = Fingerprint::of("SELECT a FROM t WHERE a < 1");
    assert_ne!(one, Fingerprint::of("SELECT a FROM t WHERE a <= 1"));
    assert_ne!(one, Fingerprint::of("SELECT a FROM u WHERE a < 1"));
}

#[test]
fn what_cannot_be_read_shows_nothing_of_its_end() {
    check(
        "SELECT * FROM t WHERE a = 'secret",
        "select * from t where a =…",
    );
    check("SELECT * FROM t /* secret", "select * from t…");
    let long = format!("SELECT {}'secret'", "a, ".repeat(READ_MAX));
    let found = Fingerprint::of(&long);
    assert!(found.text().len() <= TEXT_MAX + '…'.len_utf8());
    assert!(found.text().ends_with('…'));
}

proptest! {
    #[test]
    fn no_value_is_ever_part_of_the_text(
        value in "[a-z]{0,5}qzxsecret[a-z '\\\\;$-]{0,9}",
        before in "SELECT \\* FROM t WHERE [a-c] = |INSERT INTO t VALUES \\(1, |SELECT f\\(",
    ) {
        let quoted = value.replace('\'', "''");
        let found = Fingerprint::of(&format!("{before}'{quoted}'"));
        prop_assert!(!found.text().contains("qzxsecret"), "{found}");
    }

    #[test]
    fn any_text_has_a_fingerprint_of_bounded_length(text in ".{0,400}") {
        let found = Fingerprint::of(&text);
        prop_assert!(found.text().len() <= TEXT_MAX + '…'.len_utf8());
    }
}
