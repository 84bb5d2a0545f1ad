//! `platform advise`, and whether the platform's own schema passes.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;
use tenancy_tests::{Statements, TestDatabase};

use crate::town::Town;

/// Where the server keeps its statements for the advisor.
fn statements_file() -> PathBuf {
    workspace().join("examples/platform/src/advice/statements.sql")
}

fn workspace() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// The crates whose statements the server runs, by their root files.
const ROOTS: &[&str] = &[
    "tenancy-core/src/lib.rs",
    "tenancy-commerce/src/lib.rs",
    "tenancy-observability/src/lib.rs",
    "examples/platform/src/main.rs",
];

/// The constant statements that read or write rows, one a line.
fn statements() -> String {
    let mut text = String::from(
        "-- The constant statements of all crates, which the advisor looks at. A test compares them with the\n\
         -- source; WRITE_STATEMENTS=1 in its environment has it write this file anew.\n",
    );
    for root in ROOTS {
        let found = Statements::of_crate(&workspace().join(root)).whole;
        let is_ours = |place: &str| !place.contains("/advisor/") && !place.contains("/audit/");
        for statement in found.iter().filter(|statement| is_ours(&statement.place)) {
            let sql: Vec<_> = statement.sql.split_whitespace().collect();
            if matches!(sql[0], "SELECT" | "WITH" | "INSERT" | "UPDATE" | "DELETE") {
                let _ = writeln!(text, "{}", sql.join(" "));
            }
        }
    }
    text
}

#[test]
fn the_servers_statements_for_the_advisor_are_those_of_the_source() {
    let found = statements();
    assert!(found.lines().count() > 100, "{found}");
    if std::env::var_os("WRITE_STATEMENTS").is_some() {
        fs::write(statements_file(), &found).unwrap();
    }
    let kept = fs::read_to_string(statements_file()).unwrap();
    assert!(
        kept == found,
        "set WRITE_STATEMENTS=1 and run this test again"
    );
}

/// Advice that is more than a note, in all databases.
fn advice(document: &Value) -> Vec<&Value> {
    let reports = document["reports"].as_array().unwrap().iter();
    let all = reports.flat_map(|report| report["advice"].as_array().unwrap());
    all.filter(|advice| advice["severity"] != "info").collect()
}

fn json(town: &Town, arguments: &[&str]) -> (bool, Value) {
    let done = town.try_command(&[&["advise", "--json"], arguments].concat());
    let document = serde_json::from_slice(&done.stdout);
    let said = String::from_utf8_lossy(&done.stderr);
    (
        done.status.success(),
        document.unwrap_or_else(|error| panic!("{error}: {said}")),
    )
}

async fn run(database: &TestDatabase, sql: &str) {
    use sqlx::Connection as _;
    let mut connection = sqlx::PgConnection::connect(&database.superuser_url())
        .await
        .unwrap();
    let sql = sqlx::AssertSqlSafe(sql);
    sqlx::raw_sql(sql).execute(&mut connection).await.unwrap();
}

/// Rows enough for indexes to matter, in the words of both databases: `ID(p, i)` is the id of the
/// `i`th product, and `SERIES(n)` the numbers up to `n`.
const ROWS: &str = "
INSERT INTO commerce_products SELECT TENANT, ID(p, i), 'product-' || i, 'Product ' || i, 'product ' || i,
    CASE WHEN i % 10 = 0 THEN 'draft' ELSE 'published' END, CASE WHEN i % 40 = 0 THEN 1 ELSE 0 END, 'text',
    'vendor', 'type', '[]', '[]', '{}', 'USD', i % 997, 'product ' || i, 500, i, i FROM SERIES(3000);
INSERT INTO commerce_product_variants (tenant_id, id, product_id, position, sku, option_values, price,
    weight_unit, requires_shipping, taxable, attributes)
    SELECT TENANT, ID(v, i), ID(p, i), 0, 'sku-' || i, '[]', i % 997, 'g', 1, 1, '{}' FROM SERIES(3000);
INSERT INTO commerce_stock SELECT TENANT, ID(v, i), ID(p, i), i % 100, 5, 0 FROM SERIES(3000);
INSERT INTO commerce_categories SELECT TENANT, ID(c, i), NULL, 'category-' || i, 'Category', i FROM SERIES(50);
INSERT INTO commerce_product_categories SELECT TENANT, ID(p, i), ID(c, 1 + i % 50), 0 FROM SERIES(3000);
INSERT INTO commerce_product_images SELECT TENANT, ID(p, i), 0, 0, '/media/a', '' FROM SERIES(3000);
INSERT INTO commerce_customers SELECT TENANT, ID(u, i), 'user' || i || '@example.com', 'User', '', 'user', i, i
    FROM SERIES(3000);
