use std::fmt::Write as _;

use serde::{Deserialize, Serialize};
use tenancy_core::time::Time;

use super::rule::Level;
use super::state::Alert;
use super::subject::{Labels, Subject};

/// How many alerts of a group a message shows; the others it counts.
pub(super) const SHOWN_MAX: usize = 5;

/// What somebody is told: how a rule stands for a subject.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Message {
    /// Why it is told now.
    pub occasion: Occasion,
    /// The rule.
    pub rule: String,
    /// How bad it is.
    pub level: Level,
    /// Whom it is about.
    pub subject: Subject,
    /// When this was found.
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = DateTime))]
    pub at: Time,
    /// How many alerts fire, those that were told of before among them.
    pub firing: u64,
    /// How many of them are new.
    pub new: u64,
    /// How many are over.
    pub resolved: u64,
    /// How many of those only because nobody had news of them any more.
    #[serde(default)]
    pub lost: u64,
    /// How many more there are than are looked after.
    pub left_out: u64,
    /// Some of them, the new ones first.
    pub shown: Vec<Shown>,
    /// What stands behind values.
    pub unit: String,
    /// Where to look.
    pub link: String,
}

/// Why a message is sent.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "lowercase")]
pub enum Occasion {
    /// Something fires, and nothing did.
    Firing,
    /// It still does, and was last told of a while ago.
    Repeated,
    /// All that fired is over, or there is no more news of it.
    Resolved,
    /// Somebody wants to see whether messages arrive.
    Test,
    /// More fires than was told of.
    Updated,
}

/// One alert in a message.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Shown {
    /// Which of several.
    #[cfg_attr(feature = "openapi", schema(value_type = std::collections::BTreeMap<String, String>))]
    pub labels: Labels,
    /// Its value.
    pub value: f64,
    /// The value from which on it fires.
    pub threshold: f64,
    /// Since when it is so.
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = DateTime))]
    pub since: Time,
}

impl Shown {
    pub(super) fn of(alert: &Alert) -> Self {
        Self {
            labels: alert.labels.clone(),
            value: alert.value,
            threshold: alert.threshold,
            since: alert.since,
        }
    }
}

impl Message {
    /// One that says that messages arrive.
    pub(super) fn test(link: &str, now: Time) -> Self {
        Self {
            occasion: Occasion::Test,
            rule: "test".to_owned(),
            level: Level::Critical,
            subject: Subject::Platform,
            at: now,
            firing: 0,
            new: 0,
            resolved: 0,
            lost: 0,
            left_out: 0,
            shown: Vec::new(),
            unit: String::new(),
            link: link.to_owned(),
        }
    }

    /// One line without line breaks or other control characters: level, subject, rule, and the first
    /// value with its limit.
    pub fn title(&self) -> String {
        let what = match self.occasion {
            Occasion::Firing | Occasion::Updated => self.level.as_str(),
            Occasion::Repeated => "still firing",
            Occasion::Resolved if self.lost == self.resolved => "no more news",
            Occasion::Resolved => "resolved",
            Occasion::Test => "test",
        };
        let mut title = format!("[{what}] {}: {}", self.subject, self.rule);
        if let Some(first) = self.shown.first() {
            let _ = write!(title, " {}", self.value(first));
        }
        let more = (self.firing + self.resolved).saturating_sub(1) + self.left_out;
        if more > 0 && !self.shown.is_empty() {
            let _ = write!(title, " and {more} more");
        }
        plain(&title)
    }

    /// All of it as text, a line for each thing.
    pub fn text(&self) -> String {
        let mut text = self.title();
        if self.occasion == Occasion::Test {
            text.push_str("\nThis is a test: messages of this channel arrive.");
        } else {
            let _ = write!(
                text,
                "\nTenant: {}\nFiring: {} ({} new), resolved: {}",
                self.subject, self.firing, self.new, self.resolved
            );
        }
        if self.lost > 0 {
            let _ = write!(text, " ({} for want of news)", self.lost);
        }
        if self.left_out > 0 {
            let _ = write!(text, ", not looked after: {}", self.left_out);
        }
        for one in &self.shown {
            let labels = one.labels.iter();
            let labels: Vec<_> = labels
                .map(|(name, value)| format!("{name}={value}"))
                .collect();
            let line = format!("{} {}", labels.join(" "), self.value(one));
            let _ = write!(
                text,
                "\n- {}, since {}",
                plain(line.trim_start()),
                one.since
            );
        }
        if !self.link.is_empty() {
            let _ = write!(text, "\n{}", self.link);
        }
        text
    }

    fn value(&self, shown: &Shown) -> String {
        let unit = &self.unit;
        let (value, threshold) = (number(shown.value), number(shown.threshold));
        format!("{value}{unit} (limit {threshold}{unit})")
    }
}

/// At most two decimals, and none that say nothing.
fn number(value: f64) -> String {
    let text = format!("{value:.2}");
    let text = text.trim_end_matches('0').trim_end_matches('.');
    text.to_owned()
}

/// Text that stays in its line.
pub(super) fn plain(text: &str) -> String {
    text.replace(
        |c: char| c.is_control() || matches!(c, '\u{2028}' | '\u{2029}'),
        " ",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_that_was_measured_begins_a_line_of_its_own() {
        let now = Time::from_microseconds(1_800_000_000_000_000);
        let forged = "x\r\nBcc: y\u{2028}z\0";
        let mut message = Message::test("https://example.com", now);
        message.occasion = Occasion::Firing;
        message.rule = forged.to_owned();
        message.shown.push(Shown {
            labels: Labels::from([("part".to_owned(), forged.to_owned())]),
            value: 20.0,
            threshold: 10.0,
            since: now,
        });
        let title = "[critical] platform: x  Bcc: y z  20 (limit 10)";
        assert_eq!(message.title(), title);
        let shown = "- part=x  Bcc: y z  20 (limit 10), since 2027-01-15T08:00:00Z";
        let counts = "Firing: 0 (0 new), resolved: 0";
        let lines = [
            title,
            "Tenant: platform",
            counts,
            shown,
            "https://example.com",
        ];
        assert_eq!(message.text().lines().collect::<Vec<_>>(), lines);
    }

    #[test]
    fn a_number_has_no_more_digits_than_it_needs() {
        let check = |value: f64, expected: &str| assert_eq!(number(value), expected);
        check(5.0, "5");
        check(7.126, "7.13");
        check(1000.0, "1000");
        check(14.4, "14.4");
        check(0.0, "0");
    }
}
