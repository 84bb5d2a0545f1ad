//! What is said when a shop, or the platform, cannot serve: the truth, in the asker's own form.

use std::time::Duration;

use serde_json::Value;
use sqlx::{Connection as _, PgConnection};
use tenancy_tests::Postgres;

use super::Town;

/// What a browser and a program are told: the page and the problem, with `Retry-After`.
struct Said {
    page: String,
    problem: Value,
    retry_after: Option<u32>,
}

impl Town {
    /// Asks as both, and checks what both must have in common.
    async fn refused(&self, host: &str, path: &str, status: u16) -> Said {
        let page = self.ask(host, path, "text/html", "en").await;
        let problem = self.ask(host, path, "application/json", "en").await;
        let mut retry_after = None;
        for (response, kind) in [
            (&page, "text/html; charset=utf-8"),
            (&problem, "application/problem+json"),
        ] {
            let headers = response.headers();
            assert_eq!(response.status(), status, "{host}{path}");
            assert_eq!(headers["content-type"], kind, "{host}{path}");
            assert_eq!(headers["cache-control"], "no-store", "{host}{path}");
            assert_eq!(headers["x-content-type-options"], "nosniff", "{host}{path}");
            assert!(
                headers.contains_key("content-security-policy"),
                "{host}{path}"
            );
            let wait = headers.get("retry-after");
            retry_after = wait.map(|wait| wait.to_str().unwrap().parse().unwrap());
        }
        Said {
            page: page.text().await.unwrap(),
            problem: problem.json().await.unwrap(),
            retry_after,
        }
    }

    async fn ask(&self, host: &str, path: &str, accept: &str, language: &str) -> reqwest::Response {
        let client = reqwest::Client::builder().no_proxy().build().unwrap();
        let request = client.get(format!("http://{}{path}", self.address));
        let request = request.header("host", host).header("accept", accept);
        let request = request.header("accept-language", language);
        request.send().await.unwrap()
    }
}

impl Said {
    /// Asserts the page's title, the last part of the problem's type, and when to come back.
    #[track_caller]
    fn is(&self, title: &str, kind: &str, retry_after: Option<u32>) {
        assert!(
            self.page.contains(&format!("<h1>{title}</h1>")),
            "{}",
            self.page
        );
        let found = self.problem["type"].as_str().unwrap();
        assert!(found.ends_with(kind), "{found}");
        assert_eq!(self.retry_after, retry_after, "{title}");
    }
}

#[tokio::test]
async fn each_state_of_a_shop_is_told_as_it_is() {
    let postgres = Postgres::start().await;
    let town = Town::on(&postgres, &[("TENANCY_DATABASE__TIME_OUT_SECONDS", "2")]).await;
    town.command(&["tenant", "create", "quillmoor"]);
    let shop = "quillmoor.localhost";
    let owner_url = town.database.as_ref().unwrap().owner_url();
    let mut owner = PgConnection::connect(&owner_url).await.unwrap();
    for (slug, status) in [("unfinished", "provisioning"), ("bygone", "archived")] {
        town.command(&["tenant", "create", slug]);
        sqlx::query("UPDATE tenancy_tenants SET status = $1 WHERE slug = $2")
            .bind(status)
            .bind(slug)
            .execute(&mut owner)
            .await
            .unwrap();
    }
    owner.close().await.unwrap();

    let said = town.refused("nobody.localhost", "/", 404).await;
    said.is("There is no shop at this address", "#unknown-tenant", None);
    // Whatever somebody calls us, we do not repeat it.
    for accept in ["text/html", "application/json"] {
        let refused = town.ask("nobody.localhost", "/", accept, "en").await;
        let head = format!("{:?}", refused.headers());
        let body = refused.text().await.unwrap();
        assert!(!head.contains("nobody"), "{head}");
        assert!(!body.contains("nobody"), "{body}");
    }
    let said = town.refused(shop, "/products/never-was", 404).await;
    said.is("There is nothing at this address", "about:blank", None);
    assert!(said.page.contains(">quillmoor<"), "{}", said.page);
    let said = town.refused("localhost", "/products", 404).await;
    said.is("There is nothing at this address", "#unknown-tenant", None);
    let german = town.ask("nobody.localhost", "/", "text/html", "de-AT, en;q=0.5");
    let german = german.await.text().await.unwrap();
    assert!(
        german.contains("<h1>Unter dieser Adresse gibt es keinen Laden</h1>"),
        "{german}"
    );
    let said = town.refused("unfinished.localhost", "/", 503).await;
    said.is("This shop is being set up", "#tenant-provisioning", Some(5));
    let said = town.refused("bygone.localhost", "/", 410).await;
    said.is("This shop has closed for good", "#tenant-archived", None);

    town.command(&["tenant", "maintenance", "quillmoor", "on"]);
    town.until(shop, 503).await;
    let said = town.refused(shop, "/", 503).await;
    said.is("Back in a few minutes", "#tenant-in-maintenance", Some(300));
    town.command(&["tenant", "maintenance", "quillmoor", "off"]);
    town.command(&["tenant", "suspend", "quillmoor"]);
    town.until(shop, 403).await;
    let said = town.refused(shop, "/", 403).await;
    said.is(
        "This shop is closed at the moment",
        "#tenant-suspended",
        None,
    );
    town.command(&["tenant", "resume", "quillmoor"]);
    town.until(shop, 200).await;

    // Without its registry nobody knows of a shop they have not seen; with it gone, a known shop
    // has no shelves. Neither is a shop that is being tidied up.
    postgres.stop().await;
    // What is in memory is shown for as long as nobody can have changed it unnoticed.
    assert!(town.until(shop, 503).await < Duration::from_millis(1_100));
    for host in ["never-asked-for.localhost", shop, "localhost"] {
        let said = town.refused(host, "/", 503).await;
        said.is("This page cannot be reached now", "#unavailable", Some(5));
    }
    assert!(town.server.terminate().await.success());
}
