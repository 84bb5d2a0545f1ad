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
    "<a href=",
    "<html ",
    "a.b=",
    "a.b(",
    "=`",
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
    "+A",
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
    ";net user ",
    ";wget http ",
    "|ls - /etc ",
    "\\n",
    "1`=`1`",
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

/// Asserts that a value eight times as long takes nowhere near the square of it.
fn check_that_it_is_linear(what: &str, value: impl Fn(usize) -> String) {
    let times = || (time_of(&value(16 * 1024)), time_of(&value(128 * 1024)));
    // A floor keeps the clock's own grain out of it.
    let floor = Duration::from_micros(200);
    let is_linear = |(short, long): (Duration, Duration)| long < short.max(floor) * 24;
    // A cold cache makes one measurement wrong, and not three.
    let is_linear = (0..3).any(|_| is_linear(times()));
    assert!(is_linear, "{what:?}: {:?} for 16 and 128 KiB", times());
}

#[test]
fn eight_times_the_value_takes_far_less_than_sixty_four_times_the_time() {
    for piece in PIECES {
        check_that_it_is_linear(piece, |length| piece.repeat(length / piece.len()));
    }
}

/// What a judge that looks back, or ahead, would pass over again for each piece.
#[test]
fn nor_does_what_stands_before_or_behind_a_thousand_pieces_count_for_each() {
    for piece in [
        "`",
        "<html ",
        "1;",
        "';",
        ";id ",
        ";wget http",
        "\nwho\ta",
        "\nls\ta",
        "<(who{a",
        "$(",
        "\\..",
        "var/log/",
    ] {
        for filler in [" ", "\n", "a"] {
            let half = |length: usize, of: &str| of.repeat(length / 2 / of.len());
            let behind = |length| half(length, filler) + &half(length, piece);
            check_that_it_is_linear(&format!("{filler}…{piece}"), behind);
            let before = |length| half(length, piece) + &half(length, filler);
            check_that_it_is_linear(&format!("{piece}…{filler}"), before);
        }
    }
}
