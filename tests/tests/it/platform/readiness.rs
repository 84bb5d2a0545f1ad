//! The check-list before production, on installations that are and are not fit for it.

use std::collections::BTreeMap;
use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Command;

use serde_json::Value;
use sqlx::{Connection as _, PgConnection};
use tenancy_tests::{Postgres, Redis, Server, TestCertificate, TlsProxy};

use super::Town;

/// The exit status, the score, and how each check stands.
fn readiness(
    settings: &[(&'static str, String)],
    arguments: &[&str],
) -> (i32, f64, BTreeMap<String, Value>) {
    let done = Command::new(Server::built("platform"))
        .envs(settings.iter().map(|(name, value)| (name, value)))
        .args(["readiness", "--json"])
        .args(arguments)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&done.stderr);
    let report: Value = serde_json::from_slice(&done.stdout).expect(&said);
    let checks = report["checks"].as_array().unwrap().iter();
    let checks = checks.map(|check| (check["id"].as_str().unwrap().to_owned(), check.clone()));
    let code = done.status.code().unwrap();
    (code, report["score"].as_f64().unwrap(), checks.collect())
}

/// Those that are not well, but for what every test has: it is not compiled for use, and nobody knows how
/// full the machine's disk is.
fn found(checks: &BTreeMap<String, Value>) -> BTreeMap<&str, &str> {
    let found = checks.iter().filter(|(_, check)| check["status"] != "pass");
    let found = found.map(|(id, check)| {
        assert!(
            check["evidence"].is_string() && check["mend"].is_string(),
            "{check}"
        );
        (id.as_str(), check["status"].as_str().unwrap())
    });
    found
        .filter(|(id, _)| !["build-profile", "disk"].contains(id))
        .collect()
}

/// What ends TLS before the town.
async fn proxy(town: &Town, names: &[&str]) -> TlsProxy {
    TlsProxy::with_certificate(town.address, TestCertificate::of(names)).await
}

const ALL_SHOPS: [&str; 2] = ["shops.localhost", "*.shops.localhost"];

fn address(proxy: &TlsProxy) -> String {
    format!("https://shops.localhost:{}", proxy.port())
}

/// Settings as they should be, for the town's database.
fn fit(town: &Town, proxy: &TlsProxy, backups: &Path) -> Vec<(&'static str, String)> {
    let mut settings = town.settings.clone();
    settings.retain(|(name, _)| *name != "TENANCY_SECRET");
    let more = [
        ("TENANCY_SECRET", "8c5ed4c7a96f0b3e21d8f7a64b90c3e5"),
        ("TENANCY_TRUSTED_PROXIES", "10.0.0.0/8"),
        ("TENANCY_HTTP__DRAIN_SECONDS", "30"),
    ];
    settings.extend(more.map(|(name, value)| (name, value.to_owned())));
    settings.push(("TENANCY_PUBLIC_URL", address(proxy)));
    let backup = backups.join("all.dump");
    std::fs::write(&backup, "all of it").unwrap();
    settings.push(("TENANCY_BACKUPS__PATH", backup.display().to_string()));
    settings
}

#[tokio::test]
async fn an_installation_as_it_should_be_passes_and_each_fault_is_found() {
    let postgres = Postgres::builder()
        .fsync(true)
        .setting("full_page_writes", "on")
        .setting("synchronous_commit", "on")
        .setting("statement_timeout", "30000")
        .setting("idle_in_transaction_session_timeout", "60000")
        .start()
        .await;
    let town = Town::on(&postgres, &[]).await;
    let redis = Redis::builder().setting("appendonly", "yes").start().await;
    let proxy = proxy(&town, &ALL_SHOPS).await;
    let backups = tempfile::tempdir().unwrap();
    let mut good = fit(&town, &proxy, backups.path());
    good.push(("TENANCY_REDIS_URL", redis.url()));
    let authority = proxy.authority();
    let ca = ["--ca", authority.to_str().unwrap()];
    let (code, best, checks) = readiness(&good, &ca);
    assert_eq!(found(&checks), BTreeMap::new(), "{checks:#?}");
    // The build is a test's.
    assert_eq!(code, 1);
    for id in [
        "advisor",
        "clock",
        "durability",
        "encryption",
        "headers",
        "isolation",
        "layers",
        "pool",
        "redis-durability",
        "redis-eviction",
        "role",
        "shops-encryption",
        "time-outs",
    ] {
        assert!(checks.contains_key(id), "{id}");
    }
    for (setting, value, id, status) in [
        (
            "TENANCY_SECRET",
            "0123456789abcdef0123456789abcdef",
            "secret",
            "fail",
        ),
        (
            "TENANCY_PUBLIC_URL",
            "http://shops.example",
            "encryption",
            "fail",
        ),
        ("TENANCY_TRUSTED_PROXIES", "0.0.0.0/0", "proxies", "fail"),
        ("TENANCY_LIMITS__ENABLED", "false", "limits", "fail"),
        ("TENANCY_CACHE__ENABLED", "false", "cache", "warn"),
        ("TENANCY_THREAT__MODE", "observe", "threats", "warn"),
        ("TENANCY_HTTP__DRAIN_SECONDS", "0", "shutdown", "fail"),
        ("TENANCY_LOG__FILTER", "debug", "log", "warn"),
        ("TENANCY_DATABASE__CONNECTIONS", "9000", "pool", "fail"),
        ("TENANCY_BACKUPS__PATH", "/nonexistent", "backups", "fail"),
    ] {
        let mut bad = good.clone();
        bad.retain(|(name, _)| *name != setting);
        bad.push((setting, value.to_owned()));
        let (_, score, checks) = readiness(&bad, &ca);
        assert_eq!(checks[id]["status"], status, "{id}: {:#}", checks[id]);
        assert!(score < best, "{id}: {score} of {best}");
    }
    // What is safe to mend is mended when it is asked for, and then the score is what it was.
    let data = tempfile::tempdir().unwrap();
    std::fs::set_permissions(data.path(), Permissions::from_mode(0o755)).unwrap();
    let mut open = good.clone();
    open.retain(|(name, _)| *name != "TENANCY_DATA");
    open.push(("TENANCY_DATA", data.path().display().to_string()));
    let (_, score, checks) = readiness(&open, &ca);
    assert_eq!(checks["data-folder"]["status"], "fail", "{checks:#?}");
    assert!(score < best, "{score} of {best}");
    let fix = [&ca[..], &["--fix"]].concat();
    let others = data.path().join("somebody-elses");
    std::fs::write(&others, "").unwrap();
    let (_, _, checks) = readiness(&open, &fix);
    assert_eq!(checks["data-folder"]["status"], "fail", "{checks:#?}");
    std::fs::remove_file(others).unwrap();
    let (_, score, checks) = readiness(&open, &fix);
    assert_eq!(checks["data-folder"]["status"], "pass", "{checks:#?}");
    assert_eq!(score, best);

    let untold = good
        .iter()
        .filter(|(name, _)| *name != "TENANCY_BACKUPS__PATH");
    let untold: Vec<_> = untold.cloned().collect();
    let (_, score, checks) = readiness(&untold, &ca);
    assert_eq!(found(&checks), BTreeMap::from([("backups", "unknown")]));
    assert!(score < best, "{score} of {best}");

    let owner = town.database.as_ref().unwrap().owner_url();
    let mut conn = PgConnection::connect(&owner).await.unwrap();
    for statement in SPOILED {
        sqlx::raw_sql(*statement).execute(&mut conn).await.unwrap();
    }
    let (_, score, checks) = readiness(&good, &ca);
    let advisor = &checks["advisor"];
    let evidence = advisor["evidence"].as_str().unwrap();
    assert_eq!(advisor["status"], "warn", "{advisor:#}");
    assert!(evidence.contains("children_parent_fkey"), "{evidence}");
    assert!(score < best, "{score} of {best}");
}

/// A table of the application's whose foreign key has no index, and enough rows that it matters.
const SPOILED: &[&str] = &[
    "CREATE TABLE parents (id BIGINT PRIMARY KEY)",
    "CREATE TABLE children (id BIGINT PRIMARY KEY, parent BIGINT NOT NULL REFERENCES parents)",
    "INSERT INTO parents SELECT n FROM generate_series(1, 5000) AS n",
    "INSERT INTO children SELECT n, n % 5000 + 1 FROM generate_series(1, 20000) AS n",
    "ANALYZE parents, children",
    "GRANT SELECT ON parents, children TO tenancy_app",
];

#[tokio::test]
async fn a_superusers_login_and_careless_servers_are_found() {
    let postgres = Postgres::builder()
        .fsync(false)
        .setting("synchronous_commit", "off");
    let postgres = postgres.start().await;
    let town = Town::on(&postgres, &[]).await;
    let redis = Redis::builder().setting("maxmemory-policy", "allkeys-lru");
    let redis = redis.setting("appendonly", "no").start().await;
    let database = town.database.as_ref().unwrap();
    let proxy = proxy(&town, &ALL_SHOPS).await;
    let backups = tempfile::tempdir().unwrap();
    let mut careless = fit(&town, &proxy, backups.path());
    careless.retain(|(name, _)| *name != "TENANCY_DATABASE_URL");
    careless.push(("TENANCY_DATABASE_URL", database.superuser_url()));
    careless.push(("TENANCY_REDIS_URL", redis.url()));
    let authority = proxy.authority();
    let ca = ["--ca", authority.to_str().unwrap()];
    let (code, _, checks) = readiness(&careless, &ca);
    assert_eq!(code, 1);
    let expected = [
        ("advisor", "fail"),
        ("durability", "fail"),
        ("isolation", "fail"),
        ("redis-durability", "warn"),
        ("redis-eviction", "fail"),
        ("role", "fail"),
        ("time-outs", "warn"),
    ];
    assert_eq!(found(&checks), BTreeMap::from(expected), "{checks:#?}");
}

#[tokio::test]
async fn what_visitors_are_shown_over_tls_is_looked_at_of_the_platform_and_of_a_shop() {
    let town = Town::on_sqlite().await;
    let check = |proxy: &TlsProxy, url: String, platform: (&str, &str), shop: (&str, &str)| {
        let mut settings = town.settings.clone();
        settings.push(("TENANCY_PUBLIC_URL", url));
        let authority = proxy.authority();
        let (code, _, checks) = readiness(&settings, &["--ca", authority.to_str().unwrap()]);
        assert_eq!(code, 1);
        for (id, (status, told)) in [("encryption", platform), ("shops-encryption", shop)] {
            let found = &checks[id];
            assert_eq!(found["status"], status, "{found:#}");
            let evidence = found["evidence"].as_str().unwrap();
            assert!(evidence.contains(told), "{told}: {evidence}");
        }
    };
    let all = proxy(&town, &ALL_SHOPS).await;
    let own = proxy(&town, &ALL_SHOPS[..1]).await;
    // There is no shop yet, so any name will do.
    let none = ("pass", "shop.shops.localhost over TLS 1.3");
    check(&all, address(&all), ("pass", "59 days left"), none);
    town.command(&["tenant", "create", "acme"]);
    let acme = ("pass", "acme.shops.localhost over TLS 1.3");
    check(
        &all,
        address(&all),
        ("pass", "CN=The authority of a test"),
        acme,
    );
    let others = ("fail", "it is for others; acme.shops.localhost");
    check(
        &own,
        address(&own),
        ("pass", "for shops.localhost, issued"),
        others,
    );
    // Of another authority than is trusted.
    let strange = ("fail", "nobody trusts who issued it");
    check(&own, address(&all), strange, strange);
    let silent = format!("https://shops.localhost:{}", Server::free_address().port());
    let nobody = ("fail", "nobody answers for");
    check(&all, silent, nobody, nobody);
}

#[tokio::test]
async fn a_database_that_is_away_is_a_finding_and_what_is_warned_of_can_be_asked_to_fail() {
    let nobody = format!("postgres://somebody@{}/shop", Server::free_address());
    let folder = tempfile::tempdir().unwrap();
    let settings = [
        ("TENANCY_DATA", folder.path().display().to_string()),
        ("TENANCY_DATABASE_URL", nobody),
        ("TENANCY_DATABASE__TIME_OUT_SECONDS", "2".to_owned()),
    ];
    let (code, _, checks) = readiness(&settings, &[]);
    assert_eq!(code, 1);
    assert_eq!(checks["database"]["status"], "fail");
    assert_eq!(checks["threats"]["status"], "pass");
    // Whatever it is that is warned of: there is a test's build among it.
    let town = Town::on_sqlite().await;
    let (_, _, checks) = readiness(&town.settings, &[]);
    assert_eq!(checks["encryption"]["status"], "warn");
    assert_eq!(readiness(&town.settings, &["--fail-on", "warn"]).0, 1);
}

#[tokio::test]
async fn a_schema_that_is_behind_is_made_current_when_that_is_asked_for() {
    let database = Postgres::shared().await.empty_database().await;
    let folder = tempfile::tempdir().unwrap();
    let mut settings = vec![
        ("TENANCY_DATA", folder.path().display().to_string()),
        ("TENANCY_DATABASE_URL", database.app_url()),
    ];
    let stands = |settings: &[_], arguments: &[&str]| {
        let (_, _, checks) = readiness(settings, arguments);
        checks["database"]["status"].as_str().unwrap().to_owned()
    };
    assert_eq!(stands(&settings, &[]), "fail");
    // The role that serves cannot do it.
    assert_eq!(stands(&settings, &["--fix"]), "fail");
    settings.push(("TENANCY_OWNER_DATABASE_URL", database.owner_url()));
    assert_eq!(stands(&settings, &[]), "fail");
    assert_eq!(stands(&settings, &["--fix"]), "pass");
    assert_eq!(stands(&settings, &[]), "pass");
}
