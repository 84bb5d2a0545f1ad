use serde::{Deserialize, Serialize};

/// What something is called in the settings and in whatever tells of it: a short word.
#[derive(Clone, Debug, Deserialize, Eq, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(try_from = "String")]
pub(crate) struct Name(String);

#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("a name has up to {CHARS_MAX} lower-case letters, digits, hyphens and underscores")]
pub(crate) struct InvalidName;

const CHARS_MAX: usize = 40;

impl Name {
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for Name {
    type Error = InvalidName;

    fn try_from(text: String) -> Result<Self, InvalidName> {
        let is_word = |c: char| matches!(c, 'a'..='z' | '0'..='9' | '-' | '_');
        let fits = (1..=CHARS_MAX).contains(&text.len()) && text.chars().all(is_word);
        fits.then_some(Self(text)).ok_or(InvalidName)
    }
}
