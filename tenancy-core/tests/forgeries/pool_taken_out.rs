//! A database and a storage do not give out their pool.
use tenancy_core::sql::{Database, SqlStorage};

fn forge(database: &Database, storage: &SqlStorage) {
    let _ = database.pool();
    let _ = storage.pool();
    let _ = &database.0;
    let SqlStorage { pool, .. } = storage;
}

fn main() {}
