//! What the settings say, as far as it cannot be measured.

use tenancy_observability::readiness::{Finding, build};
use tenancy_security::threat::Mode;

use crate::config::Config;
use crate::server;

/// Networks that are wider than this hold strangers.
const PROXY_BITS_MIN: u8 = 8;

pub(super) fn secret(config: &Config) -> Finding {
    match &config.secret {
        Some(secret) => build::secret("TENANCY_SECRET", secret.expose()),
        None if config.database_url.is_some() => Finding::warn(
            "TENANCY_SECRET is not set: each server made one of its own",
            "set it to what `openssl rand -hex 32` prints, the same on every node",
        ),
        None => Finding::pass("made at random, and kept in the data folder"),
    }
}

pub(super) fn proxies(config: &Config) -> Finding {
    let trusted = config.trusted_proxies.networks();
    let wide = trusted
        .iter()
        .find(|network| network.prefix_len() < PROXY_BITS_MIN);
    let encrypted = config
        .public_url
        .as_ref()
        .is_some_and(|url| url.is_encrypted());
    if let Some(network) = wide {
        return Finding::fail(
            format!("{network} may say who a client is, and everybody is in it"),
            "name the proxies' own addresses in --trusted-proxies",
        );
    }
    match (encrypted, trusted.is_empty()) {
        (true, true) => Finding::fail(
            "TLS ends at a proxy that is not named: all clients share its address, its limits and \
             its blocks",
            "name it in --trusted-proxies",
        ),
        (false, true) => Finding::pass("no proxy is trusted, and none is needed"),
        (_, false) => Finding::pass("proxies are trusted, and named"),
    }
}

pub(super) fn limits(config: &Config) -> Finding {
    if config.limits.enabled {
        let api = config.limits.api;
        return Finding::pass(format!("a caller may send {api} to a shop's API"));
    }
    Finding::fail(
        "limits.enabled is off, which is for measurements",
        "take it out of the settings",
    )
}

pub(super) fn threats(config: &Config) -> Finding {
    match config.threat.mode {
        Mode::Off => Finding::fail("threat.mode is off", "set it to block"),
        Mode::Observe => Finding::warn(
            "threat.mode is observe: attacks are written down and let through",
            "set it to block, once what is written down are attacks",
        ),
        _ => Finding::pass("obvious attacks are refused"),
    }
}

pub(super) fn cache(config: &Config) -> Finding {
    if config.cache.enabled {
        let mebibytes = config.cache.capacity_bytes.get() / (1024 * 1024);
        return Finding::pass(format!("up to {mebibytes} MiB are kept"));
    }
    Finding::warn(
        "cache.enabled is off, which is for measurements",
        "take it out of the settings",
    )
}

pub(super) fn drain(config: &Config) -> Finding {
    let (drain, request) = (config.http.drain_time(), config.http.request_time());
    let evidence = format!("requests may take {request:?}, and {drain:?} when the server ends");
    let mend = "set http.drain_seconds to http.request_seconds or more, and give it as long before \
                it is killed (TimeoutStopSec, terminationGracePeriodSeconds)";
    if drain.is_zero() {
        Finding::fail(evidence, mend)
    } else if drain < request {
        Finding::warn(evidence, mend)
    } else {
        Finding::pass(evidence)
    }
}

pub(super) fn log(config: &Config) -> Finding {
    let filter = &config.log.filter;
    let says_much = |level: &str| filter.to_ascii_lowercase().contains(level);
    if says_much("trace") || says_much("debug") {
        return Finding::warn(
            format!("log.filter is {filter}: it fills disks, and may show what clients sent"),
            "set it to info,sqlx=warn",
        );
    }
    Finding::pass(format!("log.filter is {filter}"))
}

pub(super) fn open_files(config: &Config) -> Finding {
    let wanted = config.http.connections_max.count();
    match server::connections(config) {
        Ok(found) if found < wanted => Finding::warn(
            format!("the system lets it have {found} connections of {wanted}"),
            "raise the limit on open files (`ulimit -n`, LimitNOFILE), or lower \
             http.connections_max",
        ),
        Ok(_) => Finding::pass(format!("{wanted} connections can be open at once")),
        Err(failure) => Finding::fail(failure.to_string(), "raise the limit on open files"),
    }
}
