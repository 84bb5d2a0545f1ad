//! Pieces of script: schemes that run one, calls and assignments that give one away.

use super::found;
use crate::threat::finding::Verdict;
use crate::threat::words::Words;

/// How far around a sign a script is looked for.
const NEAR: usize = 48;

/// How long the names are of the functions below, and of those that call them.
const SHORTEST_NAME: usize = 4;

/// What a function is to an attacker.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Sink {
    /// Runs a string, or shows that something ran.
    Runs,
    /// Only where a script is under way already.
    Helps,
    /// Belongs to style sheets.
    Style,
}

static SINKS: Words<Sink, 128> = Words::new(&[
    ("alert", Sink::Runs),
    ("confirm", Sink::Runs),
    ("prompt", Sink::Runs),
    ("eval", Sink::Runs),
    ("execscript", Sink::Runs),
    ("settimeout", Sink::Runs),
    ("setinterval", Sink::Runs),
    ("setimmediate", Sink::Runs),
    ("function", Sink::Helps),
    ("fromcharcode", Sink::Runs),
    ("fromcodepoint", Sink::Runs),
    ("atob", Sink::Helps),
    ("unescape", Sink::Helps),
    ("decodeuricomponent", Sink::Helps),
    ("fetch", Sink::Helps),
    ("print", Sink::Helps),
    ("write", Sink::Helps),
    ("writeln", Sink::Helps),
    ("constructor", Sink::Runs),
    ("importscripts", Sink::Runs),
    ("sendbeacon", Sink::Runs),
    ("insertadjacenthtml", Sink::Runs),
    ("createcontextualfragment", Sink::Runs),
    ("generatecrmfrequest", Sink::Runs),
    ("showmodaldialog", Sink::Runs),
    ("msgbox", Sink::Runs),
    ("inputbox", Sink::Runs),
    ("expression", Sink::Style),
]);

/// What an object is to a script.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Object {
    /// Leads to the page; few texts name it before a bracket.
    Page,
    /// Is a likely argument.
    Value,
}

static OBJECTS: Words<Object, 64> = Words::new(&[
    ("document", Object::Page),
    ("window", Object::Page),
    ("self", Object::Page),
    ("top", Object::Page),
    ("frames", Object::Page),
    ("globalthis", Object::Page),
    ("location", Object::Page),
    ("navigator", Object::Page),
    ("localstorage", Object::Page),
    ("sessionstorage", Object::Page),
    ("parent", Object::Value),
    ("string", Object::Value),
    ("atob", Object::Value),
    ("unescape", Object::Value),
    ("this", Object::Value),
    ("null", Object::Value),
    ("name", Object::Value),
    ("xss", Object::Value),
]);

/// The last names of the targets below.
static PROPERTIES: Words<(), 32> = Words::new(&[
    ("cookie", ()),
    ("location", ()),
    ("domain", ()),
    ("title", ()),
    ("name", ()),
    ("href", ()),
    ("hash", ()),
    ("innerhtml", ()),
    ("outerhtml", ()),
    ("onerror", ()),
]);

/// Properties whose assignment is the attack itself.
static TARGETS: &[&[u8]] = &[
    b"document.cookie",
    b"document.location",
    b"document.domain",
    b"document.title",
    b"window.location",
    b"window.name",
    b"location.href",
    b"location.hash",
    b"self.location",
    b"top.location",
    b"parent.location",
    b".innerhtml",
    b".outerhtml",
    b"window.onerror",
    b"document.body.innerhtml",
];

const SCHEMES: &[&[u8]] = &[
    b"javascript",
    b"vbscript",
    b"livescript",
    b"mocha",
    b"jscript",
    b"vbs",
];

/// Judges a colon: the end of a scheme that runs what follows?
#[inline]
pub(super) fn scheme(value: &[u8], at: usize, in_tag: bool) -> Option<Verdict> {
    let before = &value[at.saturating_sub(NEAR)..at];
    // Browsers drop line breaks and tabs out of a scheme, and NUL from its beginning.
    let is_dropped = |byte: u8| matches!(byte, 0..=b' ' | 127 | b'\\');
    let last = before.iter().rev().find(|byte| !is_dropped(**byte));
    if !last.is_some_and(|last| matches!(last | 0x20, b'a' | b's' | b't')) {
        return None; // No scheme ends so.
    }
    let mut name = [0; 12];
    let mut length = 0;
    for &byte in before.iter().rev() {
        match byte {
            _ if is_dropped(byte) => {}
            _ if byte.is_ascii_alphabetic() && length < name.len() => {
                name[length] = byte.to_ascii_lowercase();
                length += 1;
            }
            _ => break,
        }
        if length == name.len() {
            break;
        }
    }
    name[..length].reverse();
    let name = &name[..length];
    let rest = &value[at + 1..value.len().min(at + 1 + NEAR)];
    if name.ends_with(b"data") {
        let runs = [
            b"text/html".as_slice(),
            b"text/xml",
            b"image/svg",
            b"application/x",
            b"text/javascript",
            b"application/javascript",
        ]
        .iter()
        .any(|kind| starts_with(rest.trim_ascii_start(), kind));
        return if runs {
            found("an address holds a document of its own")
        } else {
            None
        };
    }
    if !SCHEMES.iter().any(|scheme| name.ends_with(scheme)) {
        return None;
    }
    let vague = name.ends_with(b"vbs") || name.ends_with(b"mocha");
    if (in_tag && !rest.is_empty()) || (!vague && is_code(rest)) {
        return found("an address holds a script");
    }
    None
}

