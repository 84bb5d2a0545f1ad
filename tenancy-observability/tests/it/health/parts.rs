use std::fs;
use std::time::Duration;

use axum::Router;
use http::StatusCode;
use sqlx::{Connection as _, PgConnection};
use tenancy_core::TenantScope;
use tenancy_core::blob::BlobStore;
use tenancy_core::journal::{Change, Consumer, ConsumerError, Entry, Resource, Retry, Worker};
use tenancy_core::outbound::Outbound;
use tenancy_core::redis::Redis as Handle;
use tenancy_observability::health::checks::{
    DatabaseCheck, DiskCheck, JournalCheck, RedisCheck, ServiceCheck, StorageCheck,
};
use tenancy_observability::health::{Check, Finding, Status};
use tenancy_tests::{Postgres, Redis};
use tokio::net::TcpListener;

use crate::site::{Site, on_both};

fn says(finding: Finding) -> (Status, Option<&'static str>) {
    (finding.status(), finding.says())
}
#[tokio::test]
async fn connections_that_are_all_in_use_are_not_a_database_that_is_away() {
    let server = Postgres::start().await;
    let site = Site::in_postgres(&server).await;
    let check = DatabaseCheck::new(&site.database, &site.platform());
    assert_eq!(check.run().await.status(), Status::Pass);
    let mut held = vec![];
    for _ in 0..16 {
        held.push(site.database.platform_read(&site.platform()).await.unwrap());
    }
    let busy = (
        Status::Warn,
        Some("all connections to the database are in use"),
    );
    assert_eq!(says(check.run().await), busy);
    server.kill().await;
    let away = (Status::Fail, Some("the database does not answer"));
    assert_eq!(says(check.run().await), away);
}

#[tokio::test]
async fn a_server_that_is_full_answers_and_one_that_lets_nobody_in_is_of_no_use() {
    let server = Postgres::builder().setting("max_connections", "24");
    let server = server.start().await;
    let site = Site::in_postgres(&server).await;
    let check = DatabaseCheck::new(&site.database, &site.platform());
    let mut held = vec![];
    for _ in 0..4 {
        held.push(site.database.platform_read(&site.platform()).await.unwrap());
    }
    let database = site.postgres.as_ref().unwrap();
    let mut others = vec![];
    let full = loop {
        match PgConnection::connect(&database.app_url()).await {
            Ok(other) => others.push(other),
            Err(error) => break error.into_database_error().unwrap(),
        }
    };
    assert_eq!(full.code().as_deref(), Some("53300"));
    let busy = (
        Status::Warn,
        Some("all connections to the database are in use"),
    );
    assert_eq!(says(check.run().await), busy);
    drop(others);
    let locked = "ALTER ROLE tenancy_app NOLOGIN";
    let mut owner = PgConnection::connect(&database.superuser_url())
        .await
        .unwrap();
    sqlx::raw_sql(locked).execute(&mut owner).await.unwrap();
    let refused = (
        Status::Fail,
        Some("the database answers, but opens no transaction"),
    );
    assert_eq!(says(check.run().await), refused);
}

#[tokio::test]
async fn a_folder_of_sqlite_answers_until_it_is_gone() {
    let site = Site::sqlite().await;
    let check = DatabaseCheck::new(&site.database, &site.platform());
    assert_eq!(check.run().await.status(), Status::Pass);
    fs::remove_dir_all(site.data()).unwrap();
    assert_eq!(check.run().await.status(), Status::Fail);
}
#[tokio::test]
async fn a_redis_that_takes_nothing_is_of_no_use() {
    let master = Redis::start().await;
    let follows = format!("127.0.0.1 {}", master.port());
    let replica = Redis::builder()
        .setting("replicaof", &follows)
        .start()
        .await;
    let check = |redis: &Redis| {
        let handle = Handle::builder(&redis.url()).time_out(Duration::from_secs(5));
        RedisCheck::new(&handle.build().unwrap(), "test:")
    };
    let of_master = check(&master);
    assert_eq!(of_master.run().await.status(), Status::Pass);
    let read_only = (Status::Fail, Some("Redis is a read-only replica"));
    assert_eq!(says(check(&replica).run().await), read_only);
    master.kill().await;
    let away = (Status::Fail, Some("Redis does not answer"));
    assert_eq!(says(of_master.run().await), away);
}

/// Something that happens in a tenant.
#[derive(serde::Serialize)]
struct Thing;

impl Resource for Thing {
    const KIND: &'static str = "thing";

