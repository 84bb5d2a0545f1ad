use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use uuid::Uuid;

use crate::scope::TenantScope;

/// The id of a request, in its extensions and in the journal's entries.
///
/// A layer outside a [`TenantLayer`](super::TenantLayer) may put one there; otherwise the layer
/// makes a fresh UUIDv7. Never take one from a client unchecked: it is written into the journal.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub struct RequestId(Arc<str>);

impl RequestId {
    /// The longest id, in bytes.
    pub const BYTES_MAX: usize = 128;

    /// A fresh one.
    pub fn generate() -> Self {
        let mut text = Uuid::encode_buffer();
        let text = Uuid::now_v7().hyphenated().encode_lower(&mut text);
        Self((&*text).into())
    }

    /// An id of a trusted outer layer's: 1 to [`BYTES_MAX`](Self::BYTES_MAX) visible ASCII
    /// characters, else `None`.
    pub fn new(text: &str) -> Option<Self> {
        let fits = (1..=Self::BYTES_MAX).contains(&text.len());
        (fits && text.bytes().all(|byte| byte.is_ascii_graphic())).then(|| Self(text.into()))
    }

    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Where an outer layer learns of the tenant, and of what else is known further in: extensions that an
/// inner layer sets do not travel outward.
///
/// Put a clone into the request's extensions before the [`TenantLayer`](super::TenantLayer) sees
/// it, and read it afterwards, whether the request was answered or cancelled. It stays empty when
/// the request was refused.
#[derive(Clone, Debug, Default)]
pub struct RequestSlot(Arc<Slot>);

#[derive(Debug, Default)]
struct Slot {
    scope: OnceLock<Option<TenantScope>>,
    client_nanoseconds: AtomicU64,
}

impl RequestSlot {
    /// The scope that the request got.
    pub fn scope(&self) -> Option<&TenantScope> {
        self.0.scope.get()?.as_ref()
    }

    /// Whether the request was let through for the platform's own host.
    pub fn is_on_platform(&self) -> bool {
        matches!(self.0.scope.get(), Some(None))
    }

    /// For how long the request has waited for more of its body, as far as somebody
    /// [noted](Self::add_client_time) it.
    pub fn client_time(&self) -> Duration {
        Duration::from_nanos(self.0.client_nanoseconds.load(Ordering::Relaxed))
    }

    /// Notes that the request has waited for its client.
    pub fn add_client_time(&self, time: Duration) {
        let nanoseconds = u64::try_from(time.as_nanos()).unwrap_or(u64::MAX);
        let noted = &self.0.client_nanoseconds;
        noted.fetch_add(nanoseconds, Ordering::Relaxed);
    }

    pub(super) fn fill(&self, scope: Option<&TenantScope>) {
        // A slot that serves two requests keeps the first's: it is made for one.
        let _ = self.0.scope.set(scope.cloned());
    }
}

/// In the extensions of a request to the platform's own host, which has no tenant; see
/// [`TenantLayer::admit_platform`](super::TenantLayer::admit_platform).
#[derive(Clone, Copy, Debug)]
pub struct OnPlatform(pub(super) ());

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_id_is_one_short_visible_word() {
        let check = |text: &str, expected: bool| {
            let id = RequestId::new(text);
            let expected = expected.then_some(text);
            assert_eq!(id.as_ref().map(RequestId::as_str), expected, "{text:?}");
        };
        check("7f3a-1/x", true);
        check(&"a".repeat(128), true);
        check(&"a".repeat(129), false);
        check("", false);
        check("a b", false);
        check("a\n", false);
        check("é", false);
        assert_ne!(RequestId::generate(), RequestId::generate());
    }
}
