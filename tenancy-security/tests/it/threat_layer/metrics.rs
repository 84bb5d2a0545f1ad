//! What is counted.

use std::collections::BTreeMap;

use metrics_util::debugging::{DebugValue, DebuggingRecorder, Snapshotter};
use tenancy_security::threat::{Mode, RoutePolicy};

use super::{get, post, quiet, send};

/// Counters by name and labels, since the last time.
fn counted(snapshotter: &Snapshotter) -> BTreeMap<String, u64> {
    let mut counters = BTreeMap::new();
    for (key, _, _, value) in snapshotter.snapshot().into_vec() {
        if let DebugValue::Counter(count @ 1..) = value {
            let labels = key.key().labels().map(|label| label.value().to_owned());
            let name = [key.key().name().to_owned()].into_iter().chain(labels);
            counters.insert(name.collect::<Vec<_>>().join(" "), count);
        }
    }
    counters
}

#[tokio::test]
async fn what_is_found_and_what_is_not_looked_at_is_counted_by_what_was_done() {
    let recorder = DebuggingRecorder::new();
    let snapshotter = recorder.snapshotter();
    let _recorder = metrics::set_default_local_recorder(&recorder);
    let check = |expected: &[(&str, u64)]| {
        let expected = expected
            .iter()
            .map(|(name, count)| ((*name).to_owned(), *count));
        assert_eq!(counted(&snapshotter), expected.collect());
    };
    let attack = || get("/?q=%3Cscript%3Ealert(1)&r=1%27+or+%271%27%3D%271");
    let blocking = quiet().body_bytes_max(8);
    let observing = blocking.clone().mode(Mode::Observe);
    send(&blocking, get("/?q=silver+ring")).await;
    check(&[]);
    send(&blocking, attack()).await;
    check(&[("tenancy_threats_total cross-site-scripting refused", 1)]);
    send(&observing, attack()).await;
    check(&[
        ("tenancy_threats_total cross-site-scripting passed", 1),
        ("tenancy_threats_total sql-injection passed", 1),
    ]);
    send(&blocking, get("/phpinfo.php")).await;
    check(&[("tenancy_threats_total path-traversal passed", 1)]);
    send(&blocking, post("text/plain", "123456789")).await;
    check(&[("tenancy_threat_unread_total body-too-large refused", 1)]);
    send(&observing, post("text/plain", "123456789")).await;
    check(&[("tenancy_threat_unread_total body-too-large passed", 1)]);
    send(&observing, post("text/plain; charset=utf-16", "1")).await;
    check(&[("tenancy_threat_unread_total unknown-text passed", 1)]);
    let path = "/api/products".parse().unwrap();
    let past = quiet().route(RoutePolicy::new(path).head_only());
    send(&past, post("text/plain", "123456789")).await;
    check(&[("tenancy_threat_unread_total streamed-past passed", 1)]);
    send(&past, post("text/plain", "")).await;
    check(&[]);
}
