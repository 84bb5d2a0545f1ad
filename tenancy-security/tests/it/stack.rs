//! The whole stack around a service, and what the diagnosis says of stacks that are not right.

use std::convert::Infallible;

use bytes::Bytes;
use http::{HeaderValue, Method, Request, Response, StatusCode};
use http_body_util::Full;
use tenancy_core::client_address::{ClientAddressLayer, PeerAddress, ProxyHeader, TrustedProxies};
use tenancy_security::address::AddressGroups;
use tenancy_security::block::{Block, BlockLayer, BlockList};
use tenancy_security::csrf::{CsrfKey, CsrfLayer, SessionCookie};
use tenancy_security::diagnosis::{Concern, diagnose};
use tenancy_security::headers::SecurityHeadersLayer;
use tenancy_security::load_shed::{LoadShedLayer, LoadShedder};
use tenancy_security::public_scheme::PublicScheme;
use tenancy_security::rate_limit::{
    Charge, Class, Policy, Quota, RateLimitLayer, RateLimiter, Rules,
};
use tenancy_security::stack::{SecurityStack, address_limit};
use tower::{Layer, Service, ServiceBuilder, ServiceExt as _, service_fn};

use crate::two_tenants::TwoTenants;

type Body = Full<Bytes>;

async fn welcome<B>(_: Request<B>) -> Result<Response<Body>, Infallible> {
    Ok(Response::new(Body::from("welcome")))
}

fn asked(method: Method, host: &str) -> Request<Body> {
    let mut request = Request::new(Body::default());
    *request.method_mut() = method;
    let host = HeaderValue::try_from(host).unwrap();
    request.headers_mut().insert("host", host);
    let peer = PeerAddress("203.0.113.9".parse().unwrap());
    request.extensions_mut().insert(peer);
    request
}

async fn concerns<S>(service: S) -> Vec<&'static str>
where
    S: Service<Request<Body>, Response = Response<Body>, Error = Infallible>,
{
    let page = || asked(Method::GET, "acme.shops.test");
    let concerns = diagnose(service, page).await.unwrap();
    concerns.into_iter().map(Concern::code).collect()
}

