use std::error::Error as StdError;
use std::fmt;

/// Why a server could not be started: a sentence for whoever runs the tests, followed by the end of
/// the server's log where it has one.
#[derive(Clone)]
pub struct StartError {
    message: String,
}

impl StartError {
    pub(crate) fn new(message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
        }
    }

    pub(crate) fn mentions(&self, text: &str) -> bool {
        self.message.contains(text)
    }

    /// The same with the last lines of `log`.
    pub(crate) fn with_log(self, log: &str) -> Self {
        let lines: Vec<_> = log.lines().collect();
        let tail = lines[lines.len().saturating_sub(30)..].join("\n");
        Self::new(format!(
            "{}\n--- the end of its log ---\n{tail}",
            self.message
        ))
    }
}

impl fmt::Display for StartError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl fmt::Debug for StartError {
    // `unwrap` in a test shows this, where a sentence beats a quoted string.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl StdError for StartError {}
