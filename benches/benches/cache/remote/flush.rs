use std::convert::Infallible;
use std::error::Error;

use tenancy_benches::{Report, Row, paired};
use tenancy_cache::testing::Chaos;
use tenancy_cache::{Flush, Key, Tag, TenantCache, Wanted};

use super::site::{BATCH, PRODUCTS, Site};

const LARGE: u32 = 1_000_000;
const FLUSHES: usize = 2_000;

/// A flush of a tag that many shared entries have, against one that few have.
pub(super) async fn measure(report: &mut Report, site: &Site) -> Result<(), Box<dyn Error>> {
    let chaos = Chaos::seeded(1);
    let shop = site.node(chaos.wrap(site.remote())).await?;
    for start in (0..LARGE).step_by(BATCH) {
        store(&shop, "many", 1_000_000 + start, BATCH as u32).await?;
    }
    store(&shop, "few", 2_000_000, 10).await?;
    // Only flushes are to be counted, and not who reads of them.
    chaos.hide_news(true);
    chaos.swallow_wakes(true);
    let mut spent = Vec::new();
    for tag in ["many", "few"] {
        let [calls, micros] = site.spent("evalsha").await?;
        flush(&shop, tag, FLUSHES).await;
        let [calls_after, micros_after] = site.spent("evalsha").await?;
        assert_eq!(calls_after - calls, FLUSHES as u64, "others call as well");
        spent.push((micros_after - micros) as f64 / FLUSHES as f64 / 1e6);
    }
    report.row(Row {
        name: "Redis' time for a flush of 1,000,000 entries, against 10 (s)".to_owned(),
        ours: spent[0],
        baseline: spent[1],
        ratio: spent[0] / spent[1],
        budget: Some(1.2),
    });
    let name = "a flush of 1,000,000 shared entries, against 10 (s)";
    let ours = async |count| flush(&shop, "many", count).await;
    let row = paired(name, Some(1.2), (15, 200), ours, async |count| {
        flush(&shop, "few", count).await
    });
    report.row(row.await);
    Ok(())
}

async fn store(
    shop: &TenantCache,
    tag: &str,
    start: u32,
    count: u32,
) -> Result<(), Box<dyn Error>> {
    let wanted = (start..start + count).map(|number| Wanted {
        key: Key::new(number),
        tags: vec![Tag::new(tag)],
    });
    let wanted: Vec<_> = wanted.collect();
    let load = |places: Vec<usize>| async move { Ok::<_, Infallible>(places) };
    shop.remember_many(&PRODUCTS, &wanted, load).await?;
    Ok(())
}

async fn flush(shop: &TenantCache, tag: &str, count: usize) {
    for _ in 0..count {
        let flushed = shop.flush_tag(tag, Flush::Hard).await;
        flushed.expect("Redis is there");
    }
}
