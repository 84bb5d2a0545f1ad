use std::num::NonZeroU32;
use std::panic::resume_unwind;
use std::sync::Arc;
use std::thread::available_parallelism;

use argon2::password_hash::phc;
use argon2::{Algorithm, Argon2, Params, PasswordHasher as _, PasswordVerifier as _, Version};
use aws_lc_rs::rand;
use http::StatusCode;
use jiff::SignedDuration;
use metrics::counter;
use tenancy_core::problem::Problem;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::spawn_blocking;

use super::commonest::is_guessed_first;
use super::hash::PasswordHash;
use super::password::Password;

/// The longest password that is looked at, in bytes.
const BYTES_MAX: usize = 1024;

const SALT_BYTES: usize = 16;

/// Hashes passwords and tells right ones from wrong ones. Clones share the bound on how many at once.
///
/// See the [module docs](super) for an example.
#[derive(Clone, Debug)]
pub struct Passwords(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    params: Params,
    /// For accounts that do not exist: made of chance, so no password leads to it.
    nobodys: PasswordHash,
    characters_min: usize,
    /// One for each that runs or waits.
    places: Arc<Semaphore>,
    /// One for each that runs.
    running: Arc<Semaphore>,
}

/// [`Passwords`] about to be made.
#[derive(Clone, Debug)]
#[must_use]
pub struct PasswordsBuilder {
    memory_kibibytes: u32,
    passes: u32,
    lanes: u32,
    characters_min: usize,
    running_max: usize,
    waiting_max: usize,
}

/// What a password is to an account.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Verdict {
    /// It is the account's, and the hash was made with other parameters: make and keep a new one.
    Outdated,
    /// It is the account's.
    Right,
    /// It is not, or there is no such account.
    Wrong,
}

impl Verdict {
    /// Whether the password is the account's.
    pub fn is_right(self) -> bool {
        self != Self::Wrong
    }
}

/// So many passwords wait to be hashed that this one was not taken; it may be sent again.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("too many passwords are waiting to be looked at")]
pub struct Busy;

/// 503, to be tried again in a second.
impl From<Busy> for Problem {
    fn from(busy: Busy) -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE)
            .detail(busy.to_string())
            .retry_after(SignedDuration::from_secs(1))
    }
}

/// Why a password was not hashed.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum NotHashed {
    /// Too many are waiting.
    #[error(transparent)]
    Busy(#[from] Busy),
    /// It is among the first that are tried: one of the commonest, or a word about its owner.
    #[error("this password is among the first that are tried; take another")]
    Guessable,
    /// It has more than 1024 bytes.
    #[error("a password has at most {BYTES_MAX} bytes")]
    TooLong,
    /// It has too few characters.
    #[error("a password has at least {0} characters")]
    TooShort(usize),
}

impl Passwords {
    /// With the usual settings.
    pub fn new() -> Self {
        Self::builder().build()
    }

    /// With other settings than the usual.
    pub fn builder() -> PasswordsBuilder {
        let cores = available_parallelism().map_or(1, usize::from);
        PasswordsBuilder {
            memory_kibibytes: 19 * 1024,
            passes: 2,
            lanes: 1,
            characters_min: 8,
            running_max: cores,
            waiting_max: 64,
        }
    }

    /// What to keep of a password that somebody has chosen.
    ///
    /// # Errors
    /// When it is too short, too long or too common, or too many are waiting.
    pub async fn hash(&self, password: &Password) -> Result<PasswordHash, NotHashed> {
        self.hash_for(password, &[]).await
    }

    /// The same, where it is known what others will try: the owner's address and name, the service's.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() {
    /// # use tenancy_security::credential::{NotHashed, Passwords};
    /// let about = ["ann.smith@example.com", "ann.smith"];
    /// let hash = Passwords::new().hash_for(&"Ann.Smith2026!".into(), &about).await;
    /// assert_eq!(hash.err(), Some(NotHashed::Guessable));
    /// # }
    /// ```
    ///
    /// # Errors
    /// Like [`hash`](Self::hash), and when it is one of these words.
    pub async fn hash_for(
        &self,
        password: &Password,
        about: &[&str],
    ) -> Result<PasswordHash, NotHashed> {
        let characters_min = self.0.characters_min;
        if password.expose().chars().count() < characters_min {
            return Err(NotHashed::TooShort(characters_min));
        }
        if password.expose().len() > BYTES_MAX {
            return Err(NotHashed::TooLong);
        }
        if is_guessed_first(password.expose(), about) {
            return Err(NotHashed::Guessable);
        }
        let (argon2, password) = (argon2(&self.0.params), password.clone());
        let hash = self.run(move || {
            let salt = random::<SALT_BYTES>();
            let hash = argon2.hash_password_with_salt(password.expose().as_bytes(), &salt);
            let hash = hash.ok().and_then(|hash| PasswordHash::new(hash).ok());
            hash.expect("the parameters were checked, and the salt is long enough")
        });
        Ok(hash.await?)
    }

