//! People: who works for a shop, and who runs the platform.
//!
//! A shop's people are kept in its own data, and open that shop alone; the platform's operators in
//! tables of the platform, and open no shop. [`Users`] are those of one [`Door`], with their sessions.

mod door;
mod email;
mod manage;
mod operators;
mod row;
mod staff;
mod user;

pub(crate) use self::door::{Door, Users};
pub(crate) use self::email::Email;
pub(crate) use self::user::{Account, NAME_CHARS_MAX, Role, User, UserName};

/// The most people at one door, those who were shut out among them.
const USERS_MAX: i64 = 1000;

/// The most sessions of one of them; the oldest makes room.
const SESSIONS_MAX: i64 = 50;

#[cfg(test)]
mod tests;
