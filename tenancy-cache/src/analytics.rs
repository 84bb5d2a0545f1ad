use std::error::Error as StdError;
use std::fmt::Display;
use std::sync::Arc;

use crate::class::ANALYTICS;
use crate::error::Error;
use crate::key::{Key, Tag};
use crate::tenant_cache::{Cached, TenantCache};
use crate::version::Flush;

impl TenantCache {
    /// A figure of the tenant for a period, such as its sales of today, computed at most every five
    /// minutes.
    ///
    /// # Errors
    /// As [`remember`](Self::remember).
    pub async fn remember_metric<T, E, F, Fut>(
        &self,
        metric: &str,
        period: impl Display,
        compute: F,
    ) -> Result<Arc<T>, Error>
    where
        T: Cached,
        E: Into<Box<dyn StdError + Send + Sync>> + 'static,
        F: FnOnce() -> Fut,
        Fut: Future<Output = Result<T, E>> + Send + 'static,
    {
        let key = Key::new(metric).part(period);
        self.remember(&ANALYTICS, key, &[tag(metric)], compute)
            .await
    }

    /// Flushes a metric for all periods.
    ///
    /// # Errors
    /// As [`flush_tag`](Self::flush_tag).
    pub async fn flush_metric(&self, metric: &str, how: Flush) -> Result<(), Error> {
        self.flush_tag(tag(metric), how).await
    }
}

fn tag(metric: &str) -> Tag {
    Tag::new("analytics").part(metric)
}
