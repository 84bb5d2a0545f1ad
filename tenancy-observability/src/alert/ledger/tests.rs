use super::super::rule::Level;
use super::*;

const SECOND: Duration = Duration::from_secs(1);
const MINUTE: Duration = Duration::from_secs(60);

const PACE: Pace = Pace {
    gather: Duration::from_secs(10),
    update: Duration::from_secs(60),
    repeat: Duration::from_secs(4 * 60 * 60),
};

/// A ledger, and the time at it.
struct Desk {
    ledger: Ledger,
    rules: Vec<Rule>,
    now: Time,
}

impl Desk {
    fn new(rules: impl IntoIterator<Item = Rule>) -> Self {
        Self {
            ledger: Ledger::default(),
            rules: rules.into_iter().collect(),
            now: Time::from_microseconds(1_700_000_000_000_000),
        }
    }

    /// Takes values by rule after a while.
    fn turn(&mut self, after: Duration, values: &[(&str, &[Sample])]) -> Vec<Message> {
        self.now = self.now.after(after);
        let found = self.rules.iter().map(|rule| {
            let of_rule = values.iter().filter(|(name, _)| *name == rule.name());
            Found {
                rule,
                long: of_rule
                    .flat_map(|(_, samples)| samples.iter().cloned())
                    .collect(),
                short: None,
            }
        });
        let found: Vec<_> = found.collect();
        self.ledger
            .turn(&found, PACE, "https://example/alerts", self.now)
    }

    /// The same, told in words.
    fn said(&mut self, after: Duration, values: &[(&str, &[Sample])]) -> Vec<(Occasion, u64, u64)> {
        let messages = self.turn(after, values).into_iter();
        messages
            .map(|message| (message.occasion, message.firing, message.resolved))
            .collect()
    }
}

fn platform(value: f64) -> Sample {
    Sample::new(Subject::Platform, value)
}

fn tenant(slug: &str) -> Subject {
    // The same each time it is asked for.
    let id = uuid::Uuid::from_u128(slug.bytes().map(u128::from).sum());
    Subject::Tenant {
        id: id.into(),
        slug: slug.parse().unwrap(),
    }
}

fn endpoints(subject: &Subject, count: usize, value: f64) -> Vec<Sample> {
    let all = (0..count).map(|number| {
        Sample::new(subject.clone(), value).label("endpoint", &format!("/{number:04}"))
    });
    all.collect()
}

fn rule(name: &str) -> Rule {
    Rule::above(name, "metric", 10.0).leave(8.0)
}
#[test]
fn what_flaps_is_told_of_once_and_its_end_once() {
    let mut desk = Desk::new([rule("rule")]);
    let mut said = vec![];
    // Up and down twenty times in ten minutes.
    for _ in 0..20 {
        said.extend(desk.said(15 * SECOND, &[("rule", &[platform(20.0)])]));
        said.extend(desk.said(15 * SECOND, &[("rule", &[platform(1.0)])]));
    }
    assert_eq!(said, [(Occasion::Firing, 1, 0)]);
    for _ in 0..40 {
        said.extend(desk.said(15 * SECOND, &[("rule", &[platform(1.0)])]));
    }
    assert_eq!(said[1..], [(Occasion::Resolved, 0, 1)]);
    assert!(desk.ledger.is_idle() && desk.ledger.groups.is_empty());
}

/// Nothing changes between the two.
#[test]
fn a_value_between_the_limits_neither_fires_nor_ends() {
    let mut desk = Desk::new([rule("rule")]);
    assert_eq!(desk.said(MINUTE, &[("rule", &[platform(9.0)])]), []);
    assert!(desk.ledger.is_idle());
    desk.said(MINUTE, &[("rule", &[platform(10.0)])]);
    let fires = desk.said(MINUTE, &[("rule", &[platform(9.0)])]);
    assert_eq!(fires, [(Occasion::Firing, 1, 0)]);
    for _ in 0..60 {
        assert_eq!(desk.said(MINUTE, &[("rule", &[platform(9.0)])]), []);
    }
}

