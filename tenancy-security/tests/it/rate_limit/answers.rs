use http::{HeaderMap, StatusCode};
use tenancy_security::rate_limit::{Class, Dimension, Quota, RateLimiter, Rules};

use super::{admitted, named, paused, policy};

async fn limiter() -> RateLimiter {
    let class = Class::new("api")
        .unwrap()
        .policy(policy("burst", Quota::per_minute(5)))
        .policy(policy("daily", Quota::per_day(100)).by(Dimension::Class));
    paused(Rules::new(class))
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> &'a str {
    headers[name].to_str().unwrap()
}

#[tokio::test(start_paused = true)]
async fn an_answer_says_how_its_caller_stands() {
    let limiter = limiter().await;
    let decision = limiter.check(&named("a"), "api", 2).await;
    let mut headers = HeaderMap::new();
    decision.write_headers(&mut headers);
    let policies = r#""burst";q=5;w=60, "daily";q=100;w=86400"#;
    assert_eq!(text(&headers, "ratelimit-policy"), policies);
    assert_eq!(
        text(&headers, "ratelimit"),
        r#""burst";r=3;t=24, "daily";r=98;t=1728"#
    );
    assert_eq!(text(&headers, "x-ratelimit-limit"), "5");
    assert_eq!(text(&headers, "x-ratelimit-remaining"), "3");
    let reset: u64 = text(&headers, "x-ratelimit-reset").parse().unwrap();
    let now = std::time::UNIX_EPOCH.elapsed().unwrap().as_secs();
    assert!((now + 23..=now + 26).contains(&reset), "{reset} {now}");
    assert!(decision.problem().is_none());
}

#[tokio::test(start_paused = true)]
async fn a_refusal_names_what_is_used_up_and_when_to_come_back() {
    let limiter = limiter().await;
    assert_eq!(admitted(&limiter, &named("a"), 9).await, 5);
    let decision = limiter.check(&named("a"), "api", 1).await;
    let mut headers = HeaderMap::new();
    decision.write_headers(&mut headers);
    assert_eq!(
        text(&headers, "ratelimit"),
        r#""burst";r=0;t=12, "daily";r=95;t=4320"#
    );
    let problem = decision.problem().unwrap();
    assert_eq!(problem.status(), StatusCode::TOO_MANY_REQUESTS);
    let document = problem.to_json();
    let kind = "https://iana.org/assignments/http-problem-types#quota-exceeded";
    assert_eq!(document["type"], kind);
    assert_eq!(document["violated-policies"], serde_json::json!(["burst"]));
    assert_eq!(document["error"], "rate_limit_exceeded");
    assert_eq!(
        (&document["limit"], &document["window"]),
        (&5.into(), &60.into())
    );
    assert!(document["reset_at"].as_str().unwrap().ends_with('Z'));
    let waits: Vec<_> = problem
        .headers()
        .iter()
        .map(|(_, value)| value.clone())
        .collect();
    assert_eq!(waits, ["12"]);
}
