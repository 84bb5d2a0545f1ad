//! What was put aside, as an operator sees it and asks for it to be handed over again.

use serde_json::{Value, json};
use sqlx::{Connection as _, PgConnection, SqliteConnection};

use super::{Town, both_with_a_shop};

impl Town {
    /// Puts an entry of quillmoor's aside, as a consumer does that cannot take it.
    async fn park(&self, consumer: &str, sequence: i64, error: &str) {
        const COLUMNS: &str = "tenant_id, consumer, sequence, error, parked_at, retry";
        if let Some(database) = &self.database {
            let park = format!(
                "INSERT INTO tenancy_journal_parked ({COLUMNS}) \
                 SELECT id, $1, $2, $3, 0, 0 FROM tenancy_tenants WHERE slug = 'quillmoor'"
            );
            let mut superuser = PgConnection::connect(&database.superuser_url())
                .await
                .unwrap();
            let park = sqlx::query(sqlx::AssertSqlSafe(park));
            let park = park.bind(consumer).bind(sequence).bind(error);
            park.execute(&mut superuser).await.unwrap();
        } else {
            let park = format!(
                "INSERT INTO tenancy_journal_parked ({COLUMNS}) \
                 SELECT tenant_id, $1, $2, $3, 0, 0 FROM tenancy_journal_head"
            );
            let park = sqlx::query(sqlx::AssertSqlSafe(park));
            let park = park.bind(consumer).bind(sequence).bind(error);
            park.execute(&mut self.quillmoors_file().await)
                .await
                .unwrap();
        }
    }

    /// How many entries somebody asked to be handed over again.
    async fn asked_for(&self) -> i64 {
        const COUNT: &str = "SELECT count(*) FROM tenancy_journal_parked WHERE retry = 1";
        let count = match &self.database {
            Some(database) => {
                let mut superuser = PgConnection::connect(&database.superuser_url())
                    .await
                    .unwrap();
                sqlx::query_scalar(COUNT).fetch_one(&mut superuser).await
            }
            None => {
                sqlx::query_scalar(COUNT)
                    .fetch_one(&mut self.quillmoors_file().await)
                    .await
            }
        };
        count.unwrap()
    }

    async fn quillmoors_file(&self) -> SqliteConnection {
        let id = self.command(&["tenant", "show", "quillmoor"])["id"].clone();
        let file = format!("{}/tenants/{}.db", self.data(), id.as_str().unwrap());
        SqliteConnection::connect(&file).await.unwrap()
    }
}

#[tokio::test]
async fn parked_entries_are_shown_and_asked_for_again() {
    for town in both_with_a_shop().await {
        town.command(&["tenant", "create", "elsewhere"]);
        assert_eq!(town.command(&["journal", "parked"]), json!({"data": []}));
        let nothing = json!({"tenant": "quillmoor", "retried": 0});
        let retry = ["journal", "retry", "--tenant", "quillmoor"];
        assert_eq!(town.command(&retry), nothing);

        town.park("mail", 2, "nobody there").await;
        town.park("webhooks", 1, "410 Gone").await;
        let row = |consumer: &str, sequence: i64, error: &str| {
            json!({
                "tenant": "quillmoor",
                "consumer": consumer,
                "sequence": sequence,
                "error": error,
                "parked_at": "1970-01-01T00:00:00Z",
            })
        };
        let all = json!({"data": [row("webhooks", 1, "410 Gone"), row("mail", 2, "nobody there")]});
        let of =
            |tenant: &str| -> Value { town.command(&["journal", "parked", "--tenant", tenant]) };
        assert_eq!(town.command(&["journal", "parked"]), all);
        assert_eq!(of("quillmoor"), all);
        assert_eq!(of("elsewhere"), json!({"data": []}));

        assert_eq!(town.asked_for().await, 0);
        let both = json!({"tenant": "quillmoor", "retried": 2});
        assert_eq!(town.command(&retry), both);
        assert_eq!(town.asked_for().await, 2);

        let said = town.fails(&["journal", "retry"]);
        assert!(said.contains("--tenant <SLUG>"), "{said}");
        let said = town.fails(&["journal", "parked", "--tenant", "nobody"]);
        assert!(said.contains("no tenant has the slug nobody"), "{said}");
        let said = town.fails(&["journal", "parkd"]);
        assert!(said.contains("'parked'"), "{said}");
        assert!(town.server.terminate().await.success());
    }
}