#[test]
fn what_goes_on_unchanged_is_noted_once_a_minute() {
    let mut desk = Desk::new([rule("rule")]);
    let values: &[(&str, &[Sample])] = &[("rule", &[platform(20.0)])];
    desk.turn(MINUTE, values);
    desk.turn(MINUTE, values);
    let mut changes = 0;
    for _ in 0..40 {
        let before = desk.ledger.alerts.clone();
        desk.turn(15 * SECOND, values);
        changes += usize::from(desk.ledger.alerts != before);
    }
    assert_eq!(changes, 10);
}

#[test]
fn a_value_that_could_not_be_kept_is_none() {
    for value in [f64::INFINITY, f64::NEG_INFINITY, f64::NAN] {
        let mut desk = Desk::new([rule("rule")]);
        assert_eq!(desk.said(MINUTE, &[("rule", &[platform(value)])]), []);
        assert!(desk.ledger.is_idle());
        desk.turn(MINUTE, &[("rule", &[platform(20.0)])]);
        desk.turn(MINUTE, &[("rule", &[platform(value)])]);
        let alert = desk.ledger.alerts.values().next().unwrap();
        let kept = serde_json::to_string(alert).unwrap();
        let read: Alert = serde_json::from_str(&kept).unwrap();
        assert_eq!((read.value, read.state), (20.0, State::Firing), "{value}");
    }
}
#[test]
fn what_fires_again_after_its_end_is_told_again() {
    let mut desk = Desk::new([rule("rule")]);
    let (high, low) = ([platform(20.0)], [platform(1.0)]);
    let mut said = vec![];
    for _ in 0..3 {
        for values in [&high, &high, &low, &low, &low, &low] {
            said.extend(desk.said(MINUTE, &[("rule", values)]));
        }
    }
    let once = [(Occasion::Firing, 1, 0), (Occasion::Resolved, 0, 1)];
    assert_eq!(said, [once, once, once].concat());
}
#[test]
fn many_alerts_of_one_cause_are_one_message_and_one_more_is_one_update() {
    let (acme, bolt) = (tenant("acme"), tenant("bolt"));
    let mut desk = Desk::new([rule("rule")]);
    let mut values = endpoints(&acme, 200, 20.0);
    assert_eq!(desk.said(SECOND, &[("rule", &values)]), []);
    let told = desk.turn(10 * SECOND, &[("rule", &values)]);
    assert_eq!(told.len(), 1);
    assert_eq!(
        (told[0].occasion, told[0].firing, told[0].new),
        (Occasion::Firing, 200, 200)
    );
    assert_eq!((&told[0].subject, told[0].shown.len()), (&acme, 5));
    assert_eq!(
        told[0].title(),
        "[warning] acme: rule 20 (limit 10) and 199 more"
    );
    // Another's is another message.
    values.extend(endpoints(&bolt, 1, 20.0));
    desk.turn(SECOND, &[("rule", &values)]);
    let told = desk.turn(10 * SECOND, &[("rule", &values)]);
    assert_eq!(
        (told.len(), &told[0].subject, told[0].firing),
        (1, &bolt, 1)
    );

    values.extend(endpoints(&acme, 201, 20.0).split_off(200));
    assert_eq!(desk.turn(SECOND, &[("rule", &values)]), []);
    let told = desk.turn(MINUTE, &[("rule", &values)]);
    let counts = told.iter().map(|one| (one.occasion, one.firing, one.new));
    assert_eq!(counts.collect::<Vec<_>>(), [(Occasion::Updated, 201, 1)]);
    assert_eq!(told[0].shown[0].labels["endpoint"], "/0200");
    assert_eq!(desk.turn(MINUTE, &[("rule", &values)]), []);

    let calm = [endpoints(&acme, 201, 1.0), endpoints(&bolt, 1, 1.0)].concat();
    let mut ends = vec![];
    for _ in 0..5 {
        ends.extend(desk.said(MINUTE, &[("rule", &calm)]));
    }
    ends.sort_by_key(|(_, _, resolved)| *resolved);
    let ended = [(Occasion::Resolved, 0, 1), (Occasion::Resolved, 0, 201)];
    assert_eq!(ends, ended);
}