/// Whether text behind a scheme is a script and no sentence: `alert(1)`, `//%0aalert(1)`.
fn is_code(rest: &[u8]) -> bool {
    let text = rest.trim_ascii_start();
    if text.len() < rest.len() && !text.is_empty() {
        // "JavaScript: the good parts": one word, then a sign, or it is no script.
        let word = text.iter().take_while(|&&byte| is_name(byte)).count();
        return word > 0 && matches!(text.get(word), Some(b'(' | b'.' | b'[' | b'=' | b'`'));
    }
    text.iter()
        .any(|byte| matches!(byte, b'(' | b'`' | b'=' | b'[' | b'/' | b'&' | b';' | b'\\'))
}

/// Judges a square bracket: is a property of the page read by its name's text?
#[inline]
pub(super) fn property(value: &[u8], at: usize) -> Option<Verdict> {
    let is_quote = |byte: &u8| matches!(byte, b'"' | b'\'' | b'`' | b'/');
    let mut rest = value[at + 1..].iter().take(NEAR);
    if !rest
        .find(|byte| !byte.is_ascii_whitespace())
        .is_some_and(is_quote)
    {
        return None;
    }
    let before = value[at.saturating_sub(NEAR)..at].trim_ascii_end();
    let length = before
        .iter()
        .rev()
        .take_while(|&&byte| is_name(byte))
        .count();
    let name = &before[before.len() - length..];
    if OBJECTS.get(name) == Some(Object::Page) {
        return found("a script reads a property of the page");
    }
    None
}

/// Judges a parenthesis or a backtick: is a function called that attackers call?
#[inline]
pub(super) fn call(value: &[u8], at: usize, in_tag: bool) -> Option<Verdict> {
    match at.checked_sub(1).map(|before| value[before]) {
        Some(byte) if is_name(byte) => {
            let name = value[..at].last_chunk::<SHORTEST_NAME>()?;
            if !name.iter().all(|&byte| is_name(byte)) {
                return None;
            }
        }
        Some(0..=b' ' | b'.') => {}
        _ => return None,
    }
    let from = at.saturating_sub(NEAR);
    let before = &value[from..at];
    let before_blanks = before.trim_ascii_end();
    let before_blanks = before_blanks.strip_suffix(b"?.").unwrap_or(before_blanks);
    let length = before_blanks
        .iter()
        .rev()
        .take_while(|&&byte| is_name(byte))
        .count();
    let name = &before_blanks[before_blanks.len() - length..];
    let lead = &before_blanks[..before_blanks.len() - length];
    let rest = &value[at + 1..value.len().min(at + 1 + NEAR)];
    if name.is_empty() {
        return None;
    }
    // A word in backticks, as in Markdown, calls nothing.
    if value[at] == b'`' && (lead.ends_with(b"`") || !is_tagged(before, rest)) {
        return None;
    }
    let (name, lead) = through_call(name, lead);
    let sink = SINKS.get(name)?;
    if sink == Sink::Style {
        return if in_tag || lead.trim_ascii_end().ends_with(b":") {
            found("a style runs a script")
        } else {
            None
        };
    }
    if in_tag {
        return found("a script calls a function");
    }
    let argument = is_argument(rest, value[at]);
    let of_object = lead.ends_with(b".") || lead.ends_with(b"]");
    // "copy-on-write (see below)".
    let is_hyphen = matches!(lead, [.., before, b'-'] if before.is_ascii_alphabetic());
    if sink == Sink::Helps && is_hyphen {
        return None;
    }
    if sink == Sink::Helps && !(of_object && is_page_object(lead)) && !leaves_script(lead) {
        return None;
    }
    let at_start = lead.is_empty() && from == 0;
    if (argument || (rest.first() == Some(&b')') && leaves_script(lead)))
        && (at_start
            || leaves_script(lead)
            || (of_object && (sink == Sink::Runs || is_page_object(lead))))
    {
        return found("a script calls a function");
    }
    None
}