INSERT INTO commerce_orders SELECT TENANT, ID(o, i), i, CASE WHEN i % 20 = 0 THEN 'cancelled' ELSE 'placed' END,
    ID(u, 1 + i % 3000), 'USD', i, i * 1000, CASE WHEN i % 20 = 0 THEN i * 1000 END FROM SERIES(6000);
INSERT INTO commerce_order_lines SELECT TENANT, ID(o, i), 0, ID(p, 1 + i % 3000), ID(v, 1 + i % 3000), 'sku',
    'Product', '[]', 5, 1, 5, 1 FROM SERIES(6000);
INSERT INTO commerce_media SELECT TENANT, ID(m, i), CASE WHEN i % 9 = 0 THEN 'logos' ELSE 'products' END,
    'name', CASE WHEN i % 7 = 0 THEN 'image/png' ELSE 'image/jpeg' END, 900, 10, 10, 'sha', '', 'key' || i, i
    FROM SERIES(3000);
INSERT INTO tenancy_journal SELECT TENANT, ID(j, i), i, i, '{\"kind\":\"system\",\"id\":null,\"name\":\"rows\"}', NULL, 'created',
    CASE WHEN i % 2 = 0 THEN 'order' ELSE 'product' END, 'r' || i % 3000, NULL, '{}', NULL FROM SERIES(6000);
ANALYZE;
";

/// The rows' statements with each `WORD(…)` written out.
fn written_out(
    tenant: &str,
    id: impl Fn(&str, &str) -> String,
    series: impl Fn(&str) -> String,
) -> String {
    let mut text = ROWS.replace("TENANT", tenant);
    while let Some(begin) = text.find("ID(") {
        // Within an id the number may be a sum in parentheses of its own.
        let end = begin + text[begin..].find(')').unwrap();
        let (kind, number) = text[begin + 3..end].split_once(", ").unwrap();
        text.replace_range(begin..=end, &id(kind, number));
    }
    while let Some(begin) = text.find("SERIES(") {
        let end = begin + text[begin..].find(')').unwrap();
        let count = text[begin + 7..end].to_owned();
        text.replace_range(begin..=end, &series(&count));
    }
    text
}

async fn fill_postgres(town: &Town, tenant: &str) {
    let id = |kind: &str, number: &str| format!("md5('{tenant}{kind}' || ({number}))::uuid");
    let series = |count: &str| format!("generate_series(1, {count}) AS s (i)");
    let sql = written_out(&format!("'{tenant}'::uuid"), id, series);
    run(town.database.as_ref().unwrap(), &sql).await;
}

async fn fill_sqlite(town: &Town, tenant: &str) {
    use sqlx::ConnectOptions as _;
    let file = format!("{}/tenants/{tenant}.db", town.data());
    let id = |kind: &str, number: &str| format!("CAST(printf('{kind}%015d', {number}) AS BLOB)");
    let series = |count: &str| {
        format!(
            "(WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {count}) SELECT i FROM n)"
        )
    };
    let sql = written_out(&format!("x'{}'", tenant.replace('-', "")), id, series);
    let options = sqlx::sqlite::SqliteConnectOptions::new().filename(file);
    let mut connection = options.connect().await.unwrap();
    sqlx::raw_sql(sqlx::AssertSqlSafe(sql))
        .execute(&mut connection)
        .await
        .unwrap();
}

/// A town with a shop that has rows enough, on each database.
async fn towns() -> [Town; 2] {
    let [on_postgres, on_sqlite] = [Town::on_postgres().await, Town::on_sqlite().await];
    for town in [&on_postgres, &on_sqlite] {
        for slug in ["quillmoor", "mistgate"] {
            let shop = town.command(&["tenant", "create", slug]);
            let tenant = shop["id"].as_str().unwrap();
            match town.database {
                Some(_) => fill_postgres(town, tenant).await,
                None => fill_sqlite(town, tenant).await,
            }
        }
    }
    [on_postgres, on_sqlite]
}

#[tokio::test]
async fn the_platforms_own_schema_passes_and_has_an_index_for_each_of_its_statements() {
    for town in towns().await {
        let (passed, document) = json(&town, &["--tenant", "quillmoor", "--fail-on", "low"]);
        assert!(passed, "{:#?}", advice(&document));
        let statements = document["reports"][0]["statements"].as_u64().unwrap();
        assert!(statements > 100, "{statements}");
    }
}

/// Tables, and what one of their indexes holds behind the tenant; a `WHERE` stands for a column of two
/// values. Of a product's category its own table knows.
const COMPOSITE: &[(&str, &str)] = &[
    ("commerce_media", "type, folder"),
    ("commerce_orders", "status, placed_at"),
    ("commerce_product_categories", "category_id"),
    ("commerce_products", "status, price_from"),
    (
        "commerce_products",
        "status, created_at, id) WHERE featured = 1",
    ),
    ("commerce_stock", "product_id"),
    ("tenancy_journal", "resource, resource_id"),
];

