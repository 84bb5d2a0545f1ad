//! Shops whose customers are written down while something breaks.

use std::fs::{File, OpenOptions};
use std::io::Write as _;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use tenancy_commerce::customer::{CustomerDraft, CustomerId, SqlCustomers};
use tenancy_commerce::{MIGRATIONS, Patch};
use tenancy_core::journal::{Consumer, ConsumerError, Entry, Worker};
use tenancy_core::registry::{SqlTenants, TenantRegistry as _};
use tenancy_core::sql::migrate::{self, CORE, MigrationSet};
use tenancy_core::sql::{Database, SqlStorage};
use tenancy_core::{Actor, Purpose, Tenant, TenantId, TenantScope, Tenants};
use uuid::Uuid;

/// The tables that shops need.
pub const SETS: &[&MigrationSet] = &[&CORE, &MIGRATIONS];

/// How many customers of each shop everybody changes at once.
const HOT: usize = 3;

/// Some shops in one database, and a log of what was kept and what was handed over.
#[derive(Clone, Debug)]
pub struct Shops {
    database: Database,
    registry: SqlTenants,
    tenants: Tenants,
    log: Arc<File>,
}

impl Shops {
    /// Opens the shops in `place`, a URL of PostgreSQL or a folder of SQLite files, and the log,
    /// which several processes may share.
    ///
    /// # Errors
    /// When the place or the log cannot be opened.
    pub async fn open(place: &str, log: &Path) -> Result<Self, ConsumerError> {
        let builder = SqlStorage::builder().connections(8);
        let storage = if place.starts_with("postgres:") {
            builder.postgres(place)?
        } else {
            builder.sqlite(place).await?
        };
        migrate::prepare(&storage, SETS).await?;
        let registry = SqlTenants::new(&storage);
        let tenants = Tenants::new(registry.clone());
        let database = Database::builder(&storage, &tenants)
            .migrations(&MIGRATIONS)
            .build();
        // What is appended in one call stays whole, and in one order over all processes.
        let log = OpenOptions::new().create(true).append(true).open(log)?;
        Ok(Self {
            database,
            registry,
            tenants,
            log: Arc::new(log),
        })
    }

    /// The database of the shops.
    pub fn database(&self) -> &Database {
        &self.database
    }

    /// Opens a new shop, with the customers that everybody will change.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn add(&self, slug: &str) -> Result<TenantId, ConsumerError> {
        let tenant = Tenant::new(TenantId::generate(), slug.parse()?);
        self.registry
            .insert(&tenant, &Actor::system("test"))
            .await?;
        let platform = self.tenants.platform(Actor::system("test"));
        let scope = platform.tenant(tenant.id).await?;
        self.database.provision(&scope).await?;
        let mut tx = self.database.write(&scope).await?;
        for number in 0..HOT {
            SqlCustomers::insert_in(&mut tx, &CustomerDraft::new(hot(number))).await?;
        }
        tx.commit().await?;
        Ok(tenant.id)
    }

    /// A scope for requests to a shop.
    ///
    /// # Errors
    /// Those of the registry.
    pub async fn scope(&self, shop: TenantId) -> Result<TenantScope, tenancy_core::Error> {
        let actor = Actor::system("test");
        self.tenants.scope(shop, actor, Purpose::Request).await
    }

    /// Changes customers of a shop until dropped, and logs what was kept. That an attempt fails is
    /// expected; the next one follows.
    pub async fn write(&self, shop: TenantId) {
        let mut dice = Dice::new();
        let mut own = Vec::new();
        loop {
            if self.attempt(shop, &mut dice, &mut own).await.is_err() {
                // Leaves the processor to whatever is being started again.
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        }
    }

    async fn attempt(
        &self,
        shop: TenantId,
        dice: &mut Dice,
        own: &mut Vec<CustomerId>,
    ) -> Result<(), ConsumerError> {
        let scope = self.scope(shop).await?;
        let mut tx = self.database.write(&scope).await?;
        // Tells this attempt's changes from all others, in rows and in the journal.
        let mark = Uuid::now_v7().to_string();
        let patch = Patch::default().set("phone", &*mark);
        let hot = hot(dice.roll(HOT));
        let hot = SqlCustomers::find_by_email_in(&mut tx, &hot).await?;
        let draft = CustomerDraft {
            phone: mark.clone(),
            ..CustomerDraft::new(format!("{mark}@example.com"))
        };
        match dice.roll(10) {
            0..3 => {
                let added = SqlCustomers::insert_in(&mut tx, &draft).await?;
                tx.commit().await?;
                own.push(added.id);
            }
            3..7 => {
                SqlCustomers::patch_in(&mut tx, hot.id, &patch).await?;
                tx.commit().await?;
            }
            7 => {
                SqlCustomers::patch_in(&mut tx, hot.id, &patch).await?;
                let added = SqlCustomers::insert_in(&mut tx, &draft).await?;
                let patch = Patch::default().set("name", "Twice in one transaction");
                SqlCustomers::patch_in(&mut tx, added.id, &patch).await?;
                tx.commit().await?;
            }
            8 => {
                SqlCustomers::patch_in(&mut tx, hot.id, &patch).await?;
                return Ok(()); // dropped
            }
            _ => {
                if let Some(gone) = own.pop() {
                    SqlCustomers::delete_in(&mut tx, gone).await?;
                    tx.commit().await?;
                }
                return Ok(());
            }
        }
        self.log(&format!("kept {shop} {mark}"))?;
        Ok(())
    }

    /// A worker that logs each entry it is handed. When its process is killed, it keeps its places
    /// from others for twice `time_out`.
    pub fn worker(&self, time_out: Duration) -> Worker {
        Worker::builder(&self.database, &self.tenants)
            .consumer(Scribe(self.clone()))
            .handling_time_out(time_out)
            .build()
    }

    fn log(&self, line: &str) -> std::io::Result<()> {
        (&*self.log).write_all(format!("{line}\n").as_bytes())
    }
}

fn hot(number: usize) -> String {
    format!("hot-{number}@example.com")
}

struct Scribe(Shops);

impl Consumer for Scribe {
    fn name(&self) -> &'static str {
        "scribe"
    }

    async fn handle(&self, scope: &TenantScope, entry: &Entry) -> Result<(), ConsumerError> {
        let (shop, id) = (scope.tenant_id(), entry.id);
        let sequence = entry.sequence.ok_or("an entry without a number")?;
        // Long enough to be killed in.
        tokio::time::sleep(Duration::from_millis(1)).await;
        Ok(self.0.log(&format!("took {shop} {sequence} {id}"))?)
    }
}

/// Chance, different in each run.
#[derive(Debug)]
pub struct Dice(u64);

impl Default for Dice {
    fn default() -> Self {
        Self::new()
    }
}

impl Dice {
    /// Other dice than all before.
    pub fn new() -> Self {
        use std::hash::{BuildHasher as _, RandomState};
        Self(RandomState::new().hash_one(std::process::id()) | 1)
    }

    /// One of `sides` numbers from zero on (xorshift64).
    pub fn roll(&mut self, sides: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 33).map_or(0, |number| number % sides)
    }
}
