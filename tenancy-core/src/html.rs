//! Rich text from people we do not trust, as a type.
//!
//! [`SanitizedHtml`] can only be made by cleaning: whoever holds one may put it into a page.
//! It keeps what describes a product (headings, lists, tables, links, pictures) and drops what
//! acts: scripts, frames, forms, styles, event handlers and every address that is not plain web.
//!
//! ```
//! use tenancy_core::html::SanitizedHtml;
//!
//! let html = SanitizedHtml::sanitize("<p onclick=run()>Tea <script>run()</script>&amp; cake</p>");
//! assert_eq!(html.as_str(), "<p>Tea &amp; cake</p>");
//! assert_eq!(html.to_text(), "Tea & cake");
//! ```

mod policy;
mod text;

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize};

/// HTML that has been through the sanitiser.
///
/// Sanitising again changes nothing. In serde it is a string, cleaned again when it is read, so
/// a row or a message that was tampered with is harmless. The empty string is a value.
///
/// [`sanitize`](Self::sanitize) takes milliseconds for a product's text, but up to two seconds for
/// half a megabyte made for the purpose (one tag with tens of thousands of attributes), and its
/// result may be several times as long as its input. Limit the input first.
#[derive(Clone, Default, Eq, Hash, PartialEq, Serialize)]
#[serde(transparent)]
pub struct SanitizedHtml(String);

impl SanitizedHtml {
    /// Keeps what is harmless in `html`.
    ///
    /// Links keep `http`, `https`, `mailto` and `tel` addresses and relative ones, and get
    /// `rel="noopener noreferrer nofollow"`; pictures keep only `http` and `https` addresses.
    /// Text that is not HTML comes out escaped. Input whose cleaned form keeps changing when it
    /// is cleaned again, or with more than 10,000 tags or 100,000 entities, is reduced to its text:
    /// only hostile markup is such.
    pub fn sanitize(html: &str) -> Self {
        Self(policy::clean(html))
    }

    /// The markup, ready to be put into a page unescaped.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether there is no markup at all.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The words alone, for search and excerpts: no tags, entities decoded, blanks collapsed.
    ///
    /// This is plain text; escape it before putting it into a page.
    pub fn to_text(&self) -> String {
        text::words(&self.0)
    }
}

impl<'de> Deserialize<'de> for SanitizedHtml {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Self::sanitize(&String::deserialize(deserializer)?))
    }
}

impl fmt::Debug for SanitizedHtml {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, formatter)
    }
}

/// The markup itself.
impl fmt::Display for SanitizedHtml {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests;
