use std::convert::Infallible;
use std::error::Error;
use std::time::{Duration, Instant};

use tenancy_benches::{Report, Row, quantile};
use tenancy_cache::{Flush, TenantCache, Verdict};
use tokio::runtime::Handle;

use super::site::{PRODUCTS, Product, Site, tags};

const FLUSHES: usize = 400;
const LIMIT: Duration = Duration::from_millis(10);
/// How often it is looked whether the flush is there.
const PAUSE: Duration = Duration::from_micros(50);

/// How long it takes until another process serves nothing of what was flushed.
pub(super) async fn measure(report: &mut Report, site: &Site) -> Result<(), Box<dyn Error>> {
    let (one, other) = (site.stranger().await?, site.stranger().await?);
    let (mut since_call, mut since_return) = (Vec::new(), Vec::new());
    for number in 0..FLUSHES {
        let load = async move || Ok::<_, Infallible>(Product::new(number as u32));
        other.remember(&PRODUCTS, "flushed", &tags(), load).await?;
        assert!(
            is_served(&other).await,
            "{number} is not there to be flushed"
        );
        let watcher = tokio::task::spawn_blocking({
            let other = other.clone();
            move || gone(&other)
        });
        let called = Instant::now();
        one.flush_tag("product", Flush::Hard).await?;
        let returned = Instant::now();
        let gone = watcher.await?;
        since_call.push(gone.saturating_duration_since(called));
        since_return.push(gone.saturating_duration_since(returned));
    }
    for (title, times) in [("call", &mut since_call), ("return", &mut since_return)] {
        for (share, budget) in [(0.5, None), (0.99, Some(1.0)), (1.0, None)] {
            let time = quantile(times, share).as_secs_f64();
            let percent = share * 100.0;
            report.row(Row {
                name: format!("flush to unseen elsewhere since its {title}, p{percent} (s)"),
                ours: time,
                baseline: LIMIT.as_secs_f64(),
                ratio: time / LIMIT.as_secs_f64(),
                budget,
            });
        }
    }
    Ok(())
}

fn gone(shop: &TenantCache) -> Instant {
    let runtime = Handle::current();
    // On a thread of its own, so that it holds up nobody who has to hear of the flush.
    while runtime.block_on(is_served(shop)) {
        std::thread::sleep(PAUSE);
    }
    Instant::now()
}

async fn is_served(shop: &TenantCache) -> bool {
    let why = shop.why(&PRODUCTS, "flushed").await.expect("a short key");
    why.verdict == Verdict::Fresh
}
