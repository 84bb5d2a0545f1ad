//! Names of entries and of tags.

use std::fmt::{self, Display, Write as _};
use std::hash::{Hash, Hasher};

use smallvec::SmallVec;

use crate::error::{Error, ErrorKind};

/// How long a name may be, in bytes, its parts' lengths among them.
pub const NAME_BYTES_MAX: usize = 1024;

/// The name of an entry within its class and tenant: one part or more.
///
/// Two keys are the same when they have the same parts: each part carries its length, so `a:b` and
/// `c` are never `a` and `b:c`. Parts are written by [`Display`]; a text that is the whole key can be
/// given as it is, and is not copied to find its entry.
///
/// ```
/// use tenancy_cache::Key;
///
/// assert_eq!(Key::new("product").part(7), Key::new("product").part("7"));
/// assert_eq!(Key::new("product"), Key::from("product"));
/// assert_ne!(Key::new("a:b").part("c"), Key::new("a").part("b:c"));
/// ```
#[derive(Clone)]
pub struct Key<'a>(Parts<'a>);

/// What a [`Key`] is made of.
#[derive(Clone)]
enum Parts<'a> {
    /// A text of the caller's, which a hit has no need to copy.
    One(&'a str),
    Written(Name),
}

/// A key's bytes: the length of its first part, and what follows.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct KeyRef<'a> {
    first: u16,
    rest: &'a [u8],
}

/// What entries can be flushed by.
///
/// Made of parts like a [`Key`], and compared in the same way.
#[derive(Clone, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Tag(Name);

impl<'a> Key<'a> {
    /// A key of one part.
    pub fn new(part: impl Display) -> Self {
        Self(Parts::Written(Name::default().with(part)))
    }

    /// The key with a part more.
    #[must_use]
    pub fn part(self, part: impl Display) -> Self {
        Self(Parts::Written(self.name().with(part)))
    }

    #[inline]
    pub(crate) fn as_ref(&self) -> Result<KeyRef<'_>, Error> {
        let key = match &self.0 {
            Parts::One(part) if part.len() + 2 <= NAME_BYTES_MAX => Some(KeyRef {
                first: part.len() as u16,
                rest: part.as_bytes(),
            }),
            Parts::One(_) => None,
            Parts::Written(name) => name.bytes().map(KeyRef::of),
        };
        key.ok_or(ErrorKind::KeyTooLong.into())
    }

    fn name(self) -> Name {
        match self.0 {
            Parts::One(part) => Name::default().with(part),
            Parts::Written(name) => name,
        }
    }
}

impl<'a> KeyRef<'a> {
    /// The key that has been written as these bytes.
    #[inline]
    pub(crate) fn of(bytes: &'a [u8]) -> Self {
        match bytes.split_first_chunk() {
            Some((first, rest)) => Self {
                first: u16::from_le_bytes(*first),
                rest,
            },
            None => Self {
                first: 0,
                rest: &[],
            },
        }
    }

    pub(crate) fn to_vec(self) -> Vec<u8> {
        self.after(&[])
    }

    /// The key's bytes after others.
    pub(crate) fn after(self, start: &[u8]) -> Vec<u8> {
        [start, &self.first.to_le_bytes(), self.rest].concat()
    }

    pub(crate) fn len(self) -> usize {
        size_of::<u16>() + self.rest.len()
    }
}

impl Tag {
    /// A tag of one part.
    pub fn new(part: impl Display) -> Self {
        Self(Name::default().with(part))
    }

    /// The tag with a part more.
    #[must_use]
    pub fn part(self, part: impl Display) -> Self {
        Self(self.0.with(part))
    }

    pub(crate) fn bytes(&self) -> Result<&[u8], Error> {
        self.0.bytes().ok_or(ErrorKind::TagTooLong.into())
    }
}

impl Hash for KeyRef<'_> {
    #[inline]
    fn hash<H: Hasher>(&self, state: &mut H) {
        // Two keys with the same rest are rare, and then still not equal.
        state.write(self.rest);
    }
}

impl PartialEq for Key<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.as_ref().ok() == other.as_ref().ok()
    }
}

impl Eq for Key<'_> {}

impl Hash for Key<'_> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.as_ref().ok().hash(state);
    }
}

impl<'a> From<&'a str> for Key<'a> {
    #[inline]
    fn from(part: &'a str) -> Self {
        Self(Parts::One(part))
    }
}

impl From<String> for Key<'_> {
    fn from(part: String) -> Self {
        Self::new(part)
    }
}

impl From<&str> for Tag {
    fn from(part: &str) -> Self {
        Self(Name::default().with(part))
    }
}

impl From<String> for Tag {
    fn from(part: String) -> Self {
        Self(Name::default().with(part))
    }
}

/// The parts with `/` between them, for people.
impl Display for Key<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.clone().name().fmt(f)
    }
}