/// The keys of each index as its definition has them, in one way of writing.
fn holds(definitions: &[(String, String)], table: &str, keys: &str) -> bool {
    let wanted = format!("(tenant_id, {keys}");
    definitions.iter().any(|(of, definition)| {
        let plain = definition.split_whitespace().collect::<Vec<_>>().join(" ");
        let plain = plain.replace("WHERE (featured = 1)", "WHERE featured = 1");
        of == table && plain.contains(&wanted)
    })
}

#[tokio::test]
async fn lists_have_composite_indexes_with_the_tenant_first() {
    use sqlx::{ConnectOptions as _, Connection as _};
    let [on_postgres, on_sqlite] = [Town::on_postgres().await, Town::on_sqlite().await];
    let url = on_postgres.database.as_ref().unwrap().superuser_url();
    let mut connection = sqlx::PgConnection::connect(&url).await.unwrap();
    let listed = "SELECT tablename::text, indexdef FROM pg_indexes WHERE schemaname = 'public'";
    let in_postgres = sqlx::query_as(listed).fetch_all(&mut connection).await;

    let shop = on_sqlite.command(&["tenant", "create", "quillmoor"]);
    let id = shop["id"].as_str().unwrap();
    let file = format!("{}/tenants/{id}.db", on_sqlite.data());
    let options = sqlx::sqlite::SqliteConnectOptions::new().filename(file);
    let mut connection = options.connect().await.unwrap();
    let listed = "SELECT tbl_name, sql FROM sqlite_schema WHERE type = 'index' AND sql IS NOT NULL";
    let in_sqlite = sqlx::query_as(listed).fetch_all(&mut connection).await;

    for definitions in [in_postgres.unwrap(), in_sqlite.unwrap()] {
        for (table, keys) in COMPOSITE {
            let found = holds(&definitions, table, keys);
            assert!(found, "{table} ({keys}) is not in {definitions:#?}");
        }
    }
}

#[tokio::test]
async fn an_index_that_was_dropped_is_missed_and_made_again() {
    let [on_postgres, on_sqlite] = towns().await;
    let database = on_postgres.database.as_ref().unwrap();
    run(database, "DROP INDEX commerce_orders_customer").await;
    let (passed, document) = json(
        &on_postgres,
        &["--tenant", "quillmoor", "--fail-on", "medium"],
    );
    assert!(!passed);
    let found = advice(&document);
    let rule = |rule: &str| found.iter().any(|advice| advice["rule"] == rule);
    assert!(rule("unindexed_foreign_key"), "{found:#?}");
    let refused = on_postgres.fails(&["advise", "--apply"]);
    assert!(refused.contains("TENANCY_OWNER_DATABASE_URL"), "{refused}");
    let owner = database.owner_url();
    let mut settings = on_postgres.settings.clone();
    settings.push(("TENANCY_OWNER_DATABASE_URL", owner));
    let applied = crate::town::run(&settings, &["advise", "--apply", "--fail-on", "medium"]);
    assert!(
        !applied["applied"].as_array().unwrap().is_empty(),
        "{applied:#}"
    );

    use sqlx::ConnectOptions as _;
    let folder = format!("{}/tenants", on_sqlite.data());
    for file in fs::read_dir(folder).unwrap().flatten() {
        if file.path().extension().is_some_and(|end| end == "db") {
            let options = sqlx::sqlite::SqliteConnectOptions::new().filename(file.path());
            let mut connection = options.connect().await.unwrap();
            let drop = "DROP INDEX commerce_orders_customer";
            sqlx::raw_sql(drop).execute(&mut connection).await.unwrap();
        }
    }
    assert!(!json(&on_sqlite, &["--fail-on", "medium"]).0);
    on_sqlite.command(&["advise", "--apply", "--fail-on", "medium"]);
    assert!(json(&on_sqlite, &["--fail-on", "medium"]).0);
}

#[tokio::test]
async fn advice_is_proved_in_a_scratch_database_for_statements_of_a_file() {
    let [on_postgres, _] = towns().await;
    let scratch = tenancy_tests::Postgres::shared()
        .await
        .empty_database()
        .await;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("more.sql");
    fs::write(
        &file,
        "SELECT * FROM commerce_orders WHERE currency = 'USD' AND total = 5;",
    )
    .unwrap();
    let (file, url) = (file.to_str().unwrap().to_owned(), scratch.superuser_url());
    let arguments = [
        "--tenant",
        "quillmoor",
        "--statements",
        &file,
        "--scratch",
        &url,
    ];
    let (passed, document) = json(&on_postgres, &arguments);
    assert!(passed);
    let found = advice(&document);
    let [missing] = found.as_slice() else {
        panic!("{found:#?}")
    };
    assert_eq!(missing["confidence"], "verified", "{missing:#}");
    assert_eq!(missing["index"], "(tenant_id, total)");
}

