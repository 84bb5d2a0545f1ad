//! Who sends a request, and how people begin to be somebody.
//!
//! A program shows an API key with each request, a person the cookie of a session. Neither counts
//! anywhere but at its own [`Door`](crate::users::Door). A key that is worthless is refused at once; a
//! cookie that is makes a visitor of whoever sends it, so that the shop stays open to those whose
//! session has ended.

mod caller;
mod enter;
mod lookups;
mod visit;

pub(crate) use self::caller::SignIn;
pub(crate) use self::enter::{Credentials, Denied};
pub(crate) use self::visit::Visit;
