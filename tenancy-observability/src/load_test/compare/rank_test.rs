/// How likely chance alone puts `higher` as far above `lower` as it is, or farther: the one-sided test of
/// Mann and Whitney, exact for any size, with ties sharing their ranks.
///
/// statrs 0.19 has the test too, and its exact method answers with the complement where the first sample
/// is not the larger one.
pub(super) fn chance(higher: &[f64], lower: &[f64]) -> f64 {
    let all: Vec<f64> = [higher, lower].concat();
    // Twice the rank is a whole number, with ties as well.
    let rank = |value: f64| {
        let below = all.iter().filter(|other| **other < value).count();
        let equal = all.iter().filter(|other| **other == value).count();
        2 * below + equal + 1
    };
    let ranks: Vec<usize> = all.iter().map(|value| rank(*value)).collect();
    let total: usize = ranks.iter().sum();
    // How many choices of so many ranks have which sum.
    let mut choices = vec![vec![0.0; total + 1]; higher.len() + 1];
    choices[0][0] = 1.0;
    for rank in &ranks {
        for chosen in (1..=higher.len()).rev() {
            for sum in (*rank..=total).rev() {
                let more = choices[chosen - 1][sum - rank];
                choices[chosen][sum] += more;
            }
        }
    }
    let observed: usize = ranks[..higher.len()].iter().sum();
    let sums = &choices[higher.len()];
    sums[observed..].iter().sum::<f64>() / sums.iter().sum::<f64>()
}

#[cfg(test)]
mod tests {
    use super::chance;

    fn check(higher: &[f64], lower: &[f64], expected: f64) {
        let found = chance(higher, lower);
        assert!(
            (found - expected).abs() < 1e-9,
            "{found} and not {expected}"
        );
    }

    #[test]
    fn it_agrees_with_tables_and_with_counting_by_hand() {
        // SciPy's own example, whose two-sided value is 1/9.
        let (male, female) = ([19.0, 22.0, 16.0, 29.0, 24.0], [20.0, 11.0, 17.0, 12.0]);
        check(&male, &female, 1.0 / 18.0);
        // One way of 252 and of 10.
        check(
            &[6.0, 7.0, 8.0, 9.0, 10.0],
            &[1.0, 2.0, 3.0, 4.0, 5.0],
            1.0 / 252.0,
        );
        check(&[4.0, 5.0], &[1.0, 2.0, 3.0], 0.1);
        check(&[1.0, 2.0], &[3.0, 4.0, 5.0], 1.0);
        // Of six ways to choose two of 1, 2, 2, 3, two have the sum 5 and none more.
        check(&[2.0, 3.0], &[1.0, 2.0], 2.0 / 6.0);
        check(&[1.0, 1.0], &[1.0, 1.0], 1.0);
        check(&[2.0], &[1.0], 0.5);
    }
}
