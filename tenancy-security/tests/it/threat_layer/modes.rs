//! Who is refused, by mode, route, tenant and parameter.

use http::{Request, StatusCode};
use http_body_util::{BodyExt as _, Full};
use tenancy_core::TenantScope;
use tenancy_core::registry::InMemoryTenants;
use tenancy_core::resolve::Sources;
use tenancy_core::tenant::Setting;
use tenancy_core::{Tenant, TenantId, Tenants, layer::TenantLayer};
use tenancy_security::PeekedBody;
use tenancy_security::threat::{Exclusion, Mode, Place, RoutePolicy, ThreatKind, ThreatLayer};
use tower::{Layer as _, ServiceExt as _, service_fn};

use super::{Body, get, multipart, post, post_to, quiet, send};

const SCRIPT: &str = "<script>alert(1)</script>";
const SQL: &str = "1' union select password from users -- ";

async fn check(layer: &ThreatLayer, request: Request<Body>, expected: StatusCode) {
    let shown = format!("{request:?}");
    assert_eq!(send(layer, request).await.status(), expected, "{shown}");
}

fn json(name: &str, value: &str) -> Request<Body> {
    post(
        "application/json",
        serde_json::json!({ name: value }).to_string(),
    )
}

#[tokio::test]
async fn only_a_mode_that_refuses_refuses() {
    let attack = || get("/?q=%3Cscript%3Ealert(1)");
    let unread = || post("text/plain; charset=utf-16", "x");
    check(&quiet(), attack(), StatusCode::FORBIDDEN).await;
    for mode in [Mode::Observe, Mode::Off] {
        let layer = quiet().mode(mode).body_bytes_max(8);
        check(&layer, attack(), StatusCode::OK).await;
        check(&layer, json("a", SCRIPT), StatusCode::OK).await;
        check(&layer, unread(), StatusCode::OK).await;
        let mut packed = post("text/plain", "packed");
        packed
            .headers_mut()
            .insert("content-encoding", "br".parse().unwrap());
        check(&layer, packed, StatusCode::OK).await;
    }
}

#[tokio::test]
async fn scores_add_up_over_the_whole_request() {
    let score = |limit| quiet().mode(Mode::Score(limit));
    let one = || get("/?q=%3Cscript%3Ealert(1)");
    let two = || post_to("/?q=%3Cscript%3Ealert(1)", "text/plain", SQL);
    check(&score(5), one(), StatusCode::FORBIDDEN).await;
    check(&score(6), one(), StatusCode::OK).await;
    check(&score(6), two(), StatusCode::FORBIDDEN).await;
    check(&score(10), two(), StatusCode::FORBIDDEN).await;
    check(&score(11), two(), StatusCode::OK).await;
    // What is weak counts as well, and alone it refuses nothing but by its score.
    let weak = || get("/phpinfo.php?file=.env&name=%7B%7Bx%7D%7D%7B%7Bself%7D%7D");
    check(&score(6), weak(), StatusCode::FORBIDDEN).await;
    check(&score(7), weak(), StatusCode::OK).await;
    check(&quiet(), weak(), StatusCode::OK).await;
    // One attack counts once, however its text is read.
    check(
        &score(6),
        get("/products/%3Cscript%3Ealert(1)/x"),
        StatusCode::OK,
    )
    .await;
    check(&score(6), get("/?1'+or+'1'='1"), StatusCode::OK).await;
    let json = format!("{{\"a\": \"{SCRIPT}\"}}");
    check(&score(6), post("text/plain", json), StatusCode::OK).await;
    check(
        &score(6),
        post("text/plain", "q=%3Cscript%3Ealert(1)"),
        StatusCode::OK,
    )
    .await;
}

