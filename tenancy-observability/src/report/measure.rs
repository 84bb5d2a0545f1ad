use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use pin_project_lite::pin_project;
use tenancy_core::TenantScope;
use tenancy_core::meter::{CacheLookups, DatabaseUse, Meter};
use tenancy_core::time::Time;
use tokio::time::Instant;

use super::recorder::{Recorder, Whose};
use super::slice::OPERATION;
use super::totals::End;
use crate::layer::Spent;
use crate::memory::{self, Tally};

impl Recorder {
    /// Does a piece of the application's own work for a tenant, which reports then show as an
    /// operation of this name. Names are from a list that nobody outside can make longer.
    pub fn measure<F, T, E>(
        &self,
        scope: &TenantScope,
        operation: &'static str,
        work: F,
    ) -> Measured<F>
    where
        F: Future<Output = Result<T, E>>,
    {
        let meter = Some(scope.meter().clone());
        let watch = Watch::begin(self, Whose::Tenant(scope.tenant_id()), meter, operation);
        Measured { work, watch }
    }

    /// The same for work of the platform's, which belongs to no tenant.
    pub fn measure_platform<F, T, E>(&self, operation: &'static str, work: F) -> Measured<F>
    where
        F: Future<Output = Result<T, E>>,
    {
        let watch = Watch::begin(self, Whose::Nobody, None, operation);
        Measured { work, watch }
    }
}

pin_project! {
    /// Work that is measured. Dropped before its end it was cancelled.
    #[derive(Debug)]
    #[must_use = "futures do nothing unless polled"]
    pub struct Measured<F> {
        #[pin]
        work: F,
        watch: Watch,
    }
}

impl<F, T, E> Future for Measured<F>
where
    F: Future<Output = Result<T, E>>,
{
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let (began, before) = (Instant::now(), memory::allocated());
        // Until it is known to have gone well, so that a panic is a failure.
        let end = this.watch.end.replace(End::Failed);
        let polled = this.work.poll(cx);
        this.watch.end = end;
        this.watch.memory.add_since(before);
        this.watch.cpu += began.elapsed();
        let done = ready!(polled);
        this.watch.end = Some(if done.is_ok() { End::Fine } else { End::Failed });
        Poll::Ready(done)
    }
}

/// Counts the work when it is dropped.
#[derive(Debug)]
struct Watch {
    recorder: Recorder,
    whose: Whose,
    operation: &'static str,
    meter: Option<Meter>,
    before: Use,
    began: Instant,
    cpu: Duration,
    memory: Tally,
    end: Option<End>,
}

/// What a meter says, at one moment.
#[derive(Clone, Copy, Debug, Default)]
struct Use {
    database: DatabaseUse,
    lookups: CacheLookups,
    cache_time: Duration,
}

impl Use {
    fn of(meter: &Meter) -> Self {
        Self {
            database: meter.database(),
            lookups: meter.cache_lookups(),
            cache_time: meter.cache_time(),
        }
    }
}

impl Watch {
    fn begin(
        recorder: &Recorder,
        whose: Whose,
        meter: Option<Meter>,
        operation: &'static str,
    ) -> Self {
        Self {
            recorder: recorder.clone(),
            whose,
            operation,
            before: meter.as_ref().map(Use::of).unwrap_or_default(),
            meter,
            began: Instant::now(),
            cpu: Duration::ZERO,
            memory: Tally::default(),
            end: None,
        }
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        let (before, now) = (self.before, self.meter.as_ref().map(Use::of));
        let total = self.began.elapsed();
        let spent = Spent {
            client: Duration::ZERO,
            first_byte: None,
            total,
            cpu: self.cpu,
            database: now.map(|now| DatabaseUse {
                calls: now.database.calls - before.database.calls,
                time: now.database.time - before.database.time,
                wall_time: (now.database.wall_time - before.database.wall_time).min(total),
            }),
            cache_lookups: now.map(|now| CacheLookups {
                hits: now.lookups.hits - before.lookups.hits,
                misses: now.lookups.misses - before.lookups.misses,
            }),
            cache_time: now.map(|now| now.cache_time - before.cache_time),
            allocated_bytes: self.memory.bytes(),
        };
        let endpoint = (OPERATION, self.operation);
        let end = self.end.unwrap_or(End::Cancelled);
        let recorder = &self.recorder;
        recorder.count(self.whose, endpoint, end, &spent, Time::now());
    }
}
