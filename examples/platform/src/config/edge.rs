use std::time::Duration;

use http::Uri;
use serde::{Deserialize, Serialize};

use super::within::Within;
use crate::secret::Secret;

/// The cache in front of the server, such as a CDN's.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Edge {
    /// Where it is told what to forget; without it nobody is.
    pub(crate) purge_url: Option<PurgeUrl>,
    /// Shows it who is speaking.
    pub(crate) purge_token: Option<Secret>,
    pub(crate) purge_form: PurgeForm,
    /// How long it may take to answer; below the half minute that the journal waits.
    pub(crate) purge_seconds: Within<1, 25>,
    /// After how many attempts an entry is parked.
    pub(crate) purge_attempts: Within<1, 1000>,
}

/// Whose way of being told it is.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum PurgeForm {
    /// `{"tags":[…]}`, the token in `Authorization`.
    Cloudflare,
    /// `Surrogate-Key`, the token in `Authorization` and `Fastly-Key`; for a Varnish of one's own too.
    Fastly,
}

/// A web address with a host, and no user in it.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(try_from = "String", into = "String")]
pub(crate) struct PurgeUrl(Uri);

#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("an address to purge at begins with http:// or https:// and a host")]
pub(crate) struct InvalidPurgeUrl;

impl Default for Edge {
    fn default() -> Self {
        Self {
            purge_url: None,
            purge_token: None,
            purge_form: PurgeForm::Fastly,
            purge_seconds: Within::new(5),
            purge_attempts: Within::new(12),
        }
    }
}

impl Edge {
    pub(crate) fn time_out(&self) -> Duration {
        Duration::from_secs(self.purge_seconds.get())
    }

    /// Whether the token would cross a network in the clear.
    pub(super) fn shows_token(&self) -> bool {
        let url = self.purge_url.as_ref().map(PurgeUrl::uri);
        self.purge_token.is_some()
            && url.is_some_and(|url| {
                let host = url.host().unwrap_or_default();
                let is_here = matches!(host, "localhost" | "127.0.0.1" | "[::1]");
                url.scheme_str() != Some("https") && !is_here
            })
    }
}

impl PurgeUrl {
    pub(crate) fn uri(&self) -> &Uri {
        &self.0
    }
}

impl TryFrom<String> for PurgeUrl {
    type Error = InvalidPurgeUrl;

    fn try_from(text: String) -> Result<Self, InvalidPurgeUrl> {
        let uri: Uri = text.parse().map_err(|_| InvalidPurgeUrl)?;
        let is_web = matches!(uri.scheme_str(), Some("http" | "https"));
        let authority = uri.authority().map_or("", |authority| authority.as_str());
        if !is_web || authority.is_empty() || authority.contains('@') {
            return Err(InvalidPurgeUrl);
        }
        Ok(Self(uri))
    }
}

impl From<PurgeUrl> for String {
    fn from(url: PurgeUrl) -> Self {
        url.0.to_string()
    }
}
