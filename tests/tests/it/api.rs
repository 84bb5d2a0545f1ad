//! The shops' JSON interface, on the running server with both databases.

mod account;
mod caching;
mod edge;
mod idempotency;
mod isolation;
mod keys;
mod media;
mod nodes;
mod orders;
mod products;
mod reports;
mod shop;
mod trail;
mod why;

/// Runs each test on both databases.
macro_rules! on_both {
    ($($test:ident),+ $(,)?) => {$(
        mod $test {
            #[tokio::test]
            async fn postgres() {
                super::$test(crate::town::Town::on_postgres().await).await;
            }

            #[tokio::test]
            async fn sqlite() {
                super::$test(crate::town::Town::on_sqlite().await).await;
            }
        }
    )+};
}

use on_both;
