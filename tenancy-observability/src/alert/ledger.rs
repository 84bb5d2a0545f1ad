use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, HashSet};
use std::time::Duration;

use serde::{Deserialize, Serialize};
use tenancy_core::time::Time;
use uuid::Uuid;

use super::measure::Sample;
use super::message::{Message, Occasion, SHOWN_MAX, Shown};
use super::rule::{Rule, Side};
use super::silence::Silence;
use super::state::{Alert, State};
use super::subject::{Labels, Subject};

/// How many alerts of one rule about one subject are looked after; the others are counted.
const MEMBERS_MAX: usize = 500;

/// How many alerts there are in all.
const ALERTS_MAX: usize = 50_000;

/// How long an alert without a value is remembered that nobody was told of.
const FORGOTTEN_AFTER: Duration = Duration::from_secs(24 * 60 * 60);

/// When groups of alerts are told of.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pace {
    /// How long a group waits for more of its kind before it is told of for the first time.
    pub(super) gather: Duration,
    /// How long after one message the next tells of what has come since.
    pub(super) update: Duration,
    /// How long after one message it is said again.
    pub(super) repeat: Duration,
}

/// All that is known of alerts, and what follows from values and time. Nothing in it reads a clock or
/// talks to anybody, so any server can go on from where another stopped.
#[derive(Clone, Debug, Default)]
pub(super) struct Ledger {
    /// By fingerprint.
    pub(super) alerts: BTreeMap<Uuid, Alert>,
    /// By rule and subject.
    pub(super) groups: BTreeMap<Uuid, Group>,
    pub(super) silences: Vec<Silence>,
}

/// The alerts of one rule about one subject, as far as messages go.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub(super) struct Group {
    told_at: Option<Time>,
    left_out: u64,
}

/// A rule and the values that were found for it, the long window's and the short one's.
pub(super) struct Found<'a> {
    pub(super) rule: &'a Rule,
    pub(super) long: Vec<Sample>,
    pub(super) short: Option<Vec<Sample>>,
}

