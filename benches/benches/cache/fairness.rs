use std::convert::Infallible;
use std::error::Error;

use tenancy_benches::Report;
use tenancy_cache::class::Class;
use tenancy_cache::{Key, TenantCache};

use crate::shop;

const PAGES: Class = Class::new("pages");
const MIB: u64 = 1024 * 1024;
const SMALL: u32 = 400;

/// What a small tenant loses while another reads ten times what the cache holds.
pub(crate) async fn measure(report: &mut Report) -> Result<(), Box<dyn Error>> {
    let [small, large] =
        shop::open(|cache| cache.capacity_bytes(16 * MIB).guarantee_bytes(MIB)).await?;
    visit(&small, 0..SMALL).await?;
    let alone = ratio(&small).await?;
    let mut beside = 0.0;
    let scan = u32::try_from(10 * 16 * MIB / 1024)?;
    const ROUNDS: u32 = 40;
    for round in 0..ROUNDS {
        let step = scan / ROUNDS;
        visit(&large, round * step..(round + 1) * step).await?;
        beside += ratio(&small).await? / f64::from(ROUNDS);
    }
    report.limit(
        "points of hit ratio lost beside a scan",
        (alone - beside) * 100.0,
        1.0,
    );
    Ok(())
}

async fn ratio(shop: &TenantCache) -> Result<f64, Box<dyn Error>> {
    let hits = visit(shop, 0..SMALL).await?;
    Ok(f64::from(hits) / f64::from(SMALL))
}

async fn visit(
    shop: &TenantCache,
    keys: impl IntoIterator<Item = u32>,
) -> Result<u32, Box<dyn Error>> {
    let mut hits = 0;
    for key in keys {
        let mut loaded = false;
        let load = || {
            loaded = true;
            async { Ok::<_, Infallible>("x".repeat(1024)) }
        };
        shop.remember(&PAGES, Key::new(key), &[], load).await?;
        hits += u32::from(!loaded);
    }
    Ok(hits)
}
