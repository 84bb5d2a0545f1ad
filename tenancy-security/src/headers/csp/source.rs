use std::fmt;
use std::str::FromStr;

use aws_lc_rs::digest;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use tenancy_core::resolve::Host;

use crate::origin::{InvalidOrigin, Origin};

/// Where something may come from.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum Source {
    /// What the page itself made.
    Blob,
    /// `data:` URLs. Never for scripts: it lets in any.
    Data,
    /// A script or style with this text.
    Hash(Hash),
    /// What carries the [nonce](super::CspNonce) of its request; left out where no page took it.
    Nonce,
    /// Whatever an origin serves.
    Origin(Origin),
    /// No source: reports quote the beginning of what was refused.
    ReportSample,
    /// What the page's own host serves.
    SelfOrigin,
    /// What a script that was let in loads; hosts are then ignored.
    StrictDynamic,
    /// Text that scripts run as a script: gives up most of a policy's worth.
    UnsafeEval,
    /// Event handlers with one of the hashes.
    UnsafeHashes,
    /// Anything in the page: gives up most of a policy's worth. Ignored beside nonces and hashes.
    UnsafeInline,
    /// WebAssembly.
    WasmUnsafeEval,
}

impl Source {
    /// Appends the source, if it says anything without a nonce or with this one.
    pub(super) fn write(&self, nonce: Option<&str>, text: &mut String) {
        let mut say = |parts: &[&str]| {
            text.push(' ');
            parts.iter().for_each(|part| text.push_str(part));
        };
        match self {
            Self::Blob => say(&["blob:"]),
            Self::Data => say(&["data:"]),
            Self::Hash(hash) => say(&["'", &hash.0, "'"]),
            Self::Nonce => {
                if let Some(nonce) = nonce {
                    say(&["'nonce-", nonce, "'"]);
                }
            }
            Self::Origin(origin) => say(&[origin.as_str()]),
            Self::ReportSample => say(&["'report-sample'"]),
            Self::SelfOrigin => say(&["'self'"]),
            Self::StrictDynamic => say(&["'strict-dynamic'"]),
            Self::UnsafeEval => say(&["'unsafe-eval'"]),
            Self::UnsafeHashes => say(&["'unsafe-hashes'"]),
            Self::UnsafeInline => say(&["'unsafe-inline'"]),
            Self::WasmUnsafeEval => say(&["'wasm-unsafe-eval'"]),
        }
    }
}

/// The hash of an inline script or style.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub struct Hash(Box<str>);

impl Hash {
    /// Of this text, exactly as it stands between the tags.
    pub fn sha256(text: &str) -> Self {
        Self::new("sha256", &digest::SHA256, text)
    }

    /// Of this text, exactly as it stands between the tags.
    pub fn sha384(text: &str) -> Self {
        Self::new("sha384", &digest::SHA384, text)
    }

    /// Of this text, exactly as it stands between the tags.
    pub fn sha512(text: &str) -> Self {
        Self::new("sha512", &digest::SHA512, text)
    }

    fn new(name: &str, algorithm: &'static digest::Algorithm, text: &str) -> Self {
        let hash = digest::digest(algorithm, text.as_bytes());
        Self(format!("{name}-{}", STANDARD.encode(hash)).into())
    }
}

/// Who may show a page in a frame: the page's own host, or an `https` origin.
#[derive(Clone, Debug, Deserialize, Eq, Hash, PartialEq, Serialize)]
#[serde(try_from = "String", into = "String")]
pub struct FrameAncestor(Option<Origin>);

/// Why a text is no [`FrameAncestor`].
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidFrameAncestor {
    /// Whoever is on the way to a page without TLS can write into it.
    #[error("only https origins may frame a page")]
    Insecure,
    /// No origin.
    #[error(transparent)]
    Origin(#[from] InvalidOrigin),
}

impl FrameAncestor {
    /// The page's own host.
    pub const SELF: Self = Self(None);

    pub(super) fn as_str(&self) -> &str {
        self.0.as_ref().map_or("'self'", Origin::as_str)
    }
}

/// `'self'` or an origin.
impl FromStr for FrameAncestor {
    type Err = InvalidFrameAncestor;

    fn from_str(text: &str) -> Result<Self, InvalidFrameAncestor> {
        if text == "'self'" {
            return Ok(Self::SELF);
        }
        let origin: Origin = text.parse()?;
        if !origin.is_secure() {
            return Err(InvalidFrameAncestor::Insecure);
        }
        Ok(Self(Some(origin)))
    }
}

/// A domain, such as a tenant's custom domain whose ownership was proven.
impl From<&Host> for FrameAncestor {
    fn from(domain: &Host) -> Self {
        Self(Some(domain.into()))
    }
}

impl TryFrom<String> for FrameAncestor {
    type Error = InvalidFrameAncestor;

    fn try_from(text: String) -> Result<Self, InvalidFrameAncestor> {
        text.parse()
    }
}

impl From<FrameAncestor> for String {
    fn from(ancestor: FrameAncestor) -> Self {
        ancestor.to_string()
    }
}

impl fmt::Display for FrameAncestor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
