//! Which tenant a request is for: hosts, paths and headers as they arrive, and how far each is
//! to be believed.
//!
//! [`Sources`] says where to look. Each source has a level of trust of its own:
//!
//! | source | counts |
//! |---|---|
//! | host: subdomain of the base domain, or a tenant's own domain | by itself |
//! | path prefix | by itself |
//! | header | only with a credential of the tenant it names |
//! | credential | by itself, where it is made a source |
//! | forwarded host | only from a trusted proxy, and where the host names no other tenant |
//!
//! An address is public, so naming a tenant by it proves nothing and gives nothing away; a header
//! is a mere claim. Two sources that name different tenants refuse the request, and a credential
//! of another tenant than the address's is no credential.

mod host;
mod sources;

pub use self::host::{Host, InvalidHost};
pub(crate) use self::sources::Named;
pub use self::sources::{InvalidPathPrefix, Sources};
