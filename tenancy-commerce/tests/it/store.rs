//! The stores on both databases.
#![expect(clippy::unwrap_used, reason = "a failed expectation fails the test")]

/// Runs each test on its own two shops in PostgreSQL, and again in SQLite.
macro_rules! on_both {
    ($($test:ident),*) => {
        mod postgres {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $test() {
                super::$test(super::Shops::postgres().await).await;
            })*
        }

        mod sqlite {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $test() {
                super::$test(super::Shops::sqlite().await).await;
            })*
        }
    };
}

mod cached;
mod contract;
mod journal;
mod large;
mod media;
mod race;
mod schema;
mod shop;
mod statements;
