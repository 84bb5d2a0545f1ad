//! The advisor on real databases.

mod acceptance;
mod baseline;
mod case;
mod evidence;
mod following;
mod foreign_key;
mod postgres;
mod replica;
mod score;
mod server_statements;
mod sqlite;
mod untouched;
