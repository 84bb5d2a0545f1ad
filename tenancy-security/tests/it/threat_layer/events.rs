//! What is told of findings, to whom.

use std::sync::{Arc, Mutex};

use http::{Request, StatusCode};
use http_body_util::BodyExt as _;
use serde_json::Value;
use tenancy_core::client_address::ClientAddress;
use tenancy_core::layer::RequestId;
use tenancy_security::threat::{
    Action, Mode, Place, Refusal, ThreatEvent, ThreatKind, ThreatLayer,
};

use super::{Body, get, post, post_to, quiet, send, with_header};

/// Stands in no description.
const SECRET: &str = "hunter2";

type Events = Arc<Mutex<Vec<ThreatEvent>>>;

fn listening() -> (ThreatLayer, Events) {
    let events = Events::default();
    let told = Arc::clone(&events);
    let layer = ThreatLayer::new().sink(move |event: &ThreatEvent| {
        told.lock().unwrap().push(event.clone());
    });
    (layer, events)
}

async fn event_of(mode: Mode, request: Request<Body>) -> ThreatEvent {
    let (layer, events) = listening();
    send(&layer.mode(mode), request).await;
    let mut events = events.lock().unwrap();
    assert_eq!(events.len(), 1);
    events.remove(0)
}

#[tokio::test]
async fn an_event_says_what_was_found_where_and_what_was_done() {
    let body = format!("{{\"item\": {{\"note\": \"{SECRET}<script>alert(1)</script>\"}}}}");
    let mut request = post_to("/api/products?page=2", "application/json", body);
    let address = "192.0.2.1".parse().unwrap();
    request.extensions_mut().insert(ClientAddress(address));
    request
        .extensions_mut()
        .insert(RequestId::new("r-1").unwrap());
    let event = event_of(Mode::Block, request).await;
    assert_eq!(event.action, Action::Refused);
    assert_eq!(event.client, Some(address));
    assert_eq!(event.request_id.as_deref(), Some("r-1"));
    assert_eq!((&*event.method, &*event.path), ("POST", "/api/products"));
    assert_eq!(event.findings.len(), 1);
    let found = &event.findings[0];
    assert_eq!(found.kind, ThreatKind::CrossSiteScripting);
    assert_eq!(found.place, Place::Json);
    assert_eq!(found.parameter.as_deref(), Some("item.note"));
    assert!(found.severity.blocks() && !found.description.is_empty());

    let json: Value = serde_json::to_value(&event).unwrap();
    assert_eq!(json["action"], "refused");
    assert_eq!(json["findings"][0]["kind"], "cross-site-scripting");
    assert_eq!(json["findings"][0]["place"], "json");
    assert_eq!(json["tenant_id"], Value::Null);
}

#[tokio::test]
async fn no_event_and_no_refusal_holds_a_value() {
    let attack = format!("{SECRET}%27%20or%20%271%27%3D%271");
    let script = format!("%3Cscript%3Ealert(%22{SECRET}%22)");
    let requests = || {
        [
            get(&format!("/products/{script}/x")),
            get(&format!("/reset/{SECRET}'or'1'='1/x")),
            get(&format!("/?q={attack}")),
            get(&format!("/?{script}={SECRET}")),
            post(
                "application/x-www-form-urlencoded",
                format!("password={attack}"),
            ),
            post(
                "application/json",
                format!(
                    "{{\"{SECRET}<script>alert(1)</script>\": {{\"a\": \"<script>alert(1)</script>\"}}}}"
                ),
            ),
            with_header("x-note", format!("{SECRET}${{jndi:ldap://x}}")),
            with_header("cookie", format!("session={SECRET}' or '1'='1")),
            post("text/plain", format!("<script>alert('{SECRET}')</script>")),
        ]
    };
    for mode in [Mode::Block, Mode::Observe] {
        for request in requests() {
            let shown = format!("{request:?}");
            let event = event_of(mode, request).await;
            let told = format!("{event:?} {}", serde_json::to_string(&event).unwrap());
            assert!(!told.contains(SECRET), "{shown}: {told}");
        }
    }
    for request in requests() {
        let shown = format!("{request:?}");
        let response = send(&quiet(), request).await;
        assert_eq!(response.status(), StatusCode::FORBIDDEN, "{shown}");
        assert_eq!(
            response.headers()["content-type"],
            "application/problem+json"
        );
        assert_eq!(response.extensions().get(), Some(&Refusal::Threat));
        let said = response.into_body().collect().await.unwrap().to_bytes();
        let problem: Value = serde_json::from_slice(&said).unwrap();
        // The same for all, so that nobody learns how to get past.
        assert_eq!(
            problem["detail"],
            "something in the request looks like an attack"
        );
        assert!(!problem.to_string().contains(SECRET), "{shown}: {problem}");
    }
}

#[tokio::test]
async fn who_observes_is_told_of_all_that_is_found_within_a_bound() {
    let field = "q=%3Cscript%3Ealert(1)&";
    let event = event_of(Mode::Observe, get(&format!("/?{}", field.repeat(3)))).await;
    assert_eq!((event.action, event.findings.len()), (Action::Passed, 3));
    let event = event_of(Mode::Observe, get(&format!("/?{}", field.repeat(500)))).await;
    assert_eq!((event.action, event.findings.len()), (Action::Passed, 16));
    let event = event_of(Mode::Block, get(&format!("/?{}", field.repeat(3)))).await;
    assert_eq!((event.action, event.findings.len()), (Action::Refused, 1));
    let event = event_of(Mode::Score(1000), get(&format!("/?{field}"))).await;
    assert_eq!((event.action, event.findings.len()), (Action::Passed, 1));
}

#[tokio::test]
async fn weak_findings_are_told_of_beside_others_and_leave_them_room() {
    let weak = "q=php.ini&".repeat(20);
    let strong = "q=%3Cscript%3Ealert(1)&";
    let count = |event: &ThreatEvent| {
        let strong = event
            .findings
            .iter()
            .filter(|found| found.severity.blocks());
        (event.findings.len(), strong.count())
    };
    let event = event_of(Mode::Block, get(&format!("/?{weak}{strong}"))).await;
    assert_eq!((event.action, count(&event)), (Action::Refused, (5, 1)));
    let event = event_of(
        Mode::Observe,
        get(&format!("/?{weak}{}", strong.repeat(30))),
    )
    .await;
    assert_eq!((event.action, count(&event)), (Action::Passed, (16, 12)));
    let event = event_of(Mode::Score(40), get(&format!("/?{weak}"))).await;
    assert_eq!((event.action, count(&event)), (Action::Refused, (4, 0)));

    let (layer, events) = listening();
    for mode in [Mode::Block, Mode::Observe, Mode::Score(41)] {
        send(&layer.clone().mode(mode), get(&format!("/?{weak}"))).await;
    }
    assert!(events.lock().unwrap().is_empty());
}

#[tokio::test]
async fn a_harmless_request_is_no_event() {
    let (layer, events) = listening();
    send(&layer, get("/products?q=silver+ring")).await;
    send(&layer, post("application/json", "{\"name\": \"O'Brien\"}")).await;
    assert!(events.lock().unwrap().is_empty());
}