#[test]
fn a_storm_is_one_message_that_counts_and_holds_up_nobody() {
    let (acme, bolt) = (tenant("acme"), tenant("bolt"));
    let mut desk = Desk::new([rule("rule")]);
    let values = [endpoints(&acme, 10_000, 20.0), endpoints(&bolt, 1, 20.0)].concat();
    desk.turn(SECOND, &[("rule", &values)]);
    let told = desk.turn(10 * SECOND, &[("rule", &values)]);
    let mut counts: Vec<_> = told.iter().map(|one| (one.firing, one.left_out)).collect();
    counts.sort_unstable();
    assert_eq!(counts, [(1, 0), (500, 9_500)]);
    assert_eq!(desk.ledger.alerts.len(), 501);
}

#[test]
fn what_goes_on_is_said_again_after_a_while() {
    let mut desk = Desk::new([rule("rule")]);
    let high = [platform(20.0)];
    let mut said = vec![];
    for _ in 0..9 {
        said.extend(desk.said(60 * MINUTE, &[("rule", &high)]));
    }
    // At 2, 6 and 10 hours.
    let again = (Occasion::Repeated, 1, 0);
    assert_eq!(said, [(Occasion::Firing, 1, 0), again]);
}
#[test]
fn no_data_is_shown_and_tells_nobody_anything() {
    let mut desk = Desk::new([rule("rule").wants_data(), rule("other")]);
    for _ in 0..5 {
        assert_eq!(desk.said(MINUTE, &[]), []);
    }
    let shown: Vec<_> = desk.ledger.alerts.values().collect();
    assert_eq!(
        (shown.len(), shown[0].state, &*shown[0].rule),
        (1, State::NoData, "rule")
    );
    assert_eq!(desk.said(MINUTE, &[("rule", &[platform(1.0)])]), []);
    assert!(desk.ledger.is_idle());

    // What fires is not over because its value is gone, and not for ever.
    let values = endpoints(&tenant("acme"), 1, 20.0);
    desk.said(MINUTE, &[("rule", &values)]);
    assert_eq!(desk.said(MINUTE, &[("rule", &values)]).len(), 1);
    for _ in 0..4 {
        assert_eq!(desk.said(MINUTE, &[]), []);
    }
    let fires = |desk: &Desk| {
        let mut alerts = desk.ledger.alerts.values();
        alerts.any(|alert| alert.state == State::Firing)
    };
    assert!(fires(&desk));
    desk.said(Duration::from_secs(24 * 60 * 60), &[]);
    assert!(!fires(&desk));
}

/// The server of one of two alerts is gone, and a while later that of the other.
#[test]
fn what_nobody_has_news_of_any_more_is_told_of_once_as_over() {
    let mut desk = Desk::new([rule("rule")]);
    let server = |name: &str| platform(20.0).label("server", name);
    let (both, one) = ([server("one"), server("two")], [server("one")]);
    let mut told = desk.turn(MINUTE, &[("rule", &both)]);
    told.extend(desk.turn(MINUTE, &[("rule", &both)]));
    assert_eq!(told.len(), 1);
    for _ in 0..60 {
        // Something of the group goes on, so its end is not told yet.
        assert_eq!(desk.turn(MINUTE, &[("rule", &one)]), []);
    }
    let mut told = vec![];
    for _ in 0..60 {
        told.extend(desk.turn(MINUTE, &[]));
    }
    let counts: Vec<_> = told
        .iter()
        .map(|one| (one.occasion, one.firing, one.resolved, one.lost))
        .collect();
    assert_eq!(counts, [(Occasion::Resolved, 0, 2, 2)]);
    let title = "[no more news] platform: rule 20 (limit 10) and 1 more";
    assert_eq!(told[0].title(), title);
    let text = told[0].text();
    assert!(text.contains("resolved: 2 (2 for want of news)"), "{text}");
    assert!(desk.ledger.is_idle() && desk.ledger.groups.is_empty());
    // Back again, it is news.
    desk.turn(MINUTE, &[("rule", &one)]);
    assert_eq!(
        desk.said(MINUTE, &[("rule", &one)]),
        [(Occasion::Firing, 1, 0)]
    );
}

