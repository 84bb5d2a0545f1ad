use std::time::Duration;

use bytes::Bytes;
use http::HeaderMap;
use jiff::civil;
use jiff::tz::TimeZone;
use tenancy_core::TenantId;
use tenancy_core::outbound::Outbound;
use tenancy_core::time::Time;
use tenancy_observability::alert::{
    Alerts, Channel, Fate, Forged, InvalidSms, InvalidWebhook, Level, QuietHours, Sample, Secret,
    Slack, Sms, Subject, Webhook, verify,
};
use tenancy_tests::HttpReceiver;
use tenancy_tests::receivers::Answer;
use tokio::time::{interval, timeout};

use super::{SECOND, Values, at_once, outbound, rule, secret, start, webhook};

/// Somebody to tell of a value that is too high.
fn alerts(channel: Channel) -> Alerts {
    let alerts = Alerts::builder()
        .rule(rule("queue").level(Level::Critical).unit(" jobs"))
        .measure(Values::platform(20.0))
        .link("https://example.com/platform/alerts")
        .channel(channel);
    at_once(alerts).build()
}

/// A wait that the receiver asks for.
#[tokio::test]
async fn a_receiver_that_is_busy_is_asked_again_when_it_says() {
    let sink = HttpReceiver::start().await;
    let slack = Slack::new(&outbound(), Secret::new(sink.url("/slack"))).unwrap();
    let alerts = alerts(Channel::slack("slack", slack));
    let now = start();
    alerts.evaluate(now).await.unwrap();
    sink.answers([Answer::Wait(429, "2")]);
    let mut sent = vec![];
    for after in [0, 1000, 1999, 2600, 3000, 60_000] {
        let now = now.after(Duration::from_millis(after));
        sent.push(alerts.deliver(now).await.unwrap());
    }
    assert_eq!(sent, [1, 0, 0, 1, 0, 0]);
    let received = sink.received();
    let keys = received.iter().map(|one| one.header("idempotency-key"));
    let keys: Vec<_> = keys.collect();
    assert_eq!((keys.len(), keys[0]), (2, keys[1]));
    assert_eq!(alerts.deliveries(Fate::Arrived).await.unwrap().len(), 1);
}

/// Which answers are worth another attempt.
#[tokio::test]
async fn a_refusal_is_final_and_a_failure_is_not() {
    let answers = async |answer: Answer, status: u16, expected: Fate| {
        let sink = HttpReceiver::start().await;
        sink.answers([answer]);
        let alerts = alerts(webhook(&sink));
        alerts.evaluate(start()).await.unwrap();
        assert_eq!(alerts.deliver(start()).await.unwrap(), 1);
        let found = alerts.deliveries(expected).await.unwrap();
        assert_eq!(found.len(), 1, "{status}");
        let says = found[0].says.as_deref();
        match expected {
            Fate::Arrived => assert_eq!(says, None, "{status}"),
            _ => assert_eq!(says.unwrap(), format!("the receiver answered {status}")),
        }
        // Nobody asks it again.
        let later = start().after(3600 * SECOND);
        let again = usize::from(expected == Fate::Waiting);
        assert_eq!(alerts.deliver(later).await.unwrap(), again, "{status}");
    };
    let check = async |status: u16, expected: Fate| {
        answers(Answer::Status(status), status, expected).await;
        if status != 204 {
            answers(Answer::Wordy(status), status, expected).await;
        }
    };
    for status in [200, 202, 204] {
        check(status, Fate::Arrived).await;
    }
    for status in [408, 425, 429, 500, 502, 503, 504] {
        check(status, Fate::Waiting).await;
    }
    for status in [301, 307, 400, 401, 403, 404, 410, 413, 422] {
        check(status, Fate::Dead).await;
    }
}

