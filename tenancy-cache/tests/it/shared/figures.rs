//! What a node tells of what it shares.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use metrics_util::debugging::{DebugValue, DebuggingRecorder, Snapshotter};
use tenancy_cache::Flush;
use tenancy_core::redis::Script;
use tenancy_tests::Redis as Server;
use tokio::time::sleep;

use super::{BOUND, LISTS, PATIENCE, Site, gone, ready};
use crate::town::Source;

/// Figures by name and label; of histograms, how many values, and the largest.
#[derive(Default)]
struct Figures(BTreeMap<String, (f64, f64)>);

impl Figures {
    /// Adds what was counted since the last time, and takes the present gauges.
    fn take(&mut self, snapshotter: &Snapshotter) {
        for (key, _, _, value) in snapshotter.snapshot().into_vec() {
            let key = key.key();
            let name = key.name().trim_start_matches("tenancy_cache_").to_owned();
            let labels = key.labels().map(|label| label.value().to_owned());
            let name: Vec<_> = [name].into_iter().chain(labels).collect();
            let (count, largest) = self.0.entry(name.join(" ")).or_default();
            match value {
                DebugValue::Counter(more) => *count += more as f64,
                DebugValue::Gauge(value) => *count = value.0,
                DebugValue::Histogram(values) => {
                    *count += values.len() as f64;
                    *largest = values
                        .iter()
                        .fold(*largest, |most, value| most.max(value.0));
                }
            }
        }
    }

    fn of(&self, name: &str) -> (f64, f64) {
        self.0.get(name).copied().unwrap_or_default()
    }
}

#[tokio::test]
async fn a_node_tells_what_the_store_has_what_it_has_missed_and_whether_it_is_away() {
    let recorder = DebuggingRecorder::new();
    let snapshotter = recorder.snapshotter();
    let _recorder = metrics::set_default_local_recorder(&recorder);
    let server = Server::start().await;
    let site = Site::at(&server.url()).await;
    let (one, other, source) = (site.node().await, site.node().await, Source::default());
    source
        .through(&one, &LISTS, "list", &["product"])
        .await
        .unwrap();
    source
        .through(&other, &LISTS, "list", &["product"])
        .await
        .unwrap();
    one.flush_tag("product", Flush::Hard).await.unwrap();
    gone(&other, "list").await;
    let mut figures = Figures::default();
    figures.take(&snapshotter);
    assert_eq!(figures.of("remote_hits_total lists").0, 1.0);
    assert_eq!(figures.of("remote_misses_total lists").0, 1.0);
    // Both hear of it, the one from itself.
    let (flushes, longest) = figures.of("flush_visible_seconds");
    assert!(
        (1.0..=2.0).contains(&flushes) && longest < 1.0,
        "{flushes} {longest}"
    );
    assert!(figures.of("unproven_seconds").0 < 1.0);
    assert_eq!(figures.of("remote_breakers_open").0, 0.0);
    assert_eq!(figures.of("remote_lost_total").0, 0.0);

    // A payload that is none.
    source
        .through(&one, &LISTS, "list", &["product"])
        .await
        .unwrap();
    let spoil = "for _, key in ipairs(redis.call('KEYS', ARGV[1] .. '{e*}')) do
        redis.call('SETRANGE', key, 40, '?')
    end";
    let spoil = Script::new(spoil).call(Vec::<String>::new(), [site.prefix.clone()]);
    site.redis.command(spoil).await.unwrap();
    let third = ready(site.unready_node()).await;
    source
        .through(&third, &LISTS, "list", &["product"])
        .await
        .unwrap();
    figures.take(&snapshotter);
    assert_eq!(figures.of("remote_unreadable_total damaged").0, 1.0);

    server.kill().await;
    sleep(BOUND * 2).await;
    figures.take(&snapshotter);
    assert!(figures.of("unproven_seconds").0 > BOUND.as_secs_f64());
    assert_eq!(figures.of("remote_breakers_open").0, 1.0);

    server.restart().await;
    let began = Instant::now();
    while !(one.is_proven() && other.is_proven() && third.is_proven()) {
        assert!(began.elapsed() < PATIENCE, "the logs are never read again");
        sleep(Duration::from_millis(5)).await;
    }
    sleep(Duration::from_millis(300)).await;
    figures.take(&snapshotter);
    // It came back empty, with nothing of any of the logs.
    assert!(figures.of("remote_lost_total").0 >= 3.0);
    assert!(figures.of("unproven_seconds").0 < 1.0);
    assert_eq!(figures.of("remote_breakers_open").0, 0.0);
}
