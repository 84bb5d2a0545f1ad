//! Host names and origins: what is taken has one form, which reads as itself and can end neither a
//! header nor a directive.
#![no_main]

use libfuzzer_sys::fuzz_target;
use tenancy_core::resolve::Host;
use tenancy_security::headers::csp::FrameAncestor;
use tenancy_security::origin::Origin;

fn check_name(name: &str) {
    let is_plain = |byte: u8| {
        byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'-' | b'.')
    };
    assert!(!name.is_empty() && name.len() <= 253, "{name:?}");
    assert!(name.bytes().all(is_plain), "{name:?}");
    assert!(
        !name.starts_with('.') && !name.ends_with('.') && !name.contains(".."),
        "{name:?}"
    );
    assert!(name.parse::<std::net::IpAddr>().is_err(), "{name:?}");
}

fuzz_target!(|text: &str| {
    if let Ok(host) = text.parse::<Host>() {
        check_name(host.as_str());
        assert_eq!(host.as_str().parse(), Ok(host.clone()));
        assert_eq!(Host::from_authority(&format!("{host}:8080")), Ok(host));
    }
    if let Ok(host) = Host::from_authority(text) {
        let (name, _port) = text.split_once(':').unwrap_or((text, ""));
        assert_eq!(name.parse(), Ok(host));
    }
    if let Ok(origin) = text.parse::<Origin>() {
        assert_eq!(origin.as_str().parse(), Ok(origin.clone()));
        let (scheme, authority) = origin.as_str().split_once("://").unwrap();
        assert_eq!(origin.is_secure(), scheme == "https");
        let (name, port) = authority.split_once(':').unwrap_or((authority, "1"));
        check_name(name);
        assert!(port.parse::<u16>().is_ok_and(|port| port > 0), "{origin}");
    }
    if let Ok(ancestor) = text.parse::<FrameAncestor>() {
        let printed = ancestor.to_string();
        assert!(
            printed == "'self'" || printed.starts_with("https://"),
            "{printed}"
        );
        assert_eq!(printed.parse(), Ok(ancestor));
    }
});
