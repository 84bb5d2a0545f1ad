use tenancy_core::journal::Change;
use tenancy_core::sql::filter::Query;
use tenancy_core::sql::{Database, TenantTx};
use tenancy_core::time::Time;
use tenancy_core::{TenantId, TenantScope, on_tx};
use uuid::Uuid;

use super::{Customer, CustomerDraft, CustomerId, CustomerPosition, CustomerQuery, Customers};
use crate::error::{Error, ErrorKind};
use crate::order::SqlOrders;
use crate::page::Page;
use crate::patch::Patch;
use crate::sql::{push_search, search_text, unique};

const SELECT: &str = "SELECT id, email, name, phone, created_at, updated_at \
     FROM commerce_customers WHERE tenant_id = ?";

/// [`Customers`] in PostgreSQL or SQLite.
///
/// The functions that end in `_in` work inside a transaction of the caller's, who commits it, and
/// who must not commit it after one of them failed.
#[derive(Clone, Debug)]
pub struct SqlCustomers {
    database: Database,
}

impl SqlCustomers {
    /// The customers in this database, which must know [`MIGRATIONS`](crate::MIGRATIONS).
    pub fn new(database: &Database) -> Self {
        Self {
            database: database.clone(),
        }
    }

    /// See [`Customers::list`].
    pub async fn list_in(
        tx: &mut TenantTx,
        query: &CustomerQuery,
    ) -> Result<Page<Customer, CustomerPosition>, Error> {
        let tenant = tx.tenant_id();
        let mut statement = Query::new(SELECT, [tenant.as_uuid().into()]);
        if let Some(words) = &query.q {
            push_search(&mut statement, words);
        }
        if let Some(CustomerPosition { created_at, id }) = query.after {
            statement.push(
                " AND (created_at, id) < (?, ?)",
                [created_at.as_microseconds().into(), id.as_uuid().into()],
            );
        }
        statement.push(
            " ORDER BY created_at DESC, id DESC LIMIT ?",
            [query.limit.with_one_more().into()],
        );
        let rows: Vec<CustomerRow> =
            on_tx!(tx, |conn| statement.query_as()?.fetch_all(conn).await)?;
        let customers = rows.into_iter().map(|row| row.customer(tenant)).collect();
        Ok(Page::cut(customers, query.limit, |customer: &Customer| {
            CustomerPosition {
                created_at: customer.created_at,
                id: customer.id,
            }
        }))
    }

    /// See [`Customers::find`].
    pub async fn find_in(tx: &mut TenantTx, id: CustomerId) -> Result<Customer, Error> {
        let mut query = Query::new(SELECT, [tx.tenant_id().as_uuid().into()]);
        query.push(" AND id = ?", [id.as_uuid().into()]);
        one(tx, query).await
    }

    /// See [`Customers::find_by_email`].
    pub async fn find_by_email_in(tx: &mut TenantTx, email: &str) -> Result<Customer, Error> {
        let email = email.trim().to_lowercase();
        if email.contains('\0') {
            return Err(ErrorKind::NotFound.into());
        }
        let mut query = Query::new(SELECT, [tx.tenant_id().as_uuid().into()]);
        query.push(" AND email = ?", [email.into()]);
        one(tx, query).await
    }

    /// See [`Customers::insert`].
    pub async fn insert_in(tx: &mut TenantTx, draft: &CustomerDraft) -> Result<Customer, Error> {
        const INSERT: &str = "INSERT INTO commerce_customers (tenant_id, id, email, name, phone, \
             search_text, updated_at, created_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
        let draft = draft.checked()?;
        let now = Time::now();
        let customer = Customer {
            tenant_id: tx.tenant_id(),
            id: CustomerId::generate(),
            email: draft.email,
            name: draft.name,
            phone: draft.phone,
            created_at: now,
            updated_at: now,
        };
        write_row(tx, INSERT, &customer).await?;
        tx.record(Change::created(&customer));
        Ok(customer)
    }

    /// See [`Customers::replace`].
    pub async fn replace_in(
        tx: &mut TenantTx,
        id: CustomerId,
        draft: &CustomerDraft,
    ) -> Result<Customer, Error> {
        lock(tx, id).await?;
        let before = Self::find_in(tx, id).await?;
        update(tx, &before, draft).await
    }

    /// See [`Customers::patch`].
    pub async fn patch_in(
        tx: &mut TenantTx,
        id: CustomerId,
        patch: &Patch<CustomerDraft>,
    ) -> Result<Customer, Error> {
        lock(tx, id).await?;
        let before = Self::find_in(tx, id).await?;
        let draft = patch.apply(&before.to_draft())?;
        update(tx, &before, &draft).await
    }

    /// See [`Customers::delete`].
    pub async fn delete_in(tx: &mut TenantTx, id: CustomerId) -> Result<(), Error> {
        const DELETE: &str = "DELETE FROM commerce_customers WHERE tenant_id = $1 AND id = $2";
        lock(tx, id).await?;
        let before = Self::find_in(tx, id).await?;
        SqlOrders::forget_customer_in(tx, id).await?;
        let tenant = tx.tenant_id().as_uuid();
        on_tx!(tx, |conn| {
            sqlx::query(DELETE)
                .bind(tenant)
                .bind(id.as_uuid())
                .execute(conn)
                .await
                .map(|done| done.rows_affected())
        })
        .map_err(raced)?;
        tx.record(Change::deleted(&before));
        Ok(())
    }
}

