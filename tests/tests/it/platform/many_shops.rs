//! A platform with more shops than a page holds.

use sqlx::{Connection as _, SqliteConnection};
use tenancy_tests::Server;

use super::Town;

/// The shops on a page, and where its next one is.
fn read(page: &str) -> (Vec<String>, Option<String>) {
    let shops = page.match_indices("<a href=\"http://shop-").map(|(at, _)| {
        let rest = &page[at + "<a href=\"http://".len()..];
        rest[.."shop-000".len()].to_owned()
    });
    let next = page.split_once("rel=\"next\" href=\"").map(|(_, rest)| {
        let (path, _) = rest.split_once('"').unwrap();
        path.to_owned()
    });
    (shops.collect(), next)
}

/// Puts 300 shops into the registry, of which the first 120 are closed.
async fn fill(town: &Town) {
    const FILL: &str = "INSERT INTO tenancy_tenants \
         (id, slug, name, status, plan, settings, created_at, revision) \
         WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < 300) \
         SELECT randomblob(16), printf('shop-%03d', n), printf('Shop %03d', n), \
         CASE WHEN n <= 120 THEN 'suspended' ELSE 'active' END, 'standard', '{}', 0, 1 FROM numbers";
    let file = format!("{}/registry.db", town.data());
    let mut registry = SqliteConnection::connect(&file).await.unwrap();
    sqlx::query(FILL).execute(&mut registry).await.unwrap();
    registry.close().await.unwrap();
}

#[tokio::test]
async fn every_open_shop_is_on_some_page_and_closed_ones_take_no_place() {
    let folder = tempfile::tempdir().unwrap();
    let address = Server::free_address();
    let settings = vec![
        ("TENANCY_DATA", folder.path().display().to_string()),
        ("TENANCY_LISTEN", address.to_string()),
    ];
    let town = Town::start(address, settings.clone(), &["serve"], None).await;
    fill(&town).await;
    let (mut shops, mut path, mut pages) = (vec![], "/".to_owned(), 0);
    loop {
        let (status, page) = town.get("localhost", &path).await;
        assert_eq!(status, 200);
        assert!(page.contains("<title>Shops</title>"), "{page}");
        let (listed, next) = read(&page);
        assert!((1..=48).contains(&listed.len()), "{path}: {listed:?}");
        shops.extend(listed);
        pages += 1;
        let Some(next) = next else { break };
        path = next;
    }
    let open: Vec<_> = (121..=300).map(|n| format!("shop-{n:03}")).collect();
    assert_eq!(shops, open);
    assert_eq!(pages, 4);
    assert_eq!(town.get("localhost", "/?after=No%20Slug").await.0, 404);
    assert!(town.server.terminate().await.success());

    let town = Town::start(address, settings, &[], None).await;
    let printed = town.server.stdout();
    assert!(
        printed.contains("\nShop 200: http://shop-200.localhost:"),
        "{printed}"
    );
    assert!(
        printed.contains("\nand 100 more: platform tenant list\n"),
        "{printed}"
    );
    let (_, page) = town.get("localhost", "/").await;
    assert!(page.contains("<title>Market Row</title>"), "{page}");
    assert!(town.server.terminate().await.success());
}
