use std::collections::BTreeSet;
use std::future::poll_fn;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use http::header::{
    CONTENT_SECURITY_POLICY, FORWARDED, HeaderName, HeaderValue, SERVER, STRICT_TRANSPORT_SECURITY,
    X_CONTENT_TYPE_OPTIONS,
};
use http::{HeaderMap, Request, Response};
use tenancy_core::client_address::PeerAddress;
use tenancy_core::layer::RequestSlot;
use tower_service::Service;

use super::concern::Concern;
use super::trail::{Note, Part, Trail};

/// Who seems to send: networks for documentation (RFC 5737, RFC 3849), which are nobody's proxies.
const STRANGERS: [IpAddr; 2] = [
    IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1)),
    IpAddr::V6(Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 1)),
];

/// Whom the strangers name as the client.
const CLAIMED: IpAddr = IpAddr::V4(Ipv4Addr::new(198, 51, 100, 1));

const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
const X_POWERED_BY: HeaderName = HeaderName::from_static("x-powered-by");

/// Sends two requests through the finished service, as strangers would, and tells what is wrong with
/// the layers they pass and with the answers.
///
/// `request` makes a harmless request that reaches a handler: a `GET` of a page, with the `Host` of
/// a tenant or of the platform where there are any. Each is handled like any other, limits included.
///
/// # Errors
/// The service's own.
pub async fn diagnose<S, B, C>(
    mut service: S,
    request: impl Fn() -> Request<B>,
) -> Result<Vec<Concern>, S::Error>
where
    S: Service<Request<B>, Response = Response<C>>,
{
    let mut concerns = BTreeSet::new();
    for stranger in STRANGERS {
        let mut request = request();
        let (trail, slot) = (Trail::default(), RequestSlot::default());
        let extensions = request.extensions_mut();
        extensions.insert(trail.clone());
        extensions.insert(slot.clone());
        extensions.insert(PeerAddress(stranger));
        // Which of the two is believed is the proxies' to say.
        let claims = [
            (X_FORWARDED_FOR, CLAIMED.to_string()),
            (FORWARDED, format!("for={CLAIMED}")),
        ];
        for (name, claim) in claims {
            let claim = HeaderValue::try_from(claim).expect("an address is ASCII");
            request.headers_mut().insert(name, claim);
        }
        poll_fn(|cx| service.poll_ready(cx)).await?;
        let response = service.call(request).await?;
        let notes = trail.notes();
        let has_tenants = slot.scope().is_some() || notes.iter().any(|note| note.in_tenant);
        of_layers(&notes, has_tenants, &mut concerns);
        of_answer(response.headers(), &notes, &mut concerns);
    }
    Ok(concerns.into_iter().collect())
}

fn of_layers(notes: &[Note], has_tenants: bool, concerns: &mut BTreeSet<Concern>) {
    concerns.extend(notes.iter().filter_map(|note| note.concern));
    if notes.iter().any(|note| note.client == Some(CLAIMED)) {
        concerns.insert(Concern::TrustsEverybody);
    }
    let by_address = |note: &&Note| matches!(note.part, Part::Block | Part::RateLimit);
    if notes
        .iter()
        .filter(by_address)
        .any(|note| note.client.is_none())
    {
        concerns.insert(Concern::NoClientAddress);
    }
    let mut limits = notes
        .iter()
        .filter(|note| note.part == Part::RateLimit)
        .peekable();
    if has_tenants && limits.peek().is_some() && limits.all(|limit| !limit.in_tenant) {
        concerns.insert(Concern::LimitsOutsideTenants);
    }
    let tokens = notes
        .iter()
        .find(|note| note.part == Part::Csrf { tokens: true });
    if has_tenants && tokens.is_some_and(|tokens| !tokens.in_tenant) {
        concerns.insert(Concern::TokensOutsideTenants);
    }
    let is_off = |note: &Note| note.part == Part::Threat { looks: false };
    if notes.iter().any(is_off) {
        concerns.insert(Concern::ThreatsOff);
    }
    let is_headers = |note: &Note| matches!(note.part, Part::Headers { .. });
    match notes.iter().filter(|note| is_headers(note)).count() {
        0 => {}
        1 if notes.first().is_some_and(is_headers) => {}
        1 => drop(concerns.insert(Concern::HeadersInside)),
        _ => drop(concerns.insert(Concern::TwoPolicies)),
    }
}

fn of_answer(headers: &HeaderMap, notes: &[Note], concerns: &mut BTreeSet<Concern>) {
    let mut policies = headers.get_all(CONTENT_SECURITY_POLICY).iter();
    let policy = policies.next();
    if policy.is_none() || !headers.contains_key(X_CONTENT_TYPE_OPTIONS) {
        concerns.insert(Concern::NoHeaders);
    }
    if policies.next().is_some() || policy.is_some_and(|policy| policy.as_bytes().contains(&b',')) {
        concerns.insert(Concern::TwoPolicies);
    }
    if policy.is_some_and(is_without_effect) {
        concerns.insert(Concern::PolicyWithoutEffect);
    }
    let is_told = notes
        .iter()
        .any(|note| note.part == Part::Headers { https: true });
    if headers.contains_key(STRICT_TRANSPORT_SECURITY) && !is_told {
        concerns.insert(Concern::HstsWithoutTls);
    }
    if headers.contains_key(SERVER) || headers.contains_key(X_POWERED_BY) {
        concerns.insert(Concern::IdentifiesItself);
    }
}

/// Whether scripts that stand in a page run whoever put them there (CSP level 3, section 6.7.3.2).
fn is_without_effect(policy: &HeaderValue) -> bool {
    let Ok(policy) = policy.to_str() else {
        return false;
    };
    let sources = |directive: &str| {
        policy.split([';', ',']).find_map(|part| {
            let mut words = part.split_ascii_whitespace();
            let is_meant = words.next()?.eq_ignore_ascii_case(directive);
            is_meant.then(|| words.map(str::to_ascii_lowercase).collect::<Vec<_>>())
        })
    };
    let Some(sources) = sources("script-src").or_else(|| sources("default-src")) else {
        return true;
    };
    let names = [
        "'nonce-",
        "'sha256-",
        "'sha384-",
        "'sha512-",
        "'strict-dynamic'",
    ];
    let is_named = |source: &String| names.iter().any(|name| source.starts_with(name));
    sources.iter().any(|source| source == "'unsafe-inline'") && !sources.iter().any(is_named)
}
