use std::collections::HashSet;
use std::time::Duration;

use futures_util::future::join_all;
use sqlx::ConnectOptions as _;
use sqlx::sqlite::SqliteConnectOptions;
use tenancy_core::TenantId;
use tenancy_core::time::Time;
use tenancy_observability::alert::{
    Alerts, Fate, HealthMeasure, Rule, Sample, Silence, State, Subject,
};
use tenancy_observability::health::checks::DatabaseCheck;
use tenancy_observability::health::{Health, Part};
use tenancy_tests::receivers::Answer;
use tenancy_tests::{HttpReceiver, Postgres};
use tokio::time::{interval, timeout};

use super::{SECOND, Values, at_once, rule, start, webhook};
use crate::site::{Site, on_both};

/// Servers on one database, with one receiver.
async fn nodes(site: &Site, count: usize, values: &Values, sink: &HttpReceiver) -> Vec<Alerts> {
    let mut nodes = vec![];
    for _ in 0..count {
        let beside = site.beside().await;
        let alerts = Alerts::builder()
            .database(&beside.database, &beside.platform())
            .rule(rule("rule"))
            .measure(values.clone())
            .channel(webhook(sink));
        nodes.push(at_once(alerts).build());
    }
    nodes
}

/// A hundred changes, each looked at by three at once and sent by three at once.
async fn three_servers_tell_each_change_once(site: Site) {
    let (sink, values) = (HttpReceiver::start().await, Values::default());
    let nodes = nodes(&site, 3, &values, &sink).await;
    let mut now = start();
    for round in 0..100 {
        let value = if round % 2 == 0 { 20.0 } else { 1.0 };
        values.set([Sample::new(Subject::Platform, value)]);
        now = now.after(15 * SECOND);
        for outcome in join_all(nodes.iter().map(|node| node.evaluate(now))).await {
            outcome.unwrap();
        }
        let sent = join_all(nodes.iter().map(|node| node.deliver(now))).await;
        let sent: usize = sent.into_iter().map(Result::unwrap).sum();
        assert_eq!(sent, 1, "round {round}");
    }
    let received = sink.received();
    let ids: HashSet<_> = received
        .iter()
        .map(|one| one.header("webhook-id"))
        .collect();
    assert_eq!((received.len(), ids.len()), (100, 100));
    for (round, one) in received.iter().enumerate() {
        let occasion = if round % 2 == 0 { "firing" } else { "resolved" };
        assert_eq!(one.json()["occasion"], occasion, "round {round}");
    }
}

/// Whoever has taken a message and died is stood in for, after a while.
async fn another_sends_what_a_dead_server_had_taken(site: Site) {
    let (sink, values) = (HttpReceiver::start().await, Values::platform(20.0));
    let nodes = nodes(&site, 2, &values, &sink).await;
    let now = start();
    nodes[0].evaluate(now).await.unwrap();
    sink.answers([Answer::Never]);
    {
        let mut dying = std::pin::pin!(nodes[0].deliver(now));
        let taken = async {
            while sink.received().is_empty() {
                tokio::task::yield_now().await;
            }
        };
        tokio::select! {
            outcome = &mut dying => panic!("it was answered: {outcome:?}"),
            () = taken => {}
        }
    }
    for after in [Duration::ZERO, 59 * SECOND] {
        assert_eq!(nodes[1].deliver(now.after(after)).await.unwrap(), 0);
    }
    assert_eq!(nodes[1].deliver(now.after(60 * SECOND)).await.unwrap(), 1);
    let received = sink.received();
    let ids: HashSet<_> = received
        .iter()
        .map(|one| one.header("idempotency-key"))
        .collect();
    assert_eq!((received.len(), ids.len()), (2, 1));
    let arrived = nodes[0].deliveries(Fate::Arrived).await.unwrap();
    assert_eq!((arrived.len(), arrived[0].attempts), (1, 2));
}

