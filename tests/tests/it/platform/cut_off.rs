//! A first start that is killed, and what the next one makes of it.

use std::time::Duration;

use tenancy_tests::{Server, StartError};

use super::Town;

#[tokio::test]
async fn a_start_that_was_killed_is_completed_by_the_next() {
    let address = Server::free_address();
    let folder = tempfile::tempdir().unwrap();
    let settings = vec![
        ("TENANCY_DATA", folder.path().display().to_string()),
        ("TENANCY_LISTEN", address.to_string()),
    ];
    let mut printed = String::new();
    let beginning = |patience: Duration, line: &'static str| {
        let mut server = Server::builder(Server::built("platform"))
            .ready_when_printed(line)
            .patience(patience);
        for (name, value) in &settings {
            server = server.env(*name, value);
        }
        server.try_start()
    };
    // At whatever it is after so many milliseconds: a start that is not ready in time is killed.
    for milliseconds in [5, 20, 45, 80, 130, 190] {
        let never = "a line that it never prints";
        let cut_off = beginning(Duration::from_millis(milliseconds), never).await;
        printed += &said(cut_off);
    }
    // And when the first shop is about to open, and the second.
    for line in ["Quillmoor Ceramics: ", "Kettenspatz: "] {
        let server = beginning(Duration::from_secs(30), line).await.unwrap();
        server.kill().await;
        printed += &server.stdout();
    }

    let town = Town::start(address, settings.clone(), &[], None).await;
    printed += &town.server.stdout();
    for (slug, name) in [
        ("quillmoor", "Quillmoor Ceramics"),
        ("kettenspatz", "Kettenspatz"),
        ("mistgate", "Mistgate Tea House"),
    ] {
        assert_eq!(town.get(&format!("{slug}.localhost"), "/").await.0, 200);
        let file = folder.path().join("products.csv").display().to_string();
        let export = [
            "catalog", "export", "--tenant", slug, "--format", "shopify", &file,
        ];
        assert_eq!(town.command(&export)["products"], 24, "{slug}");
        // The key that was shown last is the one that opens the shop.
        let start = format!("{name}: ");
        let shown = printed
            .lines()
            .rfind(|line| line.starts_with(&start) && line.contains("tk_"));
        let (_, key) = shown.unwrap().rsplit_once(' ').unwrap();
        let keys = town.command(&["key", "list", "--tenant", slug]);
        let valid = keys["data"].as_array().unwrap().iter();
        let valid: Vec<_> = valid.filter(|key| key["revoked_at"].is_null()).collect();
        let [valid] = valid[..] else { panic!("{keys}") };
        assert!(key.starts_with(valid["prefix"].as_str().unwrap()), "{keys}");
    }

    // What the operator does with a shop stays, whatever starts after it.
    town.command(&["tenant", "suspend", "mistgate"]);
    assert!(town.server.terminate().await.success());
    let town = Town::start(address, settings, &[], None).await;
    assert_eq!(town.get("mistgate.localhost", "/").await.0, 403);
    assert_eq!(town.server.stdout().matches("tk_").count(), 0);
    assert!(town.server.terminate().await.success());
}

/// What a start that was cut off had printed.
fn said(start: Result<Server, StartError>) -> String {
    match start {
        Ok(server) => server.stdout(),
        Err(error) => format!("{error}\n"),
    }
}
