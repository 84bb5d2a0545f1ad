//! What caches between the server and its visitors are told.

mod cdn;
mod mark;

use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use tenancy_core::TenantId;

pub(crate) use self::cdn::Cdn;
pub(crate) use self::mark::mark;

/// Makes the tags by which such caches can be told to forget a shop's answers: the cache's own, in a
/// form that tells nobody whose they are.
#[derive(Clone, Debug)]
pub(crate) struct EdgeTags(hmac::Key);

/// As much of the code as is shown: nobody hits upon another's by chance.
const SHOWN_BYTES: usize = 12;

impl EdgeTags {
    /// Tags that all nodes with the secret agree on.
    pub(crate) fn new(secret: &[u8]) -> Self {
        Self(hmac::Key::new(hmac::HMAC_SHA256, secret))
    }

    /// The tag of a shop, in letters that every such cache takes. Parts have `/` between them.
    pub(crate) fn of(&self, tenant: TenantId, tag: &str) -> String {
        self.sign(&format!("edge tag {tenant} {tag}"))
    }

    /// The tag of all that a shop has.
    pub(crate) fn of_all(&self, tenant: TenantId) -> String {
        self.sign(&format!("edge tag {tenant}"))
    }

    fn sign(&self, text: &str) -> String {
        let code = hmac::sign(&self.0, text.as_bytes());
        URL_SAFE_NO_PAD.encode(&code.as_ref()[..SHOWN_BYTES])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tag_is_one_shops_and_the_same_on_every_node() {
        let (tags, node) = (EdgeTags::new(b"secret"), EdgeTags::new(b"secret"));
        let (acme, umbrella) = (TenantId::generate(), TenantId::generate());
        let tag = tags.of(acme, "product");
        assert_eq!(tag, node.of(acme, "product"));
        assert_eq!(tag.len(), 16);
        assert_ne!(tag, tags.of(umbrella, "product"));
        assert_ne!(tag, tags.of(acme, "product/1"));
        assert_ne!(tag, tags.of_all(acme));
        assert_ne!(tags.of_all(acme), tags.of_all(umbrella));
        assert_ne!(tag, EdgeTags::new(b"another").of(acme, "product"));
    }
}
