use std::error::Error as StdError;

use sqlx::{AssertSqlSafe, PgPool, Postgres, Transaction};
use tenancy_core::sql::{Database, TenantTx};
use tenancy_core::{TenantScope, on_tx};
use uuid::Uuid;

use crate::installation::{all_notes, write_note};

pub(super) type Trouble = Box<dyn StdError + Send + Sync>;

const ALL: &str = "SELECT body FROM notes ORDER BY body";
const BROKEN: &str = "SELECT nothing";
const INSERT: &str = "INSERT INTO notes (tenant_id, id, body) VALUES ($1, $2, $3)";
/// Longer than anybody waits for it.
const SLOW: &str = "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 2000) \
     SELECT CAST(count(*) AS BIGINT) FROM n";

/// One way to a tenant's notes.
pub(super) trait Way: Send + Sync + 'static {
    type Tx: Send;

    fn open(&self, scope: &TenantScope) -> impl Future<Output = Result<Self::Tx, Trouble>> + Send;

    /// Every note in sight.
    fn notes(&self, tx: &mut Self::Tx)
    -> impl Future<Output = Result<Vec<String>, Trouble>> + Send;

    fn write(
        &self,
        tx: &mut Self::Tx,
        body: &str,
    ) -> impl Future<Output = Result<(), Trouble>> + Send;

    /// Runs a statement that the database refuses.
    fn fail(&self, tx: &mut Self::Tx) -> impl Future<Output = Result<(), Trouble>> + Send;

    /// Runs a statement that takes its time.
    fn dawdle(&self, tx: &mut Self::Tx) -> impl Future<Output = Result<(), Trouble>> + Send;

    fn commit(&self, tx: Self::Tx) -> impl Future<Output = Result<(), Trouble>> + Send;

    fn roll_back(&self, tx: Self::Tx) -> impl Future<Output = Result<(), Trouble>> + Send;

    /// What the next borrower of the pool finds, who has no tenant.
    fn borrow(&self) -> impl Future<Output = Result<Found, Trouble>> + Send;
}

pub(super) struct Ours {
    pub(super) database: Database,
    /// Where others can borrow from it as well.
    pub(super) pool: Option<PgPool>,
}

impl Way for Ours {
    type Tx = TenantTx;

    async fn open(&self, scope: &TenantScope) -> Result<TenantTx, Trouble> {
        Ok(self.database.write(scope).await?)
    }

    async fn notes(&self, tx: &mut TenantTx) -> Result<Vec<String>, Trouble> {
        Ok(all_notes(tx).await?)
    }

    async fn write(&self, tx: &mut TenantTx, body: &str) -> Result<(), Trouble> {
        write_note(tx, body).await?;
        Ok(())
    }

    async fn fail(&self, tx: &mut TenantTx) -> Result<(), Trouble> {
        Ok(on_tx!(tx, |conn| sqlx::query(BROKEN)
            .execute(conn)
            .await
            .map(|_| ()))?)
    }

    async fn dawdle(&self, tx: &mut TenantTx) -> Result<(), Trouble> {
        Ok(on_tx!(tx, |conn| sqlx::query(SLOW)
            .execute(conn)
            .await
            .map(|_| ()))?)
    }

    async fn commit(&self, tx: TenantTx) -> Result<(), Trouble> {
        Ok(tx.commit().await?)
    }

    async fn roll_back(&self, tx: TenantTx) -> Result<(), Trouble> {
        Ok(tx.roll_back().await?)
    }

    async fn borrow(&self) -> Result<Found, Trouble> {
        match &self.pool {
            Some(pool) => Ok(found(pool).await?),
            None => Ok(Found::default()),
        }
    }
}

/// sqlx's transaction, opened with the same words.
pub(super) struct Sqlx {
    pub(super) pool: PgPool,
}

pub(super) struct SqlxTx {
    tx: Transaction<'static, Postgres>,
    tenant: Uuid,
}

impl Way for Sqlx {
    type Tx = SqlxTx;

    async fn open(&self, scope: &TenantScope) -> Result<SqlxTx, Trouble> {
        let tenant = scope.tenant_id().as_uuid();
        let begin = format!("BEGIN; SET LOCAL app.tenant_id = '{tenant}'");
        let tx = self.pool.begin_with(AssertSqlSafe(begin)).await?;
        Ok(SqlxTx { tx, tenant })
    }

    async fn notes(&self, tx: &mut SqlxTx) -> Result<Vec<String>, Trouble> {
        Ok(sqlx::query_scalar(ALL).fetch_all(&mut *tx.tx).await?)
    }

    async fn write(&self, tx: &mut SqlxTx, body: &str) -> Result<(), Trouble> {
        sqlx::query(INSERT)
            .bind(tx.tenant)
            .bind(Uuid::now_v7())
            .bind(body)
            .execute(&mut *tx.tx)
            .await?;
        Ok(())
    }

    async fn fail(&self, tx: &mut SqlxTx) -> Result<(), Trouble> {
        sqlx::query(BROKEN).execute(&mut *tx.tx).await?;
        Ok(())
    }

    async fn dawdle(&self, tx: &mut SqlxTx) -> Result<(), Trouble> {
        sqlx::query(SLOW).execute(&mut *tx.tx).await?;
        Ok(())
    }

    async fn commit(&self, tx: SqlxTx) -> Result<(), Trouble> {
        Ok(tx.tx.commit().await?)
    }

    async fn roll_back(&self, tx: SqlxTx) -> Result<(), Trouble> {
        Ok(tx.tx.rollback().await?)
    }

    async fn borrow(&self) -> Result<Found, Trouble> {
        Ok(found(&self.pool).await?)
    }
}

/// What a borrower finds on a connection.
#[derive(Debug, Eq, PartialEq)]
pub(super) struct Found {
    pub(super) in_transaction: bool,
    pub(super) tenant: String,
    pub(super) search_path: String,
    /// Somebody's notes, which a borrower without a tenant must not see.
    pub(super) notes: i64,
}

impl Default for Found {
    fn default() -> Self {
        Self {
            in_transaction: false,
            tenant: String::new(),
            search_path: "\"$user\", public".to_owned(),
            notes: 0,
        }
    }
}

pub(super) async fn found(pool: &PgPool) -> Result<Found, sqlx::Error> {
    const LOOK: &str = "SELECT pg_current_xact_id()::text, \
         coalesce(current_setting('app.tenant_id', true), ''), current_setting('search_path'), \
         (SELECT count(*) FROM notes)";
    let mut conn = pool.acquire().await?;
    // Outside a transaction every statement has a transaction id of its own.
    let mut look = async || {
        let look = sqlx::query_as::<_, (String, String, String, i64)>(LOOK);
        look.fetch_one(&mut *conn).await
    };
    let (first, tenant, search_path, notes) = look().await?;
    let (second, ..) = look().await?;
    Ok(Found {
        in_transaction: first == second,
        tenant,
        search_path,
        notes,
    })
}
