//! The journal under real faults: afterwards rows and entries agree exactly.

mod books;

use std::fs;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use sqlx::{Connection as _, PgConnection};
use tempfile::TempDir;
use tenancy_core::TenantId;
use tenancy_core::sql::migrate;
use tenancy_tests::shops::{Dice, SETS, Shops};
use tenancy_tests::{Postgres, Server, TestDatabase};
use tokio::task::JoinSet;

/// Faults in one test, fewer on a machine that cannot have them within [`PATIENCE`].
const ROUNDS: usize = 8;
const ROUNDS_MIN: usize = 3;
const PATIENCE: Duration = Duration::from_secs(8);

/// Two shops, and where everybody notes what was kept and what was handed over.
struct Street {
    place: String,
    shops: Shops,
    ids: Vec<TenantId>,
    folder: TempDir,
    postgres: Option<String>,
}

impl Street {
    async fn on_postgres(database: &TestDatabase) -> Self {
        Self {
            postgres: Some(database.superuser_url()),
            ..Self::at(database.app_url(), tempfile::tempdir().unwrap()).await
        }
    }

    async fn on_sqlite() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let place = folder.path().join("data").display().to_string();
        Self::at(place, folder).await
    }

    async fn at(place: String, folder: TempDir) -> Self {
        let shops = Shops::open(&place, &folder.path().join("log"))
            .await
            .unwrap();
        let mut ids = Vec::new();
        for slug in ["acme", "bolt"] {
            ids.push(shops.add(slug).await.unwrap());
        }
        Self {
            place,
            shops,
            ids,
            folder,
            postgres: None,
        }
    }

    fn log_file(&self) -> PathBuf {
        self.folder.path().join("log")
    }

    fn log(&self) -> String {
        fs::read_to_string(self.log_file()).unwrap_or_default()
    }

    /// Waits until so many changes more have been kept: a moment that nobody chose.
    async fn after_changes(&self, number: usize) {
        let kept = || self.log().matches("kept").count();
        let (goal, began) = (kept() + number, Instant::now());
        while kept() < goal {
            assert!(
                began.elapsed() < Duration::from_secs(30),
                "nothing is kept any more"
            );
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }

    /// Waits until PostgreSQL has done what was asked of it by those who are gone.
    async fn settle(&self) {
        const BUSY: &str = "SELECT count(*) FROM pg_stat_activity WHERE pid <> pg_backend_pid() \
             AND datname = current_database() AND state <> 'idle'";
        let Some(url) = &self.postgres else { return };
        let mut conn = PgConnection::connect(url).await.unwrap();
        let mut busy = 1_i64;
        while busy > 0 {
            busy = sqlx::query_scalar(BUSY).fetch_one(&mut conn).await.unwrap();
        }
        conn.close().await.unwrap();
    }

    /// Compares all that there is, once everything has been handed over.
    async fn check(&self) {
        for shop in &self.ids {
            let began = Instant::now();
            loop {
                let books = books::Books::of(&self.shops, *shop).await;
                let log = self.log();
                if books.is_handed_over(&log) {
                    books.check(&log);
                    break;
                }
                let waited = began.elapsed();
                assert!(waited < Duration::from_secs(30), "entries are left over");
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        }
    }
}

async fn migrated(postgres: &Postgres) -> TestDatabase {
    let migrate = async |url: &str| migrate::postgres(url, SETS, "tenancy_app").await;
    postgres.database("shops", migrate).await
}

/// Writers in this process.
fn writers(street: &Street, number: usize) -> JoinSet<()> {
    let mut writers = JoinSet::new();
    for shop in street.ids.iter().cycle().take(number).copied() {
        let shops = street.shops.clone();
        writers.spawn(async move { shops.write(shop).await });
    }
    writers
}

/// Two workers in this process.
fn workers(street: &Street, time_out: Duration) -> JoinSet<()> {
    let mut workers = JoinSet::new();
    for _ in 0..2 {
        let worker = street.shops.worker(time_out);
        workers.spawn(async move { worker.run().await });
    }
    workers
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_is_killed_loses_and_invents_nothing() {
    let postgres = Postgres::start().await;
    let street = Street::on_postgres(&migrated(&postgres).await).await;
    // Were its places kept from a worker after the database came back, it would wait for an hour.
    let _workers = workers(&street, Duration::from_secs(1800));
    let (mut writers, mut dice) = (writers(&street, 6), Dice::new());
    let began = Instant::now();
    let mut rounds = 0;
    while rounds < ROUNDS_MIN || (rounds < ROUNDS && began.elapsed() < PATIENCE) {
        street.after_changes(1 + dice.roll(80)).await;
        postgres.kill().await;
        postgres.restart().await;
        rounds += 1;
    }
    street.after_changes(20).await;
    writers.shutdown().await;
    street.settle().await;
    street.check().await;
}

/// One of two writing processes.
async fn writer(street: &Street) -> Server {
    let shops = street.ids.iter().map(TenantId::to_string);
    let log = street.log_file().display().to_string();
    Server::builder(Server::built("write-customers"))
        .args([street.place.clone(), log])
        .args(shops)
        .ready_when_printed("writing")
        .start()
        .await
}

async fn processes_that_are_killed_lose_and_invent_nothing(street: Street) {
    let mut writers = [writer(&street).await, writer(&street).await];
    let mut dice = Dice::new();
    let began = Instant::now();
    let mut rounds = 0;
    while rounds < ROUNDS_MIN || (rounds < ROUNDS && began.elapsed() < PATIENCE) {
        street.after_changes(1 + dice.roll(80)).await;
        let unlucky = &mut writers[dice.roll(2)];
        unlucky.kill().await;
        *unlucky = writer(&street).await;
        rounds += 1;
    }
    street.after_changes(20).await;
    for writer in writers {
        writer.kill().await;
    }
    street.settle().await;
    let _workers = workers(&street, Duration::from_millis(500));
    street.check().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn processes_that_are_killed_lose_and_invent_nothing_in_postgres() {
    let database = migrated(Postgres::shared().await).await;
    let street = Street::on_postgres(&database).await;
    processes_that_are_killed_lose_and_invent_nothing(street).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn processes_that_are_killed_lose_and_invent_nothing_in_sqlite() {
    processes_that_are_killed_lose_and_invent_nothing(Street::on_sqlite().await).await;
}

/// Every commit ends a random while after its entries took their places, so entries become visible
/// in another order than that of their places, all the time.
#[tokio::test(flavor = "multi_thread")]
async fn commits_that_come_late_are_never_skipped() {
    const DAWDLE: &str = "CREATE FUNCTION dawdle() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN \
         PERFORM pg_sleep(random() * 0.05); RETURN NULL; END $$; \
         CREATE CONSTRAINT TRIGGER dawdle AFTER INSERT ON tenancy_journal \
         DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION dawdle()";
    let database = migrated(Postgres::shared().await).await;
    let mut owner = PgConnection::connect(&database.owner_url()).await.unwrap();
    sqlx::raw_sql(DAWDLE).execute(&mut owner).await.unwrap();
    owner.close().await.unwrap();
    let street = Street::on_postgres(&database).await;
    let _workers = workers(&street, Duration::from_secs(30));
    let mut writers = writers(&street, 8);
    street.after_changes(300).await;
    writers.shutdown().await;
    street.settle().await;
    street.check().await;
}
