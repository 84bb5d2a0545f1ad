//! Writes customers of the shops it is given, and hands their journals over, until it is killed.

use std::path::Path;
use std::time::Duration;

use tenancy_core::TenantId;
use tenancy_tests::shops::Shops;
use tokio::task::JoinSet;

/// Writers for each shop.
const WRITERS: usize = 3;

#[tokio::main]
async fn main() {
    let mut arguments = std::env::args().skip(1);
    let usage = "arguments: the place, the log, and shops";
    let (place, log) = (
        arguments.next().expect(usage),
        arguments.next().expect(usage),
    );
    let shops = Shops::open(&place, Path::new(&log)).await;
    let shops = shops.expect("the place and the log exist");
    let mut tasks = JoinSet::new();
    for shop in arguments {
        let shop: TenantId = shop.parse().expect(usage);
        for _ in 0..WRITERS {
            let shops = shops.clone();
            tasks.spawn(async move { shops.write(shop).await });
        }
    }
    let worker = shops.worker(Duration::from_millis(500));
    tasks.spawn(async move { worker.run().await });
    println!("writing");
    while tasks.join_next().await.is_some() {}
}
