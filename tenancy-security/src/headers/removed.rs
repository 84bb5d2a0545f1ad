use http::HeaderName;

use super::identifying::IDENTIFYING;

/// The headers that are taken away from answers.
#[derive(Clone, Debug)]
pub(super) struct Removed {
    names: Vec<HeaderName>, // in order
    /// The first bytes of the names, which rule out most of what an answer has.
    initials: u128,
}

impl Default for Removed {
    fn default() -> Self {
        let names = IDENTIFYING.iter().map(|name| HeaderName::from_static(name));
        let mut removed = Self {
            names: Vec::new(),
            initials: 0,
        };
        names.for_each(|name| removed.add(name));
        removed
    }
}

impl Removed {
    pub(super) fn add(&mut self, name: HeaderName) {
        if let Err(place) = self.place(&name) {
            self.initials |= initial(&name);
            self.names.insert(place, name);
        }
    }

    pub(super) fn keep(&mut self, name: &HeaderName) {
        if let Ok(place) = self.place(name) {
            self.names.remove(place);
        }
    }

    pub(super) fn contains(&self, name: &HeaderName) -> bool {
        self.initials & initial(name) != 0 && self.place(name).is_ok()
    }

    fn place(&self, name: &HeaderName) -> Result<usize, usize> {
        let text = HeaderName::as_str;
        self.names
            .binary_search_by(|other| text(other).cmp(text(name)))
    }
}

/// The bit of a name's first byte: a name is ASCII and never empty.
fn initial(name: &HeaderName) -> u128 {
    name.as_str()
        .bytes()
        .next()
        .map_or(0, |byte| 1 << (byte % 128))
}
