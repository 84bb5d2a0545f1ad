//! Sessions of people who have signed in: an unguessable name in a cookie, and what the server knows by it.
//!
//! - An id has 256 random bits, and no more than its SHA-256 is kept: who reads the store signs in as
//!   nobody.
//! - Its cookie is `__Host-session`, with `Secure`, `HttpOnly`, `SameSite=Lax`, `Path=/` and no `Domain`:
//!   browsers send it to the host it came from alone and take it from no sibling. It ends with the
//!   browser. Where two are sent, one was planted, and neither counts.
//! - Whoever signs in gets a fresh id, whatever cookie was there before, and the session behind that
//!   one ends. So an id that a stranger knew beforehand is worth nothing.
//! - A session ends after [half an hour without use](Sessions::idle) and after [eight hours in
//!   all](Sessions::absolute), by the server's own book-keeping (OWASP Session Management; NIST SP
//!   800-63B has half an hour and twelve). Use is noted once a minute, so that reading stays reading.
//!
//! ```
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), std::convert::Infallible> {
//! use http::{HeaderMap, HeaderValue, header::COOKIE};
//! use tenancy_core::time::Time;
//! use tenancy_security::session::{InMemorySessions, SessionId, Sessions};
//!
//! let (sessions, store) = (Sessions::new(), InMemorySessions::default());
//! let id = sessions.begin(&store, "ann", None, Time::now()).await?;
//! let cookie = id.set_cookie();
//! assert!(cookie.to_str().unwrap().ends_with("; Path=/; Secure; HttpOnly; SameSite=Lax"));
//!
//! let mut headers = HeaderMap::new();
//! let sent = cookie.to_str().unwrap().split(';').next().unwrap();
//! headers.insert(COOKIE, HeaderValue::from_str(sent).unwrap());
//! let sent = SessionId::sent(&headers).unwrap();
//! let session = sessions.find(&store, &sent, Time::now()).await?;
//! assert_eq!(session.unwrap().user, "ann");
//!
//! sessions.end(&store, &sent).await?;
//! assert_eq!(sessions.find(&store, &sent, Time::now()).await?, None);
//! # Ok(())
//! # }
//! ```

#[cfg(feature = "testing")]
pub mod contract;
mod cookie;
mod id;
mod memory;
mod sessions;
mod store;

pub use self::cookie::{COOKIE_NAME, clear_cookie, clear_site_data};
pub use self::id::{InvalidSessionId, SessionDigest, SessionId};
pub use self::memory::InMemorySessions;
pub use self::sessions::Sessions;
pub use self::store::{NewSession, Session, SessionStore};
