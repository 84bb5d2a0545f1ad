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
use super::finding::{Place, Severity, ThreatKind, Verdict};
use super::scan::{Bytes, Scan};

/// The signs that are looked at.
pub(super) const SIGNS: Bytes = Bytes::LESS
    .or(Bytes::EQUALS)
    .or(Bytes::COLON)
    .or(Bytes::PARENTHESIS)
    .or(Bytes::BACKTICK)
    .or(Bytes::BRACKET);

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

/// Judges a decoded value as a piece of HTML.
pub(super) fn judge(_place: Place, scan: &Scan<'_>) -> Option<Verdict> {
    let value = scan.value();
    let mut inside = Inside::Text;
    let mut calls = script::Repetition::default();
    let mut ends = tag::Ends::default();
    scan.signs(SIGNS.or(Bytes::GREATER))
        .find_map(|(at, byte)| match byte {
            b'<' => {
                let opened = tag::open(value, at)?;
                inside = Inside::Tag;
                judge_tag(value, &opened, &mut ends, at <= scan.lead())
            }
            b'>' if inside == Inside::Tag => {
                inside = Inside::Perhaps;
                None
            }
            b'=' => judge_attribute(value, at, inside),
            b':' => script::scheme(value, at, inside != Inside::Text),
            b'(' | b'`' => script::call(value, at, inside == Inside::Tag),
            b'[' => calls.see(value, at).or_else(|| script::property(value, at)),
            _ => None,
        })
}

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
    if is_event {
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