/// A shop that was deleted and a server that is gone: whoever still looks tells that there is no more news
/// of them.
async fn what_nobody_measures_any_more_is_told_of_once_as_over(site: Site) {
    let (sink, values) = (HttpReceiver::start().await, Values::default());
    let mut nodes = nodes(&site, 3, &values, &sink).await;
    let acme = Subject::Tenant {
        id: TenantId::generate(),
        slug: "acme".parse().unwrap(),
    };
    let shop = Sample::new(acme, 20.0);
    let server = Sample::new(Subject::Platform, 20.0).label("server", "three");
    values.set([shop, server]);
    let mut now = start();
    nodes[2].evaluate(now).await.unwrap();
    assert_eq!(nodes[2].deliver(now).await.unwrap(), 2);
    drop(nodes.pop());
    values.set([]);
    for _ in 0..40 {
        now = now.after(15 * SECOND);
        for outcome in join_all(nodes.iter().map(|node| node.evaluate(now))).await {
            outcome.unwrap();
        }
        for outcome in join_all(nodes.iter().map(|node| node.deliver(now))).await {
            outcome.unwrap();
        }
    }
    let told = sink.received().split_off(2).into_iter();
    let mut told: Vec<_> = told
        .map(|one| {
            let message = one.json();
            let shop = message["subject"]["tenant"]["slug"].as_str();
            let whose = shop.unwrap_or("platform").to_owned();
            let occasion = message["occasion"].as_str().unwrap().to_owned();
            (whose, occasion, message["lost"].as_u64())
        })
        .collect();
    told.sort_unstable();
    let ended = |whose: &str| (whose.to_owned(), "resolved".to_owned(), Some(1));
    assert_eq!(told, ["acme", "platform"].map(ended));
    assert!(nodes[0].active().await.unwrap().is_empty());
}

/// Its receiver refused it, and was mended.
async fn a_message_that_was_given_up_is_sent_again_under_its_id(site: Site) {
    let (sink, values) = (HttpReceiver::start().await, Values::platform(20.0));
    let nodes = nodes(&site, 2, &values, &sink).await;
    let now = start();
    sink.answers([Answer::Status(400), Answer::Status(503)]);
    nodes[0].evaluate(now).await.unwrap();
    assert_eq!(nodes[0].deliver(now).await.unwrap(), 1);
    let dead = nodes[1].deliveries(Fate::Dead).await.unwrap();
    assert_eq!((dead.len(), dead[0].attempts), (1, 1));
    let (id, later) = (dead[0].id, now.after(3600 * SECOND));
    assert_eq!(nodes[1].deliver(later).await.unwrap(), 0);

    assert!(nodes[1].resend(id, later).await.unwrap());
    // Once only: it waits by now.
    assert!(!nodes[0].resend(id, later).await.unwrap());
    assert!(!nodes[0].resend(uuid::Uuid::now_v7(), later).await.unwrap());
    // It may fail for a while again.
    assert_eq!(nodes[0].deliver(later).await.unwrap(), 1);
    let waiting = nodes[0].deliveries(Fate::Waiting).await.unwrap();
    assert_eq!((waiting[0].id, waiting[0].attempts), (id, 1));
    assert_eq!(nodes[0].deliver(later.after(60 * SECOND)).await.unwrap(), 1);
    assert_eq!(nodes[1].deliveries(Fate::Dead).await.unwrap().len(), 0);
    assert!(!nodes[0].resend(id, later).await.unwrap());
    let received = sink.received();
    let ids: HashSet<_> = received
        .iter()
        .map(|one| one.header("idempotency-key"))
        .collect();
    assert_eq!((received.len(), ids.len()), (3, 1));
}

