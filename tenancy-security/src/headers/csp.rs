//! Content-Security-Policies that nobody can write into.
//!
//! A [`Policy`] is made of types that hold one source each, checked where they are made: a tenant's
//! own [`Origin`](crate::origin::Origin)s and [`FrameAncestor`]s cannot bring a directive along.
//!
//! ```
//! use tenancy_security::headers::csp::{Directive, FrameAncestor, Hash, Policy, Source};
//!
//! let policy = Policy::default()
//!     .allow(Directive::ImgSrc, [Source::Origin("https://cdn.example".parse()?)])
//!     .allow(Directive::ScriptSrc, [Source::Hash(Hash::sha256("start()"))])
//!     .frame_ancestors(["https://admin.example".parse::<FrameAncestor>()?]);
//! let text = policy.to_string();
//! assert!(text.contains("img-src 'self' data: https://cdn.example;"));
//! assert!(text.ends_with("frame-ancestors https://admin.example"));
//! assert!("https://a.example;script-src *".parse::<FrameAncestor>().is_err());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! A page's inline scripts carry the [`CspNonce`] of its request. A policy names a nonce only where a
//! page took it, and then no shared cache may keep the page and no validator goes out with it.

mod directive;
mod endpoint;
mod nonce;
mod policy;
mod report;
mod source;
mod tenant;

pub use self::directive::{Directive, InvalidDirective};
pub use self::endpoint::CspReports;
pub use self::nonce::CspNonce;
pub use self::policy::{InvalidReportPath, Policy, ReportPath};
pub use self::report::{CspReport, ReportSink};
pub use self::source::{FrameAncestor, Hash, InvalidFrameAncestor, Source};
pub use self::tenant::{Additions, OwnAdditions, TenantSources, TooManySources};
