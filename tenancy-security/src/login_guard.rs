//! Guessing passwords made slow, without locking anybody out.
//!
//! A [`LoginGuard`] counts failures three ways, each within a tenant:
//!
//! - **an account from an address**: after ten in a quarter of an hour this address is refused for
//!   this account, whatever it sends. From elsewhere the account signs in as before.
//! - **an address over accounts**: whoever fails for twenty accounts within an hour is put on the
//!   [`BlockList`](crate::block::BlockList), first for an hour, and each time he comes back for twice as long as the last time, up to a cap.
//!   Of IPv6 an address is a /64, and the /48 around it is held to five times the first and ten times the
//!   second, for whoever was given one has 65,536 addresses.
//! - **an account over addresses**: an account that many fail for is answered ever later, up to some
//!   seconds, and is a case for a second factor ([`Attempt::wants_proof`]). It is never locked: a lock is
//!   what a stranger would use against its owner.
//!
//! ```
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! use tenancy_security::address::AddressGroups;
//! use tenancy_security::block::BlockList;
//! use tenancy_security::login_guard::LoginGuard;
//!
//! let guard = LoginGuard::new(&BlockList::default());
//! let address = AddressGroups::default().key("192.0.2.1".parse()?);
//! for _ in 0..10 {
//!     let attempt = guard.begin(None, "ann@example.com", address).await?;
//!     tokio::time::sleep(attempt.delay()).await;
//!     attempt.failed().await;
//! }
//! let refused = guard.begin(None, "ann@example.com", address).await.unwrap_err();
//! assert!(refused.retry_after().is_some());
//! # Ok(())
//! # }
//! ```
//!
//! Give it accounts that do not exist like any other, and check a password against some hash for them
//! too, so that neither answer nor time tells them apart.

mod attempt;
mod bans;
mod guard;

pub use self::attempt::{Attempt, Refused};
pub use self::guard::{LoginGuard, LoginGuardBuilder};