/// An answer that does not come, and a receiver that dies.
#[tokio::test]
async fn what_was_perhaps_taken_is_sent_again_under_the_same_key() {
    let mut sink = HttpReceiver::start().await;
    sink.answers([Answer::Never]);
    let impatient = Outbound::builder()
        .internal_addresses()
        .time_out(SECOND / 4);
    let hook = Webhook::new(&impatient.build().unwrap(), &sink.url("/"), &secret()).unwrap();
    let alerts = alerts(Channel::webhook("hook", hook));
    let now = start();
    alerts.evaluate(now).await.unwrap();
    assert_eq!(alerts.deliver(now).await.unwrap(), 1);
    let waiting = alerts.deliveries(Fate::Waiting).await.unwrap();
    assert_eq!(waiting[0].says.as_deref(), Some("the server took too long"));
    assert_eq!(alerts.deliver(now.after(2 * SECOND)).await.unwrap(), 1);
    let received = sink.received();
    let key = |at: usize| received[at].header("idempotency-key");
    assert_eq!((received.len(), key(0)), (2, key(1)));

    sink.die().await;
    let values = Values::platform(20.0);
    let hook = Webhook::new(&outbound(), &sink.url("/"), &secret()).unwrap();
    let unreachable = Alerts::builder().rule(rule("rule")).measure(values);
    let unreachable = unreachable.channel(Channel::webhook("hook", hook));
    let unreachable = at_once(unreachable).build();
    unreachable.evaluate(now).await.unwrap();
    let mut now = now;
    for _ in 0..10 {
        assert_eq!(unreachable.deliver(now).await.unwrap(), 1);
        now = now.after(301 * SECOND);
    }
    assert_eq!(unreachable.deliver(now).await.unwrap(), 0);
    let dead = unreachable.deliveries(Fate::Dead).await.unwrap();
    let says = "given up after 10 attempts: the server could not be reached, or broke off";
    assert_eq!(dead[0].says.as_deref(), Some(says));
}
#[tokio::test]
async fn a_webhook_proves_who_sent_it_and_when() {
    let sink = HttpReceiver::start().await;
    let alerts = alerts(webhook(&sink));
    let now = start();
    alerts.evaluate(now).await.unwrap();
    alerts.deliver(now).await.unwrap();
    let received = sink.received().remove(0);
    let tolerance = 300 * SECOND;
    let check = |headers: &HeaderMap, body: &[u8], at: Time| {
        verify(&secret(), headers, body, at, tolerance)
    };
    assert_eq!(check(&received.headers, &received.body, now), Ok(()));
    let edges = [now.after(tolerance), now.after(tolerance + SECOND)];
    assert_eq!(check(&received.headers, &received.body, edges[0]), Ok(()));
    assert_eq!(
        check(&received.headers, &received.body, edges[1]),
        Err(Forged)
    );
    let changed = Bytes::from(received.json().to_string().replace("20", "2"));
    assert_eq!(check(&received.headers, &changed, now), Err(Forged));
    for name in ["webhook-id", "webhook-timestamp", "webhook-signature"] {
        let mut headers = received.headers.clone();
        headers.insert(name, "1".parse().unwrap());
        assert_eq!(check(&headers, &received.body, now), Err(Forged), "{name}");
        headers.remove(name);
        assert_eq!(check(&headers, &received.body, now), Err(Forged), "{name}");
    }
    let other = Secret::new("whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA");
    let forged = verify(&other, &received.headers, &received.body, now, tolerance);
    assert_eq!(forged, Err(Forged));
    let short = Webhook::new(&outbound(), "http://127.0.0.1/", &Secret::new("whsec_AAAA"));
    assert_eq!(short.unwrap_err(), InvalidWebhook::Secret);
}

/// An address that a tenant gave.
#[tokio::test]
async fn a_tenants_target_leads_nowhere_inside() {
    let sink = HttpReceiver::start().await;
    let port = sink.url("").rsplit_once(':').unwrap().1.to_owned();
    let guarded = Outbound::builder().build().unwrap();
    for host in [
        "127.0.0.1",
        "localhost",
        "169.254.169.254",
        "10.0.0.1",
        "2130706433",
        "[::1]",
    ] {
        let url = format!("http://{host}:{port}/");
        let hook = Webhook::new(&guarded, &url, &secret()).unwrap();
        let alerts = alerts(Channel::webhook("hook", hook));
        alerts.evaluate(start()).await.unwrap();
        alerts.deliver(start()).await.unwrap();
        let dead = alerts.deliveries(Fate::Dead).await.unwrap();
        let says = dead[0].says.as_deref();
        assert_eq!(says, Some("internal addresses are not called"), "{host}");
    }
    assert_eq!(sink.received().len(), 0);
}

