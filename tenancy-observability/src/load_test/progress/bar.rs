use indicatif::{ProgressBar, ProgressStyle};

use super::Progress;
use crate::load_test::LoadTest;

/// How far a run has come, in the last line of a terminal; nothing where standard error is none.
#[derive(Debug)]
pub struct ProgressLine {
    bar: ProgressBar,
    /// Whether it counts requests rather than time.
    counts: bool,
    runs: usize,
}

impl ProgressLine {
    /// One for so many runs of a test.
    pub fn new(test: &LoadTest, runs: usize) -> Self {
        let millis = u64::try_from(test.duration.as_millis()).unwrap_or(u64::MAX);
        let bar = ProgressBar::new(test.requests.unwrap_or(millis));
        let style = ProgressStyle::with_template("{prefix}{bar:30} {percent:>3} %  {msg}");
        if let Ok(style) = style {
            bar.set_style(style);
        }
        Self {
            bar,
            runs,
            counts: test.requests.is_some(),
        }
    }

    /// Shows how far a run has come, the first of which is 0.
    pub fn show(&self, run: usize, progress: &Progress) {
        if self.runs > 1 {
            self.bar
                .set_prefix(format!("run {} of {} ", run + 1, self.runs));
        }
        let millis = u64::try_from(progress.elapsed.as_millis()).unwrap_or(u64::MAX);
        let place = if self.counts { progress.ended } else { millis };
        let rate = progress.ended as f64 / progress.elapsed.as_secs_f64().max(0.001);
        self.bar.set_position(place);
        self.bar.set_message(format!(
            "{} requests, {rate:.0} a second, {} failed",
            progress.ended, progress.failed
        ));
    }
}

impl Drop for ProgressLine {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}
