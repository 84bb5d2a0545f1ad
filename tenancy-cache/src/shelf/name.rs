use std::hash::{Hash, Hasher};

use crate::key::KeyRef;

/// How an entry is called within its tenant.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Name {
    class: u64,
    key: Vec<u8>,
}

/// A [`Name`] that owns nothing.
#[derive(Clone, Copy, PartialEq)]
pub(crate) struct NameRef<'a> {
    /// The class's id.
    pub(crate) class: u64,
    pub(crate) key: KeyRef<'a>,
}

impl Hash for Name {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.as_ref().hash(state);
    }
}

impl Hash for NameRef<'_> {
    #[inline]
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.key.hash(state);
        state.write_u64(self.class);
    }
}

impl Name {
    pub(crate) fn as_ref(&self) -> NameRef<'_> {
        NameRef {
            class: self.class,
            key: KeyRef::of(&self.key),
        }
    }
}

impl NameRef<'_> {
    pub(crate) fn to_name(self) -> Name {
        Name {
            class: self.class,
            key: self.key.to_vec(),
        }
    }
}
