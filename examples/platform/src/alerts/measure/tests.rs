use std::collections::BTreeMap as Map;

use http::StatusCode;
use serde_json::{Value, json};
use tempfile::TempDir;
use tenancy_core::Tenant;
use tenancy_core::registry::TenantRegistry as _;
use tenancy_observability::Party;
use tenancy_observability::alert::{Alerts, State};
use tenancy_observability::layer::{FinishedRequest, ObserveRequests as _, Outcome, Spent};
use tenancy_observability::report::Recorder;
use tenancy_observability::trace_context::TraceContext;

use super::super::objectives as objectives_of;
use super::*;
use crate::config::{self, Config};
use crate::platform::Platform;

const WINDOW: Duration = Duration::from_secs(300);
const HOUR: Duration = Duration::from_secs(60 * 60);

/// What rules look at without objectives.
const NOW: Reach = Reach {
    platform: WINDOW,
    shops: WINDOW,
};

const THREE_DAYS: Reach = Reach {
    platform: HOUR.saturating_mul(72),
    shops: HOUR.saturating_mul(72),
};

/// A platform whose requests a test makes up.
struct Desk {
    platform: Platform,
    recorder: Recorder,
    measure: ReportMeasure,
    now: Instant,
    _folder: TempDir,
}

impl Desk {
    /// One that looks at so many shops in a turn.
    async fn open(shops_max: usize, reach: Reach) -> Self {
        let (platform, folder) = Platform::in_new_folder(Config::default()).await;
        let recorder = Recorder::new();
        let (database, scope) = (platform.database(), platform.scope());
        let reports = Reports::builder(database, scope, &recorder).build();
        let mut measure = ReportMeasure::new(&reports, scope, reach);
        measure.shops_max = shops_max;
        Self {
            platform,
            recorder,
            measure,
            now: Instant::now(),
            _folder: folder,
        }
    }

    async fn shop(&self, slug: &str) -> Tenant {
        let tenant = Tenant::new(TenantId::generate(), slug.parse().unwrap());
        let registry = self.platform.registry();
        registry
            .insert(&tenant, self.platform.actor())
            .await
            .unwrap();
        tenant
    }

    /// Requests of a shop, of which some fail, written down.
    async fn requests(&self, shop: &Tenant, count: usize, failing: usize) {
        self.requests_at(Time::now(), shop, count, failing).await;
    }

    async fn requests_at(&self, at: Time, shop: &Tenant, count: usize, failing: usize) {
        for number in 0..count {
            let failed = number < failing;
            self.recorder.finished(&FinishedRequest {
                party: Party::Tenant(shop),
                method: "GET",
                route: "/",
                outcome: Outcome::Answered,
                status: Some(match failed {
                    true => StatusCode::INTERNAL_SERVER_ERROR,
                    false => StatusCode::OK,
                }),
                at,
                began: Instant::now(),
                spent: Spent::default(),
                meter: None,
                trace: &TraceContext::begin(),
                request_id: None,
            });
        }
        self.measure.reports.flush(Time::now()).await.unwrap();
    }

    /// What is known in the next turn that reads anew.
    async fn turn(&mut self, metric: &str, window: Duration) -> Vec<(String, f64)> {
        self.now += FRESH_FOR;
        let metric = metric.into();
        let question = Question { metric, window };
        let samples = self.measure.samples(&question, self.now).await.unwrap();
        let mut known: Vec<_> = samples
            .iter()
            .map(|sample| (sample.subject.to_string(), sample.value))
            .collect();
        known.sort_by(|(one, _), (other, _)| one.cmp(other));
        known
    }
}

fn of(expected: &[(&str, f64)]) -> Vec<(String, f64)> {
    let expected = expected.iter();
    expected
        .map(|(subject, value)| ((*subject).to_owned(), *value))
        .collect()
}

