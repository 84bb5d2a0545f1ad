use std::cmp::Reverse;

use super::{Money, MoneyError};

impl Money {
    /// Splits the amount in proportion to `weights`, one share for each, without losing a unit.
    ///
    /// Every share is first rounded towards zero; the units left over go to the shares that lost
    /// most, the earlier one first when they lost the same (the largest-remainder method). A
    /// weight of zero gets nothing. Fails with [`NoWeight`](MoneyError::NoWeight) when there is
    /// something to split and every weight is zero.
    pub fn split(self, weights: &[u64]) -> Result<Vec<Self>, MoneyError> {
        let total_weight: u128 = weights.iter().map(|weight| u128::from(*weight)).sum();
        if total_weight == 0 {
            return match self.amount {
                0 => Ok(vec![self; weights.len()]),
                _ => Err(MoneyError::NoWeight),
            };
        }
        let magnitude = u128::from(self.amount.unsigned_abs());
        let exact: Vec<u128> = weights
            .iter()
            .map(|weight| magnitude * u128::from(*weight))
            .collect();
        let mut shares: Vec<u128> = exact.iter().map(|product| product / total_weight).collect();

        let left_over = magnitude - shares.iter().sum::<u128>();
        let mut neediest: Vec<usize> = (0..shares.len()).collect();
        neediest.sort_by_key(|&index| Reverse(exact[index] % total_weight));
        // What is left over is less than the number of shares that lost something.
        for index in neediest.into_iter().take(left_over as usize) {
            shares[index] += 1;
        }

        let sign = i128::from(self.amount.signum());
        shares
            .into_iter()
            .map(|share| self.with_amount(i64::try_from(sign * share as i128).ok()))
            .collect()
    }
}
