use std::fmt;

/// A text that does not print or log.
#[derive(Clone)]
pub struct Secret(Box<str>);

impl Secret {
    /// Keeps it to itself.
    pub fn new(text: impl Into<Box<str>>) -> Self {
        Self(text.into())
    }

    pub(super) fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(redacted)")
    }
}
