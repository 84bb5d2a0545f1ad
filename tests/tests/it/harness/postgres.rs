use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use sqlx::{Connection, Error, PgConnection};
use tenancy_tests::Postgres;
use tokio::time::timeout;

#[tokio::test]
async fn roles_can_do_no_more_than_their_part() {
    let database = Postgres::shared().await.empty_database().await;
    let mut owner = PgConnection::connect(&database.owner_url()).await.unwrap();
    let mut app = PgConnection::connect(&database.app_url()).await.unwrap();

    let special: Vec<(String, bool, bool)> = sqlx::query_as(
        "SELECT rolname::text, rolsuper, rolbypassrls FROM pg_roles \
         WHERE rolname LIKE 'tenancy%' ORDER BY rolname",
    )
    .fetch_all(&mut owner)
    .await
    .unwrap();
    let plain = |name: &str| (name.to_owned(), false, false);
    assert_eq!(special, [plain("tenancy_app"), plain("tenancy_owner")]);

    create_table(&mut owner).await.unwrap();
    let refused = create_table(&mut app).await.unwrap_err();
    assert_eq!(code(&refused), "42501");
}

#[tokio::test]
async fn a_wrong_password_is_refused() {
    let database = Postgres::shared().await.empty_database().await;
    let url = database.app_url();
    let (_, rest) = url.split_once('@').unwrap();
    let error = PgConnection::connect(&format!("postgres://tenancy_app:wrong@{rest}")).await;
    assert_eq!(code(&error.unwrap_err()), "28P01");
}

#[tokio::test]
async fn the_unix_socket_leads_to_the_same_server() {
    let postgres = Postgres::shared().await;
    let database = postgres.empty_database().await;
    let options: sqlx::postgres::PgConnectOptions = database.app_url().parse().unwrap();
    let options = options.socket(postgres.socket_folder());
    let mut connection = PgConnection::connect_with(&options).await.unwrap();
    let by_socket: bool = sqlx::query_scalar("SELECT inet_server_addr() IS NULL")
        .fetch_one(&mut connection)
        .await
        .unwrap();
    assert!(by_socket);
}

#[tokio::test]
async fn a_standby_has_what_was_written_and_lets_nobody_write() {
    let primary = Postgres::start().await;
    let database = primary.empty_database().await;
    let mut owner = PgConnection::connect(&database.owner_url()).await.unwrap();
    create_table(&mut owner).await.unwrap();
    let standby = primary.standby().await;
    assert_ne!(standby.port(), primary.port());
    assert_eq!(insert(&mut owner).await.unwrap(), 1);

    let url = standby.superuser_url(database.name());
    let mut reader = PgConnection::connect(&url).await.unwrap();
    let deadline = Instant::now() + Duration::from_secs(10);
    let arrived = "SELECT EXISTS (SELECT FROM things)";
    while !sqlx::query_scalar::<_, bool>(arrived)
        .fetch_one(&mut reader)
        .await
        .unwrap()
    {
        assert!(Instant::now() < deadline, "{}", standby.log());
    }
    assert_eq!(code(&insert(&mut reader).await.unwrap_err()), "25006");
}

#[test]
fn a_template_is_built_once_however_many_runtimes_ask() {
    static BUILT: AtomicUsize = AtomicUsize::new(0);
    let names: Vec<_> = thread::scope(|scope| {
        let ask = || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build();
            runtime.unwrap().block_on(async {
                let build = async |url: &str| {
                    BUILT.fetch_add(1, Ordering::Relaxed);
                    create_table(&mut PgConnection::connect(url).await?).await
                };
                let database = Postgres::shared().await.database("built once", build).await;
                let mut app = PgConnection::connect(&database.owner_url()).await.unwrap();
                assert_eq!(insert(&mut app).await.unwrap(), 1);
                database.name().to_owned()
            })
        };
        let askers: Vec<_> = (0..4).map(|_| scope.spawn(ask)).collect();
        askers
            .into_iter()
            .map(|asker| asker.join().unwrap())
            .collect()
    });
    assert_eq!(BUILT.load(Ordering::Relaxed), 1);
    let mut distinct = names.clone();
    distinct.sort();
    distinct.dedup();
    assert_eq!(distinct.len(), names.len(), "{names:?}");
}

#[tokio::test]
async fn a_template_whose_build_fails_is_never_copied() {
    let postgres = Postgres::start().await;
    let failing = postgres.clone();
    let failed = tokio::spawn(async move {
        failing
            .database("fails at first", async |_: &str| Err("no such migration"))
            .await
    });
    assert!(failed.await.unwrap_err().is_panic());

    let build = async |url: &str| create_table(&mut PgConnection::connect(url).await?).await;
    let database = postgres.database("fails at first", build).await;
    let mut owner = PgConnection::connect(&database.owner_url()).await.unwrap();
    assert_eq!(insert(&mut owner).await.unwrap(), 1);
}

