use super::finding::{Place, ThreatKind};
use crate::csrf::ExemptPath;

/// A parameter that may hold what looks like an attack, such as a text that is declared to be HTML.
///
/// Route, place and name have to be exactly these. The name of a string in JSON is its keys from
/// the outermost one on, with dots between, and arrays have none: `variants.note` is in
/// `{"variants":[{"note":"…"}]}`. Names themselves, paths and whole bodies have no name, and are not
/// excluded.
///
/// ```
/// use tenancy_security::threat::{Exclusion, Place, ThreatKind};
///
/// let products = "/api/products".parse()?;
/// let html = Exclusion::new(products, Place::Json, "description")
///     .of(ThreatKind::CrossSiteScripting);
/// # Ok::<(), tenancy_security::csrf::InvalidExemptPath>(())
/// ```
#[derive(Clone, Debug)]
#[must_use]
pub struct Exclusion {
    path: ExemptPath,
    place: Place,
    name: Box<str>,
    kinds: Vec<ThreatKind>,
}

/// What a parameter is not judged for.
#[derive(Debug, Eq, PartialEq)]
pub(super) enum Excluded {
    Everything,
    Kinds(Vec<ThreatKind>),
}

impl Exclusion {
    /// Does not look at this parameter.
    pub fn new(path: ExemptPath, place: Place, name: &str) -> Self {
        Self {
            path,
            place,
            name: name.into(),
            kinds: Vec::new(),
        }
    }

    /// Looks for everything but this kind; may be called again for more.
    pub fn of(mut self, kind: ThreatKind) -> Self {
        self.kinds.push(kind);
        self
    }

    fn is_of(&self, path: &str, place: Place, name: &[u8]) -> bool {
        self.place == place && self.name.as_bytes() == name && self.path.contains(path)
    }
}

impl Excluded {
    /// What all these exclusions together say of a parameter.
    pub(super) fn by(exclusions: &[Exclusion], path: &str, place: Place, name: &[u8]) -> Self {
        let mut kinds = Vec::new();
        for exclusion in exclusions {
            if exclusion.is_of(path, place, name) {
                if exclusion.kinds.is_empty() {
                    return Self::Everything;
                }
                kinds.extend_from_slice(&exclusion.kinds);
            }
        }
        Self::Kinds(kinds)
    }
}
