use std::sync::Arc;

use super::{TenantCache, tag_names};
use crate::class::Class;
use crate::error::Error;
#[cfg(doc)]
use crate::error::ErrorKind;
use crate::key::Tag;
use crate::shelf::Shelf;
use crate::version::{Flush, Version};

/// Which entries a flush of several tags ends.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Match {
    /// Those that have all of the tags. With a remote tier, those that have the first of them.
    All,
    /// Those that have at least one of them.
    Any,
}

impl TenantCache {
    /// Flushes the entries with a tag, in the same time however many there are.
    ///
    /// # Errors
    /// [`TagTooLong`](ErrorKind::TagTooLong), and as [`flush_class`](Self::flush_class).
    pub async fn flush_tag(&self, tag: impl Into<Tag>, how: Flush) -> Result<(), Error> {
        self.flush_tags(Match::Any, &[tag.into()], how).await
    }

    /// Flushes the entries with one of the tags, or with all of them. Without tags it flushes nothing.
    ///
    /// A remote tier knows tags one by one. With one, [`Match::All`] flushes every entry that has the
    /// first of `tags`, here as on all servers, whether or not it has the others: nothing that should
    /// end is missed, and more is loaded anew. So name the tag first that the fewest entries have.
    ///
    /// # Errors
    /// [`TagTooLong`](ErrorKind::TagTooLong) and [`TooManyTags`](ErrorKind::TooManyTags), and then
    /// nothing is flushed; and as [`flush_class`](Self::flush_class).
    pub async fn flush_tags(&self, which: Match, tags: &[Tag], how: Flush) -> Result<(), Error> {
        let mut other = None;
        let (shelf, tags) = (self.shelf(&mut other), tag_names(tags)?);
        let is_shared = self.cache.shared.is_some();
        // A version that is not known has no entry and no load that depends on it, unless elsewhere.
        let version = |tag: &&[u8]| match is_shared {
            true => Some(shelf.versions.of_tag(tag)),
            false => shelf.versions.known_tag(tag),
        };
        match which {
            Match::Any => {
                let versions: Vec<_> = tags.iter().filter_map(version).collect();
                self.flush(shelf, &versions, how).await
            }
            Match::All if is_shared => {
                // Here as well, so that all servers have the same.
                let versions: Vec<_> = tags.first().and_then(version).into_iter().collect();
                self.flush(shelf, &versions, how).await
            }
            Match::All => {
                if let Some(versions) = tags.iter().map(version).collect::<Option<Vec<_>>>()
                    && !versions.is_empty()
                {
                    shelf.conjunctions.flush(versions, how);
                    shelf.versions.flushed();
                }
                Ok(())
            }
        }
    }

    /// Flushes the tenant's entries of a class.
    ///
    /// # Errors
    /// [`Unavailable`](ErrorKind::Unavailable) where the remote tier could not be told; the flush is
    /// done here, and told as soon as it can be.
    pub async fn flush_class(&self, class: &Class, how: Flush) -> Result<(), Error> {
        let mut other = None;
        let shelf = self.shelf(&mut other);
        let version = shelf.versions.of_class(class.name());
        self.flush(shelf, &[version], how).await
    }

    /// Flushes all of the tenant's entries.
    ///
    /// # Errors
    /// As [`flush_class`](Self::flush_class).
    pub async fn flush_tenant(&self, how: Flush) -> Result<(), Error> {
        let mut other = None;
        let shelf = self.shelf(&mut other);
        let version = shelf.versions.tenant.clone();
        self.flush(shelf, &[version], how).await
    }

    /// Flushes versions here, and tells the others.
    async fn flush(
        &self,
        shelf: &Shelf,
        versions: &[Arc<Version>],
        how: Flush,
    ) -> Result<(), Error> {
        for version in versions {
            version.flush(how);
        }
        shelf.versions.flushed();
        if let Some(shared) = &self.cache.shared {
            shared.tell_flush(shelf.tenant, versions, how).await?;
        }
        Ok(())
    }
}
