use tenancy_core::sql::Database;
use tenancy_core::{Error, TenantScope, on_tx};

/// How much a shop has of everything.
#[derive(Clone, Copy, Debug, Eq, PartialEq, sqlx::FromRow)]
pub(crate) struct Overview {
    pub(crate) products: i64,
    pub(crate) orders: i64,
    pub(crate) customers: i64,
}

impl Overview {
    pub(crate) async fn of(database: &Database, scope: &TenantScope) -> Result<Self, Error> {
        const COUNT: &str = "SELECT \
             (SELECT COUNT(*) FROM commerce_products WHERE tenant_id = $1) AS products, \
             (SELECT COUNT(*) FROM commerce_orders WHERE tenant_id = $1) AS orders, \
             (SELECT COUNT(*) FROM commerce_customers WHERE tenant_id = $1) AS customers";
        let mut tx = database.read(scope).await?;
        let tenant = tx.tenant_id().as_uuid();
        let found = on_tx!(&mut tx, |conn| {
            sqlx::query_as(COUNT).bind(tenant).fetch_one(conn).await
        })?;
        tx.commit().await?;
        Ok(found)
    }
}