/// What must not be seen, in what people do look at.
#[tokio::test]
async fn secrets_are_in_no_error_and_no_debug_output() {
    let sink = HttpReceiver::start().await;
    sink.answers([Answer::Status(403)]);
    let url = Secret::new(format!("{}/hunter2", sink.url("")));
    let slack = Slack::new(&outbound(), url).unwrap();
    let alerts = alerts(Channel::slack("slack", slack));
    alerts.evaluate(start()).await.unwrap();
    alerts.deliver(start()).await.unwrap();
    let dead = alerts.deliveries(Fate::Dead).await.unwrap();
    let token = Secret::new("hunter2");
    let sms = Sms::new(
        &outbound(),
        &sink.url("/"),
        ("AC1", &token),
        "+15550100",
        "+15550101",
    );
    let said = format!(
        "{dead:?} {:?} {alerts:?} {:?} {}",
        alerts.channels(),
        Channel::sms("sms", sms.unwrap()),
        alerts
            .test("slack")
            .await
            .map_or_else(|error| error.to_string(), |()| String::new()),
    );
    assert!(
        !said.contains("hunter2") && !said.contains("/slack"),
        "{said}"
    );
}

#[tokio::test]
async fn slack_gets_a_colour_the_tenant_the_value_the_limit_and_a_link() {
    let sink = HttpReceiver::start().await;
    let slack = Slack::new(&outbound(), Secret::new(sink.url("/"))).unwrap();
    let values = Values::default();
    let acme = Subject::Tenant {
        id: TenantId::generate(),
        slug: "acme".parse().unwrap(),
    };
    values.set([Sample::new(acme, 7.126).label("route", "<!channel> & co")]);
    let rule = tenancy_observability::alert::Rule::above("error-rate", "metric", 5.0).unit("%");
    let alerts = Alerts::builder()
        .rule(rule)
        .measure(values)
        .link("https://example.com/a")
        .channel(Channel::slack("slack", slack));
    let alerts = at_once(alerts).build();
    alerts.evaluate(start()).await.unwrap();
    alerts.deliver(start()).await.unwrap();
    let message = sink.received()[0].json();
    assert_eq!(
        message["text"],
        "[warning] acme: error-rate 7.13% (limit 5%)"
    );
    let attachment = &message["attachments"][0];
    assert_eq!(attachment["color"], Level::Warning.colour());
    let text = attachment["text"].as_str().unwrap();
    assert!(text.contains("Tenant: acme\n"), "{text}");
    assert!(
        text.contains("route=&lt;!channel&gt; &amp; co 7.13% (limit 5%), since 2027"),
        "{text}"
    );
    assert!(text.ends_with("\nhttps://example.com/a"), "{text}");
}

/// SMS is for what is critical, and short.
#[tokio::test]
async fn an_sms_is_critical_and_has_two_segments_at_most() {
    let sink = HttpReceiver::start().await;
    let token = Secret::new("token");
    let sms = |to: &str| {
        Sms::new(
            &outbound(),
            &sink.url("/"),
            ("AC1", &token),
            "+15550100",
            to,
        )
    };
    for to in ["15550101", "+1555\r\n0101", "+", "+1234567890123456"] {
        assert_eq!(sms(to).unwrap_err(), InvalidSms::Number, "{to:?}");
    }
    let alerts = Alerts::builder()
        .rule(rule(&"ы".repeat(500)).level(Level::Critical))
        .rule(rule("warned").level(Level::Warning))
        .measure(Values::platform(20.0))
        .channel(Channel::sms("sms", sms("+15550101").unwrap()).at_least(Level::Info));
    let alerts = at_once(alerts).build();
    alerts.evaluate(start()).await.unwrap();
    assert_eq!(alerts.deliver(start()).await.unwrap(), 1);
    let received = sink.received().remove(0);
    assert_eq!(received.header("authorization"), "Basic QUMxOnRva2Vu");
    let form = String::from_utf8(received.body.to_vec()).unwrap();
    let fields: Vec<_> = form
        .split('&')
        .map(|field| field.split_once('=').unwrap())
        .collect();
    assert_eq!(fields[0], ("From", "%2B15550100"));
    assert_eq!(fields[1], ("To", "%2B15550101"));
    // What is not of its seven bits is written in units of 16, and 134 of them fit.
    let (name, body) = fields[2];
    let escapes = body.matches("%D1%8B").count();
    assert_eq!(name, "Body");
    assert!(
        body.ends_with("%2E%2E%2E") && (100..134).contains(&escapes),
        "{body}"
    );
}
#[tokio::test]
async fn quiet_hours_put_off_what_is_not_critical() {
    let sink = HttpReceiver::start().await;
    let night = QuietHours::new(
        civil::time(22, 0, 0, 0),
        civil::time(7, 0, 0, 0),
        TimeZone::UTC,
    );
    let alerts = Alerts::builder()
        .rule(rule("critical").level(Level::Critical))
        .rule(rule("warning").level(Level::Warning))
        .measure(Values::platform(20.0))
        .channel(webhook(&sink).quiet_hours(night));
    let alerts = at_once(alerts).build();
    let time = |text: &str| Time::from(text.parse::<jiff::Timestamp>().unwrap());
    let midnight = time("2027-01-02T00:00:00Z");
    alerts.evaluate(midnight).await.unwrap();
    assert_eq!(alerts.deliver(midnight).await.unwrap(), 1);
    assert_eq!(sink.received()[0].json()["rule"], "critical");
    assert_eq!(
        alerts.deliver(time("2027-01-02T06:59:59Z")).await.unwrap(),
        0
    );
    assert_eq!(
        alerts.deliver(time("2027-01-02T07:00:00Z")).await.unwrap(),
        1
    );
    assert_eq!(sink.received()[1].json()["rule"], "warning");
}

