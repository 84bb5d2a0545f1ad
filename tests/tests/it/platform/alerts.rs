use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tenancy_tests::Postgres;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::time::timeout;

use crate::town::Town;

const SECRET: &str = "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYX";

/// Longer than anything here takes, on any machine.
const GUARD: Duration = Duration::from_secs(60);

/// Takes whatever is posted to it.
struct Receiver {
    url: String,
    taken: watch::Receiver<Vec<Value>>,
}

impl Receiver {
    async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/", listener.local_addr().unwrap());
        let (kept, taken) = watch::channel(vec![]);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let message = take(stream).await;
                kept.send_modify(|kept| kept.push(message));
            }
        });
        Self { url, taken }
    }

    /// Waits for so many messages.
    async fn until(&self, count: usize) -> Vec<Value> {
        let mut taken = self.taken.clone();
        let enough = taken.wait_for(|taken| taken.len() >= count);
        let enough = timeout(GUARD, enough).await;
        let enough = enough.unwrap_or_else(|_| panic!("{:?}", *self.taken.borrow()));
        enough.unwrap().clone()
    }
}

/// One request with a body, which is answered and ends the connection.
async fn take(mut stream: TcpStream) -> Value {
    let (mut request, mut part) = (vec![], [0; 4096]);
    loop {
        let text = String::from_utf8_lossy(&request).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let head = head.to_ascii_lowercase();
            let length = head.split_once("content-length: ").unwrap().1;
            let length: usize = length.lines().next().unwrap().parse().unwrap();
            if body.len() >= length {
                assert!(head.contains("webhook-signature: v1,"), "{head}");
                let answer = b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n";
                stream.write_all(answer).await.unwrap();
                return serde_json::from_str(body).unwrap();
            }
        }
        let count = stream.read(&mut part).await.unwrap();
        assert!(count > 0, "the request has no end: {text}");
        request.extend_from_slice(&part[..count]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_operator_is_told_of_a_database_that_is_away_and_of_its_return() {
    let server = Postgres::start().await;
    let receiver = Receiver::start().await;
    let settings = [
        ("TENANCY_ALERTS__WEBHOOK__URL", &*receiver.url),
        ("TENANCY_ALERTS__WEBHOOK__SECRET", SECRET),
        ("TENANCY_ALERTS__EVERY_SECONDS", "1"),
        // Whatever else is to be told of this machine.
        ("TENANCY_ALERTS__DISK_PERCENT", "100"),
        ("TENANCY_ALERTS__MEMORY_PERCENT", "100"),
    ];
    let town = Town::on(&server, &settings).await;
    let said = town.command(&["alert", "test", "webhook"]);
    assert_eq!(said, json!({"channel": "webhook", "arrived": true}));
    assert_eq!(receiver.until(1).await[0]["occasion"], "test");

    server.stop().await;
    let told = &receiver.until(2).await[1];
    let what = (&told["occasion"], &told["rule"], &told["level"]);
    assert_eq!(
        what,
        (&json!("firing"), &json!("health"), &json!("critical"))
    );
    assert_eq!(told["shown"][0]["labels"]["part"], "database");
    assert!(
        told["link"].as_str().unwrap().ends_with("/platform"),
        "{told}"
    );
    assert!(town.server.terminate().await.success());
}

#[tokio::test]
async fn alerts_are_listed_silenced_and_tried() {
    let address = tenancy_tests::Server::free_address();
    let settings = vec![
        ("TENANCY_LISTEN", address.to_string()),
        ("TENANCY_ALERTS__EVERY_SECONDS", "1".to_owned()),
        // Any disk is that full.
        ("TENANCY_ALERTS__DISK_PERCENT", "1".to_owned()),
    ];
    let town = Town::start(address, settings, &["serve"], None).await;
    let start = Instant::now();
    let disk = loop {
        let list = town.command(&["alert", "list"]);
        let alerts = list["data"].as_array().unwrap();
        let disk = alerts.iter().find(|alert| alert["rule"] == "disk");
        if let Some(disk) = disk.filter(|disk| disk["state"] == "firing") {
            break disk.clone();
        }
        assert!(start.elapsed() < GUARD, "{list}");
        tokio::task::yield_now().await;
    };
    assert_eq!(
        (&disk["subject"], &disk["threshold"]),
        (&json!("platform"), &json!(1.0))
    );

    let silence = town.command(&["alert", "silence", "--for", "1h", "--rule", "disk"]);
    let id = silence["id"].as_str().unwrap();
    let list = town.command(&["alert", "silence", "--list"]);
    assert_eq!(list["data"][0]["id"], silence["id"]);
    let ended = town.command(&["alert", "silence", "--end", id]);
    assert_eq!(ended["ended"], true);
    let again = town.fails(&["alert", "silence", "--end", id]);
    assert!(again.contains("there is no silence"), "{again}");
    let unknown = town.fails(&["alert", "silence", "--for", "1h", "--rule", "dsik"]);
    assert!(
        unknown.contains("no rule is called dsik: health, error-rate"),
        "{unknown}"
    );
    let none = town.fails(&["alert", "test", "slack"]);
    assert!(none.contains("none is configured"), "{none}");
    assert_eq!(
        town.command(&["alert", "list", "--dead"]),
        json!({"data": []})
    );
}
