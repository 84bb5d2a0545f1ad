//! However long a run is, it takes the same memory.

use std::process::Command;
use std::time::Duration;

use tenancy_observability::load_test::{Ending, Recorder, Sample};

const REQUESTS: u64 = 10_000_000;

/// Tells the test that it is the process that is measured, apart from all other tests.
const MEASURED: &str = "LOAD_TEST_MEMORY_IS_MEASURED";

#[test]
fn ten_million_requests_take_less_than_64_mebibytes() {
    if std::env::var_os(MEASURED).is_some() {
        return record_all();
    }
    let child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "--nocapture"])
        .arg("load_test::memory::ten_million_requests_take_less_than_64_mebibytes")
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
fn record_all() {
    let recorder = Recorder::new(32, 1000);
    for number in 0..REQUESTS {
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
    let recorded = recorder.finish(Duration::from_secs(1));
    assert_eq!(recorded.all().ended(), REQUESTS);
    print!("{}", std::fs::read_to_string("/proc/self/status").unwrap());
}
