use std::time::Duration;

use tempfile::TempDir;
use tenancy_core::ErrorKind;
use tenancy_core::registry::TenantRegistry as _;
use tenancy_core::sql::migrate;
use tenancy_core::time::Time;
use tenancy_core::{Slug, Tenant, TenantId};
use tenancy_security::session::{Session, SessionDigest, SessionStore, contract};
use tenancy_tests::{Postgres, TestDatabase};

use super::*;
use crate::config::Config;
use crate::platform::{MIGRATIONS, Platform};
use crate::secret::Secret;

const PASSWORD: &str = "four words are good";

/// A platform with the shops `acme` and `bolt`, and what lives as long as it does.
struct Town {
    platform: Platform,
    _folder: TempDir,
    _database: Option<TestDatabase>,
}

impl Town {
    async fn both() -> [Self; 2] {
        let migrate =
            async |owner_url: &str| migrate::postgres(owner_url, &*MIGRATIONS, "tenancy_app").await;
        let database = Postgres::shared()
            .await
            .database("platform-users", migrate)
            .await;
        [Self::open(None).await, Self::open(Some(database)).await]
    }

    async fn open(database: Option<TestDatabase>) -> Self {
        let url = database.as_ref().map(TestDatabase::app_url);
        let (platform, folder) = Platform::in_new_folder(Config {
            database_url: url.map(Secret::new),
            ..Config::default()
        })
        .await;
        for slug in ["acme", "bolt"] {
            let tenant = Tenant::new(TenantId::generate(), slug.parse().unwrap());
            let registry = platform.registry();
            registry.insert(&tenant, platform.actor()).await.unwrap();
            platform.provision(tenant.id).await.unwrap();
        }
        Self {
            platform,
            _folder: folder,
            _database: database,
        }
    }

    /// The doors of two shops and of the platform.
    async fn doors(&self) -> [Door; 3] {
        let [acme, bolt]: [Slug; 2] = ["acme", "bolt"].map(|slug| slug.parse().unwrap());
        let [acme, bolt] = [
            self.platform.door(Some(&acme)),
            self.platform.door(Some(&bolt)),
        ];
        let own = self.platform.door(None);
        [acme.await.unwrap(), bolt.await.unwrap(), own.await.unwrap()]
    }

    async fn add(&self, door: &Door, email: &str) -> User {
        let (email, name) = (email.parse().unwrap(), "Ann".parse().unwrap());
        let password = PASSWORD.into();
        let user = self.platform.create_user(door, email, name, &password);
        user.await.unwrap()
    }
}

#[tokio::test]
async fn every_door_keeps_the_contract_of_sessions_on_both_databases() {
    for town in Town::both().await {
        for door in town.doors().await {
            let ann = town.add(&door, "ann@example.com").await;
            let ben = town.add(&door, "ben@example.com").await;
            let users = town.platform.users(&door);
            contract::session_store(&users, [&ann, &ben]).await;
        }
    }
}

#[tokio::test]
async fn one_address_is_one_account_at_each_door() {
    for town in Town::both().await {
        let doors = town.doors().await;
        for door in &doors {
            let ann = town.add(door, " Ann@Example.com").await;
            let users = town.platform.users(door);
            let found = users
                .find(&"ann@example.com".parse().unwrap())
                .await
                .unwrap();
            assert_eq!(found.unwrap().user, ann);
            let again = Account {
                user: User::new(ann.email.clone(), ann.name.clone(), ann.role),
                password_hash: town
                    .platform
                    .passwords()
                    .hash(&PASSWORD.into())
                    .await
                    .unwrap(),
            };
            let refused = users.insert(&again).await.unwrap_err();
            assert_eq!(refused.kind(), ErrorKind::UniqueViolation);
            assert_eq!(users.list().await.unwrap(), [ann]);
        }
        let roles = doors.each_ref().map(Door::role);
        assert_eq!(roles, [Role::Staff, Role::Staff, Role::Operator]);
    }
}

#[tokio::test]
async fn a_session_is_one_doors_and_ends_with_time_and_with_its_user() {
    for town in Town::both().await {
        let doors = town.doors().await;
        let sessions = town.platform.sessions();
        let now = Time::now();
        let later = |seconds| now.after(Duration::from_secs(seconds));
        for (place, door) in doors.iter().enumerate() {
            let ann = town.add(door, "ann@example.com").await;
            let users = town.platform.users(door);
            let begin = async || {
                sessions
                    .begin(&users, ann.clone(), None, now)
                    .await
                    .unwrap()
            };
            let id = begin().await;
            for (other, door) in doors.iter().enumerate() {
                let users = town.platform.users(door);
                let found = sessions.find(&users, &id, later(1)).await.unwrap();
                let expected = (other == place).then_some(&ann);
                assert_eq!(found.as_ref().map(|session| &session.user), expected);
            }
            let lives = async |id, time| {
                let found = sessions.find(&users, id, time).await.unwrap();
                found.is_some()
            };
            assert!(lives(&id, later(1799)).await);
            assert!(lives(&id, later(1799 + 1799)).await);
            assert!(!lives(&id, later(1799 + 1799 + 1800)).await);

            let id = begin().await;
            let disabled = town
                .platform
                .set_user_disabled(door, &ann.email, true)
                .await;
            assert!(disabled.unwrap().disabled_at.is_some());
            assert!(!lives(&id, later(1)).await);
            // Not even one that begins as they are shut out.
            let id = begin().await;
            assert!(!lives(&id, later(1)).await);
            town.platform
                .set_user_disabled(door, &ann.email, false)
                .await
                .unwrap();
            let id = begin().await;
            let hash = town
                .platform
                .passwords()
                .hash(&"other words".into())
                .await
                .unwrap();
            assert!(lives(&id, later(1)).await);
            users.reset(&ann, &hash).await.unwrap();
            assert!(!lives(&id, later(1)).await);
        }
    }
}

#[tokio::test]
async fn nobody_has_more_sessions_than_somebody_needs() {
    for town in Town::both().await {
        for door in town.doors().await {
            let ann = town.add(&door, "ann@example.com").await;
            let ben = town.add(&door, "ben@example.com").await;
            let users = town.platform.users(&door);
            let begin = async |user: &User, second: u64| {
                let time = Time::from_microseconds(0).after(Duration::from_secs(second));
                let id = town
                    .platform
                    .sessions()
                    .begin(&users, user.clone(), None, time);
                id.await.unwrap().digest()
            };
            let bens = begin(&ben, 0).await;
            let mut anns = vec![];
            for second in 0..=SESSIONS_MAX.unsigned_abs() {
                anns.push(begin(&ann, second).await);
            }
            assert_eq!(users.find_session(anns[0]).await, None);
            assert!(users.find_session(anns[1]).await.is_some());
            assert!(users.find_session(*anns.last().unwrap()).await.is_some());
            assert!(users.find_session(bens).await.is_some());
        }
    }
}

impl Users {
    async fn find_session(&self, digest: SessionDigest) -> Option<Session<User>> {
        SessionStore::find(self, digest).await.unwrap()
    }
}
