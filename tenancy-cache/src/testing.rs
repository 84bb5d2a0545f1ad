//! Trouble for the remote tier, to try an application with.
//!
//! A [`Chaos`] is made by the test and kept; the cache gets a [`ChaosRemote`]. What it does can be
//! changed at any moment:
//!
//! ```
//! use std::time::Duration;
//!
//! use tenancy_cache::Cache;
//! use tenancy_cache::remote::Remote;
//! use tenancy_cache::testing::Chaos;
//! use tenancy_core::Tenants;
//!
//! async fn try_it(tenants: &Tenants, remote: impl Remote) {
//!     let chaos = Chaos::seeded(7);
//!     let cache = Cache::builder(tenants).remote(chaos.wrap(remote)).build();
//!     chaos.fail(0.2);
//!     chaos.delay(Duration::ZERO..=Duration::from_millis(30));
//!     // … work with the cache …
//!     chaos.relent();
//! }
//! ```
//!
//! Everybody can write such a remote tier, for [`Remote`] is public: this one opens no way to a
//! tenant's entries, and turning its feature on changes nothing of what a cache does.

use std::ops::RangeInclusive;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use fastrand::Rng;
use tenancy_core::{Error, ErrorKind};

use crate::remote::{
    Bucket, LeaseAnswer, LeaseRequest, News, Place, Reading, Receipt, Remote, Told, Wanted,
};

/// What troubles a [`ChaosRemote`]; clones are the same. It begins without trouble.
#[derive(Clone, Debug)]
pub struct Chaos(Arc<Mutex<State>>);

/// A remote tier with the troubles of a [`Chaos`].
#[derive(Debug)]
pub struct ChaosRemote<R> {
    remote: R,
    chaos: Chaos,
}

#[derive(Debug)]
struct State {
    rng: Rng,
    troubles: u64,
    now: Trouble,
}

#[derive(Debug)]
struct Trouble {
    failure: f64,
    lost_answer: f64,
    delay: RangeInclusive<Duration>,
    news_is_hidden: bool,
    wakes_are_swallowed: bool,
}

/// What becomes of one call.
#[derive(Clone, Copy)]
struct Fate {
    /// On the way there, and on the way back.
    delays: [Duration; 2],
    outcome: Outcome,
}

#[derive(Clone, Copy, PartialEq)]
enum Outcome {
    Answered,
    AnswerLost,
    Refused,
}

impl Chaos {
    /// Trouble to come. The same calls in the same order meet the same with the same seed.
    pub fn seeded(seed: u64) -> Self {
        Self(Arc::new(Mutex::new(State {
            rng: Rng::with_seed(seed),
            troubles: 0,
            now: Trouble::none(),
        })))
    }

    /// A remote tier that meets this trouble.
    pub fn wrap<R: Remote>(&self, remote: R) -> ChaosRemote<R> {
        let chaos = self.clone();
        ChaosRemote { remote, chaos }
    }

    /// Lets calls fail with this probability, from 0 for never to 1 for always. The store hears
    /// nothing of them.
    pub fn fail(&self, probability: f64) {
        self.lock().now.failure = probability;
    }

    /// Lets calls fail with this probability after they have taken effect, as where a connection
    /// breaks before the answer.
    pub fn lose_answers(&self, probability: f64) {
        self.lock().now.lost_answer = probability;
    }

    /// Lets every call take longer, by a time within these bounds: part of it before the store is
    /// reached and part before the answer arrives.
    pub fn delay(&self, bounds: RangeInclusive<Duration>) {
        self.lock().now.delay = bounds;
    }

    /// Lets what others tell wake nobody; it is still in the logs.
    pub fn swallow_wakes(&self, are_swallowed: bool) {
        self.lock().now.wakes_are_swallowed = are_swallowed;
    }

    /// Keeps what others tell from being heard at all, while all else can be read and written.
    pub fn hide_news(&self, is_hidden: bool) {
        self.lock().now.news_is_hidden = is_hidden;
    }

    /// Ends all trouble.
    pub fn relent(&self) {
        self.lock().now = Trouble::none();
    }

