use std::sync::Arc;

use serde::{Serialize, Serializer};
use tenancy_core::journal::{Change, Resource};

use crate::key::Tag;
use crate::version::{Flush, Version, Versions};

/// A flush that is ordered through the tenant's journal, for a process that does not have the
/// entries itself: every process that does obeys within its
/// [`check_interval`](crate::CacheBuilder::check_interval), and the trail shows who ordered it.
///
/// Record its [`change`](Self::change) in a transaction of the tenant.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct FlushOrder {
    what: String,
    how: Flush,
}

const FLUSHED: &str = "flushed";
const MADE_STALE: &str = "made_stale";

impl FlushOrder {
    /// All of the tenant's entries.
    pub fn everything(how: Flush) -> Self {
        let what = "everything".to_owned();
        Self { what, how }
    }

    /// The tenant's entries of a class.
    pub fn class(class: &str, how: Flush) -> Self {
        let what = format!("class/{class}");
        Self { what, how }
    }

    /// The tenant's entries with a tag, given as its parts with `/` between them.
    pub fn tag(parts: &str, how: Flush) -> Self {
        let what = format!("tag/{parts}");
        Self { what, how }
    }

    /// The order, to be recorded.
    pub fn change(&self) -> Change {
        let verb = match self.how {
            Flush::Hard => FLUSHED,
            Flush::Soft => MADE_STALE,
        };
        Change::happened(verb, None, self)
    }

    /// The order that an entry of the journal is, if it is one.
    pub(super) fn of(resource: &str, resource_id: &str, action: &str) -> Option<Self> {
        if resource != Self::KIND {
            return None;
        }
        let how = match action {
            MADE_STALE => Flush::Soft,
            _ => Flush::Hard,
        };
        let what = resource_id.to_owned();
        Some(Self { what, how })
    }

    pub(super) fn how(&self) -> Flush {
        self.how
    }

    /// The parts of the tag that it is about, with `/` between them.
    pub(super) fn tag_parts(&self) -> Option<&str> {
        self.what.strip_prefix("tag/")
    }

    /// The version of what is ordered to be flushed, where something depends on it here.
    ///
    /// Where entries are shared, other processes may have some.
    pub(super) fn subject(&self, versions: &Versions, is_shared: bool) -> Option<Arc<Version>> {
        match self.what.split_once('/') {
            Some(("class", name)) => versions.known_class(name),
            Some(("tag", parts)) => {
                let mut parts = parts.split('/');
                let first = Tag::from(parts.next().unwrap_or_default());
                let tag = parts.fold(first, |tag, part| tag.part(part));
                let tag = tag.bytes().ok()?;
                match is_shared {
                    true => Some(versions.of_tag(tag)),
                    false => versions.known_tag(tag),
                }
            }
            // What a later release orders is not known here: everything is the safe reading.
            _ => Some(versions.tenant.clone()),
        }
    }
}

impl Serialize for FlushOrder {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.what)
    }
}

impl Resource for FlushOrder {
    const KIND: &'static str = "cache";

    fn resource_id(&self) -> String {
        self.what.clone()
    }
}
