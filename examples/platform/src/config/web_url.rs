use http::Uri;
use serde::{Deserialize, Serialize};

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
