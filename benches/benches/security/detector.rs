use std::hint::black_box;
use std::time::Instant;

use tenancy_benches::{Report, median};
use tenancy_security::threat::{Detector, Place};

const ROUNDS: usize = 15;
const CHECKS: u32 = 20_000;
const MEGABYTE: usize = 1 << 20;
/// As long as the longest values that a form has, 16 KiB.
const LONG: usize = 16 << 10;

/// About a hundred bytes each.
const VALUES: &[(&str, &str, f64)] = &[
    (
        "a threat check of a plain form value (s)",
        "Jonathan_Livingston-Seagull,Rosenheimer-Strasse-145,81671_Muenchen,Bavaria,Germany,customer-0042817",
        0.5e-6,
    ),
    (
        "a threat check of words alone (s)",
        "An ordinary text of a hundred bytes with words and blanks and nothing else in it at all as one writes",
        0.5e-6,
    ),
    (
        "a threat check of a text with quotes, brackets and dashes (s)",
        "Great jacket (size M), fits well - though the zip's a bit stiff; I'd give it \"4 stars\", maybe more!",
        0.5e-6,
    ),
    (
        "a threat check of a suspicious text (s)",
        "<p>Great <b>jacket</b>, fits well &amp; looks good.</p><p>Would <i>buy again</i> any time, thanks.</p>",
        5e-6,
    ),
    (
        "a threat check of an injection (s)",
        "1' and (select count(*) from information_schema.tables where table_schema = database()) > 12 -- and so",
        5e-6,
    ),
];

/// What has made the detector slow, or would make a careless one.
const PIECES: &[&str] = &[
    "(",
    "a(",
    "((a",
    "@(",
    "$(",
    "a.b(",
    "a=",
    "a.b=",
    "=`",
    "<",
    "<a ",
    "<a href=",
    "<!",
    "<!e",
    "<a style=x ",
    "&a=",
    "&lt",
    "%25",
    "+A",
    "+AD",
    "etc/",
    "../",
    "a|",
    ";id ",
    "\r\n",
    "[",
    "{{",
    "'",
    "''",
    "/*",
    "1 or ",
];

/// The cost of a value, harmless or not.
pub(crate) fn measure(report: &mut Report) {
    let detector = Detector::new();
    for (name, value, limit) in VALUES {
        let mut times: Vec<_> = (0..ROUNDS)
            .map(|_| {
                let began = Instant::now();
                for _ in 0..CHECKS {
                    let _ = black_box(detector.check(Place::Query, black_box(value.as_bytes())));
                }
                began.elapsed().as_secs_f64() / f64::from(CHECKS)
            })
            .collect();
        report.limit(name, median(&mut times), *limit);
    }
    report.limit(
        "a threat check of 1 MB of opening parentheses (s)",
        time_of("(", MEGABYTE),
        10e-3,
    );
    let times = PIECES.iter().map(|piece| (time_of(piece, LONG), *piece));
    let worst = times.max_by(|(one, _), (other, _)| one.total_cmp(other));
    let (took, piece) = worst.expect("there are pieces");
    let count = PIECES.len();
    let name =
        format!("a threat check of the worst of {count} hostile 16 KiB values, {piece:?} (s)");
    report.limit(&name, took, 1e-3);
}

/// How long it takes for so many bytes of a piece, in seconds.
fn time_of(piece: &str, bytes: usize) -> f64 {
    let value = piece.repeat(bytes / piece.len());
    let mut times: Vec<_> = (0..ROUNDS)
        .map(|_| {
            let began = Instant::now();
            let _ = black_box(Detector::new().check(Place::Query, black_box(value.as_bytes())));
            began.elapsed().as_secs_f64()
        })
        .collect();
    median(&mut times)
}