#[tokio::test]
async fn a_route_has_a_mode_of_its_own_and_no_other_path_shares_it() {
    let forum = RoutePolicy::new("/forum/".parse().unwrap()).mode(Mode::Observe);
    let layer = quiet().route(forum);
    check(
        &layer,
        post_to("/forum/1", "text/plain", SCRIPT),
        StatusCode::OK,
    )
    .await;
    for path in [
        "/forum",
        "/forumx",
        "/FORUM/1",
        "/forum/..;/login",
        "/forum%2f1",
        "//forum/1",
    ] {
        check(
            &layer,
            post_to(path, "text/plain", SCRIPT),
            StatusCode::FORBIDDEN,
        )
        .await;
    }
}

#[tokio::test]
async fn an_excluded_parameter_is_not_judged_for_what_it_is_excluded_for() {
    let exclude = |exclusion| quiet().exclude(exclusion);
    let description = || {
        let path = "/api/products".parse().unwrap();
        Exclusion::new(path, Place::Json, "description")
    };
    let html = exclude(description().of(ThreatKind::CrossSiteScripting));
    check(&html, json("description", SCRIPT), StatusCode::OK).await;
    check(&html, json("description", SQL), StatusCode::FORBIDDEN).await;
    check(
        &html,
        json("description", &format!("{SCRIPT} {SQL}")),
        StatusCode::FORBIDDEN,
    )
    .await;
    let encoded = SCRIPT.replace('<', "&lt;") + "%27%20or%201%3D1%20--%20";
    check(&html, json("description", &encoded), StatusCode::FORBIDDEN).await;
    check(&html, json("title", SCRIPT), StatusCode::FORBIDDEN).await;

    let any = exclude(description());
    check(
        &any,
        json("description", &format!("{SCRIPT} {SQL}")),
        StatusCode::OK,
    )
    .await;
    check(&any, json("Description", SCRIPT), StatusCode::FORBIDDEN).await;
    check(&any, json("description ", SCRIPT), StatusCode::FORBIDDEN).await;
    let to = |path| {
        post_to(
            path,
            "application/json",
            format!("{{\"description\": \"{SCRIPT}\"}}"),
        )
    };
    check(&any, to("/api/products"), StatusCode::OK).await;
    check(&any, to("/api/products/1"), StatusCode::FORBIDDEN).await;
    check(&any, to("/api/orders"), StatusCode::FORBIDDEN).await;
    // Another place, and a name that is the attack.
    let form = "application/x-www-form-urlencoded";
    check(
        &any,
        post(form, "description=%3Cscript%3Ealert(1)"),
        StatusCode::FORBIDDEN,
    )
    .await;
    check(&any, json(SCRIPT, "description"), StatusCode::FORBIDDEN).await;
}

