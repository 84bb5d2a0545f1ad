use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};

use super::records::Place;

/// Remembers texts by a keyed 64-bit hash, so that a file cannot make them collide.
#[derive(Default)]
pub(super) struct Seen {
    hasher: RandomState,
    /// Whether the second use was reported.
    texts: HashMap<u64, bool>,
}

impl Seen {
    /// Notes `text`; `true` the second time, and only then.
    pub(super) fn is_second(&mut self, text: &str) -> bool {
        match self.texts.get_mut(&self.hasher.hash_one(text)) {
            Some(reported) => !std::mem::replace(reported, true),
            None => {
                self.texts.insert(self.hasher.hash_one(text), false);
                false
            }
        }
    }

    /// Notes `text`; `false` if it was there already.
    pub(super) fn insert(&mut self, text: &str) -> bool {
        self.texts
            .insert(self.hasher.hash_one(text), false)
            .is_none()
    }

    pub(super) fn contains(&self, text: &str) -> bool {
        self.texts.contains_key(&self.hasher.hash_one(text))
    }
}

/// Remembers where rows with a key stand: 24 bytes for each.
#[derive(Default)]
pub(super) struct Index {
    hasher: RandomState,
    places: Vec<(u64, Place)>,
}

impl Index {
    /// Notes that a row with `key` stands at `place`. Places must come in order.
    pub(super) fn insert(&mut self, key: &str, place: Place) {
        self.places.push((self.hasher.hash_one(key), place));
    }

    /// Call once, after the last insertion and before the first look-up.
    pub(super) fn finish(&mut self) {
        // Stable, so the places of one key stay in order.
        self.places.sort_by_key(|(hash, _)| *hash);
        self.places.shrink_to_fit();
    }

    /// The places of `key`, in order. One in 2^64 belongs to another key: look before you trust.
    pub(super) fn places(&self, key: &str) -> impl Iterator<Item = Place> {
        let hash = self.hasher.hash_one(key);
        let start = self.places.partition_point(|(other, _)| *other < hash);
        self.places[start..]
            .iter()
            .take_while(move |(other, _)| *other == hash)
            .map(|pair| pair.1)
    }
}