    /// Whether a password is the account's whose hash this is.
    ///
    /// It takes the same time where there is no account, unless the account's hash was made with
    /// other parameters.
    ///
    /// # Errors
    /// When too many are waiting.
    ///
    /// # Cancellation
    /// Dropped, a hash that has begun is finished all the same, and keeps its place until then.
    pub async fn verify(
        &self,
        hash: Option<&PasswordHash>,
        password: &Password,
    ) -> Result<Verdict, Busy> {
        // None that long was ever hashed.
        let fits = password.expose().len() <= BYTES_MAX;
        let password = if fits {
            password.clone()
        } else {
            Password::default()
        };
        let hash = hash.filter(|_| fits).unwrap_or(&self.0.nobodys).clone();
        let outdated = !hash.is_made_with(&self.0.params);
        // The parameters are those in the hash.
        let argon2 = argon2(&self.0.params);
        let right = self.run(move || {
            let password = password.expose().as_bytes();
            argon2.verify_password(password, hash.as_phc()).is_ok()
        });
        Ok(match right.await? {
            false => Verdict::Wrong,
            true if outdated => Verdict::Outdated,
            true => Verdict::Right,
        })
    }

    async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, Busy> {
        let Inner {
            places, running, ..
        } = &*self.0;
        let place = Arc::clone(places).try_acquire_owned().map_err(|_| {
            counter!("tenancy_password_busy_total").increment(1);
            Busy
        })?;
        let run = Arc::clone(running)
            .acquire_owned()
            .await
            .map_err(|_| Busy)?;
        counter!("tenancy_password_hashes_total").increment(1);
        // What has begun cannot be called back, so it takes its permits along.
        let permits: [OwnedSemaphorePermit; 2] = [place, run];
        let work = spawn_blocking(move || {
            let outcome = work();
            drop(permits);
            outcome
        });
        work.await.map_err(|error| match error.try_into_panic() {
            Ok(panic) => resume_unwind(panic),
            // The runtime is ending.
            Err(_) => Busy,
        })
    }
}

impl Default for Passwords {
    fn default() -> Self {
        Self::new()
    }
}

impl PasswordsBuilder {
    /// How much memory a hash takes. Default: 19 MiB (19,456), what OWASP asks for at two passes.
    /// At least 8 KiB for each lane are taken.
    pub fn memory_kibibytes(mut self, memory: NonZeroU32) -> Self {
        self.memory_kibibytes = memory.get();
        self
    }

    /// How often a hash goes through its memory. Default: 2.
    pub fn passes(mut self, passes: NonZeroU32) -> Self {
        self.passes = passes.get();
        self
    }

    /// In how many lanes the memory lies; they are filled one after the other. Default: 1.
    /// More than 255 are taken for 255.
    pub fn lanes(mut self, lanes: NonZeroU32) -> Self {
        self.lanes = lanes.get().min(255);
        self
    }

    /// The fewest characters of a password that somebody chooses. Default: 8.
    pub fn characters_min(mut self, characters: usize) -> Self {
        self.characters_min = characters;
        self
    }

    /// How many are hashed at once; at least one is. Default: as many as there are processors.
    pub fn running_max(mut self, running_max: usize) -> Self {
        self.running_max = running_max.clamp(1, Semaphore::MAX_PERMITS / 2);
        self
    }

    /// How many more may wait. Default: 64, which is under a second on two processors.
    pub fn waiting_max(mut self, waiting_max: usize) -> Self {
        self.waiting_max = waiting_max.min(Semaphore::MAX_PERMITS / 2);
        self
    }

    /// Makes it; nothing is hashed yet.
    pub fn build(self) -> Passwords {
        let memory = self.memory_kibibytes.max(8 * self.lanes);
        let params = Params::new(memory, self.passes, self.lanes, None);
        let params = params.expect("each setter keeps the range");
        Passwords(Arc::new(Inner {
            nobodys: nobodys(&params),
            params,
            characters_min: self.characters_min,
            places: Arc::new(Semaphore::new(self.running_max + self.waiting_max)),
            running: Arc::new(Semaphore::new(self.running_max)),
        }))
    }
}

fn argon2(params: &Params) -> Argon2<'static> {
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params.clone())
}

fn nobodys(params: &Params) -> PasswordHash {
    let hash = || {
        PasswordHash::new(phc::PasswordHash {
            algorithm: Algorithm::Argon2id.ident(),
            version: Some(Version::V0x13.into()),
            params: params.try_into().ok()?,
            salt: phc::Salt::new(&random::<SALT_BYTES>()).ok(),
            hash: phc::Output::new(&random::<{ Params::DEFAULT_OUTPUT_LEN }>()).ok(),
        })
        .ok()
    };
    hash().expect("salt and output have usual lengths")
}

fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    rand::fill(&mut bytes).expect("the operating system gives random numbers");
    bytes
}
