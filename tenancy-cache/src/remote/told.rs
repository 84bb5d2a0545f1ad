use std::sync::Arc;
use std::time::Duration;

use tenancy_core::TenantId;
use tenancy_core::journal::Tail;

use super::Bucket;
use super::shared::{Shared, entry_name};
use crate::key::KeyRef;
use crate::shelf::NameRef;
use crate::version::{Flush, Version};

/// How long it is remembered up to where the remote tier was told of a journal.
const LIFE: Duration = Duration::from_secs(7 * 24 * 3600);

/// What begins a payload of this kind; the last byte is the version of what follows.
const MAGIC: [u8; 4] = *b"tcj\x01";

impl Shared {
    /// Lets versions be compared with the remote tier again, which was told already of their flush.
    pub(crate) fn compare_again(&self, versions: &[Arc<Version>]) {
        let _learning = self.learning();
        for version in versions {
            // No answer to an earlier question is learnt.
            version.begin_telling();
            version.end_telling();
        }
    }

    /// As [`tell_flush`](Self::tell_flush), without waiting: where the remote tier is away it is told
    /// later, for as long as this process lives.
    pub(crate) fn tell_flush_later(
        self: &Arc<Self>,
        tenant: TenantId,
        versions: &[Arc<Version>],
        how: Flush,
    ) {
        let told = self.tell_flush(tenant, versions, how);
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            runtime.spawn(told);
        }
    }

    /// Up to where the remote tier was told, by whichever process, what a tenant's journal says was
    /// changed. Who begins to follow the journal begins there.
    pub(crate) async fn journal_told(&self, tenant: TenantId) -> Option<Tail> {
        let reading = self.remote.read(&[place_name(tenant)], &[]).await;
        let payload = reading.ok()?.payloads.pop()??;
        postcard::from_bytes(payload.strip_prefix(&MAGIC)?).ok()
    }

    /// Notes that the remote tier was told up to there.
    pub(crate) async fn note_journal_told(&self, tenant: TenantId, tail: &Tail) {
        if !self.ledger(Bucket::of(tenant)).is_told() {
            return;
        }
        let payload = postcard::to_extend(tail, MAGIC.to_vec());
        let payload = payload.expect("plain data is serialised into memory");
        let name = place_name(tenant);
        // Where it is not noted, something will be told twice.
        let _ = self.remote.write(&name, payload, LIFE, None).await;
    }
}

/// No class has this id.
fn place_name(tenant: TenantId) -> Vec<u8> {
    let name = NameRef {
        class: 0,
        key: KeyRef::of(b"journal"),
    };
    entry_name(tenant, name)
}
