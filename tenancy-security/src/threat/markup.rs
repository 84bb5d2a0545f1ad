//! Cross-site scripting: values that a browser would run.
//!
//! A value lands in text, in an attribute with or without quotes, in a script or in a style sheet,
//! and browsers repair what is broken. So nothing here trusts quotes or nesting: the signs that
//! start a tag, set an attribute, name a scheme or call a function are judged by the few bytes
//! around each, wherever they stand.

mod names;
mod script;
mod tag;

use self::names::{Attribute, Tag};
use super::finding::{Severity, ThreatKind, Verdict};
use super::scan::{Bytes, Scan};

/// Without one of these nothing runs.
const SIGNS: Bytes = Bytes::LESS
    .or(Bytes::EQUALS)
    .or(Bytes::COLON)
    .or(Bytes::PARENTHESIS)
    .or(Bytes::BACKTICK)
    .or(Bytes::BRACKET);

/// The signs to be looked at in a value of these bytes.
pub(super) fn signs(bytes: Bytes) -> Bytes {
    if bytes.has_any(SIGNS) {
        SIGNS.or(Bytes::GREATER)
    } else {
        Bytes::default()
    }
}

/// Whether the signs met so far put what follows into a tag.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Inside {
    /// No tag was opened.
    Text,
    /// A tag is open.
    Tag,
    /// A tag was open, and may be still, if its `>` stood in quotes.
    Perhaps,
}

const fn found(says: &'static str) -> Option<Verdict> {
    Some(Verdict::new(
        ThreatKind::CrossSiteScripting,
        Severity::High,
        says,
    ))
}

/// Judges a decoded value as a piece of HTML, sign by sign.
#[derive(Debug)]
pub(super) struct Markup<'a> {
    value: &'a [u8],
    lead: usize,
    inside: Inside,
    calls: script::Repetition,
    ends: tag::Ends,
}

impl<'a> Markup<'a> {
    pub(super) fn of(scan: &Scan<'a>) -> Self {
        Self {
            value: scan.value(),
            lead: scan.lead(),
            inside: Inside::Text,
            calls: script::Repetition::default(),
            ends: tag::Ends::default(),
        }
    }

    /// Judges the next sign.
    #[inline]
    pub(super) fn see(&mut self, at: usize, byte: u8) -> Option<Verdict> {
        let value = self.value;
        match byte {
            b'<' => {
                let opened = tag::open(value, at)?;
                self.inside = Inside::Tag;
                judge_tag(value, &opened, &mut self.ends, at <= self.lead)
            }
            b'>' if self.inside == Inside::Tag => {
                self.inside = Inside::Perhaps;
                None
            }
            b'=' => judge_attribute(value, at, self.inside),
            b':' => script::scheme(value, at, self.inside != Inside::Text),
            b'(' | b'`' => script::call(value, at, self.inside == Inside::Tag),
            b'[' => {
                let written = self.calls.see(value, at);
                written.or_else(|| script::property(value, at))
            }
            _ => None,
        }
    }
}

#[inline]
fn judge_tag(
    value: &[u8],
    opened: &tag::Opened<'_>,
    ends: &mut tag::Ends,
    is_first: bool,
) -> Option<Verdict> {
    match names::tag(opened.name())? {
        Tag::Runs => found("a tag that runs or loads a script is opened or closed"),
        Tag::Ordinary if opened.has_attributes(value, ends) => {
            found("a tag that can run or load a script has attributes")
        }
        Tag::Document if opened.has_attributes(value, ends) || is_first => {
            found("a document of its own is begun")
        }
        Tag::Style if opened.has_attributes(value, ends) || opened.holds_style(value) => {
            found("a style sheet is opened")
        }
        Tag::Ordinary | Tag::Document | Tag::Style => None,
    }
}

/// Judges what stands before an equals sign, and what behind it.
#[inline]
fn judge_attribute(value: &[u8], at: usize, inside: Inside) -> Option<Verdict> {
    let name = tag::attribute_name(value, at);
    if script::is_assigned(value, at) {
        return found("a script sets the page's cookie, address or contents");
    }
    if name.is_empty() {
        return None;
    }
    let is_event = if inside == Inside::Tag {
        names::may_be_event(name)
    } else {
        names::is_event(name) && tag::leaves_quotes(value, at, name)
    };
    if is_event && !tag::only_names(value, at) {
        return found("an attribute holds an event handler");
    }
    if inside == Inside::Text {
        return None;
    }
    match names::attribute(name)? {
        Attribute::Runs => found("an attribute holds a document, a script or a target for one"),
        Attribute::Style if tag::style_runs(value, at) => {
            found("a style runs a script or hides one")
        }
        Attribute::Style => None,
    }
}
