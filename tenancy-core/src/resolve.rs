//! Which tenant a request is for: hosts, paths and headers as they arrive, and how far each is
//! to be believed.

mod host;

pub use self::host::{Host, InvalidHost};
