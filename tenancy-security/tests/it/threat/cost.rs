//! That no value costs more than its length.

use std::time::{Duration, Instant};

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

fn time_of(value: &str) -> Duration {
    let runs = (0..3).map(|_| {
        let start = Instant::now();
        let _ = Detector::new().check(Place::Query, value.as_bytes());
        start.elapsed()
    });
    runs.min().unwrap_or_default()
}

#[test]
fn eight_times_the_value_takes_far_less_than_sixty_four_times_the_time() {
    for piece in PIECES {
        let short = time_of(&piece.repeat(16 * 1024 / piece.len()));
        let long = time_of(&piece.repeat(128 * 1024 / piece.len()));
        // A floor keeps the clock's own grain out of it.
        let floor = Duration::from_micros(200);
        assert!(
            long < short.max(floor) * 24,
            "{piece:?}: {short:?} for 16 KiB, {long:?} for 128 KiB"
        );
    }
}
