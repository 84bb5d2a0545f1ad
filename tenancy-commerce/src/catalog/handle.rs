use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::limits::HANDLE_BYTES_MAX;

/// The name of a product or category in URLs: `adjustable-stem`, `größe-m`, `抹茶`.
///
/// Lower-case letters of any script, digits, `-` and `_`, with at least one letter or digit, at
/// most 200 bytes. Shops do use letters beyond ASCII; a URL carries them percent-encoded, a
/// handle holds them decoded.
#[derive(Clone, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(try_from = "String", into = "String")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "openapi", schema(value_type = String))]
pub struct Handle(String);

impl Handle {
    /// Makes a handle from any name: `Größe M / 2-Pack` becomes `größe-m-2-pack`.
    ///
    /// `None` if the name has no letter and no digit. A long name is cut at a character. What it
    /// makes, it leaves alone when applied again.
    pub fn from_name(name: &str) -> Option<Self> {
        let mut slug = String::with_capacity(name.len().min(HANDLE_BYTES_MAX));
        let mut gap = false;
        for character in name.chars().flat_map(char::to_lowercase) {
            // Accents written as separate characters belong to the letter before them.
            if ('\u{300}'..='\u{36f}').contains(&character) || matches!(character, '\'' | '’') {
                continue;
            }
            if !character.is_alphanumeric() {
                gap = true;
                continue;
            }
            let hyphen = usize::from(gap && !slug.is_empty());
            if slug.len() + hyphen + character.len_utf8() > HANDLE_BYTES_MAX {
                break;
            }
            if hyphen == 1 {
                slug.push('-');
            }
            slug.push(character);
            gap = false;
        }
        slug.parse().ok()
    }

    /// The same handle with a number behind it, for when it is taken: `stem` becomes `stem-2`.
    ///
    /// A long handle is cut to make room.
    pub fn numbered(&self, number: u32) -> Self {
        let suffix = format!("-{number}");
        let room = self.0.floor_char_boundary(HANDLE_BYTES_MAX - suffix.len());
        Self(format!("{}{suffix}", &self.0[..room]))
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The text cannot be a [`Handle`].
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
#[error("must be 1 to 200 bytes of lower-case letters, digits, hyphens and underscores")]
pub struct InvalidHandle;

impl FromStr for Handle {
    type Err = InvalidHandle;

    fn from_str(text: &str) -> Result<Self, InvalidHandle> {
        text.to_owned().try_into()
    }
}

impl TryFrom<String> for Handle {
    type Error = InvalidHandle;

    fn try_from(text: String) -> Result<Self, InvalidHandle> {
        let is_lower = |c: char| c.is_alphanumeric() && c.to_lowercase().eq([c]);
        let fits = text.len() <= HANDLE_BYTES_MAX;
        if fits
            && text.chars().any(char::is_alphanumeric)
            && text.chars().all(|c| is_lower(c) || matches!(c, '-' | '_'))
        {
            Ok(Self(text))
        } else {
            Err(InvalidHandle)
        }
    }
}

impl From<Handle> for String {
    fn from(handle: Handle) -> Self {
        handle.0
    }
}

impl AsRef<str> for Handle {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Handle {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(&self.0)
    }
}
