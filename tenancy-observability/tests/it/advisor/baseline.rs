//! No worse than what the published rules of other advisors would have made.
//!
//! A baseline has its rules here in a few lines each; its indexes, and ours, are made, and the same
//! statements are compared: on PostgreSQL by what its planner takes them to cost, on SQLite by the
//! steps that they take. What indexes cost writes does not count, so cases in which that decides are
//! left out.

mod planned;
mod stepped;

use super::case::{self, Case};
use super::{acceptance, postgres, sqlite};
use planned::Planned;

/// Our indexes may leave this much more to pay than the best baseline's.
const MORE_MAX: f64 = 1.05;

/// The cases of files whose tables are the fixture's as they are, without those that were refused an
/// index for a reason that this does not measure.
fn plain(files: &[&str], fixture: &str, not_measured: &[&str]) -> Vec<Case> {
    let is_measured = |refused: &String| {
        let reason = refused.rsplit(' ').next().unwrap();
        !not_measured.contains(&reason)
    };
    let is_plain = |case: &Case| {
        case.fixture == fixture
            && case.setup.is_empty()
            && case.options.is_empty()
            && !case.statements.is_empty()
            && case.refused.iter().all(is_measured)
    };
    let cases = files.iter().flat_map(|file| case::read(file));
    cases.filter(is_plain).collect()
}

#[tokio::test]
async fn statements_on_postgres_cost_no_more_than_with_the_indexes_of_others() {
    let files = [acceptance::POSTGRES, acceptance::POSTGRES_HELD_OUT];
    let (mut ours, mut dexter, mut index_advisor) = (0.0, 0.0, 0.0);
    let mut queries = 0;
    for fixture in ["shop", "tickets", "forum"] {
        let cases = plain(&files, fixture, &["write_heavy"]);
        let database = postgres::prepared(&cases[0]).await;
        let mut planned = Planned::new(&database).await;
        for case in &cases {
            queries += case.statements.len();
            // Before there is any candidate that its catalogue would list.
            let own = planned.advised(case).await;
            ours += planned.cost_with(case, &own).await;
        }
        for case in &cases {
            let chosen = planned.dexter(case).await;
            dexter += planned.cost_with(case, &chosen).await;
            let chosen = planned.index_advisor(case).await;
            index_advisor += planned.cost_with(case, &chosen).await;
        }
    }
    println!(
        "{queries} queries: ours {ours:.0}, dexter {dexter:.0}, index_advisor {index_advisor:.0}"
    );
    assert!(queries >= 60, "{queries}");
    let best = f64::min(dexter, index_advisor);
    assert!(
        ours <= best * MORE_MAX,
        "{ours:.0}, {dexter:.0}, {index_advisor:.0}"
    );
}

/// Where SQLite's own program is installed, which has its advisor in it.
#[tokio::test]
async fn statements_on_sqlite_take_no_more_steps_than_with_the_indexes_of_its_expert() {
    if !stepped::has_expert() {
        println!("NOT TESTED: there is no sqlite3 with .expert");
        return;
    }
    let files = [acceptance::SQLITE, acceptance::SQLITE_HELD_OUT];
    let folder = tempfile::tempdir().unwrap();
    let (mut ours, mut expert, mut queries) = (0, 0, 0);
    for fixture in ["shop", "forum", "example"] {
        // A step says nothing of pages that are read out of their order, as all of them by an index.
        let cases = plain(&files, fixture, &["write_heavy", "no_condition"]);
        let file = folder.path().join(fixture);
        sqlite::make(&file, &cases[0].fixture_sql).await;
        for case in cases {
            let steps = stepped::compare(&case, &file).await;
            println!("{}: {steps:?}", case.name);
            queries += case.statements.len();
            ours += steps.ours;
            expert += steps.expert;
        }
    }
    println!("{queries} queries: ours {ours}, sqlite3_expert {expert}");
    assert!(queries >= 35, "{queries}");
    let (ours, expert) = (f64::from(ours), f64::from(expert));
    assert!(ours <= expert * MORE_MAX, "{ours}, {expert}");
}
