//! Certificates that visitors can trust and others, as a server shows them.

use std::net::SocketAddr;
use std::time::{Duration, SystemTime};

use tenancy_observability::readiness::certificate::judge;
use tenancy_observability::readiness::{Finding, Status};
use tenancy_observability::tls::Trust;
use tenancy_tests::{Server, TestCertificate, TlsProxy};
use tokio::net::TcpListener;

const HOUR: Duration = Duration::from_secs(60 * 60);
const DAY: Duration = HOUR.saturating_mul(24);

/// The server behind, which nobody gets to.
fn nobody() -> SocketAddr {
    Server::free_address()
}

fn lasting(life: Duration, left: Duration) -> TestCertificate {
    let until = SystemTime::now() + left;
    TestCertificate::of(&["shops.localhost", "*.shops.localhost"]).valid(until - life, until)
}

async fn seen(certificate: TestCertificate, name: &str) -> Finding {
    let proxy = TlsProxy::with_certificate(nobody(), certificate).await;
    judge(name, proxy.port(), &Trust::Authorities(proxy.authority())).await
}

fn check(found: &Finding, status: Status, evidence: &[&str], mend: Option<&str>) {
    assert_eq!(found.status, status, "{found:?}");
    for part in evidence {
        assert!(found.evidence.contains(part), "{part}: {found:?}");
    }
    match mend {
        Some(mend) => assert!(found.mend.as_ref().unwrap().contains(mend), "{found:?}"),
        None => assert_eq!(found.mend, None, "{found:?}"),
    }
}

#[tokio::test]
async fn a_certificate_that_is_trusted_and_lasts_passes_for_each_name_it_covers() {
    let certificate = lasting(90 * DAY, 60 * DAY + HOUR);
    let proxy = TlsProxy::with_certificate(nobody(), certificate).await;
    let trust = Trust::Authorities(proxy.authority());
    let told = "for shops.localhost, *.shops.localhost, issued by CN=The authority of a test, 60 days left";
    for name in ["shops.localhost", "acme.shops.localhost"] {
        let found = judge(name, proxy.port(), &trust).await;
        check(&found, Status::Pass, &[name, "over TLS 1.3", told], None);
    }
    // A label more is another's, and so is one less.
    for name in ["www.acme.shops.localhost", "localhost"] {
        for trust in [&trust, &Trust::Insecure] {
            let found = judge(name, proxy.port(), trust).await;
            let evidence = ["it is for others", told];
            check(&found, Status::Fail, &evidence, Some(name));
        }
    }
    let found = judge("shops.localhost", proxy.port(), &Trust::Insecure).await;
    check(&found, Status::Pass, &[told], None);
    let found = judge("shops.localhost", proxy.port(), &Trust::System).await;
    let evidence = ["nobody trusts who issued it", "60 days left"];
    check(&found, Status::Fail, &evidence, Some("full chain"));
    let unread = Trust::Authorities("/nowhere/at-all".into());
    let found = judge("shops.localhost", proxy.port(), &unread).await;
    check(&found, Status::Unknown, &["cannot be read"], Some("PEM"));
}

#[tokio::test]
async fn a_certificate_that_ends_soon_is_told_of_by_its_whole_life() {
    for (life, left, status) in [
        (90 * DAY, 22 * DAY, Status::Pass),
        (90 * DAY, 20 * DAY, Status::Warn),
        (90 * DAY, 3 * DAY + HOUR, Status::Warn),
        (90 * DAY, 3 * DAY - HOUR, Status::Fail),
        // Of six days nobody can leave three weeks.
        (6 * DAY, 2 * DAY, Status::Pass),
        (6 * DAY, 35 * HOUR, Status::Warn),
        (6 * DAY, 4 * HOUR, Status::Fail),
    ] {
        let found = seen(lasting(life, left), "shops.localhost").await;
        let days = format!("{} days left", left.as_secs() / DAY.as_secs());
        // The test itself takes a moment of a whole day.
        let one_less = format!(
            "{} days left",
            (left.as_secs() / DAY.as_secs()).saturating_sub(1)
        );
        let said = found.evidence.contains(&days) || found.evidence.contains(&one_less);
        assert!(said, "{found:?}");
        let mend = (status != Status::Pass).then_some("have it renewed");
        check(&found, status, &[], mend);
    }
}

#[tokio::test]
async fn a_certificate_of_another_time_is_refused_with_its_dates() {
    let now = SystemTime::now();
    let ended = TestCertificate::of(&["shops.localhost"]).valid(now - 90 * DAY, now - 5 * DAY);
    let found = seen(ended, "shops.localhost").await;
    let evidence = ["it has expired", "ended 5 days ago"];
    check(&found, Status::Fail, &evidence, Some("have it renewed"));
    let begins = TestCertificate::of(&["shops.localhost"]).valid(now + 5 * DAY, now + 90 * DAY);
    let found = seen(begins, "shops.localhost").await;
    check(&found, Status::Fail, &["not valid yet"], Some("clock"));
}

#[tokio::test]
async fn what_a_certificate_says_of_itself_is_bounded() {
    let names: Vec<String> = (0..40)
        .map(|number| format!("n{number}.localhost"))
        .collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let found = seen(TestCertificate::of(&names), "n39.localhost").await;
    let told =
        "for n0.localhost, n1.localhost, n2.localhost, n3.localhost, n4.localhost and 35 more";
    check(&found, Status::Pass, &[told], None);
}

#[tokio::test]
async fn a_server_that_is_not_there_or_speaks_no_tls_is_told_apart() {
    let silent = Server::free_address().port();
    let found = judge("shops.localhost", silent, &Trust::System).await;
    let evidence = ["nobody answers for shops.localhost", "refused"];
    check(&found, Status::Fail, &evidence, Some("listens there"));

    let plain = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = plain.local_addr().unwrap().port();
    tokio::spawn(async move { while plain.accept().await.is_ok() {} });
    let found = judge("shops.localhost", port, &Trust::System).await;
    check(
        &found,
        Status::Fail,
        &["does not speak TLS"],
        Some("TLS ends there"),
    );

    let found = judge("nobody.invalid", 443, &Trust::System).await;
    check(&found, Status::Fail, &["cannot be found"], Some("DNS"));
}

#[tokio::test(start_paused = true)]
async fn a_server_that_accepts_and_says_nothing_is_waited_for_ten_seconds() {
    let deaf = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = deaf.local_addr().unwrap().port();
    let found = judge("shops.localhost", port, &Trust::Insecure).await;
    let evidence = ["does not answer", "within 10s"];
    check(&found, Status::Fail, &evidence, Some("listens there"));
}
