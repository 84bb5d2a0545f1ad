use std::collections::HashMap;
use std::hash::Hash;

/// Something that is found again and again.
pub(super) trait Finding: Clone {
    /// What makes two findings one.
    type Key: Clone + Eq + Hash + Ord;

    fn key(&self) -> Self::Key;

    /// How bad it is, for the order and for what is forgotten first.
    fn weight(&self) -> u128;

    /// How often it was found.
    fn times(&self) -> u64;

    /// Counts what was found again.
    fn merge(&mut self, again: Self);
}

/// The worst findings, no more than there is room for.
#[derive(Debug)]
pub(super) struct Worst<F: Finding> {
    room: usize,
    found: HashMap<F::Key, F>,
    forgotten: u64,
}

impl<F: Finding> Worst<F> {
    pub(super) fn new(room: usize) -> Self {
        Self {
            room: room.max(1),
            found: HashMap::new(),
            forgotten: 0,
        }
    }

    /// Counts a finding, and returns all that is known of it.
    pub(super) fn add(&mut self, finding: F) -> &F {
        let key = finding.key();
        if !self.found.contains_key(&key) && self.found.len() >= self.room {
            self.forget_the_least();
        }
        let mut again = Some(finding);
        let known = self
            .found
            .entry(key)
            .or_insert_with_key(|_| again.take().expect("it is put in once"));
        if let Some(again) = again {
            known.merge(again);
        }
        known
    }

    /// A newcomer takes the place of the least, so that nothing is kept out for good.
    fn forget_the_least(&mut self) {
        let least = self
            .found
            .iter()
            .min_by_key(|(_, finding)| finding.weight());
        if let Some(key) = least.map(|(key, _)| key.clone()) {
            let forgotten = self.found.remove(&key);
            self.forgotten += forgotten.map_or(0, |finding| finding.times());
        }
    }

    /// The worst first; of those alike, by key, so that the order is always the same.
    pub(super) fn sorted(&self) -> Vec<F> {
        let mut findings: Vec<_> = self.found.iter().collect();
        findings.sort_by(|(one_key, one), (other_key, other)| {
            let by_weight = other.weight().cmp(&one.weight());
            by_weight.then_with(|| one_key.cmp(other_key))
        });
        findings
            .into_iter()
            .map(|(_, finding)| finding.clone())
            .collect()
    }

    /// How often something was found that there was no room for.
    pub(super) fn forgotten(&self) -> u64 {
        self.forgotten
    }
}
