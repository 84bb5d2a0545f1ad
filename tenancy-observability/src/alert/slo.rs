use std::time::Duration;

use super::rule::{Condition, Level, Rule};

const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(60 * 60);

impl Rule {
    /// Rules that tell how fast an objective's allowance of errors is used up, as Google's workbook on
    /// reliability has them: at 14.4 times what is allowed over an hour and five minutes, at 6 times over
    /// six hours and thirty minutes, both critical, and as a warning at the allowance itself over three
    /// days and six hours.
    ///
    /// `objective` is the share that must succeed, such as 0.999, and the metric the share that fails,
    /// from 0 to 1. The rules are called `NAME-fast`, `NAME-slow` and `NAME-steady`.
    ///
    /// # Panics
    /// When the objective is not between 0 and 1, both excluded.
    pub fn burn_rates(name: &str, metric: &str, objective: f64) -> [Self; 3] {
        assert!(
            objective > 0.0 && objective < 1.0,
            "an objective is between 0 and 1"
        );
        let rule = |kind: &str, factor: f64, long: Duration, short: Duration, level: Level| {
            let allowed = 1.0 - objective;
            let condition = Condition::BurnRate {
                allowed,
                factor,
                long,
                short,
            };
            // The short window is what makes it calm.
            Self::new(&format!("{name}-{kind}"), metric, condition)
                .calm_for(Duration::ZERO)
                .level(level)
                .unit(" times the allowance")
        };
        [
            rule("fast", 14.4, HOUR, 5 * MINUTE, Level::Critical),
            rule("slow", 6.0, 6 * HOUR, 30 * MINUTE, Level::Critical),
            rule("steady", 1.0, 72 * HOUR, 6 * HOUR, Level::Warning),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::super::rule::Side;
    use super::*;

    /// Errors by minute until now, as shares; before that there were none.
    fn over(window: Duration, minutes: &[f64]) -> Option<f64> {
        let all = (window.as_secs() / 60) as usize;
        let last = &minutes[minutes.len().saturating_sub(all)..];
        Some(last.iter().sum::<f64>() / all as f64)
    }

    fn fires(rule: &Rule, minutes: &[f64]) -> bool {
        let mut values = rule.windows().map(|window| over(window, minutes));
        let (long, short) = (values.next().flatten(), values.next().flatten());
        matches!(rule.condition.judge(long, short), Some((_, Side::In)))
    }

    #[test]
    fn a_burn_rate_fires_when_both_windows_burn_at_its_factor() {
        let rules = Rule::burn_rates("errors", "errors", 0.999);
        for (rule, factor) in rules.iter().zip([14.4, 6.0, 1.0]) {
            let at = |times: f64| Some(times * factor * 0.001);
            let check = |long: f64, short: f64, expected: Side| {
                let (_, side) = rule.condition.judge(at(long), at(short)).unwrap();
                assert_eq!(side, expected, "{} {long} {short}", rule.name());
            };
            check(1.01, 1.01, Side::In);
            check(0.99, 1.01, Side::Out);
            check(1.01, 0.99, Side::Out);
            check(0.99, 0.99, Side::Out);
            check(100.0, 0.0, Side::Out);
            assert_eq!(rule.condition.judge(at(2.0), None), None);
            assert_eq!(rule.condition.judge(None, at(2.0)), None);
            assert_eq!(rule.condition.judge(Some(f64::NAN), at(2.0)), None);
        }
    }

    #[test]
    fn a_spike_of_four_minutes_pages_nobody_and_an_outage_is_over_within_the_short_window() {
        let [fast, slow, steady] = Rule::burn_rates("errors", "errors", 0.999);
        let mut minutes = vec![0.0; 4320];
        // Two percent: twenty times the allowance, for four minutes.
        minutes.extend([0.02; 4]);
        let short = over(5 * MINUTE, &minutes).unwrap();
        assert!(short > 14.4 * 0.001, "the short window alone burns");
        for rule in [&fast, &slow, &steady] {
            assert!(!fires(rule, &minutes), "{}", rule.name());
        }
        // Everything fails for ten minutes.
        minutes.extend([1.0; 10]);
        assert!(fires(&fast, &minutes) && fires(&slow, &minutes));
        minutes.extend([0.0; 5]);
        assert!(!fires(&fast, &minutes));
        assert!(fires(&slow, &minutes));
        minutes.extend([0.0; 25]);
        assert!(!fires(&slow, &minutes));
    }
}
