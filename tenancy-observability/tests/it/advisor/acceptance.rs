//! How right the advisor is, over cases kept as data.

use super::case::{self, Case};
use super::score::Score;
use super::{postgres, sqlite};

pub(super) const POSTGRES: &str = include_str!("cases/postgres.sql");
pub(super) const SQLITE: &str = include_str!("cases/sqlite.sql");
pub(super) const POSTGRES_HELD_OUT: &str = include_str!("cases/postgres_held_out.sql");
pub(super) const SQLITE_HELD_OUT: &str = include_str!("cases/sqlite_held_out.sql");

const PRECISION_MIN: f64 = 0.95;
const RECALL_MIN: f64 = 0.9;

/// Scores of the cases that numbers were chosen by, and of those that were held out.
#[derive(Default)]
struct Scores {
    tuned: Score,
    held_out: Score,
}

impl Scores {
    fn of(&mut self, case: &Case) -> &mut Score {
        if case.is_held_out {
            &mut self.held_out
        } else {
            &mut self.tuned
        }
    }

    /// Fails below the bounds, for each of the two.
    fn require(&self, database: &str) {
        println!("{database}, tuned: {}", self.tuned);
        println!("{database}, held out: {}", self.held_out);
        let scores = [&self.tuned, &self.held_out];
        for score in scores.into_iter().filter(|score| score.cases > 0) {
            assert!(score.precision() >= PRECISION_MIN, "{database}: {score}");
            assert!(score.recall() >= RECALL_MIN, "{database}: {score}");
            assert!(score.reasons() >= RECALL_MIN, "{database}: {score}");
        }
    }
}

#[test]
fn there_are_cases_enough_of_each_kind() {
    let files = [POSTGRES, POSTGRES_HELD_OUT, SQLITE, SQLITE_HELD_OUT];
    let cases: Vec<Case> = files.into_iter().flat_map(case::read).collect();
    assert!(cases.len() >= 60, "{}", cases.len());
    let held_out = cases.iter().filter(|case| case.is_held_out).count();
    assert!(held_out >= 15, "{held_out}");
    let refused = cases.iter().filter(|case| !case.refused.is_empty()).count();
    assert!(refused >= 15, "{refused}");
}

#[tokio::test]
async fn advice_for_postgres_is_right_by_statistics_alone() {
    for file in [POSTGRES, POSTGRES_HELD_OUT] {
        let mut scores = Scores::default();
        for case in case::read(file) {
            let report = postgres::advise(&case, postgres::Proof::None).await;
            scores.of(&case).note(&case, &report);
        }
        scores.require("postgres");
    }
}

#[tokio::test]
async fn advice_for_postgres_is_right_by_a_copy() {
    let asks = |case: &Case| !case.statements.is_empty();
    for file in [POSTGRES, POSTGRES_HELD_OUT] {
        let mut scores = Scores::default();
        for case in case::read(file).into_iter().filter(asks) {
            let report = postgres::advise(&case, postgres::Proof::Copy).await;
            scores.of(&case).note(&case, &report);
        }
        scores.require("postgres with a copy");
    }
}

#[tokio::test]
async fn advice_for_sqlite_is_right() {
    for file in [SQLITE, SQLITE_HELD_OUT] {
        let mut scores = Scores::default();
        for case in case::read(file) {
            let report = sqlite::advise(&case).await;
            scores.of(&case).note(&case, &report);
        }
        scores.require("sqlite");
    }
}
