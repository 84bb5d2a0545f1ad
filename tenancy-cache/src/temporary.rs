//! Data for a short while, taken once.

use std::sync::Arc;
use std::time::Duration;

use crate::class::Class;
use crate::entry::Dependencies;
use crate::error::{Error, ErrorKind};
use crate::key::Key;
use crate::remote::Question;
use crate::tenant_cache::{Cached, TenantCache, name, read, typed};

const TEMPORARY: Class = Class::new("temporary")
    .time_to_live(Duration::from_secs(300))
    .stale_for(Duration::ZERO)
    .jitter(0.0);

/// One tenant's temporary data, such as a message for the next page.
///
/// It is an entry like any other in that it goes with a flush of the whole tenant, and may have to
/// make room for others; do not keep what must not be lost.
#[derive(Clone, Copy, Debug)]
pub struct Temporary<'a>(&'a TenantCache);

impl TenantCache {
    /// The tenant's temporary data.
    pub fn temporary(&self) -> Temporary<'_> {
        Temporary(self)
    }
}

impl Temporary<'_> {
    /// Keeps a value until it is taken, for five minutes at most.
    ///
    /// # Errors
    /// As [`put_for`](Self::put_for).
    pub async fn put<T: Cached>(&self, key: impl Into<Key<'_>>, value: T) -> Result<(), Error> {
        self.put_for(TEMPORARY.time_to_live, key, value).await
    }

    /// Keeps a value until it is taken, for so long at most.
    ///
    /// # Errors
    /// As [`TenantCache::put`], and [`Unavailable`](ErrorKind::Unavailable) where it could not be
    /// kept in the remote tier, if there is one, or a flush came in between: then there is none.
    pub async fn put_for<T: Cached>(
        &self,
        time: Duration,
        key: impl Into<Key<'_>>,
        value: T,
    ) -> Result<(), Error> {
        let class = TEMPORARY.time_to_live(time);
        match self.0.put_everywhere(&class, key.into(), &[], value).await {
            Ok(true) => Ok(()),
            Ok(false) => Err(ErrorKind::Unavailable.into()),
            Err(error) => Err(error),
        }
    }

    /// Takes the value. Of many who try at once, one gets it.
    ///
    /// # Errors
    /// As [`TenantCache::get`]; a value of another type is gone then.
    pub async fn take<T: Cached>(&self, key: impl Into<Key<'_>>) -> Result<Option<Arc<T>>, Error> {
        let key = key.into();
        let mut other = None;
        let shelf = self.0.shelf(&mut other);
        let name = name(&TEMPORARY, &key)?;
        self.0.cache.make_sure(shelf).await;
        let taken = shelf.take(name);
        if let Some(shared) = &self.0.cache.shared {
            let class = self.0.cache.classes.of(&TEMPORARY);
            let question = Question {
                name,
                seen: Dependencies::see(shelf, &class, &[]),
                read: read::<T>,
            };
            let taken = shared.take(&self.0.cache, shelf, question).await?;
            return typed(taken.and_then(|loaded| loaded.value));
        }
        match taken.filter(|entry| self.0.cache.usable(shelf, entry).is_fresh()) {
            Some(entry) => typed(entry.value.clone()),
            None => Ok(None),
        }
    }
}
