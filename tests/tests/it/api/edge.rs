//! The cache in front of the server, which is told what to forget.

use std::sync::atomic::{AtomicU16, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::json;
use tenancy_tests::{Postgres, Server};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio::time::{interval, timeout};

use super::shop::{Shop, id};
use crate::town::Town;

const WITHIN: Duration = Duration::from_secs(20);

/// A CDN's interface for purges.
#[derive(Clone)]
struct Cdn {
    url: String,
    /// What it answers; zero: nothing at all.
    status: Arc<AtomicU16>,
    heard: Arc<Mutex<Vec<String>>>,
}

impl Cdn {
    async fn open() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let cdn = Self {
            url: format!("http://{}/service/7/purge", listener.local_addr().unwrap()),
            status: Arc::new(AtomicU16::new(200)),
            heard: Arc::default(),
        };
        let this = cdn.clone();
        tokio::spawn(async move {
            let mut silent = vec![];
            loop {
                let (mut stream, _) = listener.accept().await.unwrap();
                let mut head = vec![];
                while !head.ends_with(b"\r\n\r\n") {
                    head.push(stream.read_u8().await.unwrap());
                }
                this.heard
                    .lock()
                    .unwrap()
                    .push(String::from_utf8(head).unwrap());
                match this.status.load(Ordering::Acquire) {
                    0 => silent.push(stream),
                    status => {
                        let answer = format!(
                            "HTTP/1.1 {status} So\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
                        );
                        stream.write_all(answer.as_bytes()).await.unwrap();
                    }
                }
            }
        });
        cdn
    }

    fn settings(&self) -> Vec<(&'static str, &str)> {
        // One that answers may take its time on a busy machine.
        let seconds = match self.status.load(Ordering::Acquire) {
            0 => "1",
            _ => "20",
        };
        vec![
            ("TENANCY_EDGE__PURGE_URL", &self.url),
            ("TENANCY_EDGE__PURGE_TOKEN", "open sesame"),
            ("TENANCY_EDGE__PURGE_ATTEMPTS", "2"),
            ("TENANCY_EDGE__PURGE_SECONDS", seconds),
        ]
    }

    async fn on_sqlite(&self) -> Town {
        let address = Server::free_address();
        let mut settings = vec![("TENANCY_LISTEN", address.to_string())];
        let own = self.settings().into_iter();
        settings.extend(own.map(|(name, value)| (name, value.to_owned())));
        Town::start(address, settings, &["serve"], None).await
    }

    async fn on_both() -> [(Self, Town); 2] {
        let (one, two) = (Self::open().await, Self::open().await);
        let postgres = Town::on(Postgres::shared().await, &one.settings()).await;
        let sqlite = two.on_sqlite().await;
        [(one, postgres), (two, sqlite)]
    }

    /// Waits for a purge of this key.
    async fn purged(&self, key: &str) -> String {
        let mut looks = interval(Duration::from_millis(10));
        let found = async {
            loop {
                if let Some(purge) = self.purges().into_iter().find(|purge| purge.contains(key)) {
                    return purge;
                }
                looks.tick().await;
            }
        };
        timeout(WITHIN, found)
            .await
            .unwrap_or_else(|_| panic!("{key}: {:?}", self.purges()))
    }

    fn purges(&self) -> Vec<String> {
        self.heard.lock().unwrap().clone()
    }

    fn forget(&self) {
        self.heard.lock().unwrap().clear();
    }
}

/// The keys of what anybody may read at an address.
async fn keys(shop: &Shop, path: &str) -> Vec<String> {
    let said = shop.called_with(None).get(path).await;
    assert_eq!(said.status, 200);
    let keys = said.headers["surrogate-key"].to_str().unwrap();
    keys.split(' ').map(str::to_owned).collect()
}

/// Waits until this many entries are parked, and says why the first is.
async fn parked(town: &Town, count: usize) -> Vec<(String, String)> {
    let found = async {
        loop {
            let rows = town.command(&["journal", "parked"])["data"].clone();
            let rows = rows.as_array().unwrap().clone();
            if rows.len() == count {
                let text = |value: &serde_json::Value| value.as_str().unwrap().to_owned();
                return rows
                    .iter()
                    .map(|row| (text(&row["tenant"]), text(&row["error"])))
                    .collect();
            }
            tokio::task::yield_now().await;
        }
    };
    timeout(WITHIN, found).await.unwrap()
}

