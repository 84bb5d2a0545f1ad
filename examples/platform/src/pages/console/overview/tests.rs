use std::time::Instant;

use http::StatusCode;
use tenancy_observability::Party;
use tenancy_observability::layer::{FinishedRequest, ObserveRequests as _, Outcome, Spent};
use tenancy_observability::report::{Period, Recorder, Reports, WhichEndpoints};
use tenancy_observability::trace_context::TraceContext;

use super::*;
use crate::config::Config;
use crate::platform::Platform;

const HOUR: Duration = Duration::from_secs(60 * 60);

/// What an overview is made of when these requests have ended: routes, milliseconds, and whether they failed.
async fn measured(requests: &[(String, u64, bool)]) -> Measured {
    let (platform, _folder) = Platform::in_new_folder(Config::default()).await;
    let recorder = Recorder::new();
    let reports = Reports::builder(platform.database(), platform.scope(), &recorder).build();
    let at = Time::now();
    for (route, milliseconds, failed) in requests {
        let mut spent = Spent::default();
        spent.total = Duration::from_millis(*milliseconds);
        recorder.finished(&FinishedRequest {
            party: Party::Platform,
            method: "GET",
            route,
            outcome: Outcome::Answered,
            status: Some(match failed {
                true => StatusCode::INTERNAL_SERVER_ERROR,
                false => StatusCode::OK,
            }),
            at,
            began: Instant::now(),
            spent,
            meter: None,
            trace: &TraceContext::begin(),
            request_id: None,
        });
    }
    let period = Period::last(HOUR, at);
    let which = WhichEndpoints::default().count(usize::MAX).samples_min(1);
    Measured {
        at,
        report: reports.of_platform(period, which).await.unwrap(),
        course: vec![],
        slow: vec![],
        statements: vec![],
        of_platform: None,
    }
}

/// The first cells of a table's rows.
fn first_cells(measured: Measured, table: usize, sort: Option<&str>) -> Vec<String> {
    let view = OverviewView {
        hours: 1,
        shop: None,
        sorting: sort.map(|sort| sort.parse().unwrap()),
    };
    let overview = Overview::new(Language::English, &view, measured);
    let rows = overview.tables[table].rows.iter();
    rows.map(|row| row[0].to_string()).collect()
}

/// Twelve endpoints take nearly all the time; two that are quick fail, one of them twice.
fn mostly_well() -> Vec<(String, u64, bool)> {
    let busy = (0..12).flat_map(|number| {
        let route = format!("/busy/{number:02}");
        (0..20).map(move |_| (route.clone(), 100 + number, false))
    });
    let one = |route: &str, milliseconds, failed| (route.to_owned(), milliseconds, failed);
    let few = [
        one("/breaks", 1, true),
        one("/fails", 1, true),
        one("/fails", 1, true),
        // Asked for once only, and slow.
        one("/slow", 900, false),
    ];
    busy.chain(few).collect()
}

#[tokio::test]
async fn errors_are_shown_of_all_endpoints_the_most_first() {
    let measured = measured(&mostly_well()).await;
    let failing = first_cells(measured, 1, None);
    assert_eq!(failing, ["GET /fails", "GET /breaks"]);
}

#[tokio::test]
async fn a_table_shows_the_first_of_all_rows_by_what_it_is_sorted_by() {
    let by = async |sort: Option<&str>| {
        let endpoints = first_cells(measured(&mostly_well()).await, 0, sort);
        assert_eq!(endpoints.len(), ROWS, "{sort:?}");
        endpoints
    };
    assert_eq!(by(None).await[0], "GET /busy/11");
    assert!(!by(None).await.contains(&"GET /slow".to_owned()));
    assert_eq!(by(Some("-0.5")).await[..2], ["GET /slow", "GET /busy/11"]);
    assert_eq!(by(Some("0.5")).await[..2], ["GET /fails", "GET /breaks"]);
}

#[tokio::test]
async fn numbers_that_lack_requests_say_so() {
    let said = async |not_told_apart: u64| {
        let mut measured = measured(&[]).await;
        measured.report.incomplete = not_told_apart > 0;
        measured.report.not_told_apart = not_told_apart;
        let overview = Overview::new(Language::English, &OverviewView::default(), measured);
        overview.render().unwrap()
    };
    let sentence = "requests were not told apart by shop";
    assert!(!said(0).await.contains(sentence));
    assert!(said(17).await.contains(&format!("<p>17 {sentence}")));
}
