use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;

use super::subject::{Labels, Subject};

/// What a rule wants to know.
#[derive(Clone, Debug)]
pub struct Question {
    /// The rule's metric.
    pub metric: Arc<str>,
    /// Over how much of the time until now.
    pub window: Duration,
}

/// One value.
#[derive(Clone, Debug, PartialEq)]
pub struct Sample {
    /// Whom it is about.
    pub subject: Subject,
    /// Which of several values about the same subject it is.
    pub labels: Labels,
    /// The value.
    pub value: f64,
}

/// Knows values that rules are judged by.
///
/// It answers for all subjects at once, and leaves out those of which there is no data: nothing is not
/// zero. An `async` closure is one as well. A value that each server has for itself, such as how full its
/// disk is, carries the server among its labels.
pub trait Measure: Send + Sync + 'static {
    /// The values of a metric; none where it is not known here.
    fn read(&self, question: Question) -> impl Future<Output = Vec<Sample>> + Send;
}

impl<F, R> Measure for F
where
    F: Fn(Question) -> R + Send + Sync + 'static,
    R: Future<Output = Vec<Sample>> + Send,
{
    fn read(&self, question: Question) -> impl Future<Output = Vec<Sample>> + Send {
        self(question)
    }
}

/// [`Measure`] as an object, so that there can be several.
pub(super) trait DynMeasure: Send + Sync {
    fn read(&self, question: Question) -> BoxFuture<'_, Vec<Sample>>;
}

impl<M: Measure> DynMeasure for M {
    fn read(&self, question: Question) -> BoxFuture<'_, Vec<Sample>> {
        Measure::read(self, question).boxed()
    }
}

impl Sample {
    /// A value about a subject.
    pub fn new(subject: Subject, value: f64) -> Self {
        Self {
            subject,
            labels: Labels::new(),
            value,
        }
    }

    /// The same with a label.
    #[must_use]
    pub fn label(mut self, name: &str, value: &str) -> Self {
        self.labels.insert(name.to_owned(), value.to_owned());
        self
    }
}
