use std::sync::LazyLock;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use sketches_ddsketch::Config;

/// How far a quantile may be from the exact one, as a share of it.
pub const QUANTILE_ERROR: f64 = 0.01;

/// As many bins as span four and a half powers of ten, below the greatest value.
const BINS_MAX: usize = 512;

/// DDSketch's bins. Their values are nanoseconds, so the smallest is one.
static MAPPING: LazyLock<Config> =
    LazyLock::new(|| Config::new(QUANTILE_ERROR, BINS_MAX as u32, 1.0));

/// How some durations are spread, in a bounded amount of memory: a DDSketch that has only the bins that
/// something is in. The library's own has those between as well, at eight bytes each, and is made for
/// one sketch more than for one per tenant and endpoint.
///
/// Sketches of parts merge to the sketch of the whole. Where there are too many bins the lowest become
/// one, so that only low quantiles of data with a very wide range lose their exactness.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
pub(super) struct Sketch {
    count: u64,
    sum: u64,
    min: u64,
    max: u64,
    /// Which bin, and how many are in it; in order.
    bins: Vec<(u16, u64)>,
}

impl Sketch {
    pub(super) fn add(&mut self, nanoseconds: u64) {
        let key = MAPPING.key(nanoseconds.max(1) as f64);
        self.add_to_bin(u16::try_from(key).unwrap_or(0), 1);
        self.note(1, nanoseconds, nanoseconds, nanoseconds);
    }

    pub(super) fn merge(&mut self, other: &Self) {
        if other.count == 0 {
            return;
        }
        for (key, count) in &other.bins {
            self.add_to_bin(*key, *count);
        }
        self.note(other.count, other.sum, other.min, other.max);
    }

    pub(super) fn count(&self) -> u64 {
        self.count
    }

    pub(super) fn sum(&self) -> u64 {
        self.sum
    }

    /// How many are above this, as far as it and they are told apart.
    pub(super) fn count_over(&self, duration: Duration) -> u64 {
        let nanoseconds = duration.as_nanos().max(1) as f64;
        let key = MAPPING.key(nanoseconds);
        let bins = self.bins.iter();
        let over = bins.filter(|(bin, _)| i32::from(*bin) > key);
        over.map(|(_, count)| count).sum()
    }

    pub(super) fn mean(&self) -> Option<f64> {
        (self.count > 0).then(|| self.sum as f64 / self.count as f64)
    }

    pub(super) fn min(&self) -> u64 {
        self.min
    }

    pub(super) fn max(&self) -> u64 {
        self.max
    }

    /// The value of the nearest rank: the least that this share of all values does not exceed.
    pub(super) fn quantile(&self, share: f64) -> Option<f64> {
        let rank = (share * self.count as f64).ceil().max(1.0) as u64;
        if rank >= self.count {
            return (self.count > 0).then_some(self.max as f64);
        }
        let mut passed = 0;
        let reaches = |(_, count): &&(u16, u64)| {
            passed += count;
            passed >= rank
        };
        let (key, _) = self.bins.iter().find(reaches).or(self.bins.last())?;
        let value = MAPPING.value(i32::from(*key));
        Some(value.min(self.max as f64).max(self.min as f64))
    }

    fn note(&mut self, count: u64, sum: u64, min: u64, max: u64) {
        self.min = if self.count == 0 {
            min
        } else {
            self.min.min(min)
        };
        self.max = self.max.max(max);
        self.count = self.count.saturating_add(count);
        self.sum = self.sum.saturating_add(sum);
    }

    fn add_to_bin(&mut self, key: u16, count: u64) {
        match self.bins.binary_search_by_key(&key, |(key, _)| *key) {
            Ok(place) => {
                let bin = &mut self.bins[place].1;
                *bin = bin.saturating_add(count);
            }
            Err(place) => {
                self.bins.insert(place, (key, count));
                if self.bins.len() > BINS_MAX {
                    let (_, lowest) = self.bins.remove(0);
                    self.bins[0].1 = self.bins[0].1.saturating_add(lowest);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Numbers from 0 to 1, the same in each run.
    fn uniform(seed: u64) -> impl Iterator<Item = f64> {
        let mut state = seed;
        std::iter::repeat_with(move || {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1);
            ((state >> 11) as f64 + 0.5) / (1_u64 << 53) as f64
        })
    }

    fn lognormal(count: usize) -> Vec<u64> {
        let (one, other) = (uniform(1), uniform(2));
        let normal = one.zip(other).map(|(one, other): (f64, f64)| {
            (-2.0 * one.ln()).sqrt() * (std::f64::consts::TAU * other).cos()
        });
        let values = normal.map(|normal| (2e6 * (1.2 * normal).exp()) as u64);
        values.take(count).collect()
    }

    fn bimodal(count: usize) -> Vec<u64> {
        let values = uniform(3).map(|share| match share {
            ..0.9 => 300_000 + (share * 1e5) as u64,
            _ => 900_000_000 + (share * 1e8) as u64,
        });
        values.take(count).collect()
    }

    fn sketch(values: &[u64]) -> Sketch {
        values.iter().fold(Sketch::default(), |mut sketch, value| {
            sketch.add(*value);
            sketch
        })
    }

    #[test]
    fn quantiles_are_within_one_percent_and_never_beyond_the_greatest_value() {
        for count in [1, 2, 3, 10, 19, 100, 1000, 100_000, 1_000_000] {
            let constant = vec![12_345_678; count];
            let spreads = [
                ("lognormal", lognormal(count)),
                ("bimodal", bimodal(count)),
                ("constant", constant),
            ];
            for (name, mut values) in spreads {
                let sketch = sketch(&values);
                values.sort_unstable();
                for share in [0.01, 0.5, 0.9, 0.95, 0.99, 0.999, 1.0] {
                    let rank = (share * count as f64).ceil() as usize;
                    let exact = values[rank - 1] as f64;
                    let ours = sketch.quantile(share).unwrap();
                    let error = (ours - exact).abs() / exact;
                    assert!(error <= 0.010_001, "{name} {count} {share}: {ours} {exact}");
                    assert!(ours <= sketch.max() as f64 && ours >= sketch.min() as f64);
                }
                assert_eq!(sketch.max(), values[count - 1]);
                assert_eq!(sketch.sum(), values.iter().sum::<u64>());
            }
        }
        assert_eq!(sketch(&[7_000; 5]).quantile(0.99), Some(7_000.0));
        assert_eq!(Sketch::default().quantile(0.5), None);
        assert_eq!(Sketch::default().mean(), None);
    }

    #[test]
    fn sixteen_parts_merge_to_the_whole() {
        let values = lognormal(16_000);
        let parts = values.chunks(1000).map(sketch);
        let merged = parts.fold(Sketch::default(), |mut all, part| {
            all.merge(&part);
            all
        });
        assert_eq!(merged, sketch(&values));
        let mut same = merged.clone();
        same.merge(&Sketch::default());
        assert_eq!(same, merged);
    }

    #[test]
    fn a_sketch_of_the_widest_range_stays_small_and_keeps_its_high_quantiles() {
        let values: Vec<u64> = (0..64).flat_map(|power| [(1 << power); 10]).collect();
        let mut wide = sketch(&values);
        for value in uniform(5).take(100_000) {
            wide.add((value * 1e15) as u64 + 1);
            wide.add((44.0 * value).exp() as u64);
        }
        assert_eq!(wide.bins.len(), BINS_MAX);
        assert!(wide.quantile(1.0).unwrap() >= 0.99 * (1_u64 << 63) as f64);
        wide.add(0);
        assert_eq!(wide.count(), 640 + 200_001);
    }
}
