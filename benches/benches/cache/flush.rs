use std::error::Error;

use tenancy_benches::{Report, paired};
use tenancy_cache::class::Class;
use tenancy_cache::{Flush, Key, Tag, TenantCache};

use crate::shop;

const PAGES: Class = Class::new("pages");
const LARGE: u32 = 1_000_000;

/// A flush of a tag that many entries have, against one that few have.
pub(crate) async fn measure(report: &mut Report) -> Result<(), Box<dyn Error>> {
    let room = |bytes: u64| move |cache: tenancy_cache::CacheBuilder| cache.capacity_bytes(bytes);
    let [many] = shop::open(room(4 << 30)).await?;
    let [few] = shop::open(room(4 << 30)).await?;
    let tags = [Tag::new("page")];
    for (shop, entries) in [(&many, LARGE), (&few, 10)] {
        for number in 0..entries {
            shop.put(&PAGES, Key::new(number), &tags, number).await?;
        }
    }
    let flush = async |shop: &TenantCache, count| {
        for _ in 0..count {
            shop.flush_tag("page", Flush::Hard)
                .await
                .expect("a short tag");
        }
    };
    let name = "flush of a tag with 1,000,000 entries, against one with 10 (s)";
    let ours = async |count| flush(&many, count).await;
    let row = paired(name, Some(1.2), (15, 20_000), ours, async |count| {
        flush(&few, count).await
    });
    report.row(row.await);
    Ok(())
}
