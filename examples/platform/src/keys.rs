//! API keys: what a program signs in with.
//!
//! A key opens one tenant. Only its SHA-256 is kept, in a table of the platform, and it is shown
//! once. Whoever looks a key up may remember the answer as long as the tenant's revision stays the
//! same; issuing and revoking change it.

mod cache;
mod key;
mod record;
mod store;

pub(crate) use self::cache::KnownKeys;
pub(crate) use self::key::ApiKey;
pub(crate) use self::record::{InvalidKeyName, IssuedKey, KeyName, KeyRecord};
pub(crate) use self::store::{issue, list, revoke};
