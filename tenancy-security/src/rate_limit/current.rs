use std::cell::RefCell;
use std::fmt;
use std::sync::Arc;

use arc_swap::ArcSwap;
use arc_swap::cache::Cache;
use thread_local::ThreadLocal;

/// A value that is read all the time and seldom replaced. Readers write nothing that other threads
/// read: each thread keeps the value it saw last, and lets go of it when it looks the next time.
pub(super) struct Current<T: Send + Sync> {
    value: Arc<ArcSwap<T>>,
    seen: ThreadLocal<RefCell<Seen<T>>>,
}

type Seen<T> = Cache<Arc<ArcSwap<T>>, Arc<T>>;

impl<T: Send + Sync> Current<T> {
    pub(super) fn new(value: T) -> Self {
        Self {
            value: Arc::new(ArcSwap::from_pointee(value)),
            seen: ThreadLocal::new(),
        }
    }

    pub(super) fn replace(&self, value: T) {
        self.value.store(Arc::new(value));
    }

    /// Reads the present value. `read` must not come here again.
    #[inline]
    pub(super) fn read<R>(&self, read: impl FnOnce(&T) -> R) -> R {
        let seen = || RefCell::new(Cache::new(Arc::clone(&self.value)));
        read(self.seen.get_or(seen).borrow_mut().load())
    }
}

impl<T: fmt::Debug + Send + Sync> fmt::Debug for Current<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.value.fmt(f)
    }
}