impl fmt::Debug for Key<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Key({})", self.clone().name())
    }
}

impl fmt::Debug for Tag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Tag({})", self.0)
    }
}

/// Parts, each behind its length in two bytes.
#[derive(Clone, Eq, Hash, Ord, PartialEq, PartialOrd)]
enum Name {
    Fits(SmallVec<[u8; 64]>),
    TooLong,
}

impl Default for Name {
    fn default() -> Self {
        Self::Fits(SmallVec::new())
    }
}

impl Name {
    fn with(mut self, part: impl Display) -> Self {
        let Self::Fits(bytes) = &mut self else {
            return Self::TooLong;
        };
        let start = bytes.len();
        bytes.extend_from_slice(&[0, 0]);
        let written = write!(Bounded(bytes), "{part}");
        // A failed part makes the whole name unusable, whatever its `Display` wrote before.
        let Ok(length) = u16::try_from(bytes.len() - start - 2) else {
            return Self::TooLong;
        };
        bytes[start..start + 2].copy_from_slice(&length.to_le_bytes());
        if written.is_ok() && bytes.len() <= NAME_BYTES_MAX {
            self
        } else {
            Self::TooLong
        }
    }

    fn bytes(&self) -> Option<&[u8]> {
        match self {
            Self::Fits(bytes) => Some(bytes),
            Self::TooLong => None,
        }
    }
}

impl Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Fits(bytes) => write_parts(bytes, f),
            Self::TooLong => f.write_str("too long"),
        }
    }
}

/// Writes a name's parts with `/` between them, for people.
pub(crate) fn write_parts(mut bytes: &[u8], out: &mut impl fmt::Write) -> fmt::Result {
    let mut first = true;
    while let Some((length, rest)) = bytes.split_first_chunk::<2>() {
        let length = usize::from(u16::from_le_bytes(*length)).min(rest.len());
        let (part, rest) = rest.split_at(length);
        if !first {
            out.write_char('/')?;
        }
        write!(out, "{}", String::from_utf8_lossy(part).escape_debug())?;
        (bytes, first) = (rest, false);
    }
    Ok(())
}

/// Ends a `Display` that writes without end.
struct Bounded<'a>(&'a mut SmallVec<[u8; 64]>);

impl fmt::Write for Bounded<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        if self.0.len() + text.len() > NAME_BYTES_MAX {
            return Err(fmt::Error);
        }
        self.0.extend_from_slice(text.as_bytes());
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use proptest::prelude::*;

    use super::*;

    fn key(parts: &[String]) -> Key<'static> {
        let (first, rest) = parts.split_first().expect("one part or more");
        rest.iter().fold(Key::new(first), Key::part)
    }

    proptest! {
        #[test]
        fn keys_are_equal_only_when_their_parts_are(
            left in prop::collection::vec("[a:{}%\0]{0,3}", 1..4),
            right in prop::collection::vec("[a:{}%\0]{0,3}", 1..4),
        ) {
            prop_assert_eq!(key(&left) == key(&right), left == right);
        }
    }

    #[test]
    fn a_name_that_is_too_long_is_refused_and_equals_no_shorter_one() {
        let longest = Key::new("a".repeat(NAME_BYTES_MAX - 2));
        assert!(longest.as_ref().is_ok());
        let longer = Key::new("a".repeat(NAME_BYTES_MAX - 1));
        assert_eq!(longer.as_ref().unwrap_err().kind(), ErrorKind::KeyTooLong);
        assert_ne!(longest, longer);
        let parts = longest.part("");
        assert_eq!(parts.as_ref().unwrap_err().kind(), ErrorKind::KeyTooLong);
        assert!(parts.part("b").as_ref().is_err());
    }

    #[test]
    fn a_text_that_is_lent_is_the_same_key_as_one_that_is_written() {
        for length in [0, 1, 63, NAME_BYTES_MAX - 2, NAME_BYTES_MAX - 1] {
            let text = "a".repeat(length);
            let (lent, written) = (Key::from(text.as_str()), Key::new(&text));
            assert_eq!(lent, written, "{length}");
            assert_eq!(lent.as_ref().is_ok(), length + 2 <= NAME_BYTES_MAX);
            let written = HashMap::from([(written, ())]);
            assert!(written.contains_key(&lent), "{length}");
            assert_eq!(lent.clone().part("b"), Key::new(&text).part("b"));
            assert_ne!(lent, Key::from("b"), "{length}");
        }
    }

    #[test]
    fn people_see_the_parts() {
        let names = HashMap::from([
            (Key::new("product").part(7), "Key(product/7)"),
            (Key::new("a\0").part("\n"), r"Key(a\0/\n)"),
        ]);
        for (key, shown) in names {
            assert_eq!(format!("{key:?}"), shown);
            assert_eq!(format!("Key({key})"), shown);
        }
    }
}
