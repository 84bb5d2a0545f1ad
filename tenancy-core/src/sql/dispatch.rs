/// Runs one statement in a transaction, on whichever database it is open.
///
/// The expression is compiled once for each driver, so a statement that one of them cannot run
/// or decode does not compile. It must evaluate to `Result<T, sqlx::Error>` and may use `?`
/// inside; the macro's value is `Result<T, `[`Error`](crate::Error)`>`. Its time is counted in
/// the scope's [`Meter`](crate::meter::Meter) and bounded by the database's time-out.
///
/// ```
/// # #[cfg(any(feature = "postgres", feature = "sqlite"))]
/// use tenancy_core::{Error, on_tx, sql::TenantTx};
///
/// # #[cfg(any(feature = "postgres", feature = "sqlite"))]
/// async fn count_notes(tx: &mut TenantTx) -> Result<i64, Error> {
///     const COUNT: &str = "SELECT CAST(count(*) AS BIGINT) FROM notes WHERE tenant_id = $1";
///     let tenant = tx.tenant_id().as_uuid();
///     on_tx!(tx, |conn| sqlx::query_scalar(COUNT).bind(tenant).fetch_one(conn).await)
/// }
/// ```
#[cfg(all(feature = "postgres", feature = "sqlite"))]
#[macro_export]
macro_rules! on_tx {
    ($tx:expr, |$conn:ident| $run:expr) => {
        match $crate::sql::dispatched::Scoped::call(&mut *$tx) {
            (call, $crate::sql::dispatched::TxConnection::Postgres($conn)) => {
                call.run(async { $run }).await
            }
            (call, $crate::sql::dispatched::TxConnection::Sqlite($conn)) => {
                call.run(async { $run }).await
            }
        }
    };
}

/// Runs one statement in a transaction; see the version with both databases for the details.
#[cfg(all(feature = "postgres", not(feature = "sqlite")))]
#[macro_export]
macro_rules! on_tx {
    ($tx:expr, |$conn:ident| $run:expr) => {
        match $crate::sql::dispatched::Scoped::call(&mut *$tx) {
            (call, $crate::sql::dispatched::TxConnection::Postgres($conn)) => {
                call.run(async { $run }).await
            }
        }
    };
}

/// Runs one statement in a transaction; see the version with both databases for the details.
#[cfg(all(feature = "sqlite", not(feature = "postgres")))]
#[macro_export]
macro_rules! on_tx {
    ($tx:expr, |$conn:ident| $run:expr) => {
        match $crate::sql::dispatched::Scoped::call(&mut *$tx) {
            (call, $crate::sql::dispatched::TxConnection::Sqlite($conn)) => {
                call.run(async { $run }).await
            }
        }
    };
}
