use std::future::Future;

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;

use super::report::Status;

/// Looks at one part of the server.
///
/// It is dropped when its time is over, so it must not leave behind what it has begun. An `async` closure
/// without arguments is one as well.
pub trait Check: Send + Sync + 'static {
    /// Looks once.
    fn run(&self) -> impl Future<Output = Finding> + Send;
}

impl<F, R> Check for F
where
    F: Fn() -> R + Send + Sync + 'static,
    R: Future<Output = Finding> + Send,
{
    fn run(&self) -> impl Future<Output = Finding> + Send {
        self()
    }
}

/// [`Check`] as an object, so that a server can have several.
pub(super) trait DynCheck: Send + Sync {
    fn run(&self) -> BoxFuture<'_, Finding>;
}

impl<C: Check> DynCheck for C {
    fn run(&self) -> BoxFuture<'_, Finding> {
        Check::run(self).boxed()
    }
}

/// What a [`Check`] has found.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[must_use]
pub struct Finding {
    pub(super) status: Status,
    pub(super) says: Option<&'static str>,
    pub(super) observed: Option<(u64, &'static str)>,
}

impl Finding {
    /// All is well.
    pub fn pass() -> Self {
        Self::new(Status::Pass, None)
    }

    /// It works, but somebody should look at it.
    pub fn warn(says: &'static str) -> Self {
        Self::new(Status::Warn, Some(says))
    }

    /// It does not work. The sentence is shown to whoever may see details.
    pub fn fail(says: &'static str) -> Self {
        Self::new(Status::Fail, Some(says))
    }

    /// Nobody can tell, which is not as good as working.
    pub fn unknown(says: &'static str) -> Self {
        Self::new(Status::Unknown, Some(says))
    }

    /// What was measured, in which unit.
    pub fn observed(mut self, value: u64, unit: &'static str) -> Self {
        self.observed = Some((value, unit));
        self
    }

    /// How it is.
    pub fn status(&self) -> Status {
        self.status
    }

    /// Why it is not well.
    pub fn says(&self) -> Option<&'static str> {
        self.says
    }

    /// The value and the unit that were observed.
    pub fn value(&self) -> Option<(u64, &'static str)> {
        self.observed
    }

    fn new(status: Status, says: Option<&'static str>) -> Self {
        Self {
            status,
            says,
            observed: None,
        }
    }
}
