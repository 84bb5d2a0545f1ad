use std::sync::Arc;

use tenancy_core::TenantScope;

use super::directive::Directive;
use super::source::FrameAncestor;
use crate::origin::Origin;

/// How long a policy may grow by one tenant's additions, in bytes. Proxies refuse answers whose headers
/// are longer than a few thousand.
const BYTES_MAX: usize = 2048;

/// Says what a tenant's pages may load and be framed by, beyond the platform's policy.
///
/// Asked for every answer, so it must not wait: keep what was read from the tenant's settings. A
/// closure `Fn(&TenantScope) -> Option<Arc<Additions>>` is one.
pub trait TenantSources: Send + Sync + 'static {
    /// What this tenant adds, if anything.
    fn additions(&self, tenant: &TenantScope) -> Option<Arc<Additions>>;
}

impl<F> TenantSources for F
where
    F: Fn(&TenantScope) -> Option<Arc<Additions>> + Send + Sync + 'static,
{
    fn additions(&self, tenant: &TenantScope) -> Option<Arc<Additions>> {
        self(tenant)
    }
}

/// What one tenant adds to a [`Policy`](super::Policy).
#[derive(Clone, Debug, Default, Eq, PartialEq)]
#[must_use]
pub struct Additions {
    pub(super) sources: Vec<(Directive, Origin)>,
    pub(super) frame_ancestors: Vec<FrameAncestor>,
    bytes: usize,
}

/// More than a policy has room for.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("the origins of one tenant take more than {BYTES_MAX} bytes together")]
pub struct TooManySources;

impl Additions {
    /// Nothing.
    pub fn new() -> Self {
        Self::default()
    }

    /// Lets a directive's things come from this origin as well.
    ///
    /// # Errors
    /// [`TooManySources`].
    pub fn allow(mut self, directive: Directive, origin: Origin) -> Result<Self, TooManySources> {
        self.grow(directive.as_str().len() + origin.as_str().len())?;
        self.sources.push((directive, origin));
        Ok(self)
    }

    /// Lets pages be framed by this one as well.
    ///
    /// # Errors
    /// [`TooManySources`].
    pub fn framed_by(mut self, ancestor: FrameAncestor) -> Result<Self, TooManySources> {
        self.grow(ancestor.as_str().len())?;
        self.frame_ancestors.push(ancestor);
        Ok(self)
    }

    fn grow(&mut self, bytes: usize) -> Result<(), TooManySources> {
        self.bytes += bytes + 2; // what separates it from the next
        (self.bytes <= BYTES_MAX)
            .then_some(())
            .ok_or(TooManySources)
    }
}
