use std::time::Duration;

use aws_lc_rs::digest;
use serde::{Deserialize, Serialize};
use tenancy_core::time::Time;
use uuid::Uuid;

use super::rule::{Level, Rule, Side};
use super::subject::{Labels, Subject};

/// How exactly it is noted when a value was there, so that one that stays is not kept anew each time.
const SEEN_WITHIN: Duration = Duration::from_secs(60);

/// For how long a value may be missing before that is a state of its own.
const PATIENCE: Duration = Duration::from_secs(180);

/// How long after that what fires is over for want of news.
const LOST_AFTER: Duration = Duration::from_secs(120);

/// What is known of one alert: a rule, a subject and labels.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Alert {
    /// The rule's name.
    pub rule: String,
    /// Whom it is about.
    pub subject: Subject,
    /// Which of several.
    #[cfg_attr(feature = "openapi", schema(value_type = std::collections::BTreeMap<String, String>))]
    pub labels: Labels,
    /// How bad it is.
    pub level: Level,
    /// What it does.
    pub state: State,
    /// Since when it does that.
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = DateTime))]
    pub since: Time,
    /// When its value was last known, to the minute.
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = DateTime))]
    pub seen_at: Time,
    /// That value.
    pub value: f64,
    /// The value from which on it fires.
    pub threshold: f64,
    /// Since when the value has been such that it would be over.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>, format = DateTime))]
    pub(super) calm_since: Option<Time>,
    /// Since when nobody has had a value for it, as far as somebody has looked.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>, format = DateTime))]
    pub(super) missing_since: Option<Time>,
    /// How often it has fired.
    pub(super) episode: u32,
    /// The last of those that was told of, and the last whose end was.
    pub(super) told_firing: u32,
    pub(super) told_resolved: u32,
}

/// What an alert does.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "kebab-case")]
pub enum State {
    /// There is something to tell of.
    Firing,
    /// Nobody can tell, since there is no value: neither well nor firing.
    NoData,
    /// There may be, if it stays so.
    Pending,
    /// It is over, and that may have to be told.
    Resolved,
}

impl Alert {
    pub(super) fn new(rule: &Rule, subject: Subject, labels: Labels, now: Time) -> Self {
        Self {
            rule: rule.name.to_string(),
            subject,
            labels,
            level: rule.level,
            state: State::Resolved,
            since: now,
            seen_at: now,
            value: 0.0,
            threshold: rule.condition.threshold(),
            calm_since: None,
            missing_since: None,
            episode: 0,
            told_firing: 0,
            told_resolved: 0,
        }
    }

    /// The same for the same rule, subject and labels, and for no others.
    pub(super) fn fingerprint(rule: &str, subject: &Subject, labels: &Labels) -> Uuid {
        let mut hash = digest::Context::new(&digest::SHA256);
        // Each part with its length, so that no two lists of parts are the same text.
        let mut take = |part: &str| {
            hash.update(&(part.len() as u64).to_be_bytes());
            hash.update(part.as_bytes());
        };
        take(rule);
        take(&subject.key());
        for (name, value) in labels {
            take(name);
            take(value);
        }
        let hash = hash.finish();
        Uuid::from_slice(&hash.as_ref()[..16]).expect("it is 16 bytes")
    }

    /// Takes the value that was found now.
    pub(super) fn observe(&mut self, rule: &Rule, value: f64, side: Side, now: Time) {
        if self.value != value || self.seen_at.after(SEEN_WITHIN) <= now {
            (self.value, self.seen_at) = (value, now);
        }
        (self.level, self.threshold) = (rule.level, rule.condition.threshold());
        self.missing_since = None;
        match (self.state, side) {
            (State::NoData | State::Resolved, Side::In) => {
                self.enter(State::Pending, now);
                self.fire_if_it_holds(rule, now);
            }
            (State::NoData | State::Pending, Side::Out) => self.enter(State::Resolved, now),
            (State::NoData, Side::Between) => self.enter(State::Resolved, now),
            (State::Pending, Side::In) => self.fire_if_it_holds(rule, now),
            (State::Firing, Side::In | Side::Between) => self.calm_since = None,
            (State::Firing, Side::Out) => {
                let since = *self.calm_since.get_or_insert(now);
                if since.after(rule.calm_for) <= now {
                    self.enter(State::Resolved, now);
                }
            }
            (State::Pending | State::Resolved, Side::Between) | (State::Resolved, Side::Out) => {}
        }
    }

    /// Notes that there is no value, once that has been so for long enough. What fires goes on for a while,
    /// since a gap is no end; then nobody has news of it, and it is over for want of them.
    pub(super) fn miss(&mut self, now: Time) {
        if self.seen_at.after(PATIENCE) > now {
            return;
        }
        // Counted from the first look that found none: while nobody looked, nobody could have had news.
        let since = *self.missing_since.get_or_insert(now);
        self.calm_since = None;
        match self.state {
            State::Pending => self.enter(State::NoData, now),
            State::Firing if since.after(LOST_AFTER) <= now => self.enter(State::Resolved, now),
            State::Firing | State::NoData | State::Resolved => {}
        }
    }

    /// Whether it is over because nobody had news of it.
    pub(super) fn is_lost(&self) -> bool {
        self.state == State::Resolved && self.missing_since.is_some()
    }

