use std::sync::Arc;
use std::time::Duration;

use super::{Cached, TenantCache, loaded, name, tag_names};
use crate::class::Class;
use crate::entry::{Dependencies, Entry, Making};
use crate::error::{Error, ErrorKind};
use crate::key::{Key, Tag};
use crate::load::Loaded;
use crate::remote::{Kept, Removing};
use crate::shelf::{NameRef, Shelf};

impl TenantCache {
    /// Stores a value, over whatever the key had. A load under way does not replace it.
    ///
    /// The value counts as read now: read it in the same breath, or use
    /// [`remember`](Self::remember), which knows what was flushed since the reading began. While a
    /// tag's resource is being changed nothing is stored, and what was stored before is gone.
    ///
    /// With a remote tier, others have what was there until this returns. Dropped before, it is done here
    /// and made up for there.
    ///
    /// # Errors
    /// [`Unavailable`](ErrorKind::Unavailable) where the remote tier could not be told: it is made up
    /// for as soon as it can be. [`ValueTooLarge`](ErrorKind::ValueTooLarge) and the kinds for names and tags that are too
    /// long or too many; nothing is stored then, and what was stored before is gone.
    pub async fn put<T: Cached>(
        &self,
        class: &Class,
        key: impl Into<Key<'_>>,
        tags: &[Tag],
        value: T,
    ) -> Result<(), Error> {
        self.put_everywhere(class, key.into(), tags, value)
            .await
            .map(drop)
    }

    /// Whether the value is kept where others find it, too.
    pub(crate) async fn put_everywhere<T: Cached>(
        &self,
        class: &Class,
        key: Key<'_>,
        tags: &[Tag],
        value: T,
    ) -> Result<bool, Error> {
        let mut other = None;
        let shelf = self.shelf(&mut other);
        let (name, tags) = (name(class, &key)?, tag_names(tags)?);
        let sure_at = self.cache.clock.now();
        self.cache.make_sure(shelf).await;
        let state = self.cache.classes.of(class);
        let Loaded {
            value,
            bytes,
            shape,
            encoded,
        } = loaded(Some(value), self.cache.shared.is_some());
        let bytes = bytes.filter(|bytes| *bytes as u64 <= self.cache.value_bytes_max);
        if bytes.is_none() {
            self.remove_everywhere(shelf, name).await?;
            return Err(ErrorKind::ValueTooLarge.into());
        }
        let see = || Dependencies::see(shelf, &state, &tags);
        let dependencies = match &self.cache.shared {
            Some(shared) => {
                let watch = shared.watch(shelf, see);
                shared.know(&self.cache, shelf, &[&watch.seen]).await;
                shared.learnt(&watch)
            }
            None => see(),
        };
        let (true, Some(value_bytes)) = (dependencies.allow_keeping(), bytes) else {
            self.remove_everywhere(shelf, name).await?;
            return Ok(false);
        };
        let load = fastrand::u64(..);
        let making = Making {
            policy: class,
            dependencies: dependencies.clone(),
            class: state,
            value_bytes,
            name_bytes: name.key.len(),
            now: self.cache.clock.now(),
            sure_at,
            load_time: Duration::ZERO,
            load,
            life: None,
        };
        let entry = Entry::new(value, making);
        let (fresh_for, stale_for) = entry.life();
        // Owed from here on, should the caller go away.
        let removing = self.removing(shelf, name);
        shelf.remove(name);
        shelf.insert(&self.cache.pool, name, Arc::new(entry));
        if let (Some(shared), Some(removing)) = (&self.cache.shared, removing) {
            let kept = encoded.map(|encoded| Kept {
                value: Some(encoded),
                load,
                shape,
                fresh_for,
                stale_for,
                load_time: Duration::ZERO,
            });
            return Ok(shared
                .put(shelf.tenant, name, &dependencies, kept, removing)
                .await?);
        }
        Ok(true)
    }

    /// Removes a key's value, and keeps a load under way from bringing it back. Whether there was
    /// one. Dropped before it returns, it is done here and made up for in the remote tier.
    ///
    /// # Errors
    /// [`KeyTooLong`](ErrorKind::KeyTooLong), and [`Unavailable`](ErrorKind::Unavailable) where the
    /// remote tier could not be told: it is made up for as soon as it can be.
    pub async fn remove(&self, class: &Class, key: impl Into<Key<'_>>) -> Result<bool, Error> {
        let key = key.into();
        let mut other = None;
        let (shelf, name) = (self.shelf(&mut other), name(class, &key)?);
        self.remove_everywhere(shelf, name).await
    }

    async fn remove_everywhere(
        &self,
        shelf: &Arc<Shelf>,
        name: NameRef<'_>,
    ) -> Result<bool, Error> {
        let removing = self.removing(shelf, name);
        let was_here = shelf.remove(name).is_some();
        match (&self.cache.shared, removing) {
            (Some(shared), Some(removing)) => {
                Ok(shared.remove(shelf.tenant, name, removing).await? || was_here)
            }
            _ => Ok(was_here),
        }
    }

    /// First, so that who asks the remote tier after the removal here is refused, and who asked before
    /// it is overtaken by it.
    fn removing(&self, shelf: &Arc<Shelf>, name: NameRef<'_>) -> Option<Removing> {
        let shared = self.cache.shared.as_ref();
        shared.map(|shared| shared.removing(shelf, name))
    }
}