#[tokio::test]
async fn a_fresh_database_takes_at_most_100_ms() {
    let postgres = Postgres::start().await;
    let build = async |url: &str| create_table(&mut PgConnection::connect(url).await?).await;
    postgres.database("timed", build).await;

    // The machine may be busy with other tests, so one quiet round is enough.
    let mut medians = Vec::new();
    for _round in 0..10 {
        let mut times = Vec::new();
        for _ in 0..9 {
            let start = Instant::now();
            postgres.database("timed", build).await;
            times.push(start.elapsed());
        }
        times.sort();
        println!("a fresh database: median {:?}, all {times:?}", times[4]);
        if times[4] <= Duration::from_millis(100) {
            return;
        }
        medians.push(times[4]);
    }
    panic!("a fresh database takes too long: {medians:?}");
}

#[tokio::test]
async fn a_stopped_server_refuses_and_a_restarted_one_has_kept_its_data() {
    let postgres = Postgres::start().await;
    let database = postgres.empty_database().await;
    let mut owner = PgConnection::connect(&database.owner_url()).await.unwrap();
    create_table(&mut owner).await.unwrap();
    assert_eq!(insert(&mut owner).await.unwrap(), 1);

    postgres.stop().await;
    assert_eq!(postgres.pid(), None);
    assert!(insert(&mut owner).await.is_err());
    let refused = PgConnection::connect(&database.owner_url())
        .await
        .unwrap_err();
    assert!(matches!(refused, Error::Io(_)), "{refused:?}");

    postgres.restart().await;
    let mut owner = PgConnection::connect(&database.owner_url()).await.unwrap();
    assert_eq!(insert(&mut owner).await.unwrap(), 2);
}

#[tokio::test]
async fn a_killed_server_recovers_what_was_committed() {
    let postgres = Postgres::start().await;
    let database = postgres.empty_database().await;
    let mut owner = PgConnection::connect(&database.owner_url()).await.unwrap();
    create_table(&mut owner).await.unwrap();
    assert_eq!(insert(&mut owner).await.unwrap(), 1);

    postgres.kill().await;
    assert!(insert(&mut owner).await.is_err());

    postgres.restart().await;
    assert!(
        postgres.log().contains("automatic recovery in progress"),
        "{}",
        postgres.log()
    );
    let mut owner = PgConnection::connect(&database.owner_url()).await.unwrap();
    assert_eq!(insert(&mut owner).await.unwrap(), 2);
}

#[tokio::test]
async fn a_paused_server_answers_nobody_until_it_is_resumed() {
    let postgres = Postgres::start().await;
    let database = postgres.empty_database().await;
    let mut open = PgConnection::connect(&database.owner_url()).await.unwrap();
    create_table(&mut open).await.unwrap();

    postgres.pause().await;
    let brief = Duration::from_millis(200);
    let mut asked = Box::pin(insert(&mut open));
    assert!(
        timeout(brief, &mut asked).await.is_err(),
        "a backend still answered"
    );
    assert!(
        timeout(brief, PgConnection::connect(&database.owner_url()))
            .await
            .is_err()
    );

    postgres.resume().await;
    assert_eq!(asked.await.unwrap(), 1);
}

#[tokio::test]
async fn settings_given_later_win() {
    let postgres = Postgres::builder()
        .fsync(true)
        .setting("autovacuum", "on")
        .start()
        .await;
    let mut superuser = PgConnection::connect(&postgres.superuser_url("postgres"))
        .await
        .unwrap();
    let settings: (String, String, String) = sqlx::query_as(
        "SELECT current_setting('fsync'), current_setting('autovacuum'), \
         current_setting('listen_addresses')",
    )
    .fetch_one(&mut superuser)
    .await
    .unwrap();
    assert_eq!(
        settings,
        ("on".to_owned(), "on".to_owned(), "127.0.0.1".to_owned())
    );
}

#[tokio::test]
async fn a_server_that_refuses_its_settings_shows_its_log() {
    let refused = Postgres::builder()
        .setting("work_mem", "plenty")
        .try_start()
        .await;
    let message = refused.unwrap_err().to_string();
    assert!(message.starts_with("PostgreSQL ended with"), "{message}");
    assert!(
        message.contains("invalid value for parameter \"work_mem\": \"plenty\""),
        "{message}"
    );
}

#[tokio::test]
async fn missing_programs_are_named_with_their_package() {
    let folder = env!("CARGO_TARGET_TMPDIR");
    let missing = Postgres::builder()
        .programs(folder)
        .try_start()
        .await
        .unwrap_err();
    assert_eq!(
        missing.to_string(),
        format!("{folder} holds no PostgreSQL 15 or newer: apt-get install postgresql")
    );
}

async fn create_table(connection: &mut PgConnection) -> Result<(), Error> {
    sqlx::query("CREATE TABLE things (id bigint GENERATED ALWAYS AS IDENTITY)")
        .execute(connection)
        .await
        .map(drop)
}

/// Adds a row and counts all of them.
async fn insert(connection: &mut PgConnection) -> Result<i64, Error> {
    sqlx::query("INSERT INTO things DEFAULT VALUES")
        .execute(&mut *connection)
        .await?;
    sqlx::query_scalar("SELECT count(*) FROM things")
        .fetch_one(connection)
        .await
}

fn code(error: &Error) -> String {
    error
        .as_database_error()
        .and_then(|error| error.code())
        .unwrap_or_default()
        .into_owned()
}
