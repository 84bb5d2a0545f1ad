//! The client's address behind proxies: whatever a client writes into the headers, no address of its
//! choice comes out.
#![no_main]

use std::net::IpAddr;
use std::num::NonZeroUsize;

use http::{HeaderMap, HeaderValue};
use libfuzzer_sys::fuzz_target;
use tenancy_core::client_address::{ProxyHeader, TrustedProxies};

/// Each line of the input is a header's value; its first byte says which header's.
fn headers(data: &[u8]) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for line in data.split(|&byte| byte == b'\n') {
        let Some((&kind, value)) = line.split_first() else {
            continue;
        };
        let name = match kind % 3 {
            0 => "x-forwarded-for",
            1 => "forwarded",
            _ => "x-forwarded-proto",
        };
        if let Ok(value) = HeaderValue::from_bytes(value) {
            headers.append(name, value);
        }
    }
    headers
}

/// Adds what a proxy says, to the last line or as a line of its own.
fn append(headers: &mut HeaderMap, name: &'static str, said: &str, to_last: bool) {
    let mut lines: Vec<_> = headers.get_all(name).iter().cloned().collect();
    match lines.last_mut().filter(|_| to_last) {
        Some(last) => {
            let line = [last.as_bytes(), b", ", said.as_bytes()].concat();
            *last = HeaderValue::from_bytes(&line).unwrap();
        }
        None => lines.push(HeaderValue::from_str(said).unwrap()),
    }
    headers.remove(name);
    for line in lines {
        headers.append(name, line);
    }
}

fuzz_target!(|data: &[u8]| {
    let Some((&choice, data)) = data.split_first() else {
        return;
    };
    let proxy: IpAddr = "10.0.0.1".parse().unwrap();
    let client: IpAddr = "203.0.113.7".parse().unwrap();
    let networks = TrustedProxies::networks(["10.0.0.0/8".parse().unwrap()]);
    let hop = TrustedProxies::hops(NonZeroUsize::MIN);
    let sent = headers(data);

    assert_eq!(
        TrustedProxies::nobody().client_address(client, &sent),
        client
    );
    assert_eq!(networks.client_address(client, &sent), client);
    assert_eq!(networks.client_scheme(client, &sent), None);
    for proxies in [&networks, &hop] {
        let found = proxies.client_address(proxy, &sent);
        assert_eq!(found, found.to_canonical());
        proxies.client_scheme(proxy, &sent);
    }

    // A proxy that appends the client makes that the answer, whatever else stands in its header, on the
    // same line too, and in the header that it does not write.
    let to_last = choice & 1 == 0;
    let mut passed = sent.clone();
    let header = if choice & 2 == 0 {
        append(&mut passed, "x-forwarded-for", "203.0.113.7", to_last);
        ProxyHeader::XForwardedFor
    } else {
        append(&mut passed, "forwarded", "for=203.0.113.7", to_last);
        ProxyHeader::Forwarded
    };
    for proxies in [networks, hop] {
        let found = proxies.header(header).client_address(proxy, &passed);
        assert_eq!(found, client, "{passed:?}");
    }
});
