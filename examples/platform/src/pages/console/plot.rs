use std::fmt::Write as _;

/// How large the drawing is, in units of its own.
const SIZE: (f64, f64) = (600.0, 120.0);

/// A line over time, drawn where the page is written.
#[derive(Clone, Debug)]
pub(crate) struct Plot {
    pub(super) heading: &'static str,
    /// What somebody learns who cannot see it.
    pub(super) says: String,
    /// The highest value, at the upper edge.
    pub(super) most: String,
    /// The line, in pieces where there are values.
    pub(super) path: String,
}

impl Plot {
    /// A plot of values in equal steps; `None` leaves a gap.
    pub(super) fn new(
        heading: &'static str,
        values: &[Option<f64>],
        written: impl Fn(f64) -> String,
        words: &PlotWords,
    ) -> Self {
        let known = || values.iter().flatten().copied();
        let most = known().fold(0.0, f64::max);
        let says = match known().last() {
            Some(last) => {
                words
                    .says
                    .replacen("{}", &written(last), 1)
                    .replacen("{}", &written(most), 1)
            }
            None => words.nothing.to_owned(),
        };
        Self {
            heading,
            says,
            most: written(most),
            path: path(values, most),
        }
    }
}

/// How a plot is put into words.
#[derive(Debug)]
pub(super) struct PlotWords {
    /// The last value and the highest.
    pub(super) says: &'static str,
    pub(super) nothing: &'static str,
}

#[allow(
    clippy::cast_precision_loss,
    reason = "there are some dozens of values"
)]
fn path(values: &[Option<f64>], most: f64) -> String {
    let (width, height) = SIZE;
    let step = width / (values.len().max(2) - 1) as f64;
    let scale = if most > 0.0 { height / most } else { 0.0 };
    let (mut path, mut is_drawing) = (String::new(), false);
    for (at, value) in values.iter().enumerate() {
        let Some(value) = value else {
            is_drawing = false;
            continue;
        };
        let (x, y) = (at as f64 * step, height - value * scale);
        let command = if is_drawing { 'L' } else { 'M' };
        // A value with none beside it is a dot, which a line of no length is drawn as.
        let dot = if is_drawing { "" } else { "h0" };
        // Writing into a string does not fail.
        let _ = write!(path, "{command}{x:.1} {y:.1}{dot}");
        is_drawing = true;
    }
    path
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_has_gaps_where_there_are_no_values() {
        let check = |values: &[Option<f64>], expected: &str| {
            let most = values.iter().flatten().copied().fold(0.0, f64::max);
            assert_eq!(path(values, most), expected, "{values:?}");
        };
        check(&[], "");
        check(&[None, None], "");
        check(&[Some(0.0), Some(0.0)], "M0.0 120.0h0L600.0 120.0");
        check(
            &[Some(1.0), Some(4.0), None, Some(2.0)],
            "M0.0 90.0h0L200.0 0.0M600.0 60.0h0",
        );
    }

    #[test]
    fn whoever_cannot_see_it_is_told_the_last_and_the_highest_value() {
        let words = PlotWords {
            says: "{} at last, {} at most",
            nothing: "nothing",
        };
        let plot = |values: &[Option<f64>]| {
            Plot::new("p95", values, |value| format!("{value} ms"), &words).says
        };
        assert_eq!(
            plot(&[Some(7.0), Some(3.0), None]),
            "3 ms at last, 7 ms at most"
        );
        assert_eq!(plot(&[None]), "nothing");
    }
}