#[tokio::test]
async fn every_shop_with_requests_is_looked_at_some_in_a_turn() {
    let mut desk = Desk::open(2, NOW).await;
    let mut shops = vec![];
    for slug in ["one", "two", "three", "four", "five"] {
        let shop = desk.shop(slug).await;
        desk.requests(&shop, 20, 1).await;
        shops.push(shop);
    }
    // Nobody asks about a shop where nothing happens.
    desk.shop("quiet").await;
    let mut counts = vec![];
    for _ in 0..3 {
        counts.push(desk.turn("error_rate", WINDOW).await.len());
    }
    // The platform, and two shops more in each turn. Ids are in the order in which shops were made.
    assert_eq!(counts, [3, 5, 6]);
    let rate = |slug: &str| (slug.to_owned(), 5.0);
    let all = ["five", "four", "one", "platform", "three", "two"].map(rate);
    assert_eq!(desk.turn("error_rate", WINDOW).await, all);

    // What has changed is known when it is the shop's turn again, and not before.
    desk.requests(&shops[2], 20, 20).await;
    let third = async |desk: &mut Desk| {
        let known = desk.turn("error_rate", WINDOW).await;
        known.into_iter().find(|(slug, _)| slug == "three").unwrap()
    };
    assert_eq!(third(&mut desk).await.1, 52.5);
}

#[tokio::test]
async fn a_shop_without_requests_or_that_is_gone_has_no_value_any_more() {
    let mut desk = Desk::open(2, NOW).await;
    let mut shops = vec![];
    for slug in ["one", "two", "three"] {
        let shop = desk.shop(slug).await;
        desk.requests(&shop, 20, 1).await;
        shops.push(shop);
    }
    let mut slugs = async |turns: usize| {
        let mut known = vec![];
        for _ in 0..turns {
            known = desk.turn("error_rate", WINDOW).await;
        }
        let slugs = known.into_iter().map(|(slug, _)| slug);
        (slugs.collect::<Vec<_>>(), desk.measure.reports.clone())
    };
    let (known, reports) = slugs(2).await;
    assert_eq!(known, ["one", "platform", "three", "two"]);
    reports.forget(shops[1].id).await.unwrap();
    let (known, reports) = slugs(2).await;
    assert_eq!(known, ["one", "platform", "three"]);
    reports.forget(shops[0].id).await.unwrap();
    reports.forget(shops[2].id).await.unwrap();
    assert_eq!(slugs(2).await.0, ["platform"]);
}

#[tokio::test]
async fn few_requests_and_longer_times_than_rules_look_at_say_nothing() {
    let reach = Reach {
        platform: 6 * HOUR,
        shops: HOUR,
    };
    let mut desk = Desk::open(100, reach).await;
    let [busy, small] = [desk.shop("busy").await, desk.shop("small").await];
    desk.requests(&busy, 81, 0).await;
    desk.requests(&small, 19, 19).await;
    let rate = desk.turn("error_rate", WINDOW).await;
    assert_eq!(rate, of(&[("busy", 0.0), ("platform", 19.0)]));
    let share = desk.turn("shop_error_share", HOUR).await;
    assert_eq!(share, of(&[("busy", 0.0), ("platform", 0.19)]));
    let of_all = of(&[("platform", 0.19)]);
    assert_eq!(desk.turn("error_share", HOUR).await, of_all);
    assert_eq!(desk.turn("shop_error_share", 6 * HOUR).await, of_all);
    assert_eq!(desk.turn("shop_error_share", 72 * HOUR).await, []);
    assert_eq!(desk.turn("queued_jobs", HOUR).await, []);
}