/// A server loses messages to others as often as it likes, and sends the next all the same.
#[tokio::test(flavor = "multi_thread")]
async fn what_others_take_first_does_not_count_as_on_its_way() {
    // An update that changes no row is all that a server sees of another that was faster.
    const FASTER: &str = "CREATE TABLE lost (attempts INTEGER); INSERT INTO lost VALUES (0); \
         CREATE TRIGGER faster BEFORE UPDATE ON observability_alert_deliveries \
         WHEN (SELECT attempts FROM lost) < 4 \
         BEGIN UPDATE lost SET attempts = attempts + 1; SELECT RAISE(IGNORE); END";
    let site = Site::sqlite().await;
    let file = SqliteConnectOptions::new().filename(site.registry_file());
    let mut conn = file.connect().await.unwrap();
    sqlx::raw_sql(FASTER).execute(&mut conn).await.unwrap();
    let (sink, values) = (HttpReceiver::start().await, Values::platform(20.0));
    let alerts = nodes(&site, 1, &values, &sink).await.remove(0);
    let arrives = async {
        let mut looks = interval(SECOND / 50);
        while sink.received().is_empty() {
            looks.tick().await;
        }
    };
    tokio::select! {
        () = alerts.run() => {}
        outcome = timeout(60 * SECOND, arrives) => outcome.unwrap(),
    }
    let lost: i64 = sqlx::query_scalar("SELECT attempts FROM lost")
        .fetch_one(&mut conn)
        .await
        .unwrap();
    assert_eq!(lost, 4);
}

/// Ten thousand alerts of one tenant, in a hundred messages, and one of another.
async fn a_storm_of_one_tenant_does_not_hold_up_another(site: Site) {
    let sink = HttpReceiver::start().await;
    let tenant = |slug: &str| Subject::Tenant {
        id: TenantId::generate(),
        slug: slug.parse().unwrap(),
    };
    let (acme, bolt) = (tenant("acme"), tenant("bolt"));
    let values = Values::default();
    let storm = (0..100).map(|number| {
        let sample = Sample::new(acme.clone(), 20.0);
        sample.label("endpoint", &number.to_string())
    });
    values.set(storm.chain([Sample::new(bolt.clone(), 20.0)]));
    let rules = (0..100).map(|number| rule(&format!("rule-{number:02}")));
    let alerts = Alerts::builder()
        .database(&site.database, &site.platform())
        .rules(rules)
        .measure(values)
        .channel(webhook(&sink).pace(4, SECOND));
    let alerts = at_once(alerts).build();
    let now = start();
    alerts.evaluate(now).await.unwrap();
    let firing = alerts.active().await.unwrap();
    assert_eq!(firing.len(), 10_100);
    // The channel's pace lets four through; neither gets more than two of them.
    assert_eq!(alerts.deliver(now).await.unwrap(), 4);
    let subjects = sink.received().into_iter();
    let mut subjects: Vec<_> = subjects
        .map(|one| {
            one.json()["subject"]["tenant"]["slug"]
                .as_str()
                .unwrap()
                .to_owned()
        })
        .collect();
    subjects.sort_unstable();
    assert_eq!(subjects, ["acme", "acme", "bolt", "bolt"]);
}

/// Silences are everybody's, and end.
async fn a_silence_holds_for_all_servers(site: Site) {
    let (sink, values) = (HttpReceiver::start().await, Values::platform(20.0));
    let nodes = nodes(&site, 2, &values, &sink).await;
    let now = start();
    let silence = Silence::until(now.after(3600 * SECOND), "at work on it", "ada");
    let id = silence.id;
    nodes[0].silence(silence).await.unwrap();
    nodes[1].evaluate(now).await.unwrap();
    assert_eq!(nodes[1].deliver(now).await.unwrap(), 0);
    assert_eq!(nodes[0].active().await.unwrap()[0].state, State::Firing);
    assert_eq!(
        nodes[1].silences().await.unwrap()[0].reason,
        "at work on it"
    );
    assert!(nodes[1].end_silence(id).await.unwrap());
    assert!(!nodes[1].end_silence(id).await.unwrap());
    nodes[0].evaluate(now.after(SECOND)).await.unwrap();
    assert_eq!(nodes[0].deliver(now.after(SECOND)).await.unwrap(), 1);
}

