use std::sync::Arc;
use std::sync::atomic::Ordering;

use tenancy_core::TenantId;

use super::{Flush, Version, Versions};
use crate::remote::Shared;

/// Tags whose resources are being changed: flushed when that begins and when it ends, and nothing
/// that has them is kept in between.
#[derive(Debug)]
pub(crate) struct Doubt {
    of: Arc<Versions>,
    tags: Vec<Arc<Version>>,
    tenant: TenantId,
    shared: Option<Arc<Shared>>,
}

impl Doubt {
    /// Puts tags in doubt, those among them that nothing depends on yet.
    pub(crate) fn of<'a>(
        tenant: TenantId,
        versions: &Arc<Versions>,
        shared: Option<Arc<Shared>>,
        tags: impl Iterator<Item = &'a [u8]>,
    ) -> Self {
        let tags: Vec<_> = tags.map(|tag| versions.of_tag(tag)).collect();
        for tag in &tags {
            // The doubt first: whoever loads after the flush finds it.
            tag.doubts.fetch_add(1, Ordering::AcqRel);
            tag.flush(Flush::Hard);
        }
        versions.flushed();
        let of = versions.clone();
        Self {
            of,
            tags,
            tenant,
            shared,
        }
    }
}

impl Drop for Doubt {
    fn drop(&mut self) {
        for tag in &self.tags {
            // The flush first: what was loaded in doubt must never find the doubt gone.
            tag.flush(Flush::Hard);
            tag.doubts.fetch_sub(1, Ordering::AcqRel);
        }
        self.of.flushed();
        if let Some(shared) = &self.shared {
            shared.tell_flush_later(self.tenant, &self.tags, Flush::Hard);
        }
    }
}
