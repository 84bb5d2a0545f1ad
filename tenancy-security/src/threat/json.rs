//! The strings of a JSON body, at any depth and whether or not the rest of it is JSON.

use std::borrow::Cow;
use std::ops::ControlFlow;

use serde::de::IgnoredAny;
use serde_json::Deserializer;

use super::finding::Place;
use super::inspection::Inspection;

/// How deep containers may lie in each other for what is in them to have a name.
const DEPTH_MAX: usize = 128;

/// Looks at each key and each string, and at the whole where it is no JSON.
pub(super) fn inspect(
    inspection: &mut Inspection<'_>,
    text: &[u8],
    is_cut: bool,
) -> ControlFlow<()> {
    let text = text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text);
    let before = inspection.score();
    strings(inspection, text)?;
    if is_cut || inspection.score() > before || is_json(text) {
        return ControlFlow::Continue(());
    }
    inspection.unnamed(Place::Json, text)
}

/// Whether a text begins as JSON does that holds strings.
pub(super) fn looks_like(text: &[u8]) -> bool {
    matches!(text.trim_ascii_start().first(), Some(b'{' | b'[' | b'"'))
}

/// One document or several.
fn is_json(text: &[u8]) -> bool {
    let mut documents = Deserializer::from_slice(text).into_iter::<IgnoredAny>();
    documents.all(|document| document.is_ok())
}

/// Where a string stands: the keys that lead to it, with dots between.
#[derive(Default)]
struct Position {
    name: Vec<u8>,
    /// How long the name is outside each of the containers around.
    outside: Vec<usize>,
    /// How many more containers there are than are counted.
    beyond: usize,
}

impl Position {
    fn enter(&mut self) {
        if self.outside.len() < DEPTH_MAX {
            self.outside.push(self.name.len());
        } else {
            self.beyond += 1;
        }
    }

    fn leave(&mut self) {
        if self.beyond > 0 {
            self.beyond -= 1;
        } else if let Some(length) = self.outside.pop() {
            self.name.truncate(length);
        }
    }

    fn set_key(&mut self, key: &[u8]) {
        if self.beyond == 0 {
            self.name
                .truncate(self.outside.last().copied().unwrap_or(0));
            if !self.name.is_empty() {
                self.name.push(b'.');
            }
            self.name.extend_from_slice(key);
        }
    }

    fn name(&self) -> Option<&[u8]> {
        (self.beyond == 0).then_some(&self.name)
    }
}

/// Looks at each key and each string, whatever else the text holds.
pub(super) fn strings(inspection: &mut Inspection<'_>, text: &[u8]) -> ControlFlow<()> {
    let mut position = Position::default();
    let mut at = 0;
    while let Some(byte) = text.get(at) {
        at += 1;
        match byte {
            b'{' | b'[' => position.enter(),
            b'}' | b']' => position.leave(),
            b'"' => {
                let begin = at;
                let end = end_of_string(text, begin);
                let string = unescaped(&text[begin..end]);
                at = end + 1;
                let rest = text.get(at..).unwrap_or_default();
                if rest.trim_ascii_start().first() == Some(&b':') {
                    inspection.unnamed(Place::Json, &string)?;
                    position.set_key(&string);
                } else if let Some(name) = position.name() {
                    inspection.named(Place::Json, name, &string)?;
                } else {
                    inspection.unnamed(Place::Json, &string)?;
                }
            }
            _ => {}
        }
    }
    ControlFlow::Continue(())
}

/// Where the quote that ends a string stands, or the text ends.
fn end_of_string(text: &[u8], begin: usize) -> usize {
    let mut at = begin;
    while let Some(byte) = text.get(at) {
        match byte {
            b'"' => return at,
            b'\\' => at += 2,
            _ => at += 1,
        }
    }
    text.len()
}

/// What a string means. Where its escapes are wrong it stands for itself: the detector undoes what it
/// can of them.
fn unescaped(string: &[u8]) -> Cow<'_, [u8]> {
    if !string.contains(&b'\\') {
        return Cow::Borrowed(string);
    }
    let quoted = [b"\"", string, b"\""].concat();
    match serde_json::from_slice::<String>(&quoted) {
        Ok(text) => Cow::Owned(text.into_bytes()),
        Err(_) => Cow::Borrowed(string),
    }
}