/// A channel that does not want to hear of ends hears of each beginning.
#[tokio::test]
async fn a_channel_hears_of_its_own_tenant_and_of_ends_if_it_wants() {
    let sink = HttpReceiver::start().await;
    let (acme, bolt) = (TenantId::generate(), TenantId::generate());
    let subject = |id: TenantId, slug: &str| Subject::Tenant {
        id,
        slug: slug.parse().unwrap(),
    };
    let values = Values::default();
    let set = |value: f64| {
        let both = [subject(acme, "acme"), subject(bolt, "bolt")];
        values.set(both.map(|subject| Sample::new(subject, value)));
    };
    let alerts = Alerts::builder()
        .rule(rule("rule"))
        .measure(values.clone())
        .channel(webhook(&sink).of_tenant(acme).resolved(false));
    let alerts = at_once(alerts).build();
    let mut now = start();
    for value in [20.0, 1.0, 20.0, 1.0] {
        set(value);
        now = now.after(60 * SECOND);
        alerts.evaluate(now).await.unwrap();
        alerts.deliver(now).await.unwrap();
    }
    let told: Vec<_> = sink.received().iter().map(|one| one.json()).collect();
    let told = told
        .iter()
        .map(|one| (&one["occasion"], &one["subject"]["tenant"]["slug"]));
    let expected = (&"firing".into(), &"acme".into());
    assert_eq!(told.collect::<Vec<_>>(), [expected, expected]);
}

/// A server that takes connections and never answers.
#[tokio::test]
async fn a_channel_that_never_answers_holds_up_no_other() {
    let (dead, sink) = (HttpReceiver::start().await, HttpReceiver::start().await);
    dead.answers([Answer::Never; 8]);
    let patient = Outbound::builder().internal_addresses();
    let patient = patient.time_out(600 * SECOND).build().unwrap();
    let hook = Webhook::new(&patient, &dead.url("/"), &secret()).unwrap();
    let alerts = Alerts::builder()
        .rules((0..6).map(|number| rule(&format!("rule-{number}"))))
        .measure(Values::platform(20.0))
        .channel(Channel::webhook("dead", hook).pace(10_000, Duration::ZERO))
        .channel(webhook(&sink));
    let alerts = at_once(alerts).build();
    let arrive = async {
        let mut looks = interval(SECOND / 50);
        while sink.received().len() < 6 {
            looks.tick().await;
        }
    };
    tokio::select! {
        () = alerts.run() => {}
        outcome = timeout(60 * SECOND, arrive) => outcome.unwrap(),
    }
    // And it has no more on their way itself than it may.
    assert_eq!(dead.received().len(), 2);
}

#[tokio::test]
async fn a_test_says_whether_it_arrived() {
    let sink = HttpReceiver::start().await;
    let alerts = alerts(webhook(&sink));
    alerts.test("hook").await.unwrap();
    assert_eq!(sink.received()[0].json()["occasion"], "test");
    sink.answers([Answer::Status(503)]);
    let error = alerts.test("hook").await.unwrap_err();
    assert_eq!(error.to_string(), "the receiver answered 503");
    let error = alerts.test("pigeon").await.unwrap_err();
    assert_eq!(error.to_string(), "there is no such channel");
}
