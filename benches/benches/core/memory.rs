use std::error::Error;

use tenancy_benches::Report;
use tenancy_core::registry::Address;
use tenancy_core::{Slug, Tenant, TenantId, Tenants};

const KNOWN: usize = 100_000;
const UNIT: usize = 10_000;
const BYTES_EACH: f64 = 200.0;

/// What the cache holds for each tenant, beyond the directory's own storage.
pub(crate) async fn measure(report: &mut Report) -> Result<(), Box<dyn Error>> {
    let before = resident_bytes()?;
    let tenants = Tenants::from_fn(|address| async move {
        let slug: Slug = match address {
            Address::Slug(slug) => slug,
            Address::Domain(_) | Address::Id(_) => return Ok(None),
        };
        Ok(Some(Tenant::new(TenantId::generate(), slug)))
    });
    for number in 0..KNOWN {
        let slug = format!("shop-{number}").parse()?;
        tenants.find(&Address::Slug(slug)).await?;
    }
    let grown = resident_bytes()?.saturating_sub(before) as f64;
    let (cached, _) = tenants.cached();
    report.limit(
        "memory per 10,000 registered tenants (bytes)",
        grown / cached as f64 * UNIT as f64,
        BYTES_EACH * UNIT as f64,
    );
    Ok(())
}

fn resident_bytes() -> Result<u64, Box<dyn Error>> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status
        .lines()
        .find(|line| line.starts_with("VmRSS:"))
        .ok_or("no VmRSS")?;
    let kilobytes: u64 = line.split_whitespace().nth(1).ok_or("no figure")?.parse()?;
    Ok(kilobytes * 1024)
}