#[tokio::test]
async fn the_stack_has_every_layer_in_its_place_and_gives_no_concern() {
    let town = TwoTenants::new();
    let blocks = BlockList::default();
    let (one, all) = (
        RateLimiter::new(Rules::default()),
        address_limit(Quota::per_minute(4)),
    );
    let stack = SecurityStack::new()
        .proxies(["10.0.0.1/32".parse().unwrap()])
        .blocks(|_| BlockLayer::new(&blocks))
        .address_limit(|_| all)
        .limits(|_| RateLimitLayer::new(&one));
    let service = stack.around(town.layer()).layer(service_fn(welcome));
    assert_eq!(concerns(service.clone()).await, [""; 0]);

    let send = |request| {
        let answer = service.clone().oneshot(request);
        async { answer.await.unwrap() }
    };
    let get = |host| asked(Method::GET, host);
    let answer = send(get("acme.shops.test")).await;
    assert_eq!(answer.status(), StatusCode::OK);
    // Both limits are told, and for old clients the one that is met first.
    let told: Vec<_> = answer.headers().get_all("ratelimit").iter().collect();
    assert_eq!(told, [r#""api";r=999;t=4"#, r#""address";r=3;t=15"#]);
    assert_eq!(answer.headers()["x-ratelimit-remaining"], "3");
    assert_eq!(answer.headers()["x-content-type-options"], "nosniff");
    // What a tenant blocks is refused at that tenant alone.
    let block = Block::new("203.0.113.0/24".parse().unwrap(), "test");
    blocks.put(block.of_tenant(town.acme)).unwrap();
    let refused = send(get("acme.shops.test")).await;
    assert_eq!(refused.status(), StatusCode::FORBIDDEN);
    let mut forged = asked(Method::POST, "bolt.shops.test");
    let site = HeaderValue::from_static("same-site");
    forged.headers_mut().insert("sec-fetch-site", site);
    let refused = send(forged).await;
    assert_eq!(refused.status(), StatusCode::FORBIDDEN);
    assert_eq!(refused.headers()["x-content-type-options"], "nosniff");
    // The fourth of this address, which has no tenant, and the fifth, which is not looked up.
    assert_eq!(
        send(get("nobody.shops.test")).await.status(),
        StatusCode::NOT_FOUND
    );
    let refused = send(get("nobody.shops.test")).await;
    assert_eq!(refused.status(), StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(refused.headers()["x-content-type-options"], "nosniff");
}

#[tokio::test]
async fn an_address_limit_holds_for_whoever_has_many_networks_or_writes_his_own_in_other_ways() {
    let groups = AddressGroups::default().nat64("2001:db8:64::/96".parse().unwrap());
    let service = SecurityStack::new()
        .address_limit(|_| address_limit(Quota::per_hour(2)))
        .groups(&groups)
        .layer(service_fn(welcome));
    let admitted = async |addresses: &[&str]| {
        let mut admitted = 0;
        for address in addresses.iter().cycle().take(100) {
            let mut request = asked(Method::GET, "shop.test");
            let peer = PeerAddress(address.parse().unwrap());
            request.extensions_mut().insert(peer);
            let response = service.clone().oneshot(request).await.unwrap();
            admitted += usize::from(response.status() == StatusCode::OK);
        }
        admitted
    };
    let client = ["192.0.2.1", "::ffff:192.0.2.1", "2001:db8:64::192.0.2.1"];
    assert_eq!(admitted(&client).await, 2);
    assert_eq!(admitted(&["2001:db8:64::192.0.2.2"]).await, 2);
    let networks: Vec<_> = (0..50).map(|it| format!("2001:db8:1:{it:x}::1")).collect();
    let networks: Vec<_> = networks.iter().map(String::as_str).collect();
    assert_eq!(admitted(&networks).await, 2 * 16);
    assert_eq!(admitted(&["2001:db8:2::1"]).await, 2);
}

#[tokio::test]
async fn without_tenants_the_stack_gives_no_concern_either() {
    let service = SecurityStack::new().layer(service_fn(welcome));
    assert_eq!(concerns(service).await, [""; 0]);
}

/// A page elsewhere makes its visitor's browser send whatever it likes to the door, as often as it likes.
#[tokio::test]
async fn another_site_does_not_use_up_its_visitors_attempts() {
    let policy = Policy::new("auth", Quota::per_hour(2)).unwrap();
    let auth = Class::new("auth").unwrap().policy(policy);
    let limiter = RateLimiter::new(Rules::new(auth.charge(Charge::OnFailure)));
    let places = LoadShedder::builder(10.try_into().unwrap())
        .client_max(1.try_into().unwrap())
        .build();
    let door = service_fn(async |_: Request<_>| {
        let response = Response::builder().status(StatusCode::UNAUTHORIZED);
        Ok::<_, Infallible>(response.body(Body::default()).unwrap())
    });
    let service = SecurityStack::new()
        .limits(|_| RateLimitLayer::new(&limiter).class("auth"))
        .load_shed(|_| LoadShedLayer::new(&places))
        .layer(door);
    let attempt = async |path: &'static str, site: &'static str| {
        let mut request = asked(Method::POST, "shop.test");
        *request.uri_mut() = path.parse().unwrap();
        let site = HeaderValue::from_static(site);
        request.headers_mut().insert("sec-fetch-site", site);
        let response = service.clone().oneshot(request).await.unwrap();
        response.status().as_u16()
    };
    let attack = "/login?x=%3Cscript%3Ealert(1)%3C/script%3E";
    for _ in 0..5 {
        assert_eq!(attempt("/login", "cross-site").await, 403);
        assert_eq!(attempt(attack, "cross-site").await, 403);
        // So many at once that the client has no place left.
        let client = AddressGroups::default().key("203.0.113.9".parse().unwrap());
        let _held = places.admit_client(None, Some(client), true).unwrap();
        assert_eq!(attempt("/login", "cross-site").await, 429);
    }
    for expected in [401, 401, 429] {
        assert_eq!(attempt("/login", "same-origin").await, expected);
    }
}

#[tokio::test]
async fn each_mistake_is_named() {
    let town = TwoTenants::new();
    let stack = SecurityStack::new;
    let over = |stack: SecurityStack| stack.layer(service_fn(welcome));

    let service = over(stack().proxies(["0.0.0.0/0".parse().unwrap()]));
    assert_eq!(concerns(service).await, ["trusts-everybody"]);
    let service = over(stack().proxies(["::/0".parse().unwrap()]));
    assert_eq!(concerns(service).await, ["trusts-everybody"]);
    let hops = TrustedProxies::hops(1.try_into().unwrap());
    let service = over(stack().trusted_proxies(hops));
    assert_eq!(concerns(service).await, ["trusts-everybody"]);

    let everybody = TrustedProxies::networks(["0.0.0.0/0".parse().unwrap()]);
    let everybody = everybody.header(ProxyHeader::Forwarded);
    let service = over(stack().trusted_proxies(everybody));
    assert_eq!(concerns(service).await, ["trusts-everybody"]);

    let exempt = |path: &str| stack().csrf(|csrf| csrf.exempt(path.parse().unwrap()));
    assert_eq!(
        concerns(over(exempt("/api/"))).await,
        ["csrf-exempts-too-much"]
    );
    assert_eq!(concerns(over(exempt("/webhooks/"))).await, [""; 0]);

    let https = stack().scheme(PublicScheme::https());
    assert_eq!(concerns(over(https)).await, [""; 0]);

    let limiter = RateLimiter::new(Rules::default());
    let limits = RateLimitLayer::new(&limiter);
    let headers = SecurityHeadersLayer::new();
    let address = ClientAddressLayer::default();
    let service = ServiceBuilder::new()
        .layer(headers.clone())
        .layer(address.clone())
        .layer(limits.clone())
        .layer(town.layer())
        .service(service_fn(welcome));
    assert_eq!(concerns(service).await, ["limits-outside-tenants"]);

    let tokens = CsrfLayer::new().tokens(CsrfKey::new(b"secret"), SessionCookie::new("s"));
    let service = ServiceBuilder::new()
        .layer(headers.clone())
        .layer(tokens)
        .layer(town.layer())
        .service(service_fn(welcome));
    assert_eq!(concerns(service).await, ["tokens-outside-tenants"]);

    let service = ServiceBuilder::new()
        .layer(headers.clone())
        .layer(limits.clone())
        .service(service_fn(welcome));
    assert_eq!(concerns(service).await, ["no-client-address"]);

    let service = ServiceBuilder::new()
        .layer(address)
        .layer(limits)
        .layer(headers.clone())
        .service(service_fn(welcome));
    assert_eq!(concerns(service).await, ["headers-inside"]);

    let service = headers.clone().layer(headers.layer(service_fn(welcome)));
    assert_eq!(concerns(service).await, ["two-policies"]);

    assert_eq!(concerns(service_fn(welcome)).await, ["no-headers"]);
}

#[tokio::test]
async fn what_a_handler_says_is_weighed_too() {
    let check = async |name: &'static str, value: &'static str, expected: &[&str]| {
        let handler = service_fn(move |_: Request<Body>| {
            let response = Response::builder().header(name, value);
            async move { Ok::<_, Infallible>(response.body(Body::default()).unwrap()) }
        });
        // Outside of the layer's reach, as a proxy or another layer would be.
        let headers = SecurityHeadersLayer::new().keep(&http::header::SERVER);
        let service = headers.layer(handler);
        assert_eq!(concerns(service).await, expected, "{name}: {value}");
    };
    let policy = "content-security-policy";
    check(policy, "default-src 'self'", &[]).await;
    check(
        policy,
        "script-src 'unsafe-inline'",
        &["policy-without-effect"],
    )
    .await;
    check(
        policy,
        "default-src *; script-src 'unsafe-inline' 'nonce-x'",
        &[],
    )
    .await;
    check(policy, "img-src 'self'", &["policy-without-effect"]).await;
    check(
        "strict-transport-security",
        "max-age=1",
        &["hsts-without-tls"],
    )
    .await;
    check("server", "shop/1.0", &["identifies-itself"]).await;
}
