use std::time::Duration;

use tenancy_observability::alert::{
    Alerts, Channel, Fate, InvalidMail, Level, Mail, Sample, Secret, Subject,
};
use tenancy_observability::outgoing::SlowOutgoing;
use tenancy_tests::MailReceiver;

use super::{SECOND, Values, at_once, rule, start};

fn alerts(smtp: &MailReceiver, name: &str) -> Alerts {
    let mail = Mail::new(
        &Secret::new(smtp.url()),
        "The Platform <alerts@example.com>",
        "ada@example.com, Bob <bob@example.org>",
    );
    let values = Values::default();
    let forged = "x\r\nBcc: everybody@example.net\r\n\r\nA body";
    values.set([Sample::new(Subject::Platform, 20.0).label("part", forged)]);
    let alerts = Alerts::builder()
        .rule(rule(name).level(Level::Critical))
        .measure(values)
        .link("https://example.com/a")
        .channel(Channel::mail("mail", mail.unwrap()));
    at_once(alerts).build()
}

/// Nothing of what was measured becomes a header.
#[tokio::test]
async fn a_mail_has_the_headers_it_should_and_no_others() {
    let smtp = MailReceiver::start().await;
    let alerts = alerts(&smtp, "größer\r\nBcc: everybody@example.net\r\n\r\nA body");
    alerts.evaluate(start()).await.unwrap();
    assert_eq!(alerts.deliver(start()).await.unwrap(), 1);
    let mail = smtp.mails().remove(0);
    assert!(
        mail.from.starts_with("<alerts@example.com>"),
        "{}",
        mail.from
    );
    assert_eq!(mail.to, ["<ada@example.com>", "<bob@example.org>"]);
    let headers = mail.headers();
    let mut names: Vec<_> = headers.iter().map(|(name, _)| &**name).collect();
    names.sort_unstable();
    let expected = [
        "Content-Transfer-Encoding",
        "Content-Type",
        "Date",
        "From",
        "Message-ID",
        "Subject",
        "To",
    ];
    names.dedup();
    assert_eq!(names, expected, "{}", mail.data);
    let arrived = alerts.deliveries(Fate::Arrived).await.unwrap();
    let id = format!("<{}@example.com>", arrived[0].id);
    assert!(
        headers.contains(&("Message-ID".to_owned(), id)),
        "{headers:?}"
    );
}

#[tokio::test]
async fn a_mail_that_is_put_off_comes_again_and_one_that_is_refused_does_not() {
    let smtp = MailReceiver::start().await;
    let alerts = alerts(&smtp, "queue");
    let now = start();
    alerts.evaluate(now).await.unwrap();
    smtp.refuses("451 later, hunter2");
    assert_eq!(alerts.deliver(now).await.unwrap(), 1);
    let waiting = alerts.deliveries(Fate::Waiting).await.unwrap();
    let says = waiting[0].says.as_deref();
    assert_eq!(says, Some("the server did not take the message with 451"));
    assert_eq!(alerts.deliver(now.after(2 * SECOND)).await.unwrap(), 1);
    let mails = smtp.mails();
    assert_eq!(mails.len(), 1);
    let body = mails[0].data.split_once("\r\n\r\n").unwrap().1;
    assert!(body.contains("20 (limit 10), since 2027"), "{body}");

    let other = super::mail::alerts(&smtp, "queue");
    other.evaluate(now).await.unwrap();
    smtp.refuses("550 never");
    assert_eq!(other.deliver(now).await.unwrap(), 1);
    let dead = other.deliveries(Fate::Dead).await.unwrap();
    let says = dead[0].says.as_deref();
    assert_eq!(says, Some("the server refused the message with 550"));
    assert_eq!(other.deliver(now.after(3600 * SECOND)).await.unwrap(), 0);
    assert_eq!(smtp.mails().len(), 1);
}

#[tokio::test]
async fn what_a_mail_server_takes_long_for_or_does_not_take_is_counted() {
    let smtp = MailReceiver::start().await;
    let slow = SlowOutgoing::new(Duration::ZERO);
    let server = Secret::new(smtp.url());
    let mail = Mail::new(&server, "a@example.com", "b@example.com").unwrap();
    let alerts = Alerts::builder()
        .rule(rule("queue"))
        .measure(Values::platform(20.0))
        .channel(Channel::mail("mail", mail.observe(&slow)));
    let alerts = at_once(alerts).build();
    let now = start();
    alerts.evaluate(now).await.unwrap();
    smtp.refuses("451 later");
    let told = || {
        let worst = slow.worst(2);
        assert_eq!(worst.len(), 1, "{worst:?}");
        let server = &worst[0];
        assert_eq!(format!("smtp://{}", server.host), smtp.url());
        assert_eq!(&*server.method, "SMTP");
        (server.slow, server.failures, server.status)
    };
    assert_eq!(alerts.deliver(now).await.unwrap(), 1);
    assert_eq!(told(), (1, 1, Some(451)));
    assert_eq!(alerts.deliver(now.after(2 * SECOND)).await.unwrap(), 1);
    assert_eq!(told(), (2, 1, Some(250)));
}

#[test]
fn a_mail_needs_addresses() {
    let check = |server: &str, from: &str, to: &str, expected: InvalidMail| {
        let mail = Mail::new(&Secret::new(server), from, to);
        assert_eq!(mail.unwrap_err(), expected, "{server} {from} {to}");
    };
    let (server, a) = ("smtp://127.0.0.1", "a@example.com");
    check("http://127.0.0.1", a, a, InvalidMail::Server);
    check(server, "nobody", a, InvalidMail::Address);
    check(server, a, "", InvalidMail::Address);
    check(
        server,
        a,
        "b@example.com\r\nBcc: c@example.com",
        InvalidMail::Address,
    );
}
