use std::path::PathBuf;

use clap::Parser;

use super::*;

#[derive(Debug, Parser)]
struct Given {
    #[command(flatten)]
    flags: Flags,
}

fn load(
    file: Option<&str>,
    environment: &[(&str, &str)],
    flags: &[&str],
) -> Result<Config, String> {
    let folder = tempfile::tempdir().unwrap();
    let path: Option<PathBuf> = file.map(|text| {
        let path = folder.path().join("platform.toml");
        std::fs::write(&path, text).unwrap();
        path
    });
    let variables = environment
        .iter()
        .map(|(name, value)| ((*name).into(), (*value).into()));
    let environment = Environment::new(variables).unwrap();
    let given = Given::try_parse_from([&["platform"], flags].concat()).unwrap();
    Config::from_sources(path.as_deref(), &environment, &given.flags)
        .map_err(|failure| failure.to_string())
}

#[test]
fn flags_win_over_the_environment_which_wins_over_the_file() {
    let file = "base_domain = 'file.example'\nlisten = '127.0.0.1:1'\n[http]\nbody_seconds = 3";
    let environment = [
        ("TENANCY_BASE_DOMAIN", "environment.example"),
        ("TENANCY_LISTEN", "127.0.0.1:2"),
        ("TENANCY_LOG__FORMAT", "json"),
    ];
    let config = load(Some(file), &environment, &["--listen", "127.0.0.1:3"]).unwrap();
    assert_eq!(config.base_domain().as_str(), "environment.example");
    assert_eq!(config.listen.port(), 3);
    assert_eq!(config.http.body_seconds.get(), 3);
    assert_eq!(config.http.header_seconds.get(), 10);
    assert_eq!(config.log.format, LogFormat::Json);
}

#[test]
fn a_secret_of_digits_stays_text_and_a_number_is_read() {
    let environment = [
        ("TENANCY_SECRET", "0012345678901234567890123456789012"),
        ("TENANCY_DATABASE__CONNECTIONS", "7"),
        ("TENANCY_TRUSTED_PROXIES", "10.0.0.0/8, ::1"),
        ("TENANCY_PROXY_HEADER", "forwarded"),
    ];
    let config = load(None, &environment, &[]).unwrap();
    let secret = config.secret.as_ref().unwrap();
    assert_eq!(secret.expose(), "0012345678901234567890123456789012");
    assert_eq!(config.database.connections.get(), 7);
    assert_eq!(config.trusted_proxies.networks().len(), 2);
    assert_eq!(config.proxy_header, WrittenHeader::Forwarded);
}

#[test]
fn an_unknown_key_is_an_error_that_names_the_right_ones() {
    let check = |file, environment: &[(&str, &str)], named: &[&str]| {
        let error = load(file, environment, &[]).unwrap_err();
        for name in named {
            assert!(error.contains(name), "{error}");
        }
    };
    check(Some("lissten = 1"), &[], &["lissten", "`listen`"]);
    check(
        None,
        &[("TENANCY_LOG__LEVEL", "info")],
        &["level", "`filter`", "TENANCY_LOG__LEVEL"],
    );
    check(None, &[("TENANCY_BASEDOMAIN", "x")], &["`base_domain`"]);
    check(None, &[("TENANCY_LOG", "info")], &["TENANCY_LOG"]);
    check(
        None,
        &[("TENANCY_TRUSTED_PROXIES", "all")],
        &["networks such as"],
    );
    let header = [("TENANCY_PROXY_HEADER", "x-real-ip")];
    check(None, &header, &["`forwarded`", "`x-forwarded-for`"]);
}

#[test]
fn a_number_that_would_stop_the_server_is_refused() {
    let check = |name: &str, value: &str, expected: &str| {
        let error = load(None, &[(name, value)], &[]).unwrap_err();
        assert!(error.contains(expected) && error.contains(name), "{error}");
    };
    for name in [
        "TENANCY_CACHE__CAPACITY_BYTES",
        "TENANCY_CACHE__CATEGORIES_SECONDS",
        "TENANCY_CACHE__PRODUCTS_SECONDS",
        "TENANCY_CACHE__PRODUCT_LISTS_SECONDS",
        "TENANCY_DATABASE__CONNECTIONS",
        "TENANCY_DATABASE__TIME_OUT_SECONDS",
        "TENANCY_HTTP__BODY_BYTES_MAX",
        "TENANCY_HTTP__BODY_SECONDS",
        "TENANCY_HTTP__CONNECTIONS_MAX",
        "TENANCY_HTTP__HEADERS_MAX",
        "TENANCY_HTTP__HEADER_BYTES_MAX",
        "TENANCY_HTTP__HEADER_SECONDS",
        "TENANCY_HTTP__REQUEST_SECONDS",
        "TENANCY_HTTP__WRITE_SECONDS",
    ] {
        check(name, "0", "0 is not a number from ");
        check(
            name,
            "18446744073709551615",
            "18446744073709551615 is not a number from ",
        );
    }
    let drain = "TENANCY_HTTP__DRAIN_SECONDS";
    check(drain, "86401", "86401 is not a number from 0 to 86400");
    let config = load(None, &[(drain, "0")], &[]).unwrap();
    assert_eq!(config.http.drain_seconds.get(), 0);
}

