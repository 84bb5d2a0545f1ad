//! The advisor on real databases.

mod acceptance;
mod case;
mod postgres;
mod score;
mod sqlite;
