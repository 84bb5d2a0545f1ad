//! Reports of violated policies: nothing in them is longer than its bound, ends a line of a log or
//! tells a query.
#![no_main]

use std::sync::{Arc, Mutex};

use bytes::Bytes;
use http::Request;
use http_body_util::Full;
use libfuzzer_sys::fuzz_target;
use tenancy_security::headers::csp::{CspReport, CspReports};
use tower::ServiceExt as _;

fuzz_target!(|body: &[u8]| {
    let taken = Arc::new(Mutex::new(Vec::new()));
    let sink = Arc::clone(&taken);
    let reports = CspReports::new(move |report: CspReport| sink.lock().unwrap().push(report));
    let request = Request::post("/csp-reports")
        .header("content-type", "application/csp-report")
        .body(Full::new(Bytes::copy_from_slice(body)))
        .unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()
        .unwrap();
    let response = runtime.block_on(reports.oneshot(request)).unwrap();

    let taken = taken.lock().unwrap();
    assert!(taken.len() <= 20, "{}", taken.len());
    assert!(taken.is_empty() || response.status().is_success());
    for report in &*taken {
        for text in [&report.directive, &report.sample] {
            check_text(text);
        }
        for address in [&report.blocked, &report.document, &report.source_file] {
            check_text(address);
            assert!(!address.contains(['?', '#']), "{address:?}");
        }
        assert_eq!(report.tenant, None);
    }
});

fn check_text(text: &str) {
    // A control character of two bytes becomes a blank of one.
    assert!(text.len() <= 256, "{text:?}");
    assert!(!text.contains(char::is_control), "{text:?}");
}
