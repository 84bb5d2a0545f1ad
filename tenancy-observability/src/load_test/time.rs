use std::time::Duration;

/// A text that is no time.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("a time is such as 90s, 1.5m, 2h or 500ms")]
pub struct InvalidTime;

/// Reads a time such as `90`, `90s`, `1.5m`, `2h` or `500ms`, as it stands on a command line; a bare number
/// is of seconds.
///
/// # Errors
/// Where it is none, or no time at all.
pub fn parse_time(text: &str) -> Result<Duration, InvalidTime> {
    let units = [
        ("ms", 1e-3),
        ("s", 1.0),
        ("m", 60.0),
        ("h", 3600.0),
        ("", 1.0),
    ];
    let mut read = units.iter().filter_map(|(unit, seconds)| {
        let number: f64 = text.strip_suffix(unit)?.trim_end().parse().ok()?;
        Duration::try_from_secs_f64(number * seconds).ok()
    });
    let time = read.next().filter(|time| !time.is_zero());
    time.ok_or(InvalidTime)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_may_be_left_out_and_slips_are_told() {
        for (text, seconds) in [
            ("90", 90.0),
            ("1.5m", 90.0),
            ("500ms", 0.5),
            ("2h", 7200.0),
            ("3 s", 3.0),
        ] {
            assert_eq!(
                parse_time(text),
                Ok(Duration::from_secs_f64(seconds)),
                "{text}"
            );
        }
        for slip in ["", "0", "-1s", "s", "1d", "NaN", "inf"] {
            assert!(parse_time(slip).is_err(), "{slip}");
        }
    }
}
