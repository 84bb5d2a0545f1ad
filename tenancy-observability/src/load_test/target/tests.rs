use super::*;

async fn find(url: &str) -> Result<Target, InvalidTarget> {
    Target::find(url, Reach::Private).await
}

#[tokio::test]
async fn names_under_localhost_lead_to_this_machine_and_are_told_as_written() {
    let target = find("http://acme.localhost:8080").await.unwrap();
    assert!(
        target
            .addresses()
            .iter()
            .all(|at| at.ip().is_loopback() && at.port() == 8080)
    );
    assert_eq!(target.host(), "acme.localhost:8080");
    assert_eq!(target.to_string(), "http://acme.localhost:8080");
}

#[tokio::test]
async fn private_networks_are_targets_and_others_only_by_choice() {
    for private in [
        "http://10.1.2.3",
        "http://192.168.0.9:81",
        "http://[fd00::1]",
        "http://[::1]:8080/",
    ] {
        assert!(find(private).await.is_ok(), "{private}");
    }
    // 169.254.169.254 hands out a cloud's credentials, and the last is 8.8.8.8 written otherwise.
    for public in [
        "http://8.8.8.8",
        "http://169.254.169.254",
        "http://[2001:4860:4860::8888]",
        "http://[::ffff:8.8.8.8]",
    ] {
        let refused = find(public).await;
        assert!(
            matches!(refused, Err(InvalidTarget::Public { .. })),
            "{public}"
        );
        assert!(
            Target::find(public, Reach::Anywhere).await.is_ok(),
            "{public}"
        );
    }
}

#[tokio::test]
async fn what_is_no_plain_server_is_refused_by_what_is_wrong() {
    assert!(matches!(
        find("https://localhost").await,
        Err(InvalidTarget::Tls(_))
    ));
    for unreadable in [
        "",
        "localhost:8080",
        "http://",
        "http://localhost/api",
        "http://a@localhost",
        "ftp://localhost",
    ] {
        let refused = find(unreadable).await;
        assert!(
            matches!(refused, Err(InvalidTarget::Unreadable(_))),
            "{unreadable}"
        );
    }
}
