//! How the program was compiled, what it is told, and what time it has.

use std::time::Duration;

use jiff::Timestamp;

use super::Finding;

/// The fewest characters of a secret.
const SECRET_CHARS_MIN: usize = 32;

/// The fewest different ones: 32 hexadecimal digits at random have fewer than 8 once in ten thousand times.
const SECRET_LETTERS_MIN: usize = 8;

/// What clocks may differ by without anybody noticing.
const SKEW_USUAL: Duration = Duration::from_secs(1);

/// With more, tokens are refused that are valid.
const SKEW_MAX: Duration = Duration::from_secs(30);

/// Whether it was optimised.
pub fn profile() -> Finding {
    if cfg!(debug_assertions) {
        Finding::fail(
            "compiled without optimisation, or with debug assertions",
            "build it with `cargo build --release`",
        )
    } else {
        Finding::pass("compiled with optimisation")
    }
}

/// Whether a panic ends one request only.
pub fn panics() -> Finding {
    if cfg!(panic = "unwind") {
        Finding::pass("a panic unwinds, and ends one request")
    } else {
        Finding::fail(
            "a panic aborts the whole server",
            "take `panic = \"abort\"` out of the profile",
        )
    }
}

/// Whether a secret could be guessed. It is not part of the finding.
pub fn secret(name: &str, secret: &str) -> Finding {
    let mut letters: Vec<char> = secret.chars().collect();
    let chars = letters.len();
    letters.sort_unstable();
    letters.dedup();
    let lower = secret.to_lowercase();
    let is_known = ["changeme", "password", "example", "0123456789", "abcdefgh"]
        .iter()
        .any(|known| lower.contains(known));
    let mend = format!("set {name} to what `openssl rand -hex 32` prints");
    if chars < SECRET_CHARS_MIN {
        Finding::fail(format!("{name} has {chars} characters"), mend)
    } else if is_known || letters.len() < SECRET_LETTERS_MIN {
        Finding::fail(format!("{name} is one that can be guessed"), mend)
    } else {
        Finding::pass(format!("{name} has {chars} characters"))
    }
}

/// Whether this machine's clock agrees with another's, such as the database's, which was read between
/// `asked` and `answered`.
pub fn clock(asked: Timestamp, theirs: Timestamp, answered: Timestamp) -> Finding {
    // What cannot be told apart from the way there and back is no difference.
    let before = theirs.duration_until(asked);
    let after = answered.duration_until(theirs);
    let skew = Duration::try_from(before.max(after)).unwrap_or_default();
    let evidence = format!("differs by {:.1} s at most", skew.as_secs_f64());
    let mend = "let NTP set both clocks, and see that it runs (`timedatectl`)";
    if skew > SKEW_MAX {
        Finding::fail(evidence, mend)
    } else if skew > SKEW_USUAL {
        Finding::warn(evidence, mend)
    } else {
        Finding::pass(evidence)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::readiness::Status;

    #[test]
    fn secrets_that_can_be_guessed_are_found_and_never_told() {
        for (text, status) in [
            ("", Status::Fail),
            ("short", Status::Fail),
            ("0123456789abcdef0123456789abcdef", Status::Fail),
            ("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", Status::Fail),
            ("please-changeme-please-changeme-now", Status::Fail),
            ("8c5ed4c7a96f0b3e21d8f7a64b90c3e5", Status::Pass),
        ] {
            let finding = secret("TENANCY_SECRET", text);
            assert_eq!(finding.status, status, "{text}");
            let told = serde_json::to_string(&finding).unwrap();
            assert!(text.is_empty() || !told.contains(text), "{told}");
        }
    }

    #[test]
    fn a_clock_is_judged_by_what_the_way_there_does_not_explain() {
        let at = |seconds| Timestamp::from_second(seconds).unwrap();
        for (asked, theirs, answered, status) in [
            (100, 100, 100, Status::Pass),
            // The answer took half a minute, in which it was read at some moment.
            (100, 115, 130, Status::Pass),
            (100, 103, 101, Status::Warn),
            (100, 97, 101, Status::Warn),
            (100, 200, 101, Status::Fail),
            (100, 20, 101, Status::Fail),
        ] {
            let finding = clock(at(asked), at(theirs), at(answered));
            assert_eq!(finding.status, status, "{theirs}");
        }
    }

    #[test]
    fn a_test_is_no_release() {
        assert_eq!(profile().status, Status::Fail);
        assert_eq!(panics().status, Status::Pass);
    }
}
