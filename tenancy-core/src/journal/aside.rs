use std::collections::HashMap;
use std::time::Duration;

use tokio::time::Instant;

use super::worker::Chain;
use crate::error::Error;
use crate::tenant::TenantId;

/// The first and the longest wait before a tenant is tried again.
const WAIT: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(60));

/// Tenants whose data cannot be worked on, such as one whose file is missing: they are tried again
/// ever less often, and hold up no other.
#[derive(Default)]
pub(super) struct Aside(HashMap<TenantId, Waiting>);

struct Waiting {
    wait: Duration,
    until: Instant,
    cause: Error,
}

impl Aside {
    /// Whether it is not yet time to try the tenant again.
    pub(super) fn holds(&self, tenant: TenantId) -> bool {
        let waiting = self.0.get(&tenant);
        waiting.is_some_and(|waiting| Instant::now() < waiting.until)
    }

    /// Puts a tenant aside, for longer each time. The first time is logged.
    pub(super) fn put(&mut self, tenant: TenantId, cause: Error) {
        let wait = match self.0.get(&tenant) {
            Some(waiting) => (waiting.wait * 2).min(WAIT.1),
            None => {
                tracing::error!(%tenant, error = %Chain(&cause), "a tenant's journal waits");
                WAIT.0
            }
        };
        let until = Instant::now() + wait;
        self.0.insert(tenant, Waiting { wait, until, cause });
    }

    /// Notes that a tenant could be worked on.
    pub(super) fn release(&mut self, tenant: TenantId) {
        if self.0.remove(&tenant).is_some() {
            tracing::info!(%tenant, "a tenant's journal goes on");
        }
    }

    /// Fails with the cause of a tenant that was put aside, if there is one.
    pub(super) fn finish(self) -> Result<(), Error> {
        let cause = self.0.into_values().next().map(|waiting| waiting.cause);
        cause.map_or(Ok(()), Err)
    }
}