/// What is about a tenant goes with it, and nothing else.
async fn a_tenant_can_be_forgotten(site: Site) {
    let (sink, values) = (HttpReceiver::start().await, Values::default());
    let (acme, bolt) = (site.add("acme").await, site.add("bolt").await);
    let samples = [&acme, &bolt].map(|tenant| {
        let (id, slug) = (tenant.id, tenant.slug.clone());
        Sample::new(Subject::Tenant { id, slug }, 20.0)
    });
    values.set(samples);
    let alerts = nodes(&site, 1, &values, &sink).await.remove(0);
    alerts.evaluate(start()).await.unwrap();
    alerts.forget(acme.id).await.unwrap();
    let left = alerts.active().await.unwrap();
    let left: Vec<_> = left.iter().map(|alert| alert.subject.to_string()).collect();
    assert_eq!(left, ["bolt"]);
    let waiting = alerts.deliveries(Fate::Waiting).await.unwrap();
    let waiting: Vec<_> = waiting
        .iter()
        .map(|one| one.message.subject.to_string())
        .collect();
    assert_eq!(waiting, ["bolt"]);
}

/// The receiver was busy when something began, and not when it was over.
async fn an_end_is_told_after_its_beginning(
    alerts: [Alerts; 2],
    values: Values,
    sink: HttpReceiver,
) {
    let now = start();
    let tell = async |node: usize, after: Duration| {
        let sent = alerts[node].deliver(now.after(after)).await.unwrap();
        let received = sink.received();
        let last = received.last().unwrap().json();
        (sent, last["occasion"].as_str().unwrap().to_owned())
    };
    sink.answers([Answer::Status(503), Answer::Never]);
    alerts[0].evaluate(now).await.unwrap();
    assert_eq!(tell(0, Duration::ZERO).await, (1, "firing".to_owned()));
    values.set([Sample::new(Subject::Platform, 1.0)]);
    alerts[0].evaluate(now.after(SECOND / 2)).await.unwrap();
    // It waits for its next attempt, and then somebody is at it.
    assert_eq!(tell(1, SECOND / 2).await.0, 0);
    {
        let mut trying = std::pin::pin!(tell(0, 2 * SECOND));
        let taken = async {
            while sink.received().len() < 2 {
                tokio::task::yield_now().await;
            }
        };
        tokio::select! {
            outcome = &mut trying => panic!("it was answered: {outcome:?}"),
            () = taken => {}
        }
        assert_eq!(tell(1, 2 * SECOND).await.0, 0);
    }
    let later = 70 * SECOND;
    assert_eq!(tell(1, later).await, (1, "firing".to_owned()));
    assert_eq!(tell(1, later).await, (1, "resolved".to_owned()));
    assert_eq!(tell(1, later).await.0, 0);
}

async fn an_end_is_told_after_its_beginning_by_all_servers(site: Site) {
    let (sink, values) = (HttpReceiver::start().await, Values::platform(20.0));
    let nodes = nodes(&site, 2, &values, &sink).await;
    let nodes = nodes.try_into().unwrap();
    an_end_is_told_after_its_beginning(nodes, values, sink).await;
}

#[tokio::test]
async fn an_end_is_told_after_its_beginning_without_a_database() {
    let (sink, values) = (HttpReceiver::start().await, Values::platform(20.0));
    let alerts = Alerts::builder().rule(rule("rule")).measure(values.clone());
    let alerts = at_once(alerts.channel(webhook(&sink))).build();
    an_end_is_told_after_its_beginning([alerts.clone(), alerts], values, sink).await;
}

/// A server whose database a test takes away, with one rule that is looked after all the same and waits as
/// long for its end as rules do.
struct Outage {
    server: Postgres,
    alerts: Alerts,
    values: Values,
    sink: HttpReceiver,
    now: Time,
}

impl Outage {
    async fn start() -> Self {
        let server = Postgres::start().await;
        let site = Site::in_postgres(&server).await;
        let (sink, values) = (HttpReceiver::start().await, Values::platform(20.0));
        let rule = Rule::above("rule", "metric", 10.0).even_without_database();
        let alerts = Alerts::builder()
            .database(&site.database, &site.platform())
            .rule(rule)
            .measure(values.clone())
            .channel(webhook(&sink))
            .build();
        let now = start();
        Self {
            server,
            alerts,
            values,
            sink,
            now,
        }
    }

