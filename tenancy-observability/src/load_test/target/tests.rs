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
async fn of_a_server_over_tls_it_is_known_whom_to_trust_before_anything_is_sent() {
    let trusting = async |url, trust| Target::find_trusting(url, Reach::Anywhere, &trust).await;
    let target = trusting("https://127.0.0.1", Trust::Insecure).await;
    assert_eq!(target.unwrap().addresses()[0].port(), 443);
    for elsewhere in ["https://10.1.2.3", "https://8.8.8.8", "https://[fd00::1]"] {
        let refused = trusting(elsewhere, Trust::Insecure).await;
        let is_refused = matches!(refused, Err(InvalidTarget::Unsecured { .. }));
        assert!(is_refused, "{elsewhere}");
    }
    let refused = trusting("http://127.0.0.1", Trust::Insecure).await;
    assert!(matches!(refused, Err(InvalidTarget::Plain(_))));
    let folder = tempfile::tempdir().unwrap();
    let empty = folder.path().join("empty.pem");
    std::fs::write(&empty, "nothing").unwrap();
    for file in [empty, folder.path().join("nowhere.pem")] {
        let refused = trusting("https://127.0.0.1", Trust::Authorities(file.clone())).await;
        let is_refused = matches!(refused, Err(InvalidTarget::Untrusting(_)));
        assert!(is_refused, "{}", file.display());
    }
}

#[tokio::test]
async fn what_is_no_address_of_a_server_is_refused() {
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
