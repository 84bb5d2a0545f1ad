use std::error::Error;
use std::hint::black_box;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use axum::Router;
use axum::body::Body;
use axum::routing::get;
use futures_util::future::join_all;
use http::{Request, StatusCode};
use tenancy_benches::{Report, paired};
use tenancy_observability::health::{Finding, Health, HealthLayer, Part};
use tower::{Service as _, ServiceExt as _};

const ROUNDS: (usize, usize) = (21, 20_000);
const PROBES: usize = 500;

/// What probes cost the server that they ask about.
pub(crate) async fn measure(report: &mut Report) -> Result<(), Box<dyn Error>> {
    let checks = Arc::<AtomicUsize>::default();
    let counted = checks.clone();
    let check = move || {
        counted.fetch_add(1, Ordering::Relaxed);
        async {
            // So that all have asked before there is an answer.
            tokio::task::yield_now().await;
            Finding::pass()
        }
    };
    let health = Health::builder()
        .check(Part::critical("database"), check)
        .build();
    health.started();
    let bare = Router::new().route("/", get("a page"));
    let probed = bare.clone().layer(HealthLayer::new(&health));

    let probes = join_all((0..PROBES).map(|_| ask(&probed, "/readyz", 1)));
    probes.await;
    let checked = checks.load(Ordering::Relaxed) as f64;
    report.limit("checks for 500 probes at once", checked, 1.0);

    let live = paired(
        "a probe for liveness, against a page of the router (s)",
        None,
        ROUNDS,
        async |requests| ask(&probed, "/livez", requests).await,
        async |requests| ask(&bare, "/", requests).await,
    )
    .await;
    report.limit(
        "a probe for liveness, of the 5 ms that it has (s)",
        live.ours,
        5e-3,
    );
    report.row(live);
    let others = paired(
        "another's request beside the probes, against the bare router (s)",
        None,
        ROUNDS,
        async |requests| ask(&probed, "/", requests).await,
        async |requests| ask(&bare, "/", requests).await,
    );
    report.row(others.await);
    Ok(())
}

async fn ask(service: &Router, path: &str, requests: usize) {
    let mut service = service.clone().into_service::<Body>();
    for _ in 0..requests {
        let request = Request::get(path).body(Body::empty());
        let request = request.expect("it is a request");
        let ready = service.ready().await.expect("a router is ready");
        let answered = ready.call(request).await.expect("a router answers");
        assert_eq!(black_box(answered).status(), StatusCode::OK);
    }
}
