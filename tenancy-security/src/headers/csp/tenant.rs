use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use tenancy_core::TenantScope;
use tenancy_core::tenant::Setting;

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
///
/// In serde it is `{"sources":{"img-src":["https://cdn.example"]},"frame_ancestors":["'self'"]}`.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(try_from = "Written", into = "Written")]
#[must_use]
pub struct Additions {
    pub(super) sources: Vec<(Directive, Origin)>,
    pub(super) frame_ancestors: Vec<FrameAncestor>,
    bytes: usize,
}

/// How additions stand in settings.
#[derive(Default, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
struct Written {
    sources: BTreeMap<Directive, Vec<Origin>>,
    frame_ancestors: Vec<FrameAncestor>,
}

/// The setting that holds a tenant's [`Additions`]; none by default.
#[derive(Debug)]
pub enum OwnAdditions {}

impl Setting for OwnAdditions {
    const KEY: &'static str = "page_sources";
    type Value = Additions;

    fn default() -> Additions {
        Additions::new()
    }
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

    /// What may come from elsewhere.
    pub fn sources(&self) -> &[(Directive, Origin)] {
        &self.sources
    }

    /// Who may frame pages.
    pub fn frame_ancestors(&self) -> &[FrameAncestor] {
        &self.frame_ancestors
    }

    /// Whether nothing is added.
    pub fn is_empty(&self) -> bool {
        self.bytes == 0
    }

    fn grow(&mut self, bytes: usize) -> Result<(), TooManySources> {
        self.bytes += bytes + 2; // what separates it from the next
        (self.bytes <= BYTES_MAX)
            .then_some(())
            .ok_or(TooManySources)
    }
}

impl TryFrom<Written> for Additions {
    type Error = TooManySources;

    fn try_from(written: Written) -> Result<Self, TooManySources> {
        let sources = written.sources.into_iter();
        let mut sources = sources.flat_map(|(directive, origins)| {
            origins.into_iter().map(move |origin| (directive, origin))
        });
        let allowed = sources.try_fold(Self::new(), |additions, (directive, origin)| {
            additions.allow(directive, origin)
        });
        let mut ancestors = written.frame_ancestors.into_iter();
        ancestors.try_fold(allowed?, Self::framed_by)
    }
}

impl From<Additions> for Written {
    fn from(additions: Additions) -> Self {
        let mut written = Self {
            frame_ancestors: additions.frame_ancestors,
            ..Self::default()
        };
        for (directive, origin) in additions.sources {
            written.sources.entry(directive).or_default().push(origin);
        }
        written
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn additions_are_checked_where_they_are_read() {
        let text = r#"{"sources":{"img-src":["https://cdn.example"]},"frame_ancestors":["'self'","https://a.example"]}"#;
        let additions: Additions = serde_json::from_str(text).unwrap();
        assert_eq!(serde_json::to_string(&additions).unwrap(), text);
        let wrong = [
            r#"{"sources":{"img-src":["https://cdn.example;script-src *"]}}"#,
            r#"{"sources":{"img-source":["https://cdn.example"]}}"#,
            r#"{"frame_ancestors":["http://a.example"]}"#,
            r#"{"frame_ancestors":["*"]}"#,
            r#"{"scripts":[]}"#,
        ];
        for text in wrong {
            assert!(serde_json::from_str::<Additions>(text).is_err(), "{text}");
        }
        let many = vec!["https://a.example"; 200];
        let text = serde_json::json!({ "frame_ancestors": many }).to_string();
        assert!(serde_json::from_str::<Additions>(&text).is_err());
    }
}
