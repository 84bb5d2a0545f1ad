use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use tenancy_commerce::catalog::{Catalog as _, CategoryDraft};
use tenancy_core::journal::{Consumer, ConsumerError, Entry, Retry, Worker};
use tenancy_core::sql::migrate;
use tenancy_core::{Actor, TenantScope};
use tenancy_tests::Postgres;

use super::*;
use crate::config::Config;
use crate::onboard::NewTenant;
use crate::platform::MIGRATIONS;
use crate::shop::ShopSettings;

/// Takes entries once its other side is there.
#[derive(Clone, Default)]
struct Mail {
    is_there: Arc<AtomicBool>,
    taken: Arc<AtomicU64>,
}

impl Consumer for Mail {
    fn name(&self) -> &'static str {
        "mail"
    }

    fn retry(&self) -> Retry {
        Retry::Park { attempts: 1 }
    }

    async fn handle(&self, _: &TenantScope, _: &Entry) -> Result<(), ConsumerError> {
        if !self.is_there.load(Ordering::Acquire) {
            return Err("nobody there".into());
        }
        self.taken.fetch_add(1, Ordering::AcqRel);
        Ok(())
    }
}

/// What a server and a command line do on the same data, each with a [`Platform`] of its own.
async fn check_that_a_server_hands_over_what_a_command_asks_for(config: Config) {
    let server = Platform::open_as(config.clone(), Actor::system("server")).await;
    let server = server.unwrap_or_else(|failure| panic!("{failure}"));
    let command_line = Platform::open(config).await;
    let command_line = command_line.unwrap_or_else(|failure| panic!("{failure}"));
    let mut tenants = vec![];
    for slug in ["acme", "bolt"] {
        let new = NewTenant {
            slug: slug.parse().unwrap(),
            name: None,
            plan: Default::default(),
            settings: ShopSettings::default(),
        };
        let onboarded = server.onboard(&new, async |_| Ok(()), |_| Ok(())).await;
        tenants.push(onboarded.unwrap_or_else(|failure| panic!("{failure}")));
    }
    let [acme, bolt] = &tenants[..] else {
        unreachable!()
    };
    let mail = Mail::default();
    let worker = Worker::builder(server.database(), server.tenants());
    let worker = worker.consumer(mail.clone()).build();
    let running = tokio::spawn(async move { worker.run().await });
    for (tenant, categories) in [(acme, &["Mugs", "Bowls"][..]), (bolt, &["Nuts"])] {
        let scope = server.scope().tenant(tenant.id).await.unwrap();
        for name in categories {
            let draft = CategoryDraft::new(*name);
            let made = server.catalog().insert_category(&scope, &draft).await;
            made.unwrap();
        }
    }

    let parked = async || {
        all_parked(&command_line)
            .await
            .unwrap_or_else(|failure| panic!("{failure}"))
    };
    let deadline = Instant::now() + Duration::from_secs(20);
    while parked().await.len() < 3 {
        assert!(Instant::now() < deadline, "not parked in time");
    }
    let found = parked().await;
    let found: Vec<_> = found
        .iter()
        .map(|shown| {
            (
                shown.tenant.as_str(),
                shown.parked.sequence,
                &*shown.parked.error,
            )
        })
        .collect();
    assert_eq!(
        found,
        [
            ("acme", 1, "nobody there"),
            ("acme", 2, "nobody there"),
            ("bolt", 1, "nobody there")
        ]
    );

    mail.is_there.store(true, Ordering::Release);
    let asked = Instant::now();
    assert_eq!(retry(&command_line, &acme.slug).await.ok(), Some(2));
    while mail.taken.load(Ordering::Acquire) < 2 {
        assert!(
            asked.elapsed() < Duration::from_millis(1500),
            "not handed over in time"
        );
        tokio::task::yield_now().await;
    }
    let deadline = Instant::now() + Duration::from_secs(20);
    while parked().await.len() > 1 {
        assert!(Instant::now() < deadline, "still parked");
    }
    // Another tenant's entries wait for an order of their own.
    assert_eq!(parked().await[0].tenant, bolt.slug);
    assert_eq!(mail.taken.load(Ordering::Acquire), 2);
    running.abort();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_hands_over_what_a_command_asks_for_on_sqlite() {
    let folder = tempfile::tempdir().unwrap();
    let config = Config {
        data: folder.path().to_owned(),
        ..Config::default()
    };
    check_that_a_server_hands_over_what_a_command_asks_for(config).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_hands_over_what_a_command_asks_for_on_postgres() {
    let migrate =
        async |owner_url: &str| migrate::postgres(owner_url, &*MIGRATIONS, "tenancy_app").await;
    let database = Postgres::shared().await.database("platform", migrate).await;
    let folder = tempfile::tempdir().unwrap();
    let config = Config {
        data: folder.path().to_owned(),
        database_url: Some(crate::secret::Secret::new(database.app_url())),
        ..Config::default()
    };
    check_that_a_server_hands_over_what_a_command_asks_for(config).await;
}
