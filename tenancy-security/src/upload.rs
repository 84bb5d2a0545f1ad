//! Which files are taken from strangers, and how they are handed out again.
//!
//! A file is judged while it streams by, in constant memory: its name, its size, whether name, declared
//! type and content agree, and whether the content is what it seems from its first byte to its last.
//! Pictures are read chunk by chunk and never decoded, so their pixels are counted before anybody spends
//! memory on them, and nothing can stand behind their end. What they say of themselves is searched for what
//! a browser or a server would run, inflated where it is compressed, and that to a mebibyte. What this lets through is stored under a
//! generated name and served by [`ServeAs`] with a type from a table of ours.
//!
//! ```
//! use tenancy_security::upload::{UploadPolicy, UploadRefusal};
//!
//! let policy = UploadPolicy::default();
//! let gif = b"GIF89a\x01\x00\x01\x00\x00\x00\x00,\x00\x00\x00\x00\x01\x00\x01\x00\x00\x02\x01D\x00;";
//! let mut upload = policy.begin("dot.gif", Some("image/gif"))?;
//! upload.update(gif)?;
//! let accepted = upload.finish()?;
//! assert_eq!((accepted.width, accepted.height), (Some(1), Some(1)));
//!
//! let mut upload = policy.begin("dot.gif", None)?;
//! let refused = [&gif[..], b"<script>alert(1)</script>"].iter().try_for_each(|piece| upload.update(piece));
//! assert_eq!(refused, Err(UploadRefusal::Active));
//! assert!(policy.begin("shell.php.jpg", None).is_err());
//! # Ok::<(), UploadRefusal>(())
//! ```
//!
//! **It does not** decode or write pictures anew. Their compressed data may hold any bytes, also after being
//! written anew; what keeps those from being run is the generated name, the fixed type and `nosniff`. PDF
//! files may hold scripts for their own viewer, so they are served as downloads. SVG and HTML are refused
//! unless allowed; then they are downloads as well, since no sanitiser of SVG is kept up.

mod budget;
mod container;
mod file_name;
mod file_type;
mod inspection;
mod marks;
mod policy;
mod refusal;
mod serve;
mod text;

pub use self::file_name::{FileName, InvalidFileName};
pub use self::file_type::{FileType, UnknownFileType};
pub use self::inspection::{Accepted, Inspection};
pub use self::policy::{UploadPolicy, UploadPolicyBuilder};
pub use self::refusal::UploadRefusal;
pub use self::serve::ServeAs;