#[test]
fn what_was_seen_to_be_over_is_told_apart_from_what_nobody_has_news_of() {
    let mut desk = Desk::new([rule("rule")]);
    let server = |name: &str, value: f64| platform(value).label("server", name);
    let both = [server("one", 20.0), server("two", 20.0)];
    desk.turn(MINUTE, &[("rule", &both)]);
    desk.turn(MINUTE, &[("rule", &both)]);
    let mut told = vec![];
    for _ in 0..10 {
        told.extend(desk.turn(MINUTE, &[("rule", &[server("one", 1.0)])]));
    }
    let counts: Vec<_> = told.iter().map(|one| (one.resolved, one.lost)).collect();
    assert_eq!(counts, [(2, 1)]);
    assert!(told[0].title().starts_with("[resolved] platform"));
}

/// An objective was taken out of the settings while it burnt.
#[test]
fn an_alert_whose_rule_is_gone_is_told_of_once_as_over() {
    let mut desk = Desk::new([rule("rule").level(Level::Critical), rule("other")]);
    let high: &[(&str, &[Sample])] = &[("rule", &[platform(20.0)])];
    desk.turn(MINUTE, high);
    assert_eq!(desk.said(MINUTE, high), [(Occasion::Firing, 1, 0)]);
    let old = desk.rules.remove(0);
    // Another server has the old settings still, and looks in turn.
    for _ in 0..20 {
        assert_eq!(desk.turn(MINUTE, &[]), []);
        desk.rules.push(old.clone());
        assert_eq!(desk.turn(Duration::ZERO, high), []);
        desk.rules.pop();
    }
    let mut told = vec![];
    for _ in 0..20 {
        told.extend(desk.turn(MINUTE, &[]));
    }
    let counts: Vec<_> = told
        .iter()
        .map(|one| (&*one.rule, one.occasion, one.level, one.lost))
        .collect();
    assert_eq!(counts, [("rule", Occasion::Resolved, Level::Critical, 1)]);
    assert!(desk.ledger.is_idle());
}

