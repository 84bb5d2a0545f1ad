//! The program `tenancy-load`, as a script uses it.

use std::path::Path;
use std::process::{Command, ExitStatus, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use axum::Router;
use axum::body::Bytes;
use axum::routing::any;
use serde_json::{Value, json};
use tenancy_observability::load_test::Report;

use super::oracle::serve;

/// What the program said and how it ended.
struct Said {
    status: ExitStatus,
    stdout: String,
    stderr: String,
}

impl Said {
    fn code(&self) -> i32 {
        let (stdout, stderr) = (&self.stdout, &self.stderr);
        self.status
            .code()
            .unwrap_or_else(|| panic!("{stdout}{stderr}"))
    }
}

fn program() -> Command {
    Command::new(env!("CARGO_BIN_EXE_tenancy-load"))
}

async fn run(url: &str, arguments: &[&str]) -> Said {
    let mut command = program();
    command.arg(url).args(arguments);
    let output = tokio::task::spawn_blocking(move || command.output());
    let output = output.await.unwrap().unwrap();
    Said {
        status: output.status,
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8(output.stderr).unwrap(),
    }
}

/// A server that counts its requests, and its address.
async fn counting() -> (Arc<AtomicU64>, String) {
    let seen = Arc::new(AtomicU64::new(0));
    let count = seen.clone();
    let counted = any(move || {
        count.fetch_add(1, Ordering::Relaxed);
        async {}
    });
    let address = serve(Router::new().fallback(counted)).await;
    (seen, format!("http://{address}"))
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_keeps_up_is_told_so_and_what_is_saved_reads_back_the_same() {
    let (_, url) = counting().await;
    let folder = tempfile::tempdir().unwrap();
    let (saved, page) = (
        folder.path().join("run.json"),
        folder.path().join("run.html"),
    );
    let said = run(
        &url,
        &[
            "--users",
            "4",
            "--requests",
            "200",
            "--duration",
            "60s",
            "--json",
            "--require",
            "success_rate==100%",
            "--require",
            "requests==200",
            "--save",
            text(&saved),
            "--html",
            text(&page),
        ],
    )
    .await;
    assert_eq!(said.code(), 0, "{}{}", said.stdout, said.stderr);
    let printed: Value = serde_json::from_str(&said.stdout).unwrap();
    assert_eq!(printed["schema"], 1);
    assert_eq!(printed["met"], true);
    let report = Report::load(&saved).unwrap();
    let read = serde_json::to_value(report.merged().all().response()).unwrap();
    assert_eq!(read, printed["runs"][0]["endpoints"][0]["response"]);
    assert_eq!(serde_json::to_value(&report).unwrap(), printed);
    let page = std::fs::read_to_string(page).unwrap();
    assert!(page.contains("<svg") && page.contains("GET /"), "{page}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_requirement_that_is_not_met_ends_with_one() {
    let failing = serve(Router::new().fallback(any(async || http::StatusCode::BAD_GATEWAY))).await;
    let said = run(&format!("http://{failing}"), &["--requests", "50"]).await;
    assert_eq!(said.code(), 1);
    assert!(
        said.stdout.contains("NOT MET  success_rate>=99%  (0.00 %)"),
        "{}",
        said.stdout
    );
    assert!(
        said.stdout.contains("GET /: 50 times 502"),
        "{}",
        said.stdout
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_use_ends_with_two_and_nothing_is_sent() {
    let (seen, url) = counting().await;
    let folder = tempfile::tempdir().unwrap();
    let other = folder.path().join("other.json");
    std::fs::write(&other, r#"{"schema": 99}"#).unwrap();
    for (arguments, hint) in [
        (vec!["--require", "p95>200kg"], "wants a time"),
        (
            vec!["--require", "p95{endpoint:GET /ather}<1s"],
            "there are: GET /",
        ),
        (vec!["--users", "0"], "--users"),
        (vec!["--rate", "0"], "--rate"),
        (vec!["--rate", "5", "--users", "5"], "--users"),
        (vec!["--endpoint", "GET"], "no endpoint"),
        (
            vec!["--endpoint", "GET /", "--endpoint", "GET /"],
            "called GET /",
        ),
        (vec!["--duration", "long"], "--duration"),
        (vec!["--header", "nothing"], "--header"),
        (vec!["--unheard-of"], "--unheard-of"),
        (vec!["--compare", text(&other)], "form 99"),
        (vec!["--compare", "/nowhere/at-all"], "cannot be read"),
        (vec!["--scenario", text(&other)], "scenario"),
        (vec!["--insecure"], "not over TLS"),
        (vec!["--insecure", "--ca", text(&other)], "--ca"),
    ] {
        let said = run(&url, &arguments).await;
        assert_eq!(said.code(), 2, "{arguments:?}");
        assert!(said.stderr.contains(hint), "{arguments:?}: {}", said.stderr);
    }
    let abroad = run("http://192.0.2.1", &[]).await;
    assert_eq!(abroad.code(), 2);
    assert!(
        abroad
            .stderr
            .contains("neither this machine nor a private network"),
        "{}",
        abroad.stderr
    );
    let secured = url.replace("http:", "https:");
    let unread = run(&secured, &["--ca", text(&other)]).await;
    assert_eq!(unread.code(), 2);
    assert!(
        unread.stderr.contains("there is no certificate in it"),
        "{}",
        unread.stderr
    );
    assert_eq!(seen.load(Ordering::Relaxed), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_over_tls_is_asked_over_http2_and_one_that_is_not_trusted_is_not_asked() {
    let (seen, url) = counting().await;
    let upstream = url.strip_prefix("http://").unwrap().parse().unwrap();
    let proxy = tenancy_tests::TlsProxy::over_http2(upstream).await;
    let url = format!("https://acme.localhost:{}", proxy.port());
    let arguments = [
        "--requests",
        "20",
        "--require",
        "success_rate==100%",
        "--http2",
    ];
    let authority = proxy.authority();
    for trust in [&["--insecure"][..], &["--ca", text(&authority)]] {
        let said = run(&url, &[&arguments, trust].concat()).await;
        assert_eq!(said.code(), 0, "{}{}", said.stdout, said.stderr);
        assert!(said.stdout.contains(" over HTTP/2: "), "{}", said.stdout);
    }
    assert_eq!(seen.load(Ordering::Relaxed), 40);
    let said = run(&url, &arguments).await;
    assert_eq!(said.code(), 3, "{}", said.stdout);
    assert!(
        said.stdout.contains("invalid peer certificate"),
        "{}",
        said.stdout
    );
    assert_eq!(seen.load(Ordering::Relaxed), 40);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_is_not_there_ends_with_three_and_no_figure_is_made_up() {
    let nobody = tenancy_tests::Server::free_address();
    let said = run(&format!("http://{nobody}"), &["--requests", "20", "--json"]).await;
    assert_eq!(said.code(), 3, "{}", said.stderr);
    let report: Value = serde_json::from_str(&said.stdout).unwrap();
    let endpoint = &report["runs"][0]["endpoints"][0];
    assert_eq!(endpoint["error_rate"], json!(1.0));
    assert_eq!(endpoint["response"], Value::Null);
    assert_eq!(report["score"], Value::Null);
    assert_eq!(report["met"], false);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_under_way_at_the_end_neither_succeeded_nor_failed() {
    let late = super::oracle::delaying().await;
    let said = run(
        &format!("http://{late}"),
        &[
            "--endpoint",
            "GET /",
            "--endpoint",
            "GET /60000",
            "--users",
            "2",
            "--duration",
            "1s",
            "--json",
            "--require",
            "success_rate==100%",
        ],
    )
    .await;
    assert_eq!(said.code(), 0, "{}{}", said.stdout, said.stderr);
    let report: Value = serde_json::from_str(&said.stdout).unwrap();
    let run = &report["runs"][0];
    assert_eq!(run["ended"], "duration");
    let [at_once, late] = run["endpoints"].as_array().unwrap().as_slice() else {
        panic!("{run}")
    };
    // Each user is held up as soon as it has asked the slow one.
    assert_eq!(
        (&at_once["cut_off"], &late["cut_off"]),
        (&json!(0), &json!(2))
    );
    assert!(at_once["succeeded"].as_u64().unwrap() >= 1, "{at_once}");
    assert_eq!(
        (&late["succeeded"], &late["response"]),
        (&json!(0), &Value::Null)
    );
}

#[cfg(unix)]
#[tokio::test(flavor = "multi_thread")]
async fn interrupted_it_saves_what_it_has() {
    let (seen, url) = counting().await;
    let folder = tempfile::tempdir().unwrap();
    let saved = folder.path().join("run.json");
    let child = program()
        .arg(url)
        .args(["--duration", "1h", "--repeat", "3", "--save", text(&saved)])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    while seen.load(Ordering::Relaxed) < 2000 {
        tokio::task::yield_now().await;
    }
    let pid = child.id().to_string();
    let sent = Command::new("kill").args(["-INT", &pid]).status().unwrap();
    assert!(sent.success());
    let ended = tokio::task::spawn_blocking(move || child.wait_with_output());
    let ended = ended.await.unwrap().unwrap();
    assert_eq!(ended.status.code(), Some(130));
    let report = Report::load(&saved).unwrap();
    assert_eq!(report.runs.len(), 1);
    assert!(report.merged().all().succeeded >= 1900);
    assert!(String::from_utf8_lossy(&ended.stdout).contains("interrupted"));
}

#[tokio::test(flavor = "multi_thread")]
async fn weights_tenants_and_headers_reach_the_server_as_the_command_line_has_them() {
    let seen = Arc::new(std::sync::Mutex::new(std::collections::BTreeMap::new()));
    let counts = seen.clone();
    let app = Router::new().fallback(any(move |request: http::Request<axum::body::Body>| {
        let header = |name| request.headers()[name].to_str().unwrap().to_owned();
        assert_eq!(header("accept-language"), "de");
        let asked = format!("{}{}", header("host"), request.uri());
        *counts.lock().unwrap().entry(asked).or_insert(0) += 1;
        async {}
    }));
    let url = format!("http://{}", serve(app).await);
    let said = run(
        &url,
        &[
            "--endpoint",
            "GET /often 7",
            "--endpoint",
            "GET /seldom",
            "--tenant",
            "acme.localhost",
            "--tenant",
            "globex.localhost",
            "--header",
            "Accept-Language: de",
            "--users",
            "20",
            "--requests",
            "400",
        ],
    )
    .await;
    // What the weights say, to the last: chi squared is nought.
    let expected = [
        ("acme.localhost/often", 350),
        ("acme.localhost/seldom", 50),
        ("globex.localhost/often", 350),
        ("globex.localhost/seldom", 50),
    ];
    let expected = expected.map(|(asked, count)| (asked.to_owned(), count));
    let seen = seen.lock().unwrap().clone();
    assert_eq!(Vec::from_iter(seen), expected, "{}", said.stderr);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tenant_that_there_is_not_fails_and_the_others_do_not() {
    let app = Router::new().fallback(any(async |headers: http::HeaderMap| {
        match headers[http::header::HOST] == "acme.localhost" {
            true => http::StatusCode::OK,
            false => http::StatusCode::NOT_FOUND,
        }
    }));
    let url = format!("http://{}", serve(app).await);
    let tenants = ["--tenant", "acme.localhost", "--tenant", "acne.localhost"];
    let required = ["--require", "success_rate{tenant:acme.localhost}==100%"];
    let count = ["--requests", "40", "--json"];
    let said = run(&url, &[&tenants[..], &required, &count].concat()).await;
    assert_eq!(said.code(), 0, "{}", said.stdout);
    let report: Value = serde_json::from_str(&said.stdout).unwrap();
    let statuses = |index: usize| report["runs"][0]["callers"][index]["statuses"].clone();
    assert_eq!(
        (statuses(0), statuses(1)),
        (json!({"200": 20}), json!({"404": 20}))
    );
    let said = run(&url, &[&tenants[..], &count].concat()).await;
    assert_eq!(said.code(), 1, "{}", said.stdout);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_scenario_has_bodies_of_its_own_for_each_request_and_tenant() {
    let bodies = Arc::new(std::sync::Mutex::new(vec![]));
    let kept = bodies.clone();
    let app = Router::new().fallback(any(move |headers: http::HeaderMap, body: Bytes| {
        let host = headers[http::header::HOST].to_str().unwrap().to_owned();
        let key = headers["x-key"].to_str().unwrap().to_owned();
        let body: Value = serde_json::from_slice(&body).unwrap();
        kept.lock().unwrap().push((host, key, body));
        async {}
    }));
    let url = format!("http://{}", serve(app).await);
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("scenario.json");
    let scenario = json!({
        "endpoints": [{
            "method": "POST", "path": "/api/products",
            "body": {"slug": "thing-{{number}}", "of": "{{tenant}}"},
        }],
        "tenants": [
            {"name": "acme", "host": "acme.localhost", "headers": {"x-key": "a"}},
            {"name": "globex", "host": "globex.localhost", "headers": {"x-key": "g"}},
        ],
    });
    std::fs::write(&file, scenario.to_string()).unwrap();
    let said = run(
        &url,
        &["--scenario", text(&file), "--requests", "4", "--users", "1"],
    )
    .await;
    let mut bodies = bodies.lock().unwrap().clone();
    bodies.sort_by_key(|(_, _, body)| body["slug"].to_string());
    let expected =
        [("acme", 0), ("globex", 1), ("acme", 2), ("globex", 3)].map(|(name, number)| {
            let body = json!({"slug": format!("thing-{number}"), "of": name});
            (format!("{name}.localhost"), name[..1].to_owned(), body)
        });
    assert_eq!(*bodies, expected, "{}", said.stderr);
    assert!(said.stdout.contains("TENANT"), "{}", said.stdout);
}

#[tokio::test(flavor = "multi_thread")]
async fn slower_than_it_was_ends_with_one_and_the_same_with_nought() {
    let at_once = serve(Router::new().fallback(any(async || ()))).await;
    let late = super::oracle::delaying().await;
    let folder = tempfile::tempdir().unwrap();
    let saved = folder.path().join("before.json");
    let common = [
        "--repeat",
        "5",
        "--requests",
        "20",
        "--users",
        "2",
        "--require",
        "requests>=1",
    ];
    let mut arguments = common.to_vec();
    arguments.extend(["--save", text(&saved)]);
    assert_eq!(
        run(&format!("http://{at_once}"), &arguments).await.code(),
        0
    );
    let mut arguments = common.to_vec();
    arguments.extend(["--compare", text(&saved), "--endpoint", "GET /80"]);
    let said = run(&format!("http://{late}"), &arguments).await;
    assert_eq!(said.code(), 1, "{}{}", said.stdout, said.stderr);
    assert!(said.stdout.contains("SLOWER"), "{}", said.stdout);
}
