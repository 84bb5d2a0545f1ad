use std::time::Duration;

use tenancy_tests::Postgres;

use super::Town;

#[tokio::test]
async fn a_database_that_is_away_is_told_in_a_few_lines_however_many_ask() {
    let postgres = Postgres::start().await;
    let town = Town::on(&postgres, &[]).await;
    town.command(&["tenant", "create", "quillmoor"]);
    let shop = "quillmoor.localhost";
    town.until(shop, 200).await;
    let before = town.server.stderr().lines().count();
    let lines = || -> Vec<String> {
        let text = town.server.stderr();
        text.lines().skip(before).map(str::to_owned).collect()
    };
    postgres.stop().await;
    // What is in memory is shown for as long as nobody can have changed it unnoticed.
    assert!(town.until(shop, 503).await < Duration::from_millis(1_100));
    let asked = [
        (shop, "/"),
        (shop, "/api/products"),
        ("localhost", "/"),
        ("localhost", "/readyz"),
        ("never-asked-for.localhost", "/"),
    ];
    // Whoever watches is told once it has been looked at twice.
    town.until_at("localhost", "/readyz", 503).await;
    for _ in 0..40 {
        for (host, path) in asked {
            assert_eq!(town.get(host, path).await.0, 503, "{host}{path}");
        }
    }
    let said = lines();
    let away = said.iter().filter(|line| line.contains("is away"));
    assert_eq!(away.count(), 1, "{said:#?}");
    assert!(said.len() <= 20, "{said:#?}");
    postgres.restart().await;
    town.until(shop, 200).await;
    let said = lines();
    let back = said.iter().filter(|line| line.contains("answers again"));
    assert_eq!(back.count(), 1, "{said:#?}");
    assert!(town.server.terminate().await.success());
}
