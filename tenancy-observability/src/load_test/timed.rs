use std::time::Instant;

use serde::{Deserialize, Serialize};

use super::histogram::{Figures, Times};

/// Something that was done several times beside the requests, such as a query, and how long it took.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Timed {
    /// What.
    pub name: String,
    /// How long; `None` where it was never done.
    pub times: Option<Figures>,
}

impl Timed {
    /// Does `work` so many times, one after the other.
    ///
    /// # Errors
    /// The first that `work` has.
    pub async fn measure<E>(
        name: impl Into<String>,
        times: u32,
        mut work: impl AsyncFnMut() -> Result<(), E>,
    ) -> Result<Self, E> {
        let mut measured = Times::exact();
        for _ in 0..times {
            let began = Instant::now();
            work().await?;
            measured.record(began.elapsed());
        }
        Ok(Self {
            name: name.into(),
            times: measured.figures(),
        })
    }
}
