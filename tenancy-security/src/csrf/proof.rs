use std::net::IpAddr;

use http::header::{HOST, HeaderName, ORIGIN};
use http::request::Parts;
use http::uri::Scheme;
use tenancy_core::TenantScope;

use super::refusal::Refusal;
use crate::origin::{AllowOrigin, Origin};

const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// What a request's headers say about the page it comes from.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Proof {
    /// The browser vouches for it.
    Given,
    /// Neither header: an old browser's, or no browser's.
    Missing,
}

/// Weighs `Sec-Fetch-Site` and `Origin`; `scheme` is that of the client's connection, where known.
pub(super) fn weigh(
    request: &Parts,
    scheme: Option<&Scheme>,
    trusted: &dyn AllowOrigin,
) -> Result<Proof, Refusal> {
    let origin = one_value(request, &ORIGIN).map_err(|Unreadable| Refusal::CrossOrigin)?;
    let site =
        one_value(request, &SEC_FETCH_SITE).map_err(|Unreadable| Refusal::UnknownFetchSite)?;
    if origin == Some("null") {
        return Err(Refusal::NullOrigin);
    }
    let is_trusted = |text: &str| {
        let tenant = request.extensions.get::<TenantScope>();
        Origin::sent(text).is_some_and(|origin| trusted.allows(&origin, tenant))
    };
    match (site, origin) {
        (Some("same-origin" | "none"), Some(origin)) if is_own(request, origin) => {
            secure(request, origin, scheme)
        }
        // A proxy may have changed the host; the browser knows better.
        (Some("same-origin" | "none"), _) => Ok(Proof::Given),
        (Some("same-site" | "cross-site"), Some(origin)) if is_trusted(origin) => Ok(Proof::Given),
        (Some("same-site" | "cross-site"), _) => Err(Refusal::CrossOrigin),
        (Some(_), _) => Err(Refusal::UnknownFetchSite),
        (None, None) => Ok(Proof::Missing),
        (None, Some(origin)) if is_trusted(origin) => Ok(Proof::Given),
        (None, Some(origin)) if is_own(request, origin) => secure(request, origin, scheme),
        (None, Some(_)) => Err(Refusal::CrossOrigin),
    }
}

struct Unreadable;

fn one_value<'a>(request: &'a Parts, name: &HeaderName) -> Result<Option<&'a str>, Unreadable> {
    let mut values = request.headers.get_all(name).iter();
    match (values.next(), values.next()) {
        (None, _) => Ok(None),
        (Some(value), None) => value.to_str().map(Some).map_err(|_| Unreadable),
        (Some(_), Some(_)) => Err(Unreadable),
    }
}

/// Whether an origin has the host and port that the request is for. Each scheme's own port is left
/// out by browsers, so it may be named in `Host` alone.
fn is_own(request: &Parts, origin: &str) -> bool {
    let (named, own_port) = match origin.split_once("://") {
        Some(("https", named)) => (named, ":443"),
        Some(("http", named)) => (named, ":80"),
        _ => return false,
    };
    let Some(authority) = authority(request) else {
        return false;
    };
    let authority = authority.strip_suffix(own_port).unwrap_or(authority);
    !named.is_empty() && named.eq_ignore_ascii_case(authority)
}

fn authority(request: &Parts) -> Option<&str> {
    match request.uri.authority() {
        Some(authority) => Some(authority.as_str()),
        None => one_value(request, &HOST).ok().flatten(),
    }
}

/// A page without TLS can be anybody's who is on the way, so it must not speak for one with.
fn secure(request: &Parts, origin: &str, scheme: Option<&Scheme>) -> Result<Proof, Refusal> {
    let plain = origin.strip_prefix("http://");
    let allowed = match (plain, scheme) {
        (None, _) => true,
        (Some(_), Some(scheme)) => *scheme == Scheme::HTTP,
        (Some(_), None) => authority(request).is_some_and(is_loopback),
    };
    allowed
        .then_some(Proof::Given)
        .ok_or(Refusal::InsecureOrigin)
}

/// Hosts that browsers never look for on a network (Secure Contexts, section 3.1).
fn is_loopback(authority: &str) -> bool {
    let has_port = authority.ends_with(|last: char| last.is_ascii_digit());
    let host = match authority.rsplit_once(':') {
        Some((host, _)) if has_port && !host.is_empty() => host,
        _ => authority,
    };
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    let host = host.to_ascii_lowercase();
    let local_name = host == "localhost" || host.ends_with(".localhost");
    local_name
        || bare
            .parse()
            .is_ok_and(|address: IpAddr| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn loopback_hosts_are_told_from_those_that_resemble_them() {
        let check = |authority: &str, expected: bool| {
            assert_eq!(is_loopback(authority), expected, "{authority}");
        };
        check("localhost", true);
        check("LOCALHOST:8080", true);
        check("acme.localhost:8080", true);
        check("127.0.0.1", true);
        check("127.8.0.1:80", true);
        check("[::1]", true);
        check("[::1]:8080", true);
        check("localhost.example", false);
        check("notlocalhost", false);
        check("128.0.0.1", false);
        check("[::2]:8080", false);
        check("", false);
        check(":80", false);
    }
}
