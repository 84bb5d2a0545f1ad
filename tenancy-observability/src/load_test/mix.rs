/// Which endpoint a request goes to, and as whom: exactly by the weights, evenly spread.
#[derive(Clone, Debug)]
pub(crate) struct Mix {
    /// One round of endpoints, each as often as its weight says.
    round: Box<[u16]>,
    callers: u64,
}

/// The longest round.
pub(crate) const ROUND_MAX: u64 = 100_000;

impl Mix {
    /// `None` where the weights make too long a round. There is an endpoint and a caller at least.
    pub(crate) fn new(weights: &[u32], callers: usize) -> Option<Self> {
        let divisor = weights.iter().copied().fold(0, common_divisor);
        let weights = weights.iter().map(|weight| i64::from(weight / divisor));
        let weights: Vec<i64> = weights.collect();
        let total: i64 = weights.iter().sum();
        if u64::try_from(total).is_ok_and(|total| total > ROUND_MAX) {
            return None;
        }
        // As nginx does: whoever is owed most comes next, so that the heavy are not sent in a row.
        let mut owed = vec![0; weights.len()];
        let round = (0..total).map(|_| {
            let mut next = 0;
            for (index, weight) in weights.iter().enumerate() {
                owed[index] += weight;
                if owed[index] > owed[next] {
                    next = index;
                }
            }
            owed[next] -= total;
            u16::try_from(next).expect("a plan has few endpoints")
        });
        Some(Self {
            round: round.collect(),
            callers: callers as u64,
        })
    }

    /// The endpoint and the caller of a request.
    pub(crate) fn pick(&self, number: u64) -> (usize, usize) {
        let length = self.round.len() as u64;
        let (round, place) = (number / length, number % length);
        // A place is another caller's in each round, so that every caller meets every endpoint.
        let caller = (round + place) % self.callers;
        (usize::from(self.round[place as usize]), caller as usize)
    }
}

fn common_divisor(a: u32, b: u32) -> u32 {
    if b == 0 { a } else { common_divisor(b, a % b) }
}

#[cfg(test)]
mod tests;