#[tokio::test]
async fn what_changes_in_a_shop_is_purged_by_the_keys_of_its_answers_and_nothing_else_is() {
    for (cdn, town) in Cdn::on_both().await {
        let (shop, other) = (Shop::open(&town, "shop"), Shop::open(&town, "other"));
        let (list, foreign) = (
            keys(&shop, "/api/products").await,
            keys(&other, "/api/products").await,
        );
        let cup = shop.stocked("Cup", 7).await;
        let purge = cdn.purged(&list[0]).await;
        assert!(
            purge.starts_with("POST /service/7/purge HTTP/1.1\r\n"),
            "{purge}"
        );
        assert!(
            purge.contains("\r\nauthorization: Bearer open sesame\r\n"),
            "{purge}"
        );
        assert!(purge.contains("\r\nfastly-key: open sesame\r\n"), "{purge}");
        assert!(!purge.contains("fastly-soft-purge"), "{purge}");
        let path = format!("/api/products/{}", id(&cup));
        cdn.purged(&keys(&shop, &path).await[0]).await;
        cdn.forget();
        shop.patch(&path, &json!({"name": "Mug"})).await.with(200);
        cdn.purged(&keys(&shop, &path).await[0]).await;
        town.command(&["cache", "flush", "--tenant", "shop"]);
        let all = list.last().unwrap();
        cdn.purged(all).await;
        cdn.forget();
        town.command(&[
            "cache", "flush", "--tenant", "shop", "--tag", "stock", "--soft",
        ]);
        let soft = cdn.purged(&list[2]).await;
        assert!(soft.contains("\r\nfastly-soft-purge: 1\r\n"), "{soft}");
        cdn.forget();
        // What no answer shows is not purged, nor what another shop has.
        shop.post(
            "/api/customers",
            &json!({"email": "ada@shop.test", "name": "Ada"}),
        )
        .await
        .with(201);
        other.stocked("Cup", 7).await;
        cdn.purged(&foreign[0]).await;
        let purges = cdn.purges();
        for key in &list {
            assert!(
                purges.iter().all(|purge| !purge.contains(key)),
                "{purges:?}"
            );
        }
        assert!(town.server.terminate().await.success());
    }
}

#[tokio::test]
async fn what_the_cdn_refuses_is_parked_and_purged_when_somebody_asks_for_it() {
    for (cdn, town) in Cdn::on_both().await {
        cdn.status.store(500, Ordering::Release);
        let (shop, other) = (Shop::open(&town, "shop"), Shop::open(&town, "other"));
        let category = shop.post("/api/categories", &json!({"name": "Cups"})).await;
        category.with(201);
        let why = (
            "shop".to_owned(),
            "the CDN answers 500 Internal Server Error".to_owned(),
        );
        assert_eq!(parked(&town, 1).await, [why]);
        assert_eq!(cdn.purges().len(), 2);
        cdn.status.store(200, Ordering::Release);
        cdn.forget();
        other
            .post("/api/categories", &json!({"name": "Cups"}))
            .await
            .with(201);
        cdn.purged(&keys(&other, "/api/categories").await[0]).await;
        let key = keys(&shop, "/api/categories").await[0].clone();
        assert!(cdn.purges().iter().all(|purge| !purge.contains(&key)));
        town.command(&["journal", "retry", "--tenant", "shop"]);
        cdn.purged(&key).await;
        parked(&town, 0).await;
        assert!(town.server.terminate().await.success());
    }
}

#[tokio::test]
async fn a_cdn_that_does_not_answer_is_given_up() {
    let cdn = Cdn::open().await;
    cdn.status.store(0, Ordering::Release);
    let town = cdn.on_sqlite().await;
    let shop = Shop::open(&town, "shop");
    shop.post("/api/categories", &json!({"name": "Cups"}))
        .await
        .with(201);
    let [(_, why)] = &parked(&town, 1).await[..] else {
        panic!("one entry is parked");
    };
    assert!(why.starts_with("the server took too long"), "{why}");
    assert_eq!(cdn.purges().len(), 2);
    assert!(town.server.terminate().await.success());
}

#[test]
fn a_token_is_not_sent_over_a_network_in_the_clear() {
    let folder = tempfile::tempdir().unwrap();
    let serve = |url: &str| {
        let mut command = std::process::Command::new(Server::built("platform"));
        command
            .env("TENANCY_DATA", folder.path())
            .env("TENANCY_EDGE__PURGE_URL", url)
            // Were it not refused for the token, it would be for this.
            .env("TENANCY_LISTEN", "192.0.2.1:80");
        command
            .env("TENANCY_EDGE__PURGE_TOKEN", "open sesame")
            .arg("serve");
        let done = command.output().unwrap();
        assert!(!done.status.success());
        String::from_utf8(done.stderr).unwrap()
    };
    let said = serve("http://cdn.test/purge");
    assert!(
        said.contains("give edge.purge_url an https:// address"),
        "{said}"
    );
    let said = serve("cdn.test/purge");
    assert!(said.contains("begins with http:// or https://"), "{said}");
    assert!(!said.contains("sesame"), "{said}");
}
