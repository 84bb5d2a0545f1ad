use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use serde::Serialize;
use sqlx::{Connection as _, PgConnection};
use tempfile::TempDir;
use tenancy_cache::class::Class;
use tenancy_cache::{Cache, Tag};
use tenancy_core::journal::{Change, Entry, EntryQuery, Resource};
use tenancy_core::registry::{Address, Directory as _, SqlTenants, TenantRegistry as _};
use tenancy_core::sql::migrate::{self, MigrationSet};
use tenancy_core::sql::{Database, SqlStorage, TenantTx};
use tenancy_core::{Actor, Purpose, Slug, Tenant, TenantId, TenantScope, Tenants};
use tenancy_tests::{Postgres, TestDatabase};

const SETS: &[&MigrationSet] = &[&migrate::CORE];

pub(crate) const NOTES: Class = Class::new("notes");

/// One node of an installation, whose only data are its journals.
pub(crate) struct Installation {
    pub(crate) storage: SqlStorage,
    pub(crate) registry: SqlTenants,
    pub(crate) tenants: Tenants,
    pub(crate) database: Database,
    pub(crate) cache: Cache,
    loads: Arc<AtomicUsize>,
    place: Arc<Place>,
}

/// PostgreSQL's database, or SQLite's folder.
enum Place {
    Postgres(TestDatabase),
    Sqlite(TempDir),
}

/// For a node that has nobody beside it.
const ALONE: Duration = Duration::from_secs(3600);

/// So that a commit can be cancelled while the server is at it.
const SLOW_COMMITS: &str = "CREATE FUNCTION dawdle() RETURNS trigger LANGUAGE plpgsql \
     AS $$ BEGIN PERFORM pg_sleep(0.01); RETURN NULL; END $$; \
     CREATE CONSTRAINT TRIGGER dawdle AFTER INSERT ON tenancy_journal DEFERRABLE \
     INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION dawdle()";

impl Installation {
    pub(crate) async fn postgres() -> Self {
        let migrate = async |url: &str| migrate::postgres(url, SETS, "tenancy_app").await;
        let server = Postgres::shared().await;
        let database = server.database("tenancy-cache", migrate).await;
        let mut owner = PgConnection::connect(&database.owner_url()).await.unwrap();
        sqlx::raw_sql(SLOW_COMMITS)
            .execute(&mut owner)
            .await
            .unwrap();
        Self::at(Arc::new(Place::Postgres(database)), ALONE).await
    }

    pub(crate) async fn sqlite() -> Self {
        Self::at(Arc::new(Place::Sqlite(TempDir::new().unwrap())), ALONE).await
    }

    /// Another node on the same data, which looks for changes as often.
    pub(crate) async fn beside(&self, check_interval: Duration) -> Self {
        Self::at(self.place.clone(), check_interval).await
    }

    /// SQLite's file of a tenant.
    pub(crate) fn file_of(&self, scope: &TenantScope) -> Option<PathBuf> {
        match &*self.place {
            Place::Postgres(_) => None,
            Place::Sqlite(folder) => {
                let name = format!("tenants/{}.db", scope.tenant_id());
                Some(folder.path().join(name))
            }
        }
    }

    async fn at(place: Arc<Place>, check_interval: Duration) -> Self {
        let builder = SqlStorage::builder();
        let storage = match &*place {
            Place::Postgres(database) => builder.postgres(&database.app_url()).unwrap(),
            Place::Sqlite(folder) => builder.sqlite(folder.path()).await.unwrap(),
        };
        migrate::prepare(&storage, SETS).await.unwrap();
        let registry = SqlTenants::new(&storage);
        let tenants = Tenants::new(registry.clone());
        let database = Database::new(&storage, &tenants);
        let cache = Cache::builder(&tenants)
            .journal(&database)
            .check_interval(check_interval)
            .build();
        Self {
            storage,
            registry,
            tenants,
            database,
            cache,
            loads: Arc::default(),
            place,
        }
    }

    /// A scope for a tenant, who is new where nobody knows the slug.
    pub(crate) async fn scope(&self, slug: &str) -> TenantScope {
        let (slug, by) = (slug.parse::<Slug>().unwrap(), Actor::system("test"));
        let id = match self
            .registry
            .find(&Address::Slug(slug.clone()))
            .await
            .unwrap()
        {
            Some(tenant) => tenant.id,
            None => {
                let tenant = Tenant::new(TenantId::generate(), slug);
                self.registry.insert(&tenant, &by).await.unwrap().id
            }
        };
        let platform = self.tenants.platform(by.clone());
        let scope = platform.tenant(id).await.unwrap();
        self.database.provision(&scope).await.unwrap();
        self.tenants.scope(id, by, Purpose::Request).await.unwrap()
    }

    /// How many entries the tenant's journal has.
    pub(crate) async fn count(&self, scope: &TenantScope) -> u64 {
        count(&self.database, scope).await.unwrap()
    }

    /// The same through the cache.
    pub(crate) async fn cached_count(&self, scope: &TenantScope) -> u64 {
        self.cached(scope, "count", &["note"]).await
    }

    /// The same under another key, with tags whose parts are written with `/` between them.
    pub(crate) async fn cached(&self, scope: &TenantScope, key: &str, tags: &[&str]) -> u64 {
        let tags: Vec<_> = tags.iter().copied().map(tag).collect();
        let load = || {
            let (database, scope, loads) =
                (self.database.clone(), scope.clone(), self.loads.clone());
            async move {
                loads.fetch_add(1, Ordering::Relaxed);
                count(&database, &scope).await
            }
        };
        let shop = self.cache.tenant(scope).unwrap();
        *shop.remember(&NOTES, key, &tags, load).await.unwrap()
    }

    /// How often the cache has loaded.
    pub(crate) fn loads(&self) -> usize {
        self.loads.load(Ordering::Relaxed)
    }
}

fn tag(path: &str) -> Tag {
    let mut parts = path.split('/');
    let first = Tag::from(parts.next().unwrap());
    parts.fold(first, |tag, part| tag.part(part))
}

async fn count(database: &Database, scope: &TenantScope) -> Result<u64, tenancy_core::Error> {
    let mut tx = database.read(scope).await?;
    let all = EntryQuery {
        resource: Some("note".to_owned()),
        limit: Some(250),
        ..EntryQuery::default()
    };
    let trail = Entry::trail(&mut tx, &all).await?;
    tx.commit().await?;
    assert!(trail.next.is_none(), "too many to count");
    Ok(trail.entries.len() as u64)
}

#[derive(Serialize)]
struct Note;

impl Resource for Note {
    const KIND: &'static str = "note";

    fn resource_id(&self) -> String {
        "7".to_owned()
    }
}

/// Notes a change of note 7.
pub(crate) fn note(tx: &mut TenantTx) {
    tx.record(Change::created(&Note));
}