/// Whether a template stands right behind a name and is closed.
fn is_tagged(before: &[u8], rest: &[u8]) -> bool {
    before.last().is_some_and(|&byte| is_name(byte))
        && !rest.starts_with(b" ")
        && rest.contains(&b'`')
}

/// `alert.call(…)` and `alert.apply(…)` call alert.
fn through_call<'a>(name: &'a [u8], lead: &'a [u8]) -> (&'a [u8], &'a [u8]) {
    if (name.eq_ignore_ascii_case(b"call")
        || name.eq_ignore_ascii_case(b"apply")
        || name.eq_ignore_ascii_case(b"bind"))
        && let Some(object) = lead.strip_suffix(b".")
    {
        let length = object
            .iter()
            .rev()
            .take_while(|&&byte| is_name(byte))
            .count();
        return (
            &object[object.len() - length..],
            &object[..object.len() - length],
        );
    }
    (name, lead)
}

fn is_page_object(lead: &[u8]) -> bool {
    let object = &lead[..lead.len().saturating_sub(1)];
    let length = object
        .iter()
        .rev()
        .take_while(|&&byte| is_name(byte))
        .count();
    OBJECTS.get(&object[object.len() - length..]).is_some()
}

/// Whether a call stands where a string of a script has just ended.
fn leaves_script(lead: &[u8]) -> bool {
    let signs = b"'\";)}]+-*/,!~^&|?:=({>%";
    !lead.ends_with(b"::") && lead.last().is_some_and(|byte| signs.contains(byte))
}

/// Whether a call's argument is one that a tester writes, and no parameter of a signature.
fn is_argument(rest: &[u8], bracket: u8) -> bool {
    let rest = rest.trim_ascii_start();
    match rest.first() {
        None => false,
        Some(b'0'..=b'9' | b'\'' | b'"' | b'`' | b'/' | b'%' | b'\\' | b'[' | b'(' | b'&') => true,
        Some(_) if bracket == b'`' => true,
        Some(_) => {
            let length = rest.iter().take_while(|&&byte| is_name(byte)).count();
            OBJECTS.get(&rest[..length]).is_some() || SINKS.get(&rest[..length]).is_some()
        }
    }
}

/// Whether the `=` at `at` sets a property of the page.
#[inline]
pub(super) fn is_assigned(value: &[u8], at: usize) -> bool {
    if value.get(at + 1) == Some(&b'=') {
        return false;
    }
    let before = value[at.saturating_sub(NEAR)..at].trim_ascii_end();
    let word = before
        .iter()
        .rev()
        .take_while(|byte| byte.is_ascii_alphabetic())
        .count();
    word > 0
        && before[..before.len() - word].ends_with(b".")
        && PROPERTIES.get(&before[before.len() - word..]).is_some()
        && TARGETS.iter().any(|target| ends_with(before, target))
}

/// Code that is written with brackets and signs alone, since its letters would give it away.
#[derive(Debug, Default)]
pub(super) struct Repetition {
    brackets: u32,
    /// Whether a `!` stood between them.
    negated: bool,
    last: usize,
}

impl Repetition {
    /// Counts the brackets that follow one another closely.
    #[inline]
    pub(super) fn see(&mut self, value: &[u8], at: usize) -> Option<Verdict> {
        let gap = &value[self.last.min(at)..at];
        let dense = gap.is_empty()
            || gap.len() <= 6 && gap.iter().all(|byte| b"[]()!+{}'\"`,;".contains(byte));
        if !dense {
            *self = Self::default();
        }
        self.negated |= gap.contains(&b'!');
        self.brackets += u32::from(value[at] == b'[');
        self.last = at;
        if self.brackets >= 8 && self.negated {
            found("a script is written in brackets alone")
        } else {
            None
        }
    }
}

fn is_name(byte: u8) -> bool {
    IS_NAME[usize::from(byte)]
}

/// Letters, digits, `_` and `$`.
static IS_NAME: [bool; 256] = {
    let mut bytes = [false; 256];
    let mut at = 0;
    while at < 256 {
        let byte = at as u8;
        bytes[at] = byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'$');
        at += 1;
    }
    bytes
};

fn starts_with(text: &[u8], prefix: &[u8]) -> bool {
    text.get(..prefix.len())
        .is_some_and(|start| start.eq_ignore_ascii_case(prefix))
}

fn ends_with(text: &[u8], suffix: &[u8]) -> bool {
    text.len() >= suffix.len() && text[text.len() - suffix.len()..].eq_ignore_ascii_case(suffix)
}
