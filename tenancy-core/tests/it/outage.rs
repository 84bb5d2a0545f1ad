//! PostgreSQL away, frozen, back and busy: what a transaction that begins gets, and when.

use std::error::Error as _;
use std::time::{Duration, Instant};

use tenancy_core::registry::InMemoryTenants;
use tenancy_core::sql::migrate;
use tenancy_core::sql::{Database, SqlStorage};
use tenancy_core::{Actor, Error, ErrorKind, PlatformScope, Tenants};
use tenancy_tests::Postgres;
use tokio::task::JoinSet;

/// Long enough that whatever ends before it ended for another reason.
const TIME_OUT: Duration = Duration::from_secs(30);

/// What "at once" may take on a busy machine.
const SOON: Duration = Duration::from_secs(1);

struct Site {
    storage: SqlStorage,
    database: Database,
    platform: PlatformScope,
}

impl Site {
    fn new(url: &str, time_out: Duration) -> Self {
        let storage = SqlStorage::builder()
            .connections(2)
            .time_out(time_out)
            .postgres(url)
            .unwrap();
        let tenants = Tenants::new(InMemoryTenants::default());
        Self {
            database: Database::new(&storage, &tenants),
            storage,
            platform: tenants.platform(Actor::system("test")),
        }
    }

    async fn ask(&self) -> Result<(), Error> {
        let tx = self.database.platform_read(&self.platform).await?;
        tx.commit().await
    }

    /// How a question ended and how long it took.
    async fn timed(&self) -> (Result<(), Error>, Duration) {
        let began = Instant::now();
        (self.ask().await, began.elapsed())
    }

    /// What many questions at once get; the slowest took this long.
    async fn crowd(&self) -> Duration {
        let mut crowd = JoinSet::new();
        for _ in 0..50 {
            let (database, platform) = (self.database.clone(), self.platform.clone());
            crowd.spawn(async move {
                let began = Instant::now();
                let error = database.platform_read(&platform).await.unwrap_err();
                assert_eq!(error.kind(), ErrorKind::Unavailable);
                began.elapsed()
            });
        }
        crowd.join_all().await.into_iter().max().unwrap()
    }

    async fn recover(&self) -> Duration {
        let began = Instant::now();
        let mut clients = tokio::time::interval(Duration::from_millis(20));
        while let Err(error) = self.ask().await {
            assert_eq!(error.kind(), ErrorKind::Unavailable);
            assert!(began.elapsed() < TIME_OUT, "{error:?}");
            clients.tick().await;
        }
        began.elapsed()
    }
}

fn cause(error: &Error) -> String {
    error.source().unwrap().to_string()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_is_gone_is_told_at_once_and_noticed_when_it_is_back() {
    let postgres = Postgres::start().await;
    let site = Site::new(&postgres.superuser_url("postgres"), TIME_OUT);
    site.ask().await.unwrap();
    postgres.stop().await;
    let (outcome, took) = site.timed().await;
    let error = outcome.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable);
    assert!(cause(&error).contains("Connection refused"), "{error:?}");
    assert!(took < SOON, "{took:?}");
    for _ in 0..3 {
        let slowest = site.crowd().await;
        assert!(slowest < SOON, "{slowest:?}");
    }
    postgres.restart().await;
    let took = site.recover().await;
    assert!(took < SOON, "{took:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_never_answers_keeps_one_waiting_and_no_other() {
    let postgres = Postgres::start().await;
    let site = Site::new(&postgres.superuser_url("postgres"), TIME_OUT);
    site.ask().await.unwrap();
    postgres.pause().await;
    // The first to come find the connection that was open, and nothing answers on it.
    let slowest = site.crowd().await;
    assert!(slowest < Duration::from_secs(4), "{slowest:?}");
    let (outcome, _) = site.timed().await;
    let error = outcome.unwrap_err();
    assert!(cause(&error).contains("no answer within"), "{error:?}");
    // From now on at most one at a time finds out whether it is back.
    let mut crowd = JoinSet::new();
    let mut clients = tokio::time::interval(Duration::from_millis(20));
    for _ in 0..150 {
        clients.tick().await;
        let (database, platform) = (site.database.clone(), site.platform.clone());
        crowd.spawn(async move {
            let began = Instant::now();
            let error = database.platform_read(&platform).await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Unavailable);
            began.elapsed()
        });
    }
    let waited = crowd.join_all().await;
    let slow = waited.iter().filter(|took| **took > SOON).count();
    assert!(slow <= 2, "{slow} of {} waited", waited.len());
    postgres.resume().await;
    let took = site.recover().await;
    assert!(took < Duration::from_secs(4), "{took:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn connections_that_are_all_in_use_are_waited_for_to_the_end() {
    let postgres = Postgres::shared().await;
    let database = postgres.empty_database().await;
    let time_out = Duration::from_secs(3);
    let site = Site::new(&database.owner_url(), time_out);
    let held = async || site.database.platform_read(&site.platform).await.unwrap();
    let (one, other) = (held().await, held().await);
    let (outcome, took) = site.timed().await;
    assert!(outcome.unwrap_err().is_transient());
    assert!(took >= time_out, "{took:?}");
    // Nor has anybody been told meanwhile that the server is away.
    drop(one);
    site.ask().await.unwrap();
    drop(other);
}

#[tokio::test]
async fn a_refusal_says_what_the_server_said() {
    let postgres = Postgres::shared().await;
    let database = postgres.empty_database().await;
    let url = database.app_url();
    let (_, rest) = url.split_once('@').unwrap();
    let wrong = format!("postgres://tenancy_app:wrong@{rest}");
    let (start, _) = url.rsplit_once('/').unwrap();
    let missing = format!("{start}/not_there");
    for (url, words) in [
        (wrong, "password authentication failed"),
        (missing, "database \"not_there\" does not exist"),
    ] {
        let site = Site::new(&url, TIME_OUT);
        let (outcome, took) = site.timed().await;
        let began = migrate::prepare(&site.storage, &[&migrate::CORE]).await;
        for error in [outcome.unwrap_err(), began.unwrap_err()] {
            assert_eq!(error.kind(), ErrorKind::Unavailable);
            assert!(cause(&error).contains(words), "{error:?}");
        }
        assert!(took < SOON, "{took:?}");
    }
}

#[tokio::test]
async fn what_commands_ask_first_is_told_as_well() {
    let postgres = Postgres::start().await;
    let site = Site::new(&postgres.superuser_url("postgres"), TIME_OUT);
    postgres.stop().await;
    let began = Instant::now();
    let error = migrate::prepare(&site.storage, &[&migrate::CORE])
        .await
        .unwrap_err();
    assert!(cause(&error).contains("Connection refused"), "{error:?}");
    assert!(began.elapsed() < SOON);
}

/// What a pool says alike for both: nothing, until its time-out.
#[tokio::test]
async fn a_connection_aside_tells_a_busy_pool_from_a_server_that_is_away() {
    let server = Postgres::start().await;
    let database = server.empty_database().await;
    let site = Site::new(&database.app_url(), TIME_OUT);
    let mut held = vec![];
    for _ in 0..2 {
        held.push(site.database.platform_read(&site.platform).await.unwrap());
    }
    site.storage.answers_aside().await.unwrap();
    server.kill().await;
    let error = site.storage.answers_aside().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable);
}