    /// Looks as often, 15 seconds apart, and says what has been told by then.
    async fn look(&mut self, times: usize) -> Vec<String> {
        for _ in 0..times {
            self.now = self.now.after(15 * SECOND);
            let _ = self.alerts.evaluate(self.now).await;
            let _ = self.alerts.deliver(self.now).await;
        }
        let told = self.sink.received().into_iter();
        told.map(|one| one.json()["occasion"].as_str().unwrap().to_owned())
            .collect()
    }

    /// Brings the database back, and waits until a turn of the book is kept.
    async fn end(&self) {
        self.server.restart().await;
        let mut looks = interval(SECOND / 50);
        while self.alerts.evaluate(self.now).await.is_err() {
            looks.tick().await;
        }
    }
}

#[tokio::test]
async fn what_the_book_has_told_is_not_told_again_beside_it() {
    let mut outage = Outage::start().await;
    assert_eq!(outage.look(2).await, ["firing"]);
    outage.server.stop().await;
    assert_eq!(outage.look(1).await, ["firing"]);
    outage.end().await;
    assert_eq!(outage.look(10).await, ["firing"]);
    outage.values.set([Sample::new(Subject::Platform, 1.0)]);
    assert_eq!(outage.look(10).await, ["firing", "resolved"]);
}

#[tokio::test]
async fn what_was_told_without_the_database_goes_on_in_it() {
    let mut outage = Outage::start().await;
    outage.server.stop().await;
    assert_eq!(outage.look(2).await, ["firing"]);
    outage.end().await;
    assert_eq!(outage.look(10).await, ["firing"]);
    assert_eq!(outage.alerts.active().await.unwrap().len(), 1);
    outage.values.set([Sample::new(Subject::Platform, 1.0)]);
    assert_eq!(outage.look(20).await, ["firing", "resolved"]);
    assert!(outage.alerts.active().await.unwrap().is_empty());
}

/// An unhealthy critical part is a critical alert, also where alerts are kept in what is unhealthy.
#[tokio::test]
async fn a_database_that_is_away_is_told_of_without_it() {
    let server = Postgres::start().await;
    let site = Site::in_postgres(&server).await;
    let sink = HttpReceiver::start().await;
    let check = DatabaseCheck::new(&site.database, &site.platform());
    let part = Part::critical("database").every(Duration::ZERO);
    let health = Health::builder().check(part, check).build();
    let alerts = Alerts::builder()
        .database(&site.database, &site.platform())
        .rules(Rule::defaults())
        .measure(HealthMeasure::new(&health, "one"))
        .channel(webhook(&sink));
    let alerts = at_once(alerts).build();
    let mut now = start();
    // Looks once a minute until so many messages were sent, and then a few times more.
    let mut look_until = async |count: usize| {
        let mut after = 0;
        for _ in 0..100 {
            health.full().await;
            now = now.after(60 * SECOND);
            let _ = alerts.evaluate(now).await;
            let _ = alerts.deliver(now).await;
            after += usize::from(sink.received().len() >= count);
            if after == 5 {
                break;
            }
        }
        sink.received()
    };
    assert_eq!(look_until(0).await.len(), 0);
    server.stop().await;
    let told = look_until(1).await;
    assert_eq!(told.len(), 1);
    let message = told[0].json();
    let what = (&message["rule"], &message["level"]);
    assert_eq!(what, (&"health".into(), &"critical".into()));
    assert_eq!(message["shown"][0]["labels"]["part"], "database");
    server.restart().await;
    let told = look_until(2).await;
    assert_eq!(
        (told.len(), &told[1].json()["occasion"]),
        (2, &"resolved".into())
    );
}

on_both!(
    a_message_that_was_given_up_is_sent_again_under_its_id,
    a_silence_holds_for_all_servers,
    a_storm_of_one_tenant_does_not_hold_up_another,
    a_tenant_can_be_forgotten,
    an_end_is_told_after_its_beginning_by_all_servers,
    another_sends_what_a_dead_server_had_taken,
    three_servers_tell_each_change_once,
    what_nobody_measures_any_more_is_told_of_once_as_over,
);
