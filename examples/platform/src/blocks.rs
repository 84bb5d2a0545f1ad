//! Whom the platform and its shops do not serve: kept in the database, so that every server knows.

mod follow;
mod record;
mod store;

pub(crate) use self::follow::{Follower, keep};
pub(crate) use self::record::BlockRecord;
pub(crate) use self::store::{list, put, remove};