    /// Whether it fires and nobody has been told. While its value is well again it is no news: it may be over
    /// before anybody has to know.
    pub(super) fn is_news(&self) -> bool {
        let is_untold = self.told_firing < self.episode;
        self.state == State::Firing && self.calm_since.is_none() && is_untold
    }

    /// Whether it fires and somebody has been told.
    pub(super) fn is_open(&self) -> bool {
        self.state == State::Firing && self.told_firing == self.episode
    }

    /// Whether it is over, and those who were told of its beginning were not told of its end.
    pub(super) fn owes_an_end(&self) -> bool {
        self.state == State::Resolved
            && self.told_firing == self.episode
            && self.told_resolved < self.episode
    }

    fn fire_if_it_holds(&mut self, rule: &Rule, now: Time) {
        if self.since.after(rule.holds_for) <= now {
            self.enter(State::Firing, now);
            self.episode += 1;
        }
    }

    pub(super) fn enter(&mut self, state: State, now: Time) {
        (self.state, self.since, self.calm_since) = (state, now, None);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: Duration = Duration::from_secs(60);

    /// What an alert does, minute by minute, under values; `-` is none.
    fn check(rule: &Rule, values: &str, expected: &str) {
        let start = Time::from_microseconds(1_700_000_000_000_000);
        let mut alert = Alert::new(rule, Subject::Platform, Labels::new(), start);
        let mut states = vec![];
        for (minute, value) in (0_u32..).zip(values.split(' ')) {
            let now = start.after(MINUTE * minute);
            match value.parse::<f64>() {
                Ok(value) => {
                    let (value, side) = rule.condition.judge(Some(value), None).unwrap();
                    alert.observe(rule, value, side, now);
                }
                Err(_) => alert.miss(now),
            }
            states.push(match alert.state {
                State::Firing => "F",
                State::NoData => "N",
                State::Pending => "P",
                State::Resolved => ".",
            });
        }
        assert_eq!(states.concat(), expected, "{values}");
    }

    #[test]
    fn a_value_fires_when_it_stays_and_is_over_when_it_stays_away() {
        let rule = Rule::above("rule", "metric", 10.0).leave(8.0);
        let rule = rule.holds_for(2 * MINUTE).calm_for(2 * MINUTE);
        check(&rule, "1 10 10 10 1 1 1 1", ".PPFFF..");
        // Back for a moment, and for good.
        check(&rule, "10 10 10 1 10 1 1 1", "PPFFFFF.");
        check(&rule, "10 1 10 10 10", "P.PPF");
        // Between the two nothing changes.
        check(&rule, "9 9 9", "...");
        check(&rule, "10 10 10 9 9 9 9 9", "PPFFFFFF");
        check(&rule, "10 10 10 1 9 1 1 1", "PPFFFFF.");
    }

    #[test]
    fn no_value_is_neither_well_nor_firing() {
        let rule = Rule::above("rule", "metric", 10.0).holds_for(2 * MINUTE);
        check(&rule, "10 - - - - 10 10 10", "PPPNNPPF");
        check(&rule, "10 - - - 1", "PPPN.");
        check(&rule, "10 - - - 1 1", "PPPN..");
        // A gap is no end, and begins the wait for one anew.
        check(&rule, "10 10 10 - - - - 10 1 1 1", "PPFFFFFFFF.");
        check(&rule, "10 10 10 1 - - - 1 1 1", "PPFFFFFFF.");
    }

    #[test]
    fn what_fires_is_over_when_nobody_has_news_of_it() {
        let rule = Rule::above("rule", "metric", 10.0);
        check(&rule, "10 - - - - - -", "FFFFF..");
        check(&rule, "10 - - - - 10 - - - - -", "FFFFFFFFFF.");
        check(&rule, "10 - - - - - 10", "FFFFF.F");
    }

    /// All servers were away for a day, and the first look of the first one has no values yet.
    #[test]
    fn where_nobody_looked_nothing_is_over() {
        let rule = Rule::above("rule", "metric", 10.0);
        let start = Time::from_microseconds(1_700_000_000_000_000);
        let mut alert = Alert::new(&rule, Subject::Platform, Labels::new(), start);
        alert.observe(&rule, 10.0, Side::In, start);
        let back = start.after(MINUTE * 60 * 24);
        alert.miss(back);
        assert_eq!((alert.state, alert.is_lost()), (State::Firing, false));
        alert.miss(back.after(LOST_AFTER));
        assert_eq!((alert.state, alert.is_lost()), (State::Resolved, true));
    }

    #[test]
    fn fingerprints_differ_where_anything_does() {
        let labels = |pairs: &[(&str, &str)]| {
            let pairs = pairs.iter();
            pairs
                .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
                .collect::<Labels>()
        };
        let of = |rule: &str, pairs: &[(&str, &str)]| {
            Alert::fingerprint(rule, &Subject::Platform, &labels(pairs))
        };
        let one = of("a", &[("b", "c"), ("d", "e")]);
        assert_eq!(one, of("a", &[("d", "e"), ("b", "c")]));
        for other in [
            of("a", &[("b", "c")]),
            of("a", &[("b", "c1:d1:e")]),
            of("a8:platform", &[]),
            of("A", &[("b", "c"), ("d", "e")]),
        ] {
            assert_ne!(one, other);
        }
    }
}
