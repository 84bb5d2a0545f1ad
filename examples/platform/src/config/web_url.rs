use http::Uri;
use serde::{Deserialize, Serialize};

use crate::secret::Secret;

/// A web address with a host, and no user in it.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(try_from = "String", into = "String")]
pub(crate) struct WebUrl(Uri);

#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("an address to send to begins with http:// or https:// and a host, and names no user")]
pub(crate) struct InvalidWebUrl;

impl WebUrl {
    pub(crate) fn uri(&self) -> &Uri {
        &self.0
    }

    /// Whether what is sent there crosses a network unencrypted.
    pub(super) fn is_in_the_clear(&self) -> bool {
        let host = self.0.host().unwrap_or_default();
        let is_here = matches!(host, "localhost" | "127.0.0.1" | "[::1]");
        self.0.scheme_str() != Some("https") && !is_here
    }
}

/// Whether an address that is a secret itself would cross a network in the clear: anything but TLS, away from
/// here. Mail may also be encrypted once it is connected.
pub(super) fn is_told_in_the_clear(secret: &Secret) -> bool {
    let Ok(uri) = secret.expose().parse::<Uri>() else {
        // Whoever uses it says what is wrong with it.
        return false;
    };
    let host = uri.host().unwrap_or_default();
    let is_here = matches!(host, "localhost" | "127.0.0.1" | "[::1]");
    let is_encrypted = matches!(uri.scheme_str(), Some("https" | "smtps"))
        || uri.query().unwrap_or_default().contains("tls=required");
    !is_encrypted && !is_here
}

impl TryFrom<String> for WebUrl {
    type Error = InvalidWebUrl;

    fn try_from(text: String) -> Result<Self, InvalidWebUrl> {
        let uri: Uri = text.parse().map_err(|_| InvalidWebUrl)?;
        let is_web = matches!(uri.scheme_str(), Some("http" | "https"));
        let authority = uri.authority().map_or("", |authority| authority.as_str());
        if !is_web || authority.is_empty() || authority.contains('@') {
            return Err(InvalidWebUrl);
        }
        Ok(Self(uri))
    }
}

impl From<WebUrl> for String {
    fn from(url: WebUrl) -> Self {
        url.0.to_string()
    }
}