    fn resource_id(&self) -> String {
        "1".to_owned()
    }
}

/// Takes nothing; what becomes of it is for the test to say.
struct Refusing(Retry);

impl Consumer for Refusing {
    fn name(&self) -> &'static str {
        "refusing"
    }

    fn retry(&self) -> Retry {
        self.0
    }

    async fn handle(&self, _: &TenantScope, _: &Entry) -> Result<(), ConsumerError> {
        Err("on purpose".into())
    }
}

/// Age and what was put aside, not just an answer.
async fn a_consumer_that_stands_still_is_seen_by_the_age_of_what_waits(site: Site) {
    let (acme, _bolt) = (site.add("acme").await, site.add("bolt").await);
    let check = |age_max: Duration| {
        let registry = site.registry.clone();
        JournalCheck::new(&site.database, &site.platform(), registry, ["refusing"])
            .oldest_max(age_max)
    };
    let (none, day) = (Duration::ZERO, Duration::from_secs(86_400));
    assert_eq!(says(check(none).run().await), (Status::Pass, None));
    let mut tx = site.database.write(&site.scope(&acme).await).await.unwrap();
    tx.record(Change::created(&Thing));
    tx.commit().await.unwrap();
    let work = async |retry: Retry| {
        let worker = Worker::builder(&site.database, &site.tenants);
        worker
            .consumer(Refusing(retry))
            .build()
            .run_once()
            .await
            .unwrap();
    };
    work(Retry::Forever).await;
    let stands = (Status::Fail, Some("entries of the journal are not taken"));
    assert_eq!(says(check(none).run().await), stands);
    assert_eq!(says(check(day).run().await), (Status::Pass, None));

    // A place that has failed is taken up again a moment later.
    let aside = (Status::Warn, Some("entries of the journal were put aside"));
    let put_aside = async {
        while says(check(day).run().await) != aside {
            work(Retry::Park { attempts: 1 }).await;
        }
    };
    let bound = Duration::from_secs(20);
    tokio::time::timeout(bound, put_aside).await.unwrap();
    assert_eq!(says(check(none).run().await), aside);
}
#[tokio::test]
async fn files_are_written_read_and_deleted_to_see_that_they_can_be() {
    let folder = tempfile::tempdir().unwrap();
    let store = BlobStore::folder(folder.path().join("blobs")).unwrap();
    let check = StorageCheck::new(&store);
    assert_eq!(check.run().await.status(), Status::Pass);
    fs::remove_dir_all(folder.path().join("blobs")).unwrap();
    fs::write(folder.path().join("blobs"), "no folder").unwrap();
    let broken = (Status::Fail, Some("files cannot be written and read"));
    assert_eq!(says(check.run().await), broken);
}

#[tokio::test]
async fn a_disk_is_as_full_as_its_limits_say() {
    let folder = tempfile::tempdir().unwrap();
    let check = async |warn: u64, fail: u64| {
        let disk = DiskCheck::new(folder.path()).limits(warn, fail);
        says(disk.run().await).0
    };
    assert_eq!(check(101, 101).await, Status::Pass);
    assert_eq!(check(0, 101).await, Status::Warn);
    assert_eq!(check(0, 0).await, Status::Fail);
    let there = DiskCheck::new(folder.path()).run().await;
    let not_yet = DiskCheck::new(folder.path().join("not/yet")).run().await;
    assert_eq!(not_yet.value(), there.value());
}

#[tokio::test]
async fn a_service_is_well_when_it_answers_with_success() {
    let app = Router::new()
        .route("/well", axum::routing::get(StatusCode::OK))
        .route("/moved", axum::routing::get(StatusCode::TEMPORARY_REDIRECT));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let serving = tokio::spawn(async move { axum::serve(listener, app).await });
    let outbound = Outbound::builder().internal_addresses().build().unwrap();
    let guarded = Outbound::builder().build().unwrap();
    let check = async |outbound: &Outbound, path: &str| {
        let url = format!("http://{address}{path}").parse().unwrap();
        ServiceCheck::new(outbound, url).run().await.status()
    };
    assert_eq!(check(&outbound, "/well").await, Status::Pass);
    assert_eq!(check(&outbound, "/moved").await, Status::Fail);
    assert_eq!(check(&outbound, "/missing").await, Status::Fail);
    assert_eq!(check(&guarded, "/well").await, Status::Fail);
    serving.abort();
}

on_both!(a_consumer_that_stands_still_is_seen_by_the_age_of_what_waits);