#[test]
fn a_database_that_is_down_speaks_for_all_that_follows_from_it() {
    let down = rule("database").level(Level::Critical);
    let mut desk = Desk::new([down, rule("slow").inhibited_by("database")]);
    let acme = endpoints(&tenant("acme"), 40, 20.0);
    let broken: &[(&str, &[Sample])] = &[("database", &[platform(20.0)]), ("slow", &acme)];
    desk.said(MINUTE, broken);
    let told = desk.turn(MINUTE, broken);
    let rules: Vec<_> = told.iter().map(|one| &*one.rule).collect();
    assert_eq!(rules, ["database"]);
    for _ in 0..10 {
        assert_eq!(desk.said(MINUTE, broken), []);
    }
    // The cause is mended, and this goes on.
    let mended: &[(&str, &[Sample])] = &[("database", &[platform(1.0)]), ("slow", &acme)];
    let mut said = vec![];
    for _ in 0..5 {
        said.extend(
            desk.turn(MINUTE, mended)
                .into_iter()
                .map(|one| (one.rule, one.firing)),
        );
    }
    assert_eq!(said, [("database".to_owned(), 0), ("slow".to_owned(), 40)]);
}
#[test]
fn a_silence_covers_its_own_and_what_still_fires_is_told_at_its_end() {
    let (acme, bolt) = (tenant("acme"), tenant("bolt"));
    let mut desk = Desk::new([rule("rule")]);
    let until = desk.now.after(30 * MINUTE);
    let silence = Silence::until(until, "moving house", "ada").rule("rule");
    desk.ledger.silences.push(silence.subject(acme.clone()));
    let both = [endpoints(&acme, 1, 20.0), endpoints(&bolt, 1, 20.0)].concat();
    let mut told = vec![];
    for _ in 0..29 {
        told.extend(desk.turn(MINUTE, &[("rule", &both)]));
    }
    let subjects: Vec<_> = told.iter().map(|one| &one.subject).collect();
    assert_eq!(subjects, [&bolt]);
    let told = desk.turn(MINUTE, &[("rule", &both)]);
    let subjects: Vec<_> = told.iter().map(|one| &one.subject).collect();
    assert_eq!(subjects, [&acme]);
    assert!(desk.ledger.silences.is_empty());
}

#[test]
fn what_was_over_before_anybody_was_told_is_not_told() {
    let quick = rule("rule").calm_for(Duration::ZERO);
    let mut desk = Desk::new([quick]);
    assert_eq!(desk.said(SECOND, &[("rule", &[platform(20.0)])]), []);
    assert_eq!(desk.said(SECOND, &[("rule", &[platform(1.0)])]), []);
    assert_eq!(desk.said(MINUTE, &[("rule", &[platform(1.0)])]), []);
    assert!(desk.ledger.is_idle());
}

/// With the wait for its end that rules have when nothing else is said.
#[test]
fn what_is_well_again_before_anybody_was_told_is_told_only_if_it_comes_back() {
    let check = |values: &[f64], expected: &[(Occasion, u64, u64)]| {
        let mut desk = Desk::new([rule("rule")]);
        let mut said = vec![];
        for value in values {
            let messages = desk.turn(15 * SECOND, &[("rule", &[platform(*value)])]);
            for one in &messages {
                let is_firing = one.occasion == Occasion::Firing;
                assert!(
                    !is_firing || one.shown[0].value == 20.0,
                    "{values:?}: {one:?}"
                );
            }
            let messages = messages.into_iter();
            said.extend(messages.map(|one| (one.occasion, one.firing, one.resolved)));
        }
        assert_eq!(said, expected, "{values:?}");
        assert!(desk.ledger.is_idle(), "{values:?}");
    };
    let over = [1.0; 10];
    check(&[&[20.0][..], &over].concat(), &[]);
    let told = [(Occasion::Firing, 1, 0), (Occasion::Resolved, 0, 1)];
    check(&[&[20.0, 1.0, 20.0][..], &over].concat(), &told);
    check(&[&[20.0, 20.0][..], &over].concat(), &told);
}

/// One that is well again is none of those that an update tells of.
#[test]
fn an_update_tells_of_what_fires_still() {
    let mut desk = Desk::new([rule("rule")]);
    let of = |values: [f64; 3]| {
        let numbered = values.into_iter().enumerate();
        numbered
            .map(|(number, value)| platform(value).label("part", &number.to_string()))
            .collect::<Vec<_>>()
    };
    let first = of([20.0, 1.0, 1.0]);
    desk.turn(MINUTE, &[("rule", &first)]);
    assert_eq!(
        desk.said(15 * SECOND, &[("rule", &first)]),
        [(Occasion::Firing, 1, 0)]
    );
    desk.turn(15 * SECOND, &[("rule", &of([20.0, 20.0, 20.0]))]);
    let told = desk.said(MINUTE, &[("rule", &of([20.0, 1.0, 20.0]))]);
    assert_eq!(told, [(Occasion::Updated, 2, 0)]);
}
