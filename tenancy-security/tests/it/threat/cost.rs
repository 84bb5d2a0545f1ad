//! That no value costs more than its length.

use std::time::Duration;

use rustix::time::{ClockId, clock_gettime};
use tenancy_security::threat::{Detector, Place};

/// What has made detectors slow: brackets, quotes, comments, encodings, and what looks back.
const PIECES: &[&str] = &[
    "(",
    "((a",
    "'",
    "\"",
    "''",
    "<",
    "<a ",
    "<!",
    "<!doctype ",
    "%25",
    "%2525",
    "&#38;",
    "&amp;",
    "&",
    "&a=",
    "\\u005c",
    "\\",
    "a=",
    "on=",
    "style=",
    "<a style=x ",
    "/*",
    "/**/",
    "/*!",
    "--\n",
    "#\n",
    "1,",
    "a(",
    "1 or ",
    "' or ",
    "union all ",
    ";",
    "; who x",
    ";id ",
    "|",
    "`",
    "`a",
    "$(",
    "${",
    "{{",
    "{{a",
    "{%",
    "../",
    "./",
    "a/../",
    ".",
    "javascript:",
    "java\t",
    ":",
    "[",
    "[]",
    "(!",
    "@",
    "@@",
    "[a",
    "+AD",
    "AAAA+",
    "\u{ff1c}",
    "\u{bc}",
    "0x2",
    "1e",
    "N'",
    "exec ",
    "declare ",
    "x order ",
    "waitfor ",
    " in ",
    "constructor",
    "etc/",
    "cat ",
    "\n",
    " ",
];

/// The processor's time that this thread has had, so that what else runs on the machine counts little.
fn spent() -> Duration {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    Duration::new(
        time.tv_sec.try_into().unwrap(),
        time.tv_nsec.try_into().unwrap(),
    )
}

fn time_of(value: &str) -> Duration {
    let runs = (0..3).map(|_| {
        let before = spent();
        let _ = Detector::new().check(Place::Query, value.as_bytes());
        spent() - before
    });
    runs.min().unwrap_or_default()
}

#[test]
fn eight_times_the_value_takes_far_less_than_sixty_four_times_the_time() {
    for piece in PIECES {
        let times = || {
            let short = time_of(&piece.repeat(16 * 1024 / piece.len()));
            (short, time_of(&piece.repeat(128 * 1024 / piece.len())))
        };
        // A floor keeps the clock's own grain out of it.
        let floor = Duration::from_micros(200);
        let is_linear = |(short, long): (Duration, Duration)| long < short.max(floor) * 24;
        // A cold cache makes one measurement wrong, and not three.
        let is_linear = (0..3).any(|_| is_linear(times()));
        assert!(is_linear, "{piece:?}: {:?} for 16 and 128 KiB", times());
    }
}