/// An order that was placed while its customer was being deleted; trying again releases it too.
fn raced(error: tenancy_core::Error) -> Error {
    use tenancy_core::ErrorKind as Core;
    match error.kind() {
        Core::ForeignKeyViolation => {
            Error::with_source(ErrorKind::Store(Core::SerializationFailure), error)
        }
        _ => error.into(),
    }
}

async fn one(tx: &mut TenantTx, query: Query) -> Result<Customer, Error> {
    let tenant = tx.tenant_id();
    let row: Option<CustomerRow> = on_tx!(tx, |conn| query.query_as()?.fetch_optional(conn).await)?;
    Ok(row.ok_or(ErrorKind::NotFound)?.customer(tenant))
}

/// Keeps others from changing the customer until the transaction ends.
async fn lock(tx: &mut TenantTx, id: CustomerId) -> Result<(), Error> {
    const LOCK: &str =
        "UPDATE commerce_customers SET email = email WHERE tenant_id = $1 AND id = $2";
    let tenant = tx.tenant_id().as_uuid();
    let locked = on_tx!(tx, |conn| {
        sqlx::query(LOCK)
            .bind(tenant)
            .bind(id.as_uuid())
            .execute(conn)
            .await
            .map(|done| done.rows_affected())
    })?;
    if locked == 1 {
        Ok(())
    } else {
        Err(ErrorKind::NotFound.into())
    }
}

async fn update(
    tx: &mut TenantTx,
    before: &Customer,
    draft: &CustomerDraft,
) -> Result<Customer, Error> {
    const UPDATE: &str = "UPDATE commerce_customers SET email = $3, name = $4, phone = $5, \
         search_text = $6, updated_at = $7, created_at = $8 WHERE tenant_id = $1 AND id = $2";
    let draft = draft.checked()?;
    if before.to_draft() == draft {
        return Ok(before.clone());
    }
    let after = Customer {
        email: draft.email,
        name: draft.name,
        phone: draft.phone,
        updated_at: Time::now(),
        ..before.clone()
    };
    write_row(tx, UPDATE, &after).await?;
    tx.record(Change::updated(before, &after));
    Ok(after)
}

async fn write_row(
    tx: &mut TenantTx,
    statement: &'static str,
    customer: &Customer,
) -> Result<(), Error> {
    let search_text = search_text([&*customer.name, &customer.email, &customer.phone]);
    on_tx!(tx, |conn| {
        sqlx::query(statement)
            .bind(customer.tenant_id.as_uuid())
            .bind(customer.id.as_uuid())
            .bind(&customer.email)
            .bind(&customer.name)
            .bind(&customer.phone)
            .bind(search_text)
            .bind(customer.updated_at.as_microseconds())
            .bind(customer.created_at.as_microseconds())
            .execute(conn)
            .await
            .map(|done| done.rows_affected())
    })
    .map_err(unique(ErrorKind::EmailTaken))?;
    Ok(())
}

#[derive(sqlx::FromRow)]
struct CustomerRow {
    id: Uuid,
    email: String,
    name: String,
    phone: String,
    created_at: i64,
    updated_at: i64,
}

impl CustomerRow {
    fn customer(self, tenant_id: TenantId) -> Customer {
        Customer {
            tenant_id,
            id: self.id.into(),
            email: self.email,
            name: self.name,
            phone: self.phone,
            created_at: Time::from_microseconds(self.created_at),
            updated_at: Time::from_microseconds(self.updated_at),
        }
    }
}

impl Customers for SqlCustomers {
    async fn list(
        &self,
        scope: &TenantScope,
        query: &CustomerQuery,
    ) -> Result<Page<Customer, CustomerPosition>, Error> {
        let mut tx = self.database.read(scope).await?;
        let page = Self::list_in(&mut tx, query).await?;
        tx.commit().await?;
        Ok(page)
    }

    async fn find(&self, scope: &TenantScope, id: CustomerId) -> Result<Customer, Error> {
        let mut tx = self.database.read(scope).await?;
        let customer = Self::find_in(&mut tx, id).await?;
        tx.commit().await?;
        Ok(customer)
    }

    async fn find_by_email(&self, scope: &TenantScope, email: &str) -> Result<Customer, Error> {
        let mut tx = self.database.read(scope).await?;
        let customer = Self::find_by_email_in(&mut tx, email).await?;
        tx.commit().await?;
        Ok(customer)
    }

    async fn insert(&self, scope: &TenantScope, draft: &CustomerDraft) -> Result<Customer, Error> {
        let mut tx = self.database.write(scope).await?;
        let customer = Self::insert_in(&mut tx, draft).await?;
        tx.commit().await?;
        Ok(customer)
    }

    async fn replace(
        &self,
        scope: &TenantScope,
        id: CustomerId,
        draft: &CustomerDraft,
    ) -> Result<Customer, Error> {
        let mut tx = self.database.write(scope).await?;
        let customer = Self::replace_in(&mut tx, id, draft).await?;
        tx.commit().await?;
        Ok(customer)
    }

    async fn patch(
        &self,
        scope: &TenantScope,
        id: CustomerId,
        patch: &Patch<CustomerDraft>,
    ) -> Result<Customer, Error> {
        let mut tx = self.database.write(scope).await?;
        let customer = Self::patch_in(&mut tx, id, patch).await?;
        tx.commit().await?;
        Ok(customer)
    }

    async fn delete(&self, scope: &TenantScope, id: CustomerId) -> Result<(), Error> {
        let mut tx = self.database.write(scope).await?;
        Self::delete_in(&mut tx, id).await?;
        tx.commit().await?;
        Ok(())
    }
}