#[tokio::test]
async fn advise_says_what_it_does_not_know() {
    let town = Town::on_sqlite().await;
    let said = town.fails(&["advise", "--fail-on", "urgent"]);
    assert!(
        said.contains("possible values: low, medium, high"),
        "{said}"
    );
    let said = town.fails(&["advise", "--tenant", "nobody"]);
    assert!(said.contains("no tenant has the slug nobody"), "{said}");

    town.command(&["tenant", "create", "acme"]);
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("more.sql");
    let unread = |script: &str| {
        fs::write(&file, script).unwrap();
        let (_, document) = json(&town, &["--statements", file.to_str().unwrap()]);
        let reports = document["reports"].as_array().unwrap().iter();
        let unread = reports.flat_map(|report| report["unread"].as_array().unwrap());
        unread.cloned().collect::<Vec<_>>()
    };
    // One is about the shop's file and one about the registry's; of the third there is nothing to ask.
    let wrong = "SELECT colour FROM commerce_orders WHERE currency = 'a;b'";
    let found = unread(&format!(
        "SELECT id FROM commerce_orders; SELECT id FROM tenancy_tenants; {wrong};"
    ));
    let [found] = found.as_slice() else {
        panic!("{found:#?}")
    };
    assert_eq!(found["statement"], wrong);
    assert!(
        found["error"].as_str().unwrap().contains("colour"),
        "{found}"
    );
    fs::write(&file, "SELECT 'a").unwrap();
    let said = town.fails(&["advise", "--statements", file.to_str().unwrap()]);
    assert!(said.contains("more.sql: the script is not SQL"), "{said}");
}

/// Lists with each filter and order that their statements are put together from.
const LISTS: &[&str] = &[
    "/api/products?status=all",
    "/api/products?status=draft",
    "/api/products?featured=true",
    "/api/products?featured=false&sort=name",
    "/api/products?sort=price",
    "/api/products?sort=-price",
    "/api/products?category=category-7",
    "/api/products?category=category-7&sort=price",
    "/api/products?q=product",
    "/api/products?in_stock=true",
    "/api/orders",
    "/api/orders?status=cancelled",
    "/api/orders?status=placed&placed_from=2020-01-01T00:00:00Z",
    "/api/customers",
    "/api/customers?q=user",
    "/api/inventory",
    "/api/inventory?low=true",
    "/api/media",
    "/api/media?type=image/png",
    "/api/media?folder=logos",
    "/api/media?type=image/png&folder=logos",
    "/api/categories",
    "/api/audit",
    "/api/audit?resource=order",
    "/api/audit?resource=order&resource_id=r4",
];

/// The statements with parameters in PostgreSQL's log that ask for rows of a shop.
fn logged(log: &str) -> Vec<&str> {
    let mut found: Vec<&str> = log
        .lines()
        .filter_map(|line| line.split_once("execute ")?.1.split_once(": "))
        .map(|(_, sql)| sql)
        .filter(|sql| sql.contains("FROM commerce_") || sql.contains("FROM tenancy_journal"))
        .filter(|sql| sql.starts_with("SELECT") || sql.starts_with("WITH"))
        .collect();
    found.sort_unstable();
    found.dedup();
    found
}

#[tokio::test]
async fn each_list_is_served_by_an_index() {
    let town = Town::on_postgres().await;
    let shop = town.command(&["tenant", "create", "quillmoor"]);
    fill_postgres(&town, shop["id"].as_str().unwrap()).await;
    town.database.as_ref().unwrap().log_statements().await;
    // Connections from before do not log.
    let beside = town.beside().await;
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    for path in LISTS {
        let url = format!("http://{}{path}", beside.address);
        let request = client.get(url).header("host", "quillmoor.localhost");
        let answer = request
            .bearer_auth(shop["api_key"].as_str().unwrap())
            .send()
            .await
            .unwrap();
        let (status, body) = (answer.status(), answer.text().await.unwrap());
        assert_eq!(status, 200, "{path}: {body}");
    }
    let log = tenancy_tests::Postgres::shared().await.log();
    let statements = logged(&log);
    assert!(statements.len() >= LISTS.len(), "{statements:#?}");
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("logged.sql");
    fs::write(&file, statements.join(";\n")).unwrap();
    let file = file.to_str().unwrap();
    let (passed, document) = json(&town, &["--statements", file, "--fail-on", "low"]);
    assert!(passed, "{:#?}", advice(&document));
}