    /// How many calls have failed or lost their answers because of it.
    pub fn troubles(&self) -> u64 {
        self.lock().troubles
    }

    fn fate(&self, is_of_news: bool) -> Fate {
        let mut state = self.lock();
        let State { rng, troubles, now } = &mut *state;
        let (shortest, longest) = (*now.delay.start(), *now.delay.end());
        let delay = shortest + longest.saturating_sub(shortest).mul_f64(rng.f64());
        let there = delay.mul_f64(rng.f64());
        let delays = [there, delay - there];
        let is_refused = rng.f64() < now.failure || is_of_news && now.news_is_hidden;
        let outcome = if is_refused {
            Outcome::Refused
        } else if rng.f64() < now.lost_answer {
            Outcome::AnswerLost
        } else {
            Outcome::Answered
        };
        *troubles += u64::from(outcome != Outcome::Answered);
        Fate { delays, outcome }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // Fields are set one by one and stand each for itself, so a poisoned state is whole.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Trouble {
    fn none() -> Self {
        Self {
            failure: 0.0,
            lost_answer: 0.0,
            delay: Duration::ZERO..=Duration::ZERO,
            news_is_hidden: false,
            wakes_are_swallowed: false,
        }
    }
}

impl Fate {
    async fn befall<T>(self, call: impl Future<Output = T>) -> Result<T, ErrorKind> {
        let [there, back] = self.delays;
        pause(there).await;
        if self.outcome == Outcome::Refused {
            return Err(ErrorKind::Unavailable);
        }
        let answer = call.await;
        pause(back).await;
        match self.outcome {
            Outcome::AnswerLost => Err(ErrorKind::TimedOut),
            _ => Ok(answer),
        }
    }
}

async fn pause(time: Duration) {
    if time > Duration::ZERO {
        tokio::time::sleep(time).await;
    }
}

impl<R> ChaosRemote<R> {
    async fn call<T>(&self, call: impl Future<Output = Result<T, Error>>) -> Result<T, Error> {
        self.chaos.fate(false).befall(call).await?
    }
}

#[async_trait]
impl<R: Remote> Remote for ChaosRemote<R> {
    async fn news(&self, asked: &[(Bucket, Place)]) -> Vec<Result<News, Error>> {
        let fate = self.chaos.fate(true);
        match fate.befall(self.remote.news(asked)).await {
            Ok(answers) => answers,
            Err(kind) => asked.iter().map(|_| Err(kind.into())).collect(),
        }
    }

    async fn tell(&self, told: &Told) -> Result<Receipt, Error> {
        self.call(self.remote.tell(told)).await
    }

    async fn renew(&self, bucket: Bucket) -> Result<(), Error> {
        self.call(self.remote.renew(bucket)).await
    }

    async fn read(&self, keys: &[Vec<u8>], wanted: &[Wanted]) -> Result<Reading, Error> {
        self.call(self.remote.read(keys, wanted)).await
    }

    async fn write(
        &self,
        key: &[u8],
        payload: Vec<u8>,
        life: Duration,
        token: Option<u64>,
    ) -> Result<bool, Error> {
        self.call(self.remote.write(key, payload, life, token))
            .await
    }

    async fn lease(
        &self,
        asked: &[LeaseRequest],
        life: Duration,
    ) -> Vec<Result<LeaseAnswer, Error>> {
        let fate = self.chaos.fate(false);
        match fate.befall(self.remote.lease(asked, life)).await {
            Ok(answers) => answers,
            Err(kind) => asked.iter().map(|_| Err(kind.into())).collect(),
        }
    }

    async fn release(&self, key: &[u8], token: u64) -> Result<(), Error> {
        self.call(self.remote.release(key, token)).await
    }

    async fn take(&self, key: &[u8]) -> Result<Option<Bytes>, Error> {
        self.call(self.remote.take(key)).await
    }

    async fn wait(&self) -> Vec<Bucket> {
        loop {
            let grown = self.remote.wait().await;
            let now = &self.chaos.lock().now;
            if !now.wakes_are_swallowed && !now.news_is_hidden {
                return grown;
            }
        }
    }
}
