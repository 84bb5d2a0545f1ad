//! What tools that flatter the server get wrong.

use std::time::Duration;

use tenancy_observability::load_test::{Connections, Ended, Endpoint, Model, Runner};

use super::oracle::{builder, closed, delaying, open, run, stalling};

#[tokio::test(flavor = "multi_thread")]
async fn a_stall_of_a_second_shows_in_the_times_of_all_who_would_have_waited() {
    let address = stalling(Duration::from_secs(1)).await;
    let test = builder(address, open(200.0, 1000)).await;
    let test = test
        .endpoint(Endpoint::get("/"))
        .duration(Duration::from_secs(4));
    let all = run(test).await.all();
    let response = all.response().unwrap();
    assert!(response.p99_us >= 800_000, "{response:?}");
    // A fifth of a fifth waited longer than that.
    assert!(response.samples >= 700, "{response:?}");
    assert_eq!(all.dropped, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn with_few_requests_allowed_under_way_a_stall_still_shows_and_what_was_dropped_is_counted() {
    let address = stalling(Duration::from_millis(500)).await;
    let test = builder(address, open(200.0, 20)).await;
    let test = test
        .endpoint(Endpoint::get("/"))
        .duration(Duration::from_secs(2));
    let all = run(test).await.all();
    // 200 were due in the stall, and 20 had a place.
    assert!(all.dropped >= 100, "{}", all.dropped);
    assert!(all.response().unwrap().max_us >= 900_000);
    // All that were due were sent or dropped.
    assert_eq!(all.ended() + all.dropped + all.cut_off, 400);
}

#[tokio::test(flavor = "multi_thread")]
async fn users_who_wait_in_a_stall_are_charged_for_what_they_did_not_send() {
    let address = stalling(Duration::from_secs(1)).await;
    let test = builder(address, closed(4)).await;
    let test = test
        .endpoint(Endpoint::get("/"))
        .duration(Duration::from_secs(3));
    let run = run(test).await;
    // Four of thousands waited: nobody sees it in what was measured.
    let raw = run.all().response().unwrap();
    let corrected = run.corrected().unwrap();
    assert!(corrected.p99_us >= 800_000, "{corrected:?}");
    assert!(raw.p50_us < corrected.p99_us && raw.samples < corrected.samples);
}

#[tokio::test(flavor = "multi_thread")]
async fn times_are_those_of_the_server_be_they_short_or_long() {
    let address = delaying().await;
    let test = builder(address, open(20.0, 200)).await;
    let test = [20, 700, 1500, 3000]
        .into_iter()
        .fold(test, |test, millis| {
            test.endpoint(Endpoint::get(&format!("/{millis}")))
        });
    let run = run(test.duration(Duration::from_secs(8))).await;
    for (endpoint, millis) in run.endpoints.iter().zip([20, 700, 1500, 3000]) {
        let exact = millis * 1000;
        let response = endpoint.series.response().unwrap();
        let service = endpoint.series.service().unwrap();
        // A busy machine makes all of this longer. What rounds does so by a third, or to a hundredth.
        for found in [response.min_us, response.p50_us, service.p50_us] {
            assert!(found + 1000 >= exact, "{found} us of {millis} ms");
        }
        let best = response.min_us;
        assert!(
            best <= exact + (exact / 10).max(50_000),
            "{best} us of {millis} ms"
        );
        assert!(service.p50_us <= response.p50_us);
    }
}

/// A run is as long as it should be where it has as many requests: a clock would tell more of how busy the
/// machine is.
#[tokio::test]
async fn a_run_has_every_request_that_was_due_in_its_time_and_no_other() {
    let address = delaying().await;
    for (rate, millis, due) in [(100.0, 2000, 200), (1000.0, 500, 500), (3.0, 1000, 3)] {
        for path in ["/", "/60000"] {
            let test = builder(address, open(rate, 100)).await;
            let test = test
                .endpoint(Endpoint::get(path))
                .time_out(Duration::from_secs(100))
                .duration(Duration::from_millis(millis));
            // This runtime has one thread, which begins the last requests late or never.
            let busy = tokio::spawn(async {
                loop {
                    std::thread::sleep(Duration::from_millis(20));
                    tokio::task::yield_now().await;
                }
            });
            let run = run(test).await;
            busy.abort();
            let all = run.all();
            assert_eq!(
                all.ended() + all.dropped + all.cut_off,
                due,
                "{rate} a second for {millis} ms: {all:?}"
            );
            assert_eq!(run.ended, Ended::Duration);
            assert!(run.seconds >= millis as f64 / 1e3, "{}", run.seconds);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_under_way_at_the_end_is_counted_apart_and_holds_nothing_up() {
    let address = delaying().await;
    let test = builder(address, closed(3)).await;
    let test = test
        .endpoint(Endpoint::get("/60000"))
        .time_out(Duration::from_secs(100));
    let run = run(test.duration(Duration::from_millis(500))).await;
    let all = run.all();
    assert_eq!((all.ended(), all.cut_off), (0, 3));
    assert!(all.cut_off_longest_us >= 400_000);
    assert_eq!(all.response(), None);
    assert_eq!(run.ended, Ended::Duration);
    assert!(run.seconds >= 0.5, "{}", run.seconds);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_is_as_long_as_it_should_be_to_a_hundredth() {
    let address = delaying().await;
    let check = async |model: Model, path: &str, cut_off: Option<u64>| {
        // A busy machine makes a run longer and never shorter: one of a few is as long as it was told to be.
        for attempt in 1..=5 {
            let test = builder(address, model).await;
            let test = test
                .endpoint(Endpoint::get(path))
                .time_out(Duration::from_secs(100))
                .duration(Duration::from_secs(5));
            let run = run(test).await;
            let all = run.all();
            assert_eq!(run.ended, Ended::Duration);
            if let Some(cut_off) = cut_off {
                assert_eq!((all.ended(), all.cut_off), (0, cut_off), "{model:?}");
            }
            assert!(run.seconds >= 5.0, "{model:?} {path}: {}", run.seconds);
            if run.seconds <= 5.05 {
                return;
            }
            println!("{model:?} {path}, run {attempt}: {} s", run.seconds);
        }
        panic!("{model:?} {path}: no run of five was 5 s long");
    };
    tokio::join!(
        check(closed(3), "/", None),
        check(closed(3), "/60000", Some(3)),
        check(open(100.0, 50), "/", None),
        check(open(100.0, 50), "/60000", Some(50)),
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_gets_no_answer_in_time_counts_with_the_time_that_was_waited() {
    let address = delaying().await;
    let test = builder(address, closed(2)).await;
    let test = test
        .endpoint(Endpoint::get("/60000"))
        .time_out(Duration::from_millis(300));
    let all = run(test.requests_per_endpoint(4.try_into().unwrap()))
        .await
        .all();
    assert_eq!((all.timed_out, all.ended()), (4, 4));
    assert!(all.response().unwrap().min_us >= 300_000);
    assert_eq!(all.error_rate(), Some(1.0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_is_not_there_fails_every_request_and_has_no_times() {
    let nobody = tenancy_tests::Server::free_address();
    let test = builder(nobody, closed(2)).await;
    let test = test.endpoint(Endpoint::get("/"));
    let all = run(test.requests_per_endpoint(10.try_into().unwrap()))
        .await
        .all();
    assert_eq!((all.unreachable, all.ended()), (10, 10));
    assert_eq!(all.error_rate(), Some(1.0));
    assert_eq!(all.response(), None);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_is_stopped_keeps_what_it_had() {
    let address = delaying().await;
    for model in [closed(2), open(100.0, 10)] {
        let test = builder(address, model).await.endpoint(Endpoint::get("/"));
        let test = test.duration(Duration::from_secs(3600)).build().unwrap();
        let runner = Runner::begin(&test.into());
        let enough = async {
            while runner.progress().ended < 20 {
                tokio::task::yield_now().await;
            }
        };
        let run = runner.run(enough).await;
        assert_eq!(run.ended, Ended::Interrupted);
        assert!(run.all().ended() >= 20);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn all_requests_are_accounted_for_with_connections_kept_or_not() {
    let address = delaying().await;
    for connections in [Connections::Kept, Connections::New] {
        for model in [closed(3), open(500.0, 400)] {
            let test = builder(address, model).await.endpoint(Endpoint::get("/"));
            let test = test
                .connections(connections)
                .requests_per_endpoint(300.try_into().unwrap());
            let run = run(test.duration(Duration::from_secs(60))).await;
            assert_eq!(run.ended, Ended::Requests);
            let all = run.all();
            assert_eq!(all.succeeded + all.dropped, 300, "{connections:?}");
            assert_eq!(all.bytes, all.succeeded * "at once".len() as u64);
        }
    }
}

#[tokio::test]
async fn a_generator_that_does_not_keep_up_says_so() {
    let address = delaying().await;
    for model in [closed(1), open(100.0, 100)] {
        let test = builder(address, model).await.endpoint(Endpoint::get("/"));
        let test = test.duration(Duration::from_secs(1)).build().unwrap();
        // This runtime has one thread, which is kept busy.
        let busy = tokio::spawn(async {
            loop {
                std::thread::sleep(Duration::from_millis(20));
                tokio::task::yield_now().await;
            }
        });
        let run = Runner::begin(&test.into())
            .run(std::future::pending())
            .await;
        busy.abort();
        assert!(run.generator.saturated, "{:?}", run.generator);
        assert!(run.generator.lag_p99_us > Some(1000));
        // What was sent late waited before it was sent, if it was due.
        let all = run.all();
        let (response, service) = (all.response().unwrap(), all.service().unwrap());
        assert_eq!(
            response.mean_us > service.mean_us + 500,
            run.users.is_none()
        );
    }
}
