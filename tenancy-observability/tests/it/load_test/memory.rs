//! However long a run is, and however often it is repeated, it takes about the same memory.

use std::process::Command;
use std::time::Duration;

use tenancy_observability::load_test::{Ending, Recorder, Sample};

const REQUESTS: u64 = 10_000_000;

/// How often a run is repeated.
const RUNS: u64 = 5;

/// Tells the test that it is the process that is measured, apart from all other tests.
const MEASURED: &str = "LOAD_TEST_MEMORY_IS_MEASURED";

#[test]
fn ten_million_requests_take_less_than_64_mebibytes() {
    check("ten_million_requests_take_less_than_64_mebibytes", || {
        let recorder = Recorder::new(32, 1000);
        record(&recorder, REQUESTS);
        let recorded = recorder.finish(Duration::from_secs(1));
        assert_eq!(recorded.all().ended(), REQUESTS);
    });
}

#[test]
fn runs_that_are_repeated_take_less_than_64_mebibytes() {
    check("runs_that_are_repeated_take_less_than_64_mebibytes", || {
        let runs = (0..RUNS).map(|_| {
            let recorder = Recorder::new(32, 1000);
            record(&recorder, REQUESTS / RUNS / 2);
            recorder.finish(Duration::from_secs(1))
        });
        let runs: Vec<_> = runs.collect();
        let ended: u64 = runs.iter().map(|recorded| recorded.all().ended()).sum();
        assert_eq!(ended, REQUESTS / 2);
    });
}

/// Measures work in a process of its own, which is this test once more.
fn check(test: &str, work: impl FnOnce()) {
    if std::env::var_os(MEASURED).is_some() {
        work();
        return print!("{}", std::fs::read_to_string("/proc/self/status").unwrap());
    }
    let child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "--nocapture"])
        .arg(format!("load_test::memory::{test}"))
        .env(MEASURED, "")
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&child.stdout);
    assert!(child.status.success(), "{said}");
    let peak = said
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:")?.trim().strip_suffix(" kB"));
    let peak: u64 = peak.expect(&said).parse().unwrap();
    assert!(peak < 64 * 1024, "{peak} KiB");
}

/// Many endpoints and more callers than are named, with every time there is.
fn record(recorder: &Recorder, requests: u64) {
    for number in 0..requests {
        let time = Duration::from_micros(number * 7 % 60_000_000);
        let sample = Sample {
            response: time,
            service: time,
            ending: Ending::Answered {
                status: 200 + (number % 300) as u16,
                bytes: 1,
            },
        };
        recorder.record((number % 32) as usize, (number % 1000) as usize, &sample);
    }
}