/// What fails a little for long is seen over each window, after a restart as well.
#[tokio::test]
async fn what_was_before_the_server_began_is_known_as_far_back_as_rules_look() {
    let mut desk = Desk::open(1, THREE_DAYS).await;
    let [one, two] = [desk.shop("one").await, desk.shop("two").await];
    let ago = |time: Duration| {
        let micros = Time::now().as_microseconds() - time.as_micros() as i64;
        Time::from_microseconds(micros)
    };
    desk.requests_at(ago(80 * HOUR), &one, 100, 100).await;
    desk.requests_at(ago(60 * HOUR), &one, 100, 10).await;
    desk.requests_at(ago(20 * HOUR), &one, 100, 20).await;
    desk.requests_at(ago(20 * HOUR - WINDOW), &one, 100, 0)
        .await;
    desk.requests_at(ago(5 * HOUR), &one, 100, 30).await;
    desk.requests_at(ago(HOUR / 3), &two, 50, 5).await;
    desk.measure.reports.tidy(Time::now()).await.unwrap();
    let shares = async |desk: &mut Desk, hours: u32| {
        let known = desk.turn("shop_error_share", hours * HOUR).await;
        let shops = known.into_iter().filter(|(name, _)| name != "platform");
        shops.collect::<Vec<_>>()
    };
    // One shop in a turn.
    assert_eq!(shares(&mut desk, 72).await, of(&[("one", 0.15)]));
    let both = of(&[("one", 0.15), ("two", 0.1)]);
    assert_eq!(shares(&mut desk, 72).await, both);
    assert_eq!(
        shares(&mut desk, 6).await,
        of(&[("one", 0.3), ("two", 0.1)])
    );
    assert_eq!(shares(&mut desk, 1).await, of(&[("two", 0.1)]));

    // What other servers write an hour later counts, and what was read before is kept, though
    // nobody reads it again.
    desk.requests_at(ago(HOUR + WINDOW), &two, 50, 45).await;
    for _ in 0..3 {
        shares(&mut desk, 72).await;
    }
    let both = of(&[("one", 0.15), ("two", 0.5)]);
    assert_eq!(shares(&mut desk, 72).await, both);
    desk.measure.reports.forget(one.id).await.unwrap();
    for _ in 0..3 {
        shares(&mut desk, 72).await;
    }
    assert_eq!(shares(&mut desk, 72).await, both);
}

#[test]
fn rules_look_back_as_far_as_their_windows_do() {
    let of = |objectives: Value| {
        let mut wanted = serde_json::to_value(config::Alerts::default()).unwrap();
        wanted["objectives"] = objectives;
        let config = Config {
            alerts: serde_json::from_value(wanted).unwrap(),
            ..Config::default()
        };
        let mut rules = Vec::from(super::super::rules(&config));
        rules.extend(objectives_of(&config.alerts));
        let reach = super::super::reach(&rules);
        (reach.platform, reach.shops)
    };
    let three_days = 72 * HOUR;
    assert_eq!(of(json!({})), (WINDOW, WINDOW));
    let own = json!({ "all": { "percent": 99.0 } });
    assert_eq!(of(own), (three_days, WINDOW));
    let shops = json!({ "shopping": { "percent": 99.0, "shops": true } });
    assert_eq!(of(shops), (three_days, three_days));
}

/// A quarter fails where one percent may, all of it in one shop.
#[tokio::test]
async fn an_objective_is_told_of_by_how_fast_its_allowance_is_used_up() {
    let desk = Desk::open(100, THREE_DAYS).await;
    let [bad, good] = [desk.shop("bad").await, desk.shop("good").await];
    desk.requests(&bad, 50, 50).await;
    desk.requests(&good, 150, 0).await;
    let objectives: Map<&str, Value> = [
        ("all", json!({ "percent": 99.0 })),
        ("shopping", json!({ "percent": 99.0, "shops": true })),
        ("lenient", json!({ "percent": 50.0 })),
    ]
    .into();
    let mut wanted = serde_json::to_value(config::Alerts::default()).unwrap();
    wanted["objectives"] = json!(objectives);
    let wanted: config::Alerts = serde_json::from_value(wanted).unwrap();
    let alerts = Alerts::builder().rules(objectives_of(&wanted));
    let alerts = alerts.measure(desk.measure).build();
    alerts.evaluate(Time::now()).await.unwrap();
    let mut firing: Vec<_> = alerts
        .active()
        .await
        .unwrap()
        .into_iter()
        .filter(|alert| alert.state == State::Firing)
        .map(|alert| format!("{} {}", alert.rule, alert.subject))
        .collect();
    firing.sort_unstable();
    let expected = [
        "all-fast platform",
        "all-slow platform",
        "all-steady platform",
        "shopping-fast bad",
        "shopping-fast platform",
        "shopping-slow bad",
        "shopping-slow platform",
        "shopping-steady bad",
        "shopping-steady platform",
    ];
    assert_eq!(firing, expected);
}