#[test]
fn settings_that_make_no_sense_together_are_refused() {
    let check = |file: &str, expected: &str| {
        let error = load(Some(file), &[], &[]).unwrap_err();
        assert!(error.contains(expected), "{file}: {error}");
    };
    check(
        "[health]\ndisk_warn_percent = 96",
        "health.disk_warn_percent is 96, beyond health.disk_fail_percent, which is 95",
    );
    check(
        "[health]\nmemory_fail_percent = 79",
        "health.memory_warn_percent is 80, beyond health.memory_fail_percent, which is 79",
    );
    let even = load(Some("[health]\ndisk_warn_percent = 95"), &[], &[]).unwrap();
    assert_eq!(even.health.disk_warn_percent.get(), 95);
    let service = |name: &str| format!("[health.services.{name}]\nurl = 'https://pay.example/'\n");
    check(&service("redis"), "health.services.redis is called as");
    let many = (0..33).map(|number| service(&format!("s{number}")));
    check(&many.collect::<String>(), "has 33 entries, and may have 32");
}

#[test]
fn services_and_objectives_are_named_in_the_file_or_the_environment() {
    let file = "[health.services.payments]\nurl = 'https://pay.example/ping?key=s3cret'\ncritical = true\n\
         [alerts.objectives.shopping]\npercent = 99.9\nshops = true\n";
    let environment = [
        (
            "TENANCY_HEALTH__SERVICES__MAIL__URL",
            "http://10.0.0.7:8025/",
        ),
        ("TENANCY_HEALTH__SERVICES__MAIL__TIME_OUT_SECONDS", "5"),
        ("TENANCY_ALERTS__OBJECTIVES__ALL__PERCENT", "95"),
    ];
    let config = load(Some(file), &environment, &[]).unwrap();
    let services = config.health.services.iter().map(|(name, service)| {
        let times = (service.time_out_seconds.get(), service.every_seconds.get());
        (name.as_str(), service.critical, times)
    });
    let expected = [("mail", false, (5, 30)), ("payments", true, (2, 30))];
    assert_eq!(services.collect::<Vec<_>>(), expected);
    let objectives = config.alerts.objectives.iter();
    let objectives =
        objectives.map(|(name, one)| (name.as_str(), f64::from(one.percent), one.shops));
    let expected = [("all", 95.0, false), ("shopping", 99.9, true)];
    assert_eq!(objectives.collect::<Vec<_>>(), expected);
    let printed = serde_json::to_string(&config).unwrap();
    assert!(!printed.contains("s3cret"), "{printed}");

    let check = |file: &str, expected: &str| {
        let error = load(Some(file), &[], &[]).unwrap_err();
        assert!(error.contains(expected), "{file}: {error}");
    };
    check(
        "[health.services.x]\nurl = 'ftp://x/'",
        "begins with http:// or https://",
    );
    check("[health.services.x]\ncritical = true", "url");
    check(
        "[health.services.'X:Y']\nurl = 'http://x/'",
        "lower-case letters",
    );
    check(
        "[alerts.objectives.x]\npercent = 100",
        "leaves nothing to fail",
    );
    check("[alerts.objectives.x]\npercent = 0.0", "nothing to succeed");
    let none = "0 is not a number from 1 to 86400";
    check("[alerts]\ncalm_seconds = 0", none);
}

#[test]
fn printing_redacts_every_secret() {
    let environment = [
        ("TENANCY_SECRET", "s3cret"),
        ("TENANCY_DATABASE_URL", "postgres://app:s3cret@db/x"),
        ("TENANCY_OWNER_DATABASE_URL", "postgres://own:s3cret@db/x"),
    ];
    let config = load(None, &environment, &[]).unwrap();
    let printed = serde_json::to_string(&config).unwrap() + &format!("{config:?}");
    assert!(!printed.contains("s3cret"), "{printed}");
}

#[test]
fn unsafe_settings_are_refused_with_what_to_change() {
    let check = |environment: &[(&str, &str)], flags: &[&str], expected: Option<&str>| {
        let refused = load(None, environment, flags).unwrap().refuse_unsafe();
        let message = refused.err().map(|failure| failure.to_string());
        match (&message, expected) {
            (None, None) => {}
            (Some(message), Some(part)) if message.contains(part) => {}
            _ => panic!("{environment:?} {flags:?}: {message:?}"),
        }
    };
    let secret = [("TENANCY_SECRET", "0123456789abcdef0123456789abcdef")];
    let public = ["--public-url", "https://shops.example"];
    let exposed = [&public[..], &["--listen", "0.0.0.0:8080"]].concat();
    check(&[], &[], None);
    check(&[], &["--base-domain", "shops.example"], None);
    check(&secret, &exposed, None);
    check(&[], &exposed, Some("TENANCY_SECRET is not set"));
    check(&[], &public, Some("TENANCY_SECRET is not set"));
    check(&[("TENANCY_SECRET", "short")], &[], Some("too short"));
    check(&secret, &["--listen", "0.0.0.0:8080"], Some("--public-url"));
    check(
        &secret,
        &["--public-url", "http://shops.example"],
        Some("not encrypted"),
    );
    let apart = [&public[..], &["--base-domain", "other.example"]].concat();
    check(&secret, &apart, Some("agree"));
}
