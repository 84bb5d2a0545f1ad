//! The advisor on real databases.

mod acceptance;
mod case;
mod evidence;
mod following;
mod postgres;
mod score;
mod server_statements;
mod sqlite;
mod untouched;