impl Ledger {
    /// Takes what was found, and gives out what is to be told.
    pub(super) fn turn(
        &mut self,
        found: &[Found<'_>],
        pace: Pace,
        link: &str,
        now: Time,
    ) -> Vec<Message> {
        self.silences.retain(|silence| now < silence.until);
        for one in found {
            self.take(one, now);
        }
        let gone = self.miss_rules(found, now);
        let mut messages = vec![];
        for rule in found.iter().map(|one| one.rule).chain(&gone) {
            self.tell(rule, pace, link, now, &mut messages);
        }
        self.forget(now);
        messages
    }

    /// Goes on with what another ledger has told and not told the end of. What it has not told is not its
    /// own any more.
    pub(super) fn take_over(&mut self, other: Self) {
        for (key, alert) in other.alerts {
            if !alert.is_open() && !alert.owes_an_end() {
                continue;
            }
            let group = group_key(&alert.rule, &alert.subject);
            let told_at = other.groups.get(&group).and_then(|group| group.told_at);
            let own = self.groups.entry(group).or_default();
            own.told_at = own.told_at.max(told_at);
            match self.alerts.entry(key) {
                Entry::Vacant(place) => {
                    place.insert(alert);
                }
                Entry::Occupied(mut own) if own.get().state == State::Firing => {
                    let own = own.get_mut();
                    own.told_firing = own.episode;
                }
                Entry::Occupied(mut own) => {
                    own.insert(alert);
                }
            }
        }
    }

    /// Whether something is on its way, so that turns have to go on.
    pub(super) fn is_idle(&self) -> bool {
        self.alerts.is_empty()
    }

    fn take(&mut self, found: &Found<'_>, now: Time) {
        let rule = found.rule;
        let mut members = BTreeMap::<Uuid, usize>::new();
        for alert in self
            .alerts
            .values()
            .filter(|alert| alert.rule == rule.name())
        {
            *members
                .entry(group_key(rule.name(), &alert.subject))
                .or_default() += 1;
        }
        let of_rule: HashSet<_> = members.keys().copied().collect();
        for key in &of_rule {
            if let Some(group) = self.groups.get_mut(key) {
                group.left_out = 0;
            }
        }
        let mut short = BTreeMap::new();
        for sample in found.short.iter().flatten() {
            let key = Alert::fingerprint(rule.name(), &sample.subject, &sample.labels);
            short.insert(key, sample.value);
        }
        let mut seen = HashSet::new();
        for sample in &found.long {
            let key = Alert::fingerprint(rule.name(), &sample.subject, &sample.labels);
            let judged = rule
                .condition
                .judge(Some(sample.value), short.get(&key).copied());
            let Some((value, side)) = judged else {
                continue;
            };
            seen.insert(key);
            if let Some(alert) = self.alerts.get_mut(&key) {
                // A tenant may have got another name.
                alert.subject = sample.subject.clone();
                alert.observe(rule, value, side, now);
                continue;
            }
            if side != Side::In {
                continue;
            }
            let group = group_key(rule.name(), &sample.subject);
            let count = members.entry(group).or_default();
            if *count >= MEMBERS_MAX || self.alerts.len() >= ALERTS_MAX {
                self.groups.entry(group).or_default().left_out += 1;
                continue;
            }
            *count += 1;
            let subject = sample.subject.clone();
            let mut alert = Alert::new(rule, subject, sample.labels.clone(), now);
            alert.observe(rule, value, side, now);
            self.alerts.insert(key, alert);
        }
        for (key, alert) in &mut self.alerts {
            if alert.rule == rule.name() && !seen.contains(key) {
                alert.miss(now);
            }
        }
        if rule.wants_data && seen.is_empty() && members.is_empty() {
            let mut alert = Alert::new(rule, Subject::Platform, Labels::new(), now);
            alert.enter(State::NoData, now);
            let key = Alert::fingerprint(rule.name(), &alert.subject, &alert.labels);
            self.alerts.insert(key, alert);
        } else if !seen.is_empty() {
            let nothing = Alert::fingerprint(rule.name(), &Subject::Platform, &Labels::new());
            let is_nothing = |alert: &Alert| alert.state == State::NoData;
            if self.alerts.get(&nothing).is_some_and(is_nothing) {
                self.alerts.remove(&nothing);
            }
        }
    }

    /// Takes it that there are no values for rules that are not looked after here. Another server may; where
    /// none does any longer, alerts of theirs are over, and these are the rules by which that is told.
    fn miss_rules(&mut self, found: &[Found<'_>], now: Time) -> Vec<Rule> {
        let known: HashSet<_> = found.iter().map(|one| one.rule.name()).collect();
        let mut gone = BTreeMap::new();
        for alert in self.alerts.values_mut() {
            if known.contains(&*alert.rule) {
                continue;
            }
            alert.miss(now);
            if alert.is_lost() {
                let rule = || Rule::above(&alert.rule, "", alert.threshold).level(alert.level);
                gone.entry(alert.rule.clone()).or_insert_with(rule);
            }
        }
        gone.into_values().collect()
    }

    fn tell(
        &mut self,
        rule: &Rule,
        pace: Pace,
        link: &str,
        now: Time,
        messages: &mut Vec<Message>,
    ) {
        let mut groups = BTreeMap::<Uuid, Vec<Uuid>>::new();
        for (key, alert) in &self.alerts {
            if alert.rule == rule.name() {
                let group = group_key(rule.name(), &alert.subject);
                groups.entry(group).or_default().push(*key);
            }
        }
        let inhibiting = self.inhibiting(rule);
        for (group_key, members) in groups {
            let muted = |alert: &Alert| self.is_muted(alert, &inhibiting, now);
            let all: Vec<_> = members.iter().map(|key| &self.alerts[key]).collect();
            let (mut news, mut open, mut over) = (vec![], vec![], vec![]);
            for alert in all {
                match alert {
                    alert if alert.is_news() && !muted(alert) => news.push(alert),
                    alert if alert.is_open() => open.push(alert),
                    alert if alert.owes_an_end() => over.push(alert),
                    _ => {}
                }
            }
            let group = self.groups.get(&group_key).cloned().unwrap_or_default();
            let told_ago = |wait: Duration| group.told_at.is_none_or(|at| at.after(wait) <= now);
            let is_known = !open.is_empty() || !over.is_empty();
            let oldest = news.iter().map(|alert| alert.since).min();
            let occasion = match oldest {
                Some(_) if is_known && told_ago(pace.update) => Occasion::Updated,
                Some(oldest) if !is_known && oldest.after(pace.gather) <= now => Occasion::Firing,
                Some(_) => continue,
                None if open.is_empty() && !over.is_empty() => Occasion::Resolved,
                None if !open.is_empty()
                    && told_ago(pace.repeat)
                    && !open.iter().all(|alert| muted(alert)) =>
                {
                    Occasion::Repeated
                }
                None => continue,
            };
            let any = news.iter().chain(&open).chain(&over).next();
            let Some(any) = any else { continue };
            let shown = news.iter().chain(&open).chain(&over).take(SHOWN_MAX);
            messages.push(Message {
                occasion,
                rule: rule.name().to_owned(),
                level: rule.level,
                subject: any.subject.clone(),
                at: now,
                firing: (news.len() + open.len()) as u64,
                new: news.len() as u64,
                resolved: over.len() as u64,
                lost: over.iter().filter(|alert| alert.is_lost()).count() as u64,
                left_out: group.left_out,
                shown: shown.map(|alert| Shown::of(alert)).collect(),
                unit: rule.unit.to_owned(),
                link: link.to_owned(),
            });
            let told: Vec<_> = members
                .into_iter()
                .filter(|key| {
                    let alert = &self.alerts[key];
                    alert.owes_an_end() || (alert.is_news() && !muted(alert))
                })
                .collect();
            for key in told {
                if let Some(alert) = self.alerts.get_mut(&key) {
                    match alert.state {
                        State::Firing => alert.told_firing = alert.episode,
                        _ => alert.told_resolved = alert.episode,
                    }
                }
            }
            self.groups.entry(group_key).or_default().told_at = Some(now);
        }
    }

    /// The subjects of the alerts that speak for those of this rule.
    fn inhibiting(&self, rule: &Rule) -> HashSet<String> {
        let firing = self.alerts.values().filter(|alert| {
            let speaks = rule.inhibited_by.iter().any(|name| **name == *alert.rule);
            alert.state == State::Firing && speaks
        });
        firing.map(|alert| alert.subject.key()).collect()
    }

    fn is_muted(&self, alert: &Alert, inhibiting: &HashSet<String>, now: Time) -> bool {
        let silences = &mut self.silences.iter();
        silences.any(|silence| silence.covers(alert, now))
            || inhibiting.contains(&Subject::Platform.key())
            || inhibiting.contains(&alert.subject.key())
    }

    /// Drops what is over and told, what was over before anybody was told, and what nobody looks at any
    /// longer.
    fn forget(&mut self, now: Time) {
        self.alerts.retain(|_, alert| match alert.state {
            State::Resolved => alert.owes_an_end(),
            State::Firing | State::NoData | State::Pending => {
                alert.seen_at.after(FORGOTTEN_AFTER) > now
            }
        });
        let alerts = self.alerts.values();
        let kept: HashSet<_> = alerts
            .map(|alert| group_key(&alert.rule, &alert.subject))
            .collect();
        self.groups.retain(|key, _| kept.contains(key));
    }
}

fn group_key(rule: &str, subject: &Subject) -> Uuid {
    Alert::fingerprint(rule, subject, &Labels::new())
}

#[cfg(test)]
mod tests;