#[tokio::test]
async fn a_name_in_json_is_the_way_to_it() {
    let path = || "/api/products".parse().unwrap();
    let layer = quiet().exclude(Exclusion::new(path(), Place::Json, "variants.note.text"));
    let body = |text: String| post("application/json", text);
    let excluded = format!(
        r#"{{"a": {{"b": 1}}, "variants": [[], {{"x": [], "note": {{"text": ["{SCRIPT}"]}}}}]}}"#
    );
    check(&layer, body(excluded), StatusCode::OK).await;
    for other in [
        format!(r#"{{"text": "{SCRIPT}"}}"#),
        format!(r#"{{"note": {{"text": "{SCRIPT}"}}}}"#),
        format!(r#"{{"variants": [{{"note": {{"text": "x"}}, "text": "{SCRIPT}"}}]}}"#),
        format!(r#"{{"variants": [{{"note": {{"text": "x"}}}}, "{SCRIPT}"]}}"#),
        format!(r#"{{"variants": {{"note": {{"text": {{"text": "{SCRIPT}"}}}}}}}}"#),
    ] {
        check(&layer, body(other), StatusCode::FORBIDDEN).await;
    }
}

#[tokio::test]
async fn parameters_of_queries_forms_and_cookies_are_excluded_by_their_name() {
    let path = || "/api/products".parse().unwrap();
    let layer = quiet()
        .exclude(Exclusion::new(path(), Place::Query, "q"))
        .exclude(Exclusion::new(path(), Place::Query, "free text"))
        .exclude(Exclusion::new(path(), Place::Multipart, "note"))
        .exclude(Exclusion::new(path(), Place::Cookie, "draft"));
    let query = |name: &str| get(&format!("/api/products?{name}=%3Cscript%3Ealert(1)"));
    check(&layer, query("q"), StatusCode::OK).await;
    check(&layer, query("%71"), StatusCode::OK).await;
    check(&layer, query("free+text"), StatusCode::OK).await;
    check(&layer, query("free%20text"), StatusCode::OK).await;
    check(&layer, query("free%2Btext"), StatusCode::FORBIDDEN).await;
    check(&layer, query("qq"), StatusCode::FORBIDDEN).await;
    check(&layer, multipart("", "", SCRIPT), StatusCode::OK).await;
    let image = "; filename=\"<img src=x onerror=alert(1)>\"";
    check(&layer, multipart(image, "", "x"), StatusCode::FORBIDDEN).await;
    let cookie = |name: &str| {
        let request =
            Request::get("/api/products").header("cookie", format!("a=1; {name}={SCRIPT}"));
        request.body(Body::default()).unwrap()
    };
    check(&layer, cookie("draft"), StatusCode::OK).await;
    check(&layer, cookie("other"), StatusCode::FORBIDDEN).await;
}

#[tokio::test]
async fn a_header_that_one_route_excludes_is_looked_at_on_all_others() {
    let path = "/forum".parse().unwrap();
    let layer = quiet().exclude(Exclusion::new(path, Place::Header, "user-agent"));
    let request = |path: &str, agent: &str| {
        let request = Request::get(path).header("user-agent", agent);
        request.body(Body::default()).unwrap()
    };
    for _ in 0..2 {
        check(&layer, request("/forum", SCRIPT), StatusCode::OK).await;
        check(&layer, request("/shop", SCRIPT), StatusCode::FORBIDDEN).await;
        check(
            &layer,
            request("/shop", "Mozilla/5.0 (X11)"),
            StatusCode::OK,
        )
        .await;
    }
}

struct ThreatMode;

impl Setting for ThreatMode {
    const KEY: &'static str = "threat_mode";
    type Value = Option<Mode>;

    fn default() -> Option<Mode> {
        None
    }
}

#[tokio::test]
async fn a_tenant_sets_its_own_mode_and_no_other_tenants() {
    let registry = InMemoryTenants::default();
    let add = |slug: &str, mode: Option<Mode>| {
        let mut tenant = Tenant::new(TenantId::generate(), slug.parse().unwrap());
        tenant.settings.set::<ThreatMode>(&mode).unwrap();
        registry.add(&tenant).unwrap();
    };
    add("acme", Some(Mode::Observe));
    add("bolt", None);
    add("cord", Some(Mode::Score(1000)));
    let sources = Sources::new().subdomains_of("shops.test".parse().unwrap());
    let tenants = TenantLayer::new(&Tenants::new(registry), sources).admit_platform();
    let layer = quiet()
        .modes(|scope: Option<&TenantScope>| scope?.tenant().settings.get::<ThreatMode>())
        .route(RoutePolicy::new("/login".parse().unwrap()).mode(Mode::Block));
    let status = async |host: &str, path: &str| {
        let handler = service_fn(async |request: Request<PeekedBody<Body>>| {
            let body = request.into_body().collect().await.unwrap().to_bytes();
            Ok::<_, std::convert::Infallible>(http::Response::new(Full::new(body)))
        });
        let mut request = post_to(path, "text/plain", SCRIPT);
        request.headers_mut().insert("host", host.parse().unwrap());
        let service = tenants.layer(layer.layer(handler));
        service.oneshot(request).await.unwrap().status()
    };
    assert_eq!(status("acme.shops.test", "/").await, StatusCode::OK);
    assert_eq!(status("bolt.shops.test", "/").await, StatusCode::FORBIDDEN);
    assert_eq!(status("cord.shops.test", "/").await, StatusCode::OK);
    assert_eq!(status("shops.test", "/").await, StatusCode::FORBIDDEN);
    assert_eq!(
        status("acme.shops.test", "/login").await,
        StatusCode::FORBIDDEN
    );
}
