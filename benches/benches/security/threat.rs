use std::convert::Infallible;
use std::error::Error;
use std::hint::black_box;
use std::time::Instant;

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Request, Response, header};
use http_body_util::Full;
use tenancy_benches::{Report, median};
use tenancy_security::PeekedBody;
use tenancy_security::threat::{Detector, Place, ThreatLayer};
use tower::{Layer as _, Service, service_fn};

type Body = Full<Bytes>;

const ROUNDS: usize = 15;
const REQUESTS: u32 = 20_000;
const LOOKS: u32 = 100_000;

/// What people fill in, about a hundred bytes each.
const HARMLESS: [&str; 5] = [
    "Ann-Kathrin Lindqvist, Storgatan 14, 3 tr, 114 51 Stockholm, Sweden, ann.lindqvist@mail.example, 0812",
    "Please leave the parcel with the neighbour on the second floor, he is at home until six in the evening",
    "Gemstone pendant, silver, 14 inches, with a chain of small links that can be shortened by two of them.",
    "https://shop.example/products/silver-ring?color=blue&size=54&page=2&sort=price and the one next to it",
    "e4eaaaf2-d142-11e1-b3e4-080027620cdd-5f2a9c1be4eaaaf2-d142-11e1-b3e4-080027620cdd-5f2a9c1b-1234567890",
];

/// What looks like an attack for as long as possible, or is one.
const SUSPICIOUS: [&str; 5] = [
    "1' and (select 1 from (select count(*), concat(0x71, floor(rand(0)*2)) x from t group by x) a) -- abc",
    "O'Brien said: \"select a table, or drop it\"; then (he left) -- and 1=1 was 'all' that we knew of him!",
    "<p style=\"color: #333\">Sale &amp; more: <b>50% off</b> <a href=\"/x?a=1&amp;b=2\">here</a> <img src=x></p>",
    "../..\\.%2e/%252e%252e/%c0%ae%c0%ae/var/log;cat${IFS}notes|sort`x`&&echo $(id) > /dev/null 2>&1 # end",
    "&#x27;%20%6f%72%201%3d1 \\u0027 \\x27 +ADw- {{7}} ${a} #{b} <!-- -- /* */ ((((((((( '''''' \"\"\"\" ;;;; ||",
];

/// The layer on a request as a browser sends it, and the detector on single values.
pub(crate) async fn measure(report: &mut Report) -> Result<(), Box<dyn Error>> {
    let bare = service_fn(answer);
    let layered = ThreatLayer::new().layer(service_fn(answer_peeked));
    let headers = browser()?;
    let mut times = vec![];
    for _ in 0..ROUNDS {
        let ours = time_of(layered.clone(), &headers).await?;
        times.push(ours - time_of(bare, &headers).await?);
    }
    let name = "the threat layer on a browser's harmless GET, beyond the bare service (s)";
    report.limit(name, median(&mut times), 2e-6);

    for (name, values, limit) in [
        (
            "a threat check of a harmless value of 100 bytes (s)",
            HARMLESS,
            0.5e-6,
        ),
        (
            "a threat check of a suspicious value of 100 bytes (s)",
            SUSPICIOUS,
            5e-6,
        ),
    ] {
        let mut times = vec![];
        for _ in 0..ROUNDS {
            let began = Instant::now();
            for value in values.iter().cycle().take(LOOKS as usize) {
                black_box(Detector::new().check(Place::Form, black_box(value.as_bytes())));
            }
            times.push(began.elapsed().as_secs_f64() / f64::from(LOOKS));
        }
        report.limit(name, median(&mut times), limit);
    }

    let hostile = Bytes::from("((((".repeat(250_000));
    let mut times = vec![];
    for _ in 0..ROUNDS {
        let request = Request::post("/").header(header::CONTENT_TYPE, "text/plain");
        let request = request.body(Full::new(hostile.clone()))?;
        let began = Instant::now();
        black_box(layered.clone().call(request).await?);
        times.push(began.elapsed().as_secs_f64());
    }
    report.limit(
        "the threat layer on 1 MB of brackets (s)",
        median(&mut times),
        10e-3,
    );
    Ok(())
}

async fn answer(_: Request<Body>) -> Result<Response<Body>, Infallible> {
    Ok(Response::default())
}

async fn answer_peeked(_: Request<PeekedBody<Body>>) -> Result<Response<Body>, Infallible> {
    Ok(Response::default())
}

async fn time_of<S>(mut service: S, headers: &HeaderMap) -> Result<f64, Box<dyn Error>>
where
    S: Service<Request<Body>, Response = Response<Body>, Error = Infallible>,
{
    let mut requests = vec![];
    for _ in 0..REQUESTS {
        let mut request = Request::get("/products?q=silver+ring&page=2").body(Body::default())?;
        *request.headers_mut() = headers.clone();
        requests.push(request);
    }
    let began = Instant::now();
    for request in requests {
        black_box(service.call(request).await?);
    }
    Ok(began.elapsed().as_secs_f64() / f64::from(REQUESTS))
}

fn browser() -> Result<HeaderMap, Box<dyn Error>> {
    let mut headers = HeaderMap::new();
    for (name, value) in [
        (header::HOST, "acme.example"),
        (
            header::USER_AGENT,
            "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0",
        ),
        (
            header::ACCEPT,
            "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
        ),
        (header::ACCEPT_LANGUAGE, "en-US,en;q=0.5"),
        (header::ACCEPT_ENCODING, "gzip, deflate, br, zstd"),
        (header::REFERER, "https://acme.example/products?q=ring"),
        (
            header::COOKIE,
            "__Host-session=Zm9vYmFyYmF6cXV4; theme=dark",
        ),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    for (name, value) in [
        ("sec-fetch-dest", "document"),
        ("sec-fetch-mode", "navigate"),
        ("sec-fetch-site", "same-origin"),
        ("upgrade-insecure-requests", "1"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    Ok(headers)
}
