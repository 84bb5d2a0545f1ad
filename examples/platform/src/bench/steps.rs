use std::time::Duration;

use indicatif::ProgressBar;

/// What a load test is at before it sends requests and afterwards, in the last line of a terminal; nothing
/// where standard error is none.
#[derive(Debug)]
pub(crate) struct Steps(ProgressBar);

impl Steps {
    pub(crate) fn begin() -> Self {
        let line = ProgressBar::new_spinner();
        line.enable_steady_tick(Duration::from_millis(250));
        Self(line)
    }

    pub(crate) fn show(&self, step: &str) {
        self.0.set_message(step.to_owned());
    }
}

impl Drop for Steps {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}
