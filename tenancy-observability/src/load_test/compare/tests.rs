use std::time::Duration;

use super::*;
use crate::load_test::histogram::Times;
use crate::load_test::series::{Ending, Sample};
use crate::load_test::{Generator, Model, Named, Plan, Series};

/// Numbers between 0 and 1 that are the same in every test run (Steele, Lea and Flood's SplitMix64).
struct Noise(u64);

impl Noise {
    fn next(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) as f64 / u64::MAX as f64
    }

    /// Runs of a server whose times are so many milliseconds with a tail, on a machine that is a few
    /// per cent slower in one run than in another.
    fn report(&mut self, runs: usize, millis: f64) -> Report {
        let runs = (0..runs).map(|_| {
            let machine = 0.97 + 0.06 * self.next();
            let mut run = Run::empty(1.0, Generator::judged(0.0, None));
            for name in [
                "GET /api/products",
                "POST /api/orders",
                "GET /api/customers",
            ] {
                let mut series = Series::new(Times::exact);
                for _ in 0..300 {
                    let tail = -self.next().max(1e-9).ln();
                    let time = millis * machine * (0.8 + 0.2 * tail) / 1e3;
                    let time = Duration::from_secs_f64(time);
                    let ending = Ending::Answered {
                        status: 200,
                        bytes: 0,
                    };
                    series.record(&Sample {
                        response: time,
                        service: time,
                        ending,
                    });
                }
                run.endpoints.push(Named::new(name, series));
            }
            run
        });
        let runs = runs.collect();
        report(runs)
    }
}

fn report(runs: Vec<Run>) -> Report {
    let model = Model::Closed {
        users: std::num::NonZeroU32::MIN,
    };
    Report::of_runs(Plan::empty(model), runs)
}

#[test]
fn a_tenth_slower_is_seen_in_five_runs_and_a_tenth_faster_is_no_regression() {
    let mut noise = Noise(1);
    let mut seen = 0;
    for _ in 0..20 {
        let before = noise.report(5, 20.0);
        let slower = Comparison::of(&before, &noise.report(5, 22.0));
        assert_eq!(slower.undecided, None);
        seen += u32::from(slower.regressed);
        let faster = Comparison::of(&before, &noise.report(5, 18.0));
        assert!(!faster.regressed);
    }
    assert!(seen >= 19, "{seen} of 20");
}

#[test]
fn the_same_server_is_no_regression_of_itself() {
    let mut noise = Noise(2);
    let mut flagged = 0;
    for _ in 0..100 {
        let before = noise.report(5, 20.0);
        flagged += u32::from(Comparison::of(&before, &noise.report(5, 20.0)).regressed);
    }
    assert!(flagged <= 5, "{flagged} of 100");
}

#[test]
fn one_endpoint_that_got_slower_is_named() {
    let mut noise = Noise(3);
    let before = noise.report(5, 20.0);
    let mut now = noise.report(5, 20.0);
    let slow = noise.report(5, 40.0);
    for (run, slow) in now.runs.iter_mut().zip(&slow.runs) {
        run.endpoints[1] = slow.endpoints[1].clone();
    }
    let compared = Comparison::of(&before, &now).compared;
    let regressed = compared
        .iter()
        .filter(|figure| figure.change == Change::Regressed);
    let regressed: Vec<&str> = regressed.map(|figure| figure.figure.as_str()).collect();
    assert!(
        regressed.contains(&"mean of POST /api/orders"),
        "{regressed:?}"
    );
    assert!(
        !regressed.contains(&"mean of GET /api/products"),
        "{regressed:?}"
    );
}

#[test]
fn single_runs_decide_nothing_however_far_apart_and_say_what_would() {
    let mut noise = Noise(4);
    let compared = Comparison::of(&noise.report(1, 20.0), &noise.report(1, 200.0));
    assert!(!compared.regressed);
    let said = compared.undecided.unwrap();
    assert!(
        said.contains("1 and 1 runs") && said.contains("5 on each side"),
        "{said}"
    );
}
