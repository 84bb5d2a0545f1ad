//! Passwords: kept as argon2id, and looked at in the same time whether there is such an account or not.
//!
//! [`Passwords`] hashes away from the threads that serve requests, a few at a time: each hash takes 19
//! MiB and some ten milliseconds, so that who steals hashes has to spend as much for each guess, and
//! who sends many attempts at once takes no more of the server than a few. Beyond those that run and a
//! bounded number that wait, the answer is [`Busy`], a 503.
//!
//! A password is at least eight characters long and at most 1024 bytes, of whatever characters: rules
//! about their kinds make passwords worse (NIST SP 800-63B, 3.1.1.2). Where a password is all there is,
//! NIST asks for fifteen: [`characters_min`](PasswordsBuilder::characters_min). What is guessed first is not
//! taken: some ten thousand of the commonest passwords, in any case and with digits and signs around
//! them, and the [words](Passwords::hash_for) that an application knows of the owner. Passwords are
//! compared as their bytes are, without Unicode normalisation.
//!
//! ```
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! use tenancy_security::credential::{Password, PasswordHash, Passwords, Verdict};
//!
//! let passwords = Passwords::new();
//! let hash = passwords.hash(&Password::from("four words are good")).await?;
//! let kept: String = hash.expose(); // `$argon2id$v=19$m=19456,t=2,p=1$…`, for the database
//!
//! let found: PasswordHash = kept.parse()?;
//! let check = async |text: &str| passwords.verify(Some(&found), &text.into()).await;
//! assert_eq!(check("four words are good").await?, Verdict::Right);
//! assert_eq!(check("four words are bad").await?, Verdict::Wrong);
//!
//! // Nobody has this address: as slow, and as wrong.
//! assert_eq!(passwords.verify(None, &"four words".into()).await?, Verdict::Wrong);
//! # Ok(())
//! # }
//! ```

mod commonest;
mod hash;
mod password;
mod passwords;

pub use self::hash::{InvalidPasswordHash, PasswordHash};
pub use self::password::Password;
pub use self::passwords::{Busy, NotHashed, Passwords, PasswordsBuilder, Verdict};
