//! Receivers of what a server tells others: they take everything, keep it, and answer as they are told.

mod http;
mod mail;

pub use self::http::{Answer, HttpReceiver, Received};
pub use self::mail::{Mail, MailReceiver};
