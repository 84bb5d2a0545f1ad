use std::convert::Infallible;
use std::net::IpAddr;

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use http_body_util::Full;
use tenancy_core::client_address::ClientAddress;
use tenancy_security::rate_limit::{Charge, Class, Quota, RateLimitLayer, RateLimiter, Rules};
use tower::{Layer as _, ServiceExt as _, service_fn};

use super::{one_policy, policy};

/// A sign-in that succeeds if asked to.
async fn sign_in(request: Request<()>) -> Result<Response<Full<Bytes>>, Infallible> {
    let mut response = Response::default();
    if request.uri().path() != "/right" {
        *response.status_mut() = StatusCode::UNAUTHORIZED;
    }
    Ok(response)
}

fn request(path: &str, address: &str) -> Request<()> {
    let mut request = Request::get(path).body(()).unwrap();
    let address: IpAddr = address.parse().unwrap();
    request.extensions_mut().insert(ClientAddress(address));
    // What a stranger writes here says nothing.
    let forged = format!("10.0.0.{}", fastrand::u8(..));
    request
        .headers_mut()
        .insert("x-forwarded-for", forged.parse().unwrap());
    request
}

async fn statuses(layer: &RateLimitLayer, requests: &[(&str, &str)]) -> Vec<u16> {
    let service = layer.layer(service_fn(sign_in));
    let mut statuses = vec![];
    for (path, address) in requests {
        let response = service
            .clone()
            .oneshot(request(path, address))
            .await
            .unwrap();
        assert!(response.headers().contains_key("ratelimit"));
        statuses.push(response.status().as_u16());
    }
    statuses
}

#[tokio::test]
async fn a_client_is_told_by_its_address_and_not_by_what_it_writes() {
    let limiter = RateLimiter::new(one_policy(Quota::per_hour(2)));
    let layer = RateLimitLayer::new(&limiter);
    let mine = ("/right", "192.0.2.1");
    assert_eq!(statuses(&layer, &[mine; 4]).await, [200, 200, 429, 429]);
    assert_eq!(statuses(&layer, &[("/right", "192.0.2.2")]).await, [200]);
}

#[tokio::test]
async fn only_failures_count_where_they_are_what_is_limited() {
    let class = Class::new("auth")
        .unwrap()
        .policy(policy("auth", Quota::per_hour(3)))
        .charge(Charge::OnFailure);
    let limiter = RateLimiter::new(Rules::new(class));
    let layer = RateLimitLayer::new(&limiter).class("auth");
    let (right, wrong) = (("/right", "192.0.2.1"), ("/wrong", "192.0.2.1"));
    assert_eq!(statuses(&layer, &[right; 9]).await, [200; 9]);
    let mixed = [wrong, right, wrong, right, wrong, right, wrong];
    assert_eq!(
        statuses(&layer, &mixed).await,
        [401, 200, 401, 200, 401, 429, 429]
    );
}

#[tokio::test]
async fn a_request_costs_what_the_layer_says() {
    let limiter = RateLimiter::new(one_policy(Quota::per_hour(10)));
    let cost = |request: &http::request::Parts| match request.uri.path() {
        "/free" => 0,
        "/dear" => 4,
        _ => 11,
    };
    let layer = RateLimitLayer::new(&limiter).cost(cost);
    let from = |path| (path, "192.0.2.1");
    let requests = [
        from("/dear"),
        from("/dear"),
        from("/dear"),
        from("/free"),
        from("/all"),
    ];
    assert_eq!(
        statuses(&layer, &requests).await,
        [200, 200, 429, 401, 429].map(|status| match status {
            // The service knows one path only.
            200 => 401,
            other => other,
        })
    );
}
